package logs

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// moment is a stream's place in the order of last events; 0 is that of one without any.
type moment struct {
	last int64
	key  string
}

func (m moment) compare(n moment) int {
	return cmp.Or(cmp.Compare(m.last, n.last), cmp.Compare(m.key, n.key))
}

// token names the place for the next page; the stream may have moved on by then.
func (m moment) token(group string) string {
	return strconv.FormatInt(m.last, 10) + ":" + m.key[len(group)+1:]
}

func parseMoment(group, token string) (moment, error) {
	number, name, ok := strings.Cut(token, ":")
	last, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return moment{}, errToken()
	}
	return moment{last, streamKey(group, &name)}, nil
}

// recency holds the streams of a group in the order of their last events, for
// the groups that were asked for it. A group may have a stream for every build.
type recency map[string][]moment

// remove and add keep the order where it is held.
func (r recency) remove(group string, m moment) {
	if all, ok := r[group]; ok {
		if i, found := slices.BinarySearchFunc(all, m, moment.compare); found {
			r[group] = slices.Delete(all, i, i+1)
		}
	}
}

func (r recency) add(group string, m moment) {
	if all, ok := r[group]; ok {
		i, _ := slices.BinarySearchFunc(all, m, moment.compare)
		r[group] = slices.Insert(all, i, m)
	}
}

// momentOf is a stream's place.
func momentOf(key string, row stream) moment {
	m := moment{key: key}
	if row.Last != nil {
		m.last = *row.Last
	}
	return m
}

// byLastEvent returns so many keys of the group's streams, and the token of the
// next page. The order is the latest first, or else the earliest.
func (s *Service) byLastEvent(group string, token *string, latestFirst bool, limit int) (keys []string, next *string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, held := s.recency[group]
	if !held {
		if all, err = s.readRecency(group); err != nil {
			return nil, nil, err
		}
		s.recency[group] = all
	}
	i := 0 // the place that the page starts at, or ends before
	if latestFirst {
		i = len(all)
	}
	if token != nil {
		at, err := parseMoment(group, *token)
		if err != nil {
			return nil, nil, err
		}
		var found bool
		if i, found = slices.BinarySearchFunc(all, at, moment.compare); found && !latestFirst {
			i++
		}
	}
	part := all[i:min(i+limit, len(all))]
	more := i+limit < len(all)
	if latestFirst {
		part = slices.Clone(all[max(0, i-limit):i])
		slices.Reverse(part)
		more = i > limit
	}
	for _, m := range part {
		keys = append(keys, m.key)
	}
	if more {
		text := part[len(part)-1].token(group)
		next = &text
	}
	return keys, next, nil
}

func (s *Service) readRecency(group string) ([]moment, error) {
	all := []moment{}
	err := s.streams.Walk(group+":", "", func(raw store.Raw) (string, bool, error) {
		var row struct{ Last int64 }
		err := raw.Decode(&row)
		all = append(all, moment{row.Last, raw.Key})
		return "", true, err
	})
	slices.SortFunc(all, moment.compare)
	return all, err
}
