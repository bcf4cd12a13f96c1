package conformance

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
)

// repository makes an empty repository and returns its name.
func (t *T) repository() string {
	name := t.name()
	must(t.codecommit.CreateRepository(t.ctx, &codecommit.CreateRepositoryInput{RepositoryName: &name}))(t)
	t.cleanup("repository "+name, func(t *T) error { return t.deleteRepository(name) })
	return name
}

func (t *T) deleteRepository(name string) error {
	_, err := t.codecommit.DeleteRepository(t.ctx, &codecommit.DeleteRepositoryInput{RepositoryName: &name})
	return err
}

// put commits one file to main and returns the commit; parent is empty for the first.
func (t *T) put(repository, path, content, parent string) string {
	input := &codecommit.PutFileInput{
		RepositoryName: &repository, BranchName: aws.String("main"), FilePath: &path, FileContent: []byte(content),
		CommitMessage: aws.String("put " + path),
	}
	if parent != "" {
		input.ParentCommitId = &parent
	}
	return str(must(t.codecommit.PutFile(t.ctx, input))(t).CommitId)
}

func (t *T) defaultBranch(repository string) string {
	out := must(t.codecommit.GetRepository(t.ctx, &codecommit.GetRepositoryInput{RepositoryName: &repository}))(t)
	return str(out.RepositoryMetadata.DefaultBranch)
}

// checkout is a working copy with nothing configured.
type checkout struct {
	t   *T
	dir string
}

func (t *T) checkout() *checkout {
	dir, err := os.MkdirTemp("", t.prefix+"-")
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.cleanup("folder "+dir, func(*T) error { return os.RemoveAll(dir) })
	c := &checkout{t: t, dir: dir}
	c.git("init", "--quiet", "--initial-branch=main")
	return c
}

// try runs git and returns what it says.
func (c *checkout) try(args ...string) (string, error) {
	cmd := exec.CommandContext(c.t.ctx, "git", args...)
	cmd.Dir = c.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + c.dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com",
	}
	out, err := cmd.CombinedOutput()
	said := strings.TrimSpace(string(out))
	if err != nil {
		err = fmt.Errorf("%w: %s", err, said)
	}
	return said, err
}

func (c *checkout) git(args ...string) string {
	out, err := c.try(args...)
	if err != nil {
		c.t.Fatalf("git %s: %v", args[0], err)
	}
	return out
}

// commit commits a README.md that says hello, and returns the commit's id.
func (c *checkout) commit() string {
	if err := os.WriteFile(filepath.Join(c.dir, "README.md"), []byte("hello"), 0o600); err != nil {
		c.t.Fatalf("%v", err)
	}
	c.git("add", "--all")
	c.git("commit", "--quiet", "--message", "write the README")
	return c.git("rev-parse", "HEAD")
}

// cloneURL is the URL over which CodeCommit says that a repository is cloned.
func (t *T) cloneURL(repository string) string {
	out := must(t.codecommit.GetRepository(t.ctx, &codecommit.GetRepositoryInput{RepositoryName: &repository}))(t)
	return str(out.RepositoryMetadata.CloneUrlHttp)
}

// remote is the URL over which this caller reaches a repository, with the user
// and the password that the AWS CLI's credential helper would give.
func (t *T) remote(repository string) string {
	address, err := url.Parse(t.cloneURL(repository))
	if err != nil {
		t.Fatalf("%v", err)
	}
	keys := must(t.target.Config.Credentials.Retrieve(t.ctx))(t)
	address.User = url.UserPassword(t.gitCredential(keys, address))
	return address.String()
}

// gitCredential follows awscli/customizations/codecommit.py.
func (t *T) gitCredential(keys aws.Credentials, address *url.URL) (user, password string) {
	at := t.target.Now().UTC().Format("20060102T150405")
	date, _, _ := strings.Cut(at, "T")
	request := sha256.Sum256([]byte("GIT\n" + address.Path + "\n\nhost:" + address.Hostname() + "\n\nhost\n"))
	scope := date + "/" + t.region() + "/codecommit/aws4_request"
	key := []byte("AWS4" + keys.SecretAccessKey)
	for _, part := range []string{date, t.region(), "codecommit", "aws4_request", "AWS4-HMAC-SHA256\n" + at + "\n" + scope + "\n" + hex.EncodeToString(request[:])} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	user = keys.AccessKeyID
	if keys.SessionToken != "" {
		user += "%" + keys.SessionToken
	}
	return user, at + "Z" + hex.EncodeToString(key)
}
