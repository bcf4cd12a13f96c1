package codepipeline

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// FuzzPageToken gives pages tokens that nobody handed out: each is refused, or
// names a place in the pipeline's own history.
func FuzzPageToken(f *testing.F) {
	f.Add("")
	f.Add(*encodeToken("p/ffffffffffffffff 3"))
	f.Add(*encodeToken("q/ffffffffffffffff 3"))
	f.Add(*encodeToken("p/ -1"))
	f.Fuzz(func(t *testing.T, token string) {
		page := &actionPage{service: &Service{}, limit: 1}
		err := page.resume("p", aws.String(token))
		if err == nil && page.key != "" && (!strings.HasPrefix(page.key, "p/") || page.left < 0) {
			t.Errorf("token %q names %q with %d left", token, page.key, page.left)
		}
		page.add(page.key, &execution{Actions: make([]actionRun, 3)})
		if len(page.details) > page.limit {
			t.Errorf("%d details", len(page.details))
		}
	})
}

// FuzzVariables resolves configurations: what holds no variables stays as it is,
// and a variable becomes its value, whatever stands in that.
func FuzzVariables(f *testing.F) {
	f.Add("#{Source.CommitId}", "abc")
	f.Add("#{Source.CommitId", "#{Source.CommitId}")
	f.Add("##{codepipeline.PipelineExecutionId}}", "")
	f.Fuzz(func(t *testing.T, text, value string) {
		e := &execution{Namespaces: map[string]map[string]string{"Source": {"CommitId": value}}}
		got, err := e.resolve("A", map[string]string{"k": text})
		if err == nil && !hasVariables(text) && got["k"] != text {
			t.Errorf("%q became %q", text, got["k"])
		}
		got, err = e.resolve("A", map[string]string{"k": "#{Source.CommitId}" + value})
		if err == nil && !hasVariables(value) && got["k"] != value+value {
			t.Errorf("the value %q twice became %q", value, got["k"])
		}
	})
}

// FuzzArtifact reads templates out of what a build may have uploaded.
func FuzzArtifact(f *testing.F) {
	var buf bytes.Buffer
	if err := zipOf(&buf, "template.yaml", []byte("Resources: {}")); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes(), "template.yaml")
	f.Add(buf.Bytes(), "../template.yaml")
	f.Add([]byte("PK\x05\x06"), "")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		if content, err := extract(archive, "Artifact", name); err == nil && len(content) > maxFile {
			t.Errorf("%d bytes", len(content))
		}
	})
}
