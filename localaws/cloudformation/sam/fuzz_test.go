package sam

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzExpand holds the transform to three promises: no template panics, every
// mistake is one in a document, and the template that is given is not changed.
func FuzzExpand(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		input, _, _ := strings.Cut(string(data), wantMark)
		f.Add(string(pretty(f, parse(f, []byte(strings.TrimPrefix(input, templateMark))))))
	}
	f.Fuzz(func(t *testing.T, text string) {
		var template map[string]any
		decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
		decoder.UseNumber()
		if decoder.Decode(&template) != nil {
			return
		}
		before := clone(template)
		out, err := Expand(template, parameters(template))
		if _, ours := errors.AsType[documentError](err); err != nil && !ours {
			t.Fatalf("not a mistake in a document: %v", err)
		}
		if diff := cmp.Diff(before, clone(template)); diff != "" {
			t.Fatalf("the template was changed:\n%s", diff)
		}
		if err == nil {
			pretty(t, out)
		}
	})
}
