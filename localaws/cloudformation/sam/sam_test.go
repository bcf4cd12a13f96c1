package sam

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "rewrite the wanted outputs with AWS's own translator")

const templateMark, wantMark = "-- template.yaml --\n", "-- want.json --\n"

// answer is what the translator makes of a template: another template, or an error's words.
type answer struct {
	Template map[string]any `json:"template,omitempty"`
	Error    string         `json:"error,omitempty"`
}

// TestAgainstTranslator compares with what AWS's own translator made of the
// templates in testdata. Where Python has the translator, it is asked again.
func TestAgainstTranslator(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d templates in testdata, %v", len(files), err)
	}
	var templates []map[string]any
	var kept []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		input, output, _ := strings.Cut(string(data), wantMark)
		kept = append(kept, output)
		templates = append(templates, parse(t, []byte(strings.TrimPrefix(input, templateMark))))
	}
	fresh := askTranslator(t, templates)
	for i, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			if *update {
				kept[i] = rewrite(t, file, pretty(t, fresh[i]))
			}
			var want answer
			decode(t, []byte(kept[i]), &want)
			if fresh != nil {
				if diff := cmp.Diff(normal(t, want), normal(t, fresh[i])); diff != "" {
					t.Errorf("the translator answers something else today (-kept +fresh):\n%s", diff)
				}
			}
			var got answer
			got.Template, err = Expand(templates[i], parameters(templates[i]))
			if err != nil {
				got = answer{Error: err.Error()}
			}
			if diff := cmp.Diff(normal(t, want), normal(t, got)); diff != "" {
				t.Errorf("-translator +ours:\n%s", diff)
			}
		})
	}
}

// rewrite keeps the output in the file.
func rewrite(t *testing.T, file string, output []byte) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	input, _, _ := strings.Cut(string(data), wantMark)
	if err := os.WriteFile(file, []byte(input+wantMark+string(output)), 0o600); err != nil {
		t.Fatal(err)
	}
	return string(output)
}

// askTranslator returns nil where Python or its translator is not installed.
func askTranslator(t *testing.T, templates []map[string]any) []answer {
	t.Helper()
	input, err := json.Marshal(templates)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "python3", "testdata/oracle.py")
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	exit, exited := errors.AsType[*exec.ExitError](err)
	if !*update && (errors.Is(err, exec.ErrNotFound) || exited && exit.ExitCode() == 3) {
		t.Log("Python has no samtranslator: compared with the kept outputs alone")
		return nil
	}
	if err != nil {
		t.Fatalf("oracle: %v\n%s", err, stderr.String())
	}
	var answers []answer
	decode(t, output, &answers)
	return answers
}

// parse reads YAML into what JSON has, numbers as json.Number.
func parse(tb testing.TB, data []byte) map[string]any {
	tb.Helper()
	var raw any
	if err := yaml.Unmarshal(data, &raw); err != nil {
		tb.Fatal(err)
	}
	text, err := json.Marshal(raw)
	if err != nil {
		tb.Fatal(err)
	}
	var out map[string]any
	decode(tb, text, &out)
	return out
}

func decode(tb testing.TB, data []byte, into any) {
	tb.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		tb.Fatalf("%v in %s", err, data)
	}
}

// parameters are the values that the stack would have: the defaults and the region.
func parameters(template map[string]any) map[string]any {
	values := map[string]any{"AWS::Region": "eu-west-1", "AWS::Partition": "aws", "AWS::StackName": "stk", "AWS::AccountId": "123456789012"}
	for name, declared := range mapOf(template["Parameters"]) {
		values[name] = mapOf(declared)["Default"]
	}
	return values
}

// normal makes answers comparable: the order of tags is the template's in the
// translator, and that of the keys here.
func normal(t *testing.T, a answer) answer {
	t.Helper()
	var out answer
	decode(t, pretty(t, a), &out)
	walk(any(out.Template), func(value any) any {
		if list, ok := value.([]any); ok && len(list) > 0 && mapOf(list[0])["Key"] != nil {
			slices.SortFunc(list, func(a, b any) int {
				return strings.Compare(stringOf(mapOf(a)["Key"]), stringOf(mapOf(b)["Key"]))
			})
		}
		return value
	})
	return out
}

func pretty(tb testing.TB, value any) []byte {
	tb.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}
