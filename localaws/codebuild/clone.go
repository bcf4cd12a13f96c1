package codebuild

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/sandbox"
)

// cloneScript runs in the box. No configuration, hook or prompt of this
// machine takes part.
const cloneScript = `set -e
said=$(mktemp)
git clone --quiet --no-checkout $LOCALAWS_DEPTH "$LOCALAWS_URL" "$LOCALAWS_DIR" 2>"$said" || {
	cat "$said" >&2
	! grep -q 'error: 403' "$said" || exit 43
	! grep -q "^fatal: repository '.*' not found" "$said" || exit 44
	exit 1
}
rm "$said"
cd "$LOCALAWS_DIR"
if [ -z "$LOCALAWS_VERSION" ]; then
	git checkout --quiet
elif git rev-parse --quiet --verify "refs/remotes/origin/${LOCALAWS_VERSION#refs/heads/}" >/dev/null; then
	git checkout --quiet --detach "origin/${LOCALAWS_VERSION#refs/heads/}"
else
	git checkout --quiet --detach "$LOCALAWS_VERSION" -- || exit 45
fi
exec >&3
git rev-parse HEAD
`

// cloneFailures are the script's statuses in the words of CodeBuild's agent.
var cloneFailures = map[int]string{43: "authorization failed", 44: "repository not found", 45: "reference not found"}

// clone clones a CodeCommit repository with the role's keys, and returns the commit.
func (r *run) clone(ctx context.Context, source types.ProjectSource, version, dir string) (string, error) {
	location, err := r.s.cloneURL(aws.ToString(source.Location))
	if err != nil {
		return "", err
	}
	credentials, err := r.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(version, "-") {
		return "", fail(codeClient, "%q is not a commit, branch or tag", version)
	}
	env := maps.Clone(r.env)
	maps.Copy(env, gitEnvironment(authorization(credentials, location, r.s.env.Region, r.s.env.Now())))
	env["LOCALAWS_URL"], env["LOCALAWS_DIR"], env["LOCALAWS_VERSION"] = location.String(), dir, version
	env["LOCALAWS_DEPTH"] = ""
	// A given commit may be older than the depth, so the whole history is needed for one.
	if depth := aws.ToInt32(source.GitCloneDepth); depth > 0 && version == "" {
		env["LOCALAWS_DEPTH"] = "--depth=" + strconv.Itoa(int(depth))
	}
	// Capture takes standard output, and git's messages belong into the log.
	text := "exec 3>&1 >&2\n" + cloneScript
	commit, status, err := r.box.Capture(ctx, sandbox.Command{Shell: "sh", Text: text, Env: env, Dir: r.box.Source()})
	if err != nil {
		return "", err
	}
	if words, ok := cloneFailures[status]; ok {
		return "", errors.New(words)
	}
	if status != 0 {
		return "", fail(codeClient, "git clone of %s failed with exit status %d for primary source and source version %s: see the log",
			location, status, version)
	}
	return commit, nil
}

// cloneURL turns a repository's URL on AWS into the one here.
func (s *Service) cloneURL(location string) (*url.URL, error) {
	u, err := url.Parse(location)
	if err != nil || u.Host == "" || !strings.HasPrefix(u.Path, "/v1/repos/") {
		return nil, fail(codeClient, "%q is not the clone URL of a CodeCommit repository", location)
	}
	here, err := url.Parse(s.env.URL)
	if err != nil {
		return nil, fmt.Errorf("parse this AWS's URL: %w", err)
	}
	if u.Host == "git-codecommit."+s.env.Region+".amazonaws.com" {
		u.Scheme, u.Host = here.Scheme, here.Host
	}
	if u.Host != here.Host {
		return nil, fail(codeClient, "the repository %s is not one of this AWS, which is at %s", location, s.env.URL)
	}
	return u, nil
}

func gitEnvironment(header string) map[string]string {
	return map[string]string{
		"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0",
		"GIT_CONFIG_COUNT": "5",
		"GIT_CONFIG_KEY_0": "http.extraHeader", "GIT_CONFIG_VALUE_0": header,
		"GIT_CONFIG_KEY_1": "core.hooksPath", "GIT_CONFIG_VALUE_1": "/dev/null",
		"GIT_CONFIG_KEY_2": "core.fsmonitor", "GIT_CONFIG_VALUE_2": "false",
		"GIT_CONFIG_KEY_3": "protocol.ext.allow", "GIT_CONFIG_VALUE_3": "never",
		"GIT_CONFIG_KEY_4": "http.proxy", "GIT_CONFIG_VALUE_4": "",
	}
}

// authorization makes the header of git over SigV4.
func authorization(c aws.Credentials, location *url.URL, region string, now time.Time) string {
	user, password := signIn(c, location, region, now)
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
