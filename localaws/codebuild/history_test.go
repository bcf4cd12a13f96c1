package codebuild

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// history fills the tables with builds of the projects p and q in turn, and
// returns their ids, the newest first.
func (w *world) history(n int) (ids []string) {
	w.t.Helper()
	w.create(simple)
	w.create(simple, func(in *codebuild.CreateProjectInput) { in.Name = aws.String("q") })
	done := w.run()
	row, err := w.build(aws.ToString(done.Id))
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.BatchDeleteBuilds(w.t.Context(), &codebuild.BatchDeleteBuildsInput{Ids: []string{*done.Id}}); err != nil {
		w.t.Fatal(err)
	}
	for i := range n {
		id := fmt.Sprintf("%c:%08d", "pq"[i%2], i)
		row.Id, row.Order = &id, fmt.Sprintf("%016x/%s", math.MaxUint64-uint64(i), id)
		if err := errors.Join(w.builds.Put(id, row), w.order.Put(row.Order, struct{}{})); err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	slices.Reverse(ids)
	return ids
}

func TestHistory(t *testing.T) {
	w := newWorld(t, Host{})
	ids := w.history(450)
	ofP := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id[0] != 'p' })
	all := func(order types.SortOrderType, project string) (got []string, pages int) {
		var token *string
		for {
			var page []string
			var err error
			if project == "" {
				var out *codebuild.ListBuildsOutput
				if out, err = w.ListBuilds(t.Context(), &codebuild.ListBuildsInput{SortOrder: order, NextToken: token}); err == nil {
					page, token = out.Ids, out.NextToken
				}
			} else {
				var out *codebuild.ListBuildsForProjectOutput
				if out, err = w.ListBuildsForProject(t.Context(), &codebuild.ListBuildsForProjectInput{ProjectName: &project, SortOrder: order, NextToken: token}); err == nil {
					page, token = out.Ids, out.NextToken
				}
			}
			if err != nil || len(page) > 100 {
				t.Fatal(len(page), err)
			}
			got, pages = append(got, page...), pages+1
			if token == nil {
				return got, pages
			}
		}
	}
	reversed := func(ids []string) []string {
		ids = slices.Clone(ids)
		slices.Reverse(ids)
		return ids
	}
	for _, c := range []struct {
		name    string
		order   types.SortOrderType
		project string
		want    []string
		pages   int
	}{
		{"all", "", "", ids, 5},
		{"all, the newest first", types.SortOrderTypeDescending, "", ids, 5},
		{"all, the oldest first", types.SortOrderTypeAscending, "", reversed(ids), 5},
		{"a project's", "", "p", ofP, 3},
		{"a project's, the oldest first", types.SortOrderTypeAscending, "p", reversed(ofP), 3},
	} {
		if got, pages := all(c.order, c.project); !slices.Equal(got, c.want) || pages != c.pages {
			t.Errorf("%s: %d ids on %d pages, want %d on %d", c.name, len(got), pages, len(c.want), c.pages)
		}
	}
	_, err := w.ListBuilds(t.Context(), &codebuild.ListBuildsInput{NextToken: aws.String("!")})
	if want := "InvalidInputException: Invalid next token"; message(err) != want {
		t.Errorf("error %s, want %s", message(err), want)
	}
}

// TestDeletedBuildsAreNotFound looks at builds before and after they are deleted.
func TestDeletedBuildsAreNotFound(t *testing.T) {
	w := newWorld(t, Host{})
	ids := w.history(2 * shelved)
	for start := 0; start < len(ids); start += 100 {
		page := ids[start : start+100]
		for range 2 { // the second answer is the same
			out, err := w.BatchGetBuilds(t.Context(), &codebuild.BatchGetBuildsInput{Ids: page})
			if err != nil || len(out.Builds) != 100 || *out.Builds[99].Id != page[99] {
				t.Fatal(len(out.Builds), err)
			}
		}
	}
	if n := len(w.shelf.builds); n != shelved {
		t.Errorf("%d builds are kept", n)
	}
	last := ids[len(ids)-100:]
	if _, err := w.BatchDeleteBuilds(t.Context(), &codebuild.BatchDeleteBuildsInput{Ids: last}); err != nil {
		t.Fatal(err)
	}
	out, err := w.BatchGetBuilds(t.Context(), &codebuild.BatchGetBuildsInput{Ids: last})
	if err != nil || len(out.Builds) != 0 || len(out.BuildsNotFound) != 100 {
		t.Errorf("%d builds, %d not found, %v", len(out.Builds), len(out.BuildsNotFound), err)
	}
}

// BenchmarkHistory measures a page of each list with 10,000 builds, and a start.
func BenchmarkHistory(b *testing.B) {
	w := newWorld(b, Host{})
	ids := w.history(10_000)[:100]
	for name, do := range map[string]func() error{
		"ListBuilds": func() error { _, err := w.ListBuilds(b.Context(), &codebuild.ListBuildsInput{}); return err },
		"ListBuildsAscending": func() error {
			_, err := w.ListBuilds(b.Context(), &codebuild.ListBuildsInput{SortOrder: types.SortOrderTypeAscending})
			return err
		},
		"ListBuildsForProject": func() error {
			_, err := w.ListBuildsForProject(b.Context(), &codebuild.ListBuildsForProjectInput{ProjectName: aws.String("p")})
			return err
		},
		"BatchGetBuilds": func() error {
			_, err := w.BatchGetBuilds(b.Context(), &codebuild.BatchGetBuildsInput{Ids: ids})
			return err
		},
		"New": func() error { _, err := New(w.surroundings, Host{}); return err },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
