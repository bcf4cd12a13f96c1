package codebuild

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
)

// The helper and the pipe through which it asks.
const (
	gitHelper    = "git-credential-codebuild" // git knows it as "codebuild"
	gitQuestions = "git-credentials"
)

// gitHelperScript is what git runs for a password (gitcredentials(7)). It holds
// no keys: it asks this AWS, which signs with the keys that the role has then.
const gitHelperScript = `#!/bin/sh
[ "$1" = get ] || exit 0
PATH=$PATH:/usr/local/bin:/usr/bin:/bin
protocol= host= path=
while IFS='=' read -r key value && [ -n "$key" ]; do
	case $key in
	protocol) protocol=$value ;;
	host) host=$value ;;
	path) path=$value ;;
	esac
done
cd "${0%/*}/.." || exit 1
reply=reply-$$
mkfifo "$reply" || exit 1
trap 'rm -f "$reply"' EXIT
exec 4<>"$reply"
printf '%s %s\n' "$reply" "$protocol://$host/$path" >` + gitQuestions + `
while IFS= read -r line <&4 && [ -n "$line" ]; do
	printf '%s\n' "$line"
done
`

// giveGitCredentials does what the buildspec's env.git-credential-helper asks
// for: git in the build signs in to CodeCommit as the build's role. Where other
// helpers are configured on this machine, they are not asked.
func (r *run) giveGitCredentials(ctx context.Context) error {
	if !r.spec.Env.GitCredentials {
		return nil
	}
	program := filepath.Join(r.box.Bin(), gitHelper)                              // which is in PATH
	if err := os.WriteFile(program, []byte(gitHelperScript), 0o700); err != nil { //nolint:gosec // a program
		return fmt.Errorf("write git's credential helper: %w", err)
	}
	if err := r.box.Questions(gitQuestions, func(location string) string { return r.gitPassword(ctx, location) }); err != nil {
		return err
	}
	config := fmt.Sprintf(`[credential]
	helper =
	helper = codebuild
	useHttpPath = true
[url "%s/v1/repos/"]
	insteadOf = https://git-codecommit.%s.amazonaws.com/v1/repos/
`, r.s.env.URL, r.s.env.Region)
	if err := os.WriteFile(filepath.Join(r.box.Home(), ".gitconfig"), []byte(config), 0o600); err != nil {
		return fmt.Errorf("configure git: %w", err)
	}
	return nil
}

// gitPassword answers git's question for a password: an empty line where the
// address is none of this AWS's.
func (r *run) gitPassword(ctx context.Context, location string) string {
	u, err := r.s.cloneURL(location)
	if err != nil {
		return "\n"
	}
	credentials, err := r.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return "\n" // git says that it has no password
	}
	r.secrets.add(credentials.SessionToken)
	user, password := signIn(credentials, u, r.s.env.Region, r.s.env.Now())
	return "username=" + user + "\npassword=" + password + "\n\n"
}

// signIn computes git's user name and password as the credential helper of
// AWS's CLI does.
func signIn(c aws.Credentials, location *url.URL, region string, now time.Time) (user, password string) {
	user = c.AccessKeyID
	if c.SessionToken != "" {
		user += "%" + c.SessionToken
	}
	return user, sigv4.GitPassword(c.SecretAccessKey, region, location.Hostname(), location.Path, now.UTC().Format(sigv4.GitTimeFormat))
}
