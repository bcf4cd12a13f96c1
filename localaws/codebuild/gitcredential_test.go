package codebuild

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// TestGitCredentialHelper lets builds clone with nothing but what git is told
// by the helper. That CodeCommit takes the signature is conformance's matter.
func TestGitCredentialHelper(t *testing.T) {
	dir := t.TempDir()
	repository := filepath.Join(dir, "app")
	git(t, dir, "init", "-q", "-b", "main", repository)
	git(t, repository, "commit", "-q", "--allow-empty", "-m", "one")
	served := serveGit(t, dir).URL
	const helped, alone = "env: {git-credential-helper: yes}\n", ""
	for name, c := range map[string]struct {
		env, command, says string
		status             types.StatusType
	}{
		"the clone URL":    {helped, "git clone -q " + served + "/v1/repos/app copy && git -C copy log -1 --format=%an:%s", "a:one\n", types.StatusTypeSucceeded},
		"AWS's own URL":    {helped, "git ls-remote -q https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app main | cut -f2", "refs/heads/main\n", types.StatusTypeSucceeded},
		"many at a time":   {helped, "for i in 1 2 3 4 5 6; do git ls-remote -q " + served + "/v1/repos/app main >$i & done; wait; cat 1 2 3 4 5 6 | wc -l | tr -d ' '", "6\n", types.StatusTypeSucceeded},
		"not for a role":   {helped, "git ls-remote -q " + served + "/v1/repos/denied", "", types.StatusTypeFailed},
		"not elsewhere":    {helped, "printf 'protocol=https\\nhost=example.com\\npath=a/b\\n\\n' | git-credential-codebuild get | wc -c | tr -d ' '", "0\n", types.StatusTypeSucceeded},
		"nothing is kept":  {helped, "printf 'protocol=https\\n\\n' | git-credential-codebuild store && ls ../control | grep -c '^reply' || true", "0\n", types.StatusTypeSucceeded},
		"no other helper":  {helped, "git config --get-all credential.helper | tail -n 1", "codebuild\n", types.StatusTypeSucceeded},
		"without a helper": {alone, "git ls-remote -q " + served + "/v1/repos/app", "", types.StatusTypeFailed},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Host{Environ: []string{"PATH=/usr/local/bin:/usr/bin:/bin"}})
			w.env.URL = served
			w.create(head + c.env + "phases: {build: {commands: [\"" + strings.ReplaceAll(c.command, `\`, `\\`) + "\"]}}")
			b := w.run()
			id := aws.ToString(b.Id)
			if b.BuildStatus != c.status {
				t.Errorf("the build is %s:\n%s", b.BuildStatus, w.text(id))
			}
			if got := w.output(id); c.status == types.StatusTypeSucceeded && got != c.says {
				t.Errorf("it says %q, want %q", got, c.says)
			}
			if strings.Contains(w.text(id), "%token") {
				t.Error("the log has the keys")
			}
		})
	}
}
