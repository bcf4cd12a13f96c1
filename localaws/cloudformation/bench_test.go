package cloudformation

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

const manyStacks = 1000

// crowd is a service with many stacks, each with tags, parameters, outputs and a resource.
func crowd(tb testing.TB) *fixture {
	tb.Helper()
	f := newFixture(tb)
	for i := range manyStacks {
		st := f.newStack(fmt.Sprintf("stack-%04d", i))
		st.Status, st.Description, st.Template = types.StackStatusCreateComplete, "one of many", "t"
		st.Tags = map[string]string{"team": "a", "mayfly:environment": st.Name}
		st.Parameters = []parameter{{Key: "A", Value: "b"}, {Key: "C", Value: "d"}}
		st.Outputs = []output{{Key: "Out", Value: "value", Export: "export-" + st.Name}}
		if err := f.stacks.Put(st.ID, st); err != nil {
			tb.Fatal(err)
		}
		if err := f.names.Put(st.Name, st.ID); err != nil {
			tb.Fatal(err)
		}
		m := member{LogicalID: "A", Type: "Test::A::Thing", Status: types.ResourceStatusCreateComplete, Current: version{PhysicalID: "a-" + st.Name}}
		if err := f.members.Put(memberKey(st.ID, "A"), m); err != nil {
			tb.Fatal(err)
		}
	}
	return f
}

// BenchmarkManyStacks measures what may take 5 ms, a page of a thousand stacks,
// and 300 ms, the start of the service among them.
func BenchmarkManyStacks(b *testing.B) {
	f := crowd(b)
	if _, err := f.stacks.live(); err != nil {
		b.Fatal(err)
	}
	for name, call := range map[string]func() error{
		"FirstList": func() error { return (&shelf{Table: f.stacks.Table}).load() },
		"ListStacks": func() error {
			_, err := f.ListStacks(b.Context(), &cloudformation.ListStacksInput{})
			return err
		},
		"DescribeStacks": func() error {
			_, err := f.DescribeStacks(b.Context(), &cloudformation.DescribeStacksInput{})
			return err
		},
		"DescribeStack": func() error {
			_, err := f.DescribeStacks(b.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("stack-0500")})
			return err
		},
		"ListExports": func() error {
			_, err := f.ListExports(b.Context(), &cloudformation.ListExportsInput{})
			return err
		},
		"Start": func() error {
			s, err := New(f.env)
			if err == nil {
				err = s.Close()
			}
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestPagesOfManyStacks walks all the pages, each stack once and the newest first.
func TestPagesOfManyStacks(t *testing.T) {
	f := crowd(t)
	seen := map[string]bool{}
	last := time.Now() //nolint:forbidigo // later than any stack of the test
	var token *string
	for pages := 1; ; pages++ {
		out, err := f.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{NextToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range out.Stacks {
			if seen[*st.StackId] || st.CreationTime.After(last) {
				t.Errorf("%s is seen twice or too late", *st.StackName)
			}
			seen[*st.StackId], last = true, *st.CreationTime
		}
		if token = out.NextToken; token == nil {
			if pages != manyStacks/pageSize {
				t.Errorf("%d pages", pages)
			}
			break
		}
	}
	if len(seen) != manyStacks {
		t.Errorf("%d stacks seen", len(seen))
	}
}
