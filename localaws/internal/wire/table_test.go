package wire

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/codebuild"
)

// Two operations of one route could not be told apart.
func TestRoutesDiffer(t *testing.T) {
	for _, service := range []string{"s3", "lambda"} {
		table, err := load(service)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]string{}
		for _, r := range table.routes() {
			var query []string
			for _, q := range r.query {
				query = append(query, q[0]+"="+q[1])
			}
			slices.Sort(query)
			key := r.method + " " + strings.Join(r.segments, "/") + "?" + strings.Join(query, "&") + " " + strings.Join(r.required, ",")
			if other := seen[key]; other != "" {
				t.Errorf("%s: %s and %s have the route %s", service, other, r.operation, key)
			}
			seen[key] = r.operation
		}
	}
}

// The patterns that Go cannot compile are let through; here is which they are,
// so that a new one is noticed.
func TestPatternsCompile(t *testing.T) {
	var lost []string
	for service := range index().Services {
		table, err := load(service)
		if err != nil {
			t.Fatal(err)
		}
		for name := range table.Shapes {
			if s := table.shape(name); s.Pattern != "" && compilePattern(s.Pattern) == nil {
				lost = append(lost, service+"."+name+": "+s.Pattern)
			}
		}
	}
	slices.Sort(lost)
	if want := uncompiled; !slices.Equal(lost, want) {
		t.Errorf("patterns that do not compile:\n%s", strings.Join(lost, "\n"))
	}
}

// All of them look ahead or behind, which Go's expressions do not.
var uncompiled = []string{
	`events.PathParameter: ^(?!\s*$).+`,
	`iam.accountAliasType: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`,
	`lambda.Alias: (?!^[0-9]+$)([a-zA-Z0-9-_]+)`,
	`lambda.CollectionName: (^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)`,
	`lambda.FunctionUrlQualifier: ((?!^\d+$)^[0-9a-zA-Z-_]+$)`,
	`lambda.S3Bucket: [0-9A-Za-z\.\-_]*(?<!\.)`,
}

// BenchmarkLoad is what the first request of a service pays.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		t, err := unpack("codebuild")
		if err != nil {
			b.Fatal(err)
		}
		t.plan("CreateProjectInput", reflect.TypeFor[codebuild.CreateProjectInput]())
		t.plan("CreateProjectOutput", reflect.TypeFor[codebuild.CreateProjectOutput]())
	}
}
