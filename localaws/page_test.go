package localaws_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mayfly-cd/mayfly/localaws"
	"github.com/mayfly-cd/mayfly/localaws/cloudformation/resource"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire/wiretest"
)

var update = flag.Bool("update", false, "write the generated part of docs/localaws.md")

// TestPage holds what docs/localaws.md says is served against what is.
func TestPage(t *testing.T) {
	const begin, end = "<!-- made by: go test ./localaws -run TestPage -update -->\n", "<!-- end -->"
	file := filepath.Join("..", "docs", "localaws.md")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has lost the marks around its generated part", file)
	}
	page := before + begin + whatIsServed(t) + end + after
	if page == string(data) {
		return
	}
	if !*update {
		t.Fatalf("%s is out of date: go test ./localaws -run TestPage -update", file)
	}
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
}

// titles are AWS's names of the services.
var titles = map[string]string{
	"cloudformation": "CloudFormation", "codebuild": "CodeBuild", "codecommit": "CodeCommit", "codepipeline": "CodePipeline",
	"events": "EventBridge", "iam": "IAM", "lambda": "Lambda", "logs": "CloudWatch Logs", "s3": "S3", "sns": "SNS", "sts": "STS",
}

func whatIsServed(t *testing.T) string {
	t.Helper()
	s := start(t, localaws.Options{})
	var b strings.Builder
	for _, service := range s.Served() {
		served := make([]string, 0, len(service.Operations))
		for _, op := range service.Operations {
			served = append(served, op.Name)
		}
		slices.Sort(served)
		if titles[service.Name] == "" {
			t.Fatalf("service %s has no title", service.Name)
		}
		refused := slices.DeleteFunc(operationsOf(s, service.Name), func(name string) bool { return slices.Contains(served, name) })
		fmt.Fprintf(&b, "### %s\n\n%d of %d operations: %s.\n\n", titles[service.Name], len(served), len(served)+len(refused), strings.Join(served, ", "))
		if len(refused) > 0 {
			fmt.Fprintf(&b, "<details><summary>Refused by name</summary>\n\n%s.\n\n</details>\n\n", strings.Join(refused, ", "))
		}
		if service.Name == "cloudformation" {
			fmt.Fprintf(&b, "Resource types: %s. Any other is refused.\n\n", strings.Join(resource.Names(), ", "))
		}
	}
	b.WriteString("Git itself (smart HTTP, protocol versions 0 to 2) is served under `/v1/repos/<name>`.\n")
	return b.String()
}

// operationsOf lists all that AWS has: the methods of the SDK's client that take an input.
func operationsOf(s *localaws.Server, service string) (names []string) {
	client := reflect.TypeOf(wiretest.NewClient(service, s.Config()))
	for m := range client.Methods() {
		if m.Type.NumIn() == 4 && strings.HasSuffix(m.Type.In(2).String(), "."+m.Name+"Input") {
			names = append(names, m.Name)
		}
	}
	return names
}
