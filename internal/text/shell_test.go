package text

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// typed are scripts whose output tells how a shell has read them.
var typed = []string{
	`printf '[%s]' --stack-name mayfly-default-abcdef --template-file /home/learner/mayfly/pipeline.yaml --tags a=b c=d`,
	`printf '[%s]' "two  words and $(echo "three  more words" of them)" 'four  words in quotes' five\ six seven eight`,
	"url=$(printf '%s-' --repository-name mayfly-default-abcdef \\\n  --query 'a  b  c  d  e  f' --output text)\necho \"$url\"",
	`printf '[%s]' '{"Version": "2012-10-17", "Statement":` + "\n" + `  {"Effect": "Allow", "Action": "codecommit:GitPull", "Resource": "*"}}' and more words`,
	"echo one two three four five six # a remark's words are many, and they stay where they are\necho seven",
	"printf '[%s]' `printf '%s' one two three four five` six seven eight nine ten eleven",
	"a=1 b=2 sh -c 'echo $a   $b' && printf 'x%s' one two three four | cat && { echo five; } || echo six",
	"cat <<END\none two three four five six seven eight nine ten eleven twelve\nEND\necho one two three four five six seven eight nine ten",
	`x=abc:def; printf '[%s]' "${x#*:}" "$#" a#b \# \" \' "a \" b  c" 'it'\''s  so' last words here`,
	`(cd / && printf '[%s]' one two three four five six) && for i in 1 2 3; do printf '<%s>' "$i" a b c; done`,
	`printf '%s' "a word that is wider  than any of the lines that it is folded to"`,
}

// TestFoldShellChangesNothing has a shell read each script as it was, and
// folded to all sorts of widths.
func TestFoldShellChangesNothing(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no POSIX shell here")
	}
	run := func(script string) string {
		out, err := exec.CommandContext(t.Context(), sh, "-c", script).CombinedOutput()
		return fmt.Sprint(string(out), err)
	}
	for _, script := range typed {
		want := run(script)
		for columns := 1; columns < 100; columns += 4 {
			folded := strings.Join(FoldShell(strings.Split(script, "\n"), columns), "\n")
			if got := run(folded); got != want {
				t.Fatalf("%d columns:\n%s\nsays %q, and\n%s\nsays %q", columns, folded, got, script, want)
			}
		}
	}
}

func TestFoldShell(t *testing.T) {
	for _, test := range []struct {
		columns      int
		script, want string
	}{
		{40, "git status", "git status"},
		{
			60, "url=$(aws codecommit get-repository --repository-name mayfly-default-abcdef \\\n  --query repositoryMetadata.cloneUrlHttp --output text)",
			"url=$(aws codecommit get-repository \\\n  --repository-name mayfly-default-abcdef \\\n  --query repositoryMetadata.cloneUrlHttp --output text)",
		},
		{50, "mayfly show codecommit --template > /home/learner/mayfly/x.yaml", "mayfly show codecommit --template \\\n  > /home/learner/mayfly/x.yaml"},
		{30, "  --parameter-overrides RepositoryName=mayfly-default \\", "  --parameter-overrides \\\n  RepositoryName=mayfly-default \\"},
		{20, "mkdir -p /home/learner/mayfly/default-templates", "mkdir -p \\\n  /home/learner/mayfly/default-templates"},
		{20, "echo 'one word that is wide'", "echo \\\n  'one word that is wide'"},
		{10, "", ""},
	} {
		if got := strings.Join(FoldShell(strings.Split(test.script, "\n"), test.columns), "\n"); got != test.want {
			t.Errorf("%d columns: got\n%s\nwant\n%s", test.columns, got, test.want)
		}
	}
}
