//go:build unix

package sandbox_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/sandbox"
)

func TestQuestions(t *testing.T) {
	box, out := open(t, sandbox.Options{})
	if err := box.Questions("ask", func(q string) string { return strings.ToUpper(q) + "\n" }); err != nil {
		t.Fatal(err)
	}
	const asks = `cd "%s/.." && mkfifo r && exec 4<>r && echo "r how are you?" >ask && read -r answer <&4 && echo "$answer"`
	text := strings.ReplaceAll(asks, "%s", box.Bin())
	for range 2 {
		if _, err := box.Run(t.Context(), command(box, text+"; rm r")); err != nil {
			t.Fatal(err)
		}
	}
	if got := out.String(); got != "HOW ARE YOU?\nHOW ARE YOU?" {
		t.Errorf("it says %q", got)
	}
}

// TestQuestionsOfTheHostile: a build may name what it likes, and nothing but a
// pipe within its box is written to.
func TestQuestionsOfTheHostile(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	box, out := open(t, sandbox.Options{})
	if err := box.Questions("ask", func(string) string { return "written\n" }); err != nil {
		t.Fatal(err)
	}
	text := `cd "` + box.Bin() + `/.."
echo theirs >file
ln -s "` + outside + `" link
for name in "` + outside + `" ../../outside link file none ""; do echo "$name question" >ask; done
echo "no question" >ask
mkfifo r && exec 4<>r && echo "r are all answered?" >ask && read -r answer <&4 && echo "$answer"
cat file`
	if _, err := box.Run(t.Context(), command(box, text)); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "written\ntheirs" {
		t.Errorf("it says %q", got)
	}
	if data, err := os.ReadFile(outside); err != nil || string(data) != "mine" {
		t.Errorf("outside has %q, %v", data, err)
	}
}
