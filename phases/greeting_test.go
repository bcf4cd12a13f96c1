package phases

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGreet finds the greeting however a learner has written it.
func TestGreet(t *testing.T) {
	const greeting = `Say "hi"`
	for _, test := range []struct{ language, before, after string }{
		{"go", "const Text = \"Hello\" // old\n", "const Text = \"Say \\\"hi\\\"\" // old\n"},
		{"go", "// Text = \"no\"\nvar Text string = `C:\\`\n", "// Text = \"no\"\nvar Text string = \"Say \\\"hi\\\"\"\n"},
		{"go", "const (\n\tOther = \"x\"\n\tText  = \"Say \\\"ho\\\"\"\n)\n", "const (\n\tOther = \"x\"\n\tText  = \"Say \\\"hi\\\"\"\n)\n"},
		{"python", "\"\"\"Holds TEXT.\"\"\"\nTEXT = 'It\\'s'\n", "\"\"\"Holds TEXT.\"\"\"\nTEXT = \"Say \\\"hi\\\"\"\n"},
		{"python", "# TEXT = \"no\"\nTEXT: str = f\"\"\"Two\n\"lines\" here\"\"\"\n", "# TEXT = \"no\"\nTEXT: str = \"Say \\\"hi\\\"\"\n"},
		{"python", "TEXT = r\"C:\"\n", "TEXT = \"Say \\\"hi\\\"\"\n"},
		{"node", "export const text = 'Hello';\n", "export const text = \"Say \\\"hi\\\"\";\n"},
		{"node", "let text = `Hello`\nexport { text };\n", "let text = \"Say \\\"hi\\\"\"\nexport { text };\n"},
	} {
		a, _ := sample(t, test.language)
		name, changed, err := a.Greet(func(string) ([]byte, error) { return []byte(test.before), nil }, greeting)
		if err != nil || name != a.GreetingFile() || string(changed) != test.after {
			t.Errorf("%s, before:\n%s\nafter:\n%s\nwant:\n%s\n%v", test.language, test.before, changed, test.after, err)
		}
	}
	own := NewApplication(nil)
	name, changed, err := own.Greet(func(string) ([]byte, error) { return []byte("\"Hello\"\n"), nil }, "\x7f&")
	if want := "\"\x7f&\"\n"; err != nil || name != "greeting.json" || string(changed) != want {
		t.Errorf("one's own: %s, %q, %v", name, changed, err)
	}
}

func TestGreetSaysWhatIsWrong(t *testing.T) {
	for _, language := range Applications {
		a, _ := sample(t, language)
		if _, _, err := a.Greet(noFile, "x"); err == nil || !strings.Contains(err.Error(), "`git checkout HEAD -- "+a.GreetingFile()+"` brings it back") {
			t.Errorf("%s, no file: %v", language, err)
		}
		none := func(string) ([]byte, error) { return []byte("// nothing here\n"), nil }
		if _, _, err := a.Greet(none, "x"); err == nil || !strings.Contains(err.Error(), a.GreetingFile()+" has no greeting in quotes") {
			t.Errorf("%s, no greeting: %v", language, err)
		}
		broken := errors.New("broken")
		if _, _, err := a.Greet(func(string) ([]byte, error) { return nil, broken }, "x"); !errors.Is(err, broken) {
			t.Errorf("%s, cannot be read: %v", language, err)
		}
	}
}

// probes ask an application in a folder for its answer to a program, and for
// its page, and print both as a JSON array.
var probes = map[string]struct {
	tests, ask []string
	file       string // that ask needs
	text       string
}{
	"go": {
		tests: []string{"go", "test", "./..."}, ask: []string{"go", "test", "-run", "TestAsk", "."}, file: "ask_test.go",
		text: `package main

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

func TestAsk(t *testing.T) {
	s, err := readStamp("stamp.json")
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, accept := range []string{"*/*", "text/html"} {
		answer, err := handler(s)(context.Background(), events.LambdaFunctionURLRequest{Headers: map[string]string{"accept": accept}})
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, answer.Body)
	}
	out, err := json.Marshal(bodies)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("asked.json", out, 0o600); err != nil {
		t.Fatal(err)
	}
}
`,
	},
	"python": {
		tests: []string{"python3", "-B", "-m", "unittest"}, ask: []string{"python3", "-B", "ask.py"}, file: "ask.py",
		text: `import json
import hello
bodies = [hello.handler({"headers": {"accept": accept}}, None)["body"] for accept in ("*/*", "text/html")]
open("asked.json", "w", encoding="utf-8").write(json.dumps(bodies))
`,
	},
	"node": {
		tests: []string{"node", "--test"}, ask: []string{"node", "ask.mjs"}, file: "ask.mjs",
		text: `import { writeFileSync } from "node:fs";
import { handler } from "./hello.mjs";
const bodies = [];
for (const accept of ["*/*", "text/html"]) bodies.push((await handler({ headers: { accept } })).body);
writeFileSync("asked.json", JSON.stringify(bodies));
`,
	},
}

// TestGreetingIsShownAsWritten writes greetings that mean something to a
// language or to HTML, and asks the application itself what it says then; its
// own tests must pass too.
func TestGreetingIsShownAsWritten(t *testing.T) {
	greetings := []string{
		`"quotes", 'single', ` + "`back`" + ` and """three"""`, `C:\new\table \u0041 %s ${1+1} {x} {{.Built}}`,
		"<script>alert('&amp;')</script>", "Grüße, 世界, 😀, e\u0301, \u2028, \ufeff", "tab\tand\nline",
	}
	for _, language := range Applications {
		t.Run(language, func(t *testing.T) {
			a, files := sample(t, language)
			probe := probes[language]
			needs(t, a)
			dir := t.TempDir()
			files[probe.file] = []byte(probe.text)
			const commit = "0123456789abcdef0123456789abcdef01234567"
			files["stamp.json"] = []byte(`{"commit":"` + commit + `","execution":"e","built":"2026-01-02T03:04:05Z"}`)
			for name, data := range files {
				write(t, filepath.Join(dir, name), data)
			}
			read := func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) }
			for i, greeting := range greetings {
				name, changed, err := a.Greet(read, greeting) // over the one before
				if err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(dir, name), changed)
				if i == 0 {
					command(t, dir, probe.tests...)
				}
				command(t, dir, probe.ask...)
				asked, err := read("asked.json")
				var bodies []string
				if err == nil {
					err = json.Unmarshal(asked, &bodies)
				}
				if err != nil || len(bodies) != 2 {
					t.Fatalf("it answers %q, %v", asked, err)
				}
				var answer map[string]string
				if err := json.Unmarshal([]byte(bodies[0]), &answer); err != nil {
					t.Fatal(err)
				}
				if answer["greeting"] != greeting || answer["commit"] != commit || answer["execution"] != "e" || answer["time"] == "" {
					t.Errorf("the greeting is %q, and the answer %q", greeting, answer)
				}
				_, shown, _ := strings.Cut(bodies[1], "<h1>")
				shown, _, found := strings.Cut(shown, "</h1>")
				if !found || html.UnescapeString(shown) != greeting || strings.ContainsAny(shown, "<>\"'") {
					t.Errorf("the greeting is %q, and the page shows %q", greeting, shown)
				}
				if !strings.Contains(bodies[1], "<code>0123456</code>") {
					t.Errorf("the page shows no commit:\n%s", bodies[1])
				}
			}
		})
	}
}

// needs skips where a toolchain is not, but never in CI, which must have them all.
func needs(t *testing.T, a *Application) {
	t.Helper()
	for _, tool := range a.Toolchain() {
		out, err := exec.CommandContext(t.Context(), tool.Program, tool.Version...).Output()
		if err == nil {
			err = tool.Suits(string(out))
		}
		if err != nil && os.Getenv("CI") == "" {
			t.Skipf("%s: %v", tool.Program, err)
		} else if err != nil {
			t.Fatalf("%s: %v", tool.Program, err)
		}
	}
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func command(t *testing.T, dir string, arguments ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), arguments[0], arguments[1:]...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(arguments, " "), err, out.String())
	}
}
