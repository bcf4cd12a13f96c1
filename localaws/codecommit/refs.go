package codecommit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// refs are a repository's references, by full name, as they were last
// published. They are what the API answers from.
type refs map[string]string

const (
	heads = "refs/heads/"
	tags  = "refs/tags/"
	zero  = "0000000000000000000000000000000000000000"
)

// push is a change of references that is under way. Its row stays when the
// process is killed, and tells the next one where to look.
type push struct {
	Repository string // its name
	Caller     string // the ARN
	Merge      *merge // what else to tell of a merge
	// Before are the references before it, once they are about to be published.
	Before *refs `json:",omitempty"`
}

// changing notes that references of the repository may change until the
// returned function is called, which publishes those that did.
func (s *Service) changing(ctx context.Context, name, id string) (publish func() error, err error) {
	return s.changingBy(ctx, name, id, push{})
}

// changingBy is changing with what else is known of the change.
func (s *Service) changingBy(ctx context.Context, name, id string, p push) (publish func() error, err error) {
	n, err := s.pushes.Next()
	if err != nil {
		return nil, err
	}
	p.Repository, p.Caller = name, identity.From(ctx).ARN
	key := fmt.Sprintf("%s/%d", id, n)
	if err := s.pushes.Put(key, p); err != nil {
		return nil, err
	}
	// The caller may be gone by the time of publishing; the change is not.
	ctx = context.WithoutCancel(ctx)
	return func() error {
		if err := s.publish(ctx, id, key, p); err != nil {
			return err
		}
		return s.pushes.Delete(key)
	}, nil
}

// recover publishes what a killed process changed and did not publish.
func (s *Service) recover(ctx context.Context) error {
	rows, err := s.pushes.List("", "", 0)
	if err != nil {
		return err
	}
	for _, row := range rows {
		id, _, _ := strings.Cut(row.Key, "/")
		if err := s.publish(ctx, id, row.Key, row.Value); err != nil {
			s.env.Log.Error("look for an unpublished push", "repository", row.Value.Repository, "error", err)
			continue
		}
		if err := s.pushes.Delete(row.Key); err != nil {
			return err
		}
	}
	return nil
}

// publish compares the repository's references with those last published, and
// emits an event for each that differs. Pushes to one branch which overlap may
// share an event; the last one always names the commit that the branch has.
// Whoever gets the event finds the branch at that commit: what is published is
// written first, and what it was before with the push, so that a process that
// is killed between the two emits its events after its restart.
func (s *Service) publish(ctx context.Context, id, key string, p push) error {
	defer s.lock(id)()
	row, ok, err := s.repositories.Get(p.Repository)
	if err != nil {
		return err
	}
	if !ok || row.ID != id { // renamed, or deleted meanwhile
		var found bool
		if p.Repository, row, found, err = s.byID(id); err != nil || !found {
			return err
		}
	}
	old, _, err := s.refs.Get(id)
	if err != nil {
		return err
	}
	now, err := s.readRefs(ctx, id)
	if err != nil {
		return err
	}
	if p.Before != nil {
		old = *p.Before
	}
	if maps.Equal(old, now) {
		return nil
	}
	if err := s.chooseDefault(ctx, p.Repository, row, now); err != nil {
		return err
	}
	if old == nil {
		old = refs{} // nothing, rather than not known
	}
	p.Before = &old
	if err := s.pushes.Put(key, p); err != nil {
		return err
	}
	if err := s.refs.Put(id, now); err != nil {
		return err
	}
	if err := s.emit(ctx, id, p, old, now); err != nil {
		return err
	}
	if err := s.follow(ctx, id, p, now); err != nil {
		return err
	}
	s.fire(p, row, old, now) //nolint:contextcheck // the targets are called after the push has been answered
	return s.touch(p.Repository, func(*repository) {})
}

func (s *Service) readRefs(ctx context.Context, id string) (refs, error) {
	out, err := s.run(ctx, id, nil, "for-each-ref", "--format=%(objectname) %(refname)")
	if err != nil {
		return nil, err
	}
	now := refs{}
	for line := range strings.Lines(string(out)) {
		object, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		now[name] = object
	}
	return now, nil
}

// chooseDefault makes the first branch that is pushed the default one.
func (s *Service) chooseDefault(ctx context.Context, name string, row repository, now refs) error {
	if row.DefaultBranch != "" {
		return nil
	}
	var branches []string
	for ref := range now {
		if branch, ok := strings.CutPrefix(ref, heads); ok {
			branches = append(branches, branch)
		}
	}
	if len(branches) == 0 {
		return nil
	}
	// Of several that came with one push, a usual name goes first.
	slices.Sort(branches)
	chosen := branches[0]
	for _, usual := range []string{"master", "main"} {
		if slices.Contains(branches, usual) {
			chosen = usual
		}
	}
	return s.setDefault(ctx, name, row.ID, chosen)
}

func (s *Service) setDefault(ctx context.Context, name, id, branch string) error {
	if _, err := s.run(ctx, id, nil, "symbolic-ref", "HEAD", heads+branch); err != nil {
		return err
	}
	return s.touch(name, func(row *repository) { row.DefaultBranch = branch })
}

// change is the detail of a "CodeCommit Repository State Change" (user guide, "Monitoring CodeCommit events").
type change struct {
	Event             string `json:"event"`
	RepositoryName    string `json:"repositoryName"`
	RepositoryID      string `json:"repositoryId"`
	ReferenceType     string `json:"referenceType"`
	ReferenceName     string `json:"referenceName"`
	ReferenceFullName string `json:"referenceFullName"`
	CommitID          string `json:"commitId,omitempty"`
	OldCommitID       string `json:"oldCommitId,omitempty"`
	CallerUserARN     string `json:"callerUserArn,omitempty"`
	merge
}

// merge is what the event of a merge has besides.
type merge struct {
	Ref                 string `json:"-"`
	BaseCommitID        string `json:"baseCommitId,omitempty"`
	SourceCommitID      string `json:"sourceCommitId,omitempty"`
	DestinationCommitID string `json:"destinationCommitId,omitempty"`
	Option              string `json:"mergeOption,omitempty"`
	DetailLevel         string `json:"conflictDetailsLevel,omitempty"`
	Strategy            string `json:"conflictResolutionStrategy,omitempty"`
}

// emit sends the events of the references that differ, in the order of their names.
func (s *Service) emit(ctx context.Context, id string, p push, old, now refs) error {
	all := maps.Clone(now)
	maps.Copy(all, old)
	for _, ref := range slices.Sorted(maps.Keys(all)) {
		c := change{
			RepositoryName: p.Repository, RepositoryID: id, ReferenceFullName: ref,
			CommitID: now[ref], OldCommitID: old[ref], CallerUserARN: p.Caller,
		}
		switch {
		case strings.HasPrefix(ref, heads):
			c.ReferenceType, c.ReferenceName = "branch", ref[len(heads):]
		case strings.HasPrefix(ref, tags):
			c.ReferenceType, c.ReferenceName = "tag", ref[len(tags):]
		default:
			continue
		}
		if p.Merge != nil && p.Merge.Ref == ref && p.Merge.DestinationCommitID == c.OldCommitID {
			c.merge = *p.Merge
		}
		switch {
		case c.CommitID == c.OldCommitID:
			continue
		case c.OldCommitID == "":
			c.Event = "referenceCreated"
		case c.CommitID == "":
			c.Event = "referenceDeleted"
		default:
			c.Event = "referenceUpdated"
		}
		if err := s.env.Bus.Publish(ctx, "aws.codecommit", "CodeCommit Repository State Change", []string{s.arn(p.Repository)}, c); err != nil {
			return fmt.Errorf("publish the change of %s: %w", ref, err)
		}
	}
	return nil
}
