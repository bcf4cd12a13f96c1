package logs

import "slices"

// One answer holds at most so many events and bytes (API reference, GetLogEvents).
const (
	answerEvents = 10000
	answerBytes  = 1 << 20
)

// page collects the first events of an order, as many as one answer holds. What
// does not fit is forgotten, so that a page of a long log costs a page.
type page[T any] struct {
	compare func(a, b T) int
	message func(T) string
	limit   int

	kept  []T
	bytes int
}

// newPage makes a page; a limit of 0 is AWS's own.
func newPage[T any](limit int32, compare func(a, b T) int, message func(T) string) *page[T] {
	if limit == 0 {
		limit = answerEvents
	}
	return &page[T]{compare: compare, message: message, limit: int(limit)}
}

// add offers an event to the page.
func (p *page[T]) add(event T) {
	p.kept = append(p.kept, event)
	p.bytes += p.size(event)
	if len(p.kept) > 2*p.limit+1 || p.bytes > 4*answerBytes {
		p.kept = p.kept[:min(p.fill()+1, len(p.kept))]
		p.count()
	}
}

// events returns the page, and whether there is more than it holds.
func (p *page[T]) events() (events []T, more bool) {
	n := p.fill()
	return p.kept[:n], n < len(p.kept)
}

// fill sorts the events and returns how many of them fit.
func (p *page[T]) fill() int {
	slices.SortFunc(p.kept, p.compare)
	size := 0
	for i, event := range p.kept {
		if size += p.size(event); i == p.limit || size > answerBytes && i > 0 {
			return i
		}
	}
	return len(p.kept)
}

func (p *page[T]) count() {
	p.bytes = 0
	for _, event := range p.kept {
		p.bytes += p.size(event)
	}
}

func (p *page[T]) size(event T) int { return len(p.message(event)) + eventBytes }
