package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

func (a *app) gitCredentialCommand() *cobra.Command {
	return &cobra.Command{
		Use: "git-credential get|store|erase", Short: "Git's credential helper for CodeCommit; needs no AWS CLI",
		ValidArgs: []string{"get", "store", "erase"},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(cmd.ValidArgs, args[0]) {
				return usage("git-credential takes one of %s", strings.Join(cmd.ValidArgs, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != "get" {
				return nil // the password ages in minutes: there is nothing to keep and nothing to forget
			}
			return a.gitCredential(cmd.Context())
		},
	}
}

func (a *app) gitCredential(ctx context.Context) error {
	asked, err := readCredentialRequest(a.streams.In)
	if err != nil {
		return err
	}
	if keys, region, ok := a.shellKeys(ctx, asked); ok {
		a.tellPassword(keys, region, asked)
		return nil
	}
	e, dir, err := a.environment()
	if err != nil {
		return err
	}
	target, err := a.target(ctx, e, dir, a.background)
	if err != nil {
		return err
	}
	// Credentials are given to the environment's own AWS and to nobody else.
	if err := checkHost(asked, target, e.Region); err != nil {
		return err
	}
	cfg, err := cloud.Configure(ctx, target)
	if err != nil {
		return err
	}
	if cfg.Credentials == nil {
		return errors.New("no AWS credentials were found")
	}
	keys, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("find AWS credentials: %w", err)
	}
	a.tellPassword(keys, e.Region, asked)
	return nil
}

func (a *app) tellPassword(keys aws.Credentials, region string, asked *url.URL) {
	user, password := cloud.GitCredential(keys, region, asked, a.now())
	a.answer("username=%s\npassword=%s\n", user, password)
}

// shellKeys are the keys of a shell that `mayfly local env` has pointed at the
// local AWS, as the AWS CLI's helper would take them: the account's own, or
// those of somebody whom the person has made in it.
func (a *app) shellKeys(ctx context.Context, asked *url.URL) (keys aws.Credentials, region string, ok bool) {
	dir, err := a.dir()
	if err != nil || a.flags.target != targetLocal {
		return keys, "", false
	}
	keys = aws.Credentials{
		AccessKeyID: a.variable("AWS_ACCESS_KEY_ID"), SecretAccessKey: a.variable("AWS_SECRET_ACCESS_KEY"), SessionToken: a.variable("AWS_SESSION_TOKEN"),
	}
	at, runs := a.running(ctx, dir)
	pointed := runs && a.variable("AWS_ENDPOINT_URL") == at.URL && asked.Scheme+"://"+asked.Host == at.URL
	return keys, at.Region, pointed && keys.AccessKeyID != ""
}

// readCredentialRequest reads git's key=value lines.
func readCredentialRequest(in io.Reader) (*url.URL, error) {
	asked := &url.URL{}
	lines := bufio.NewScanner(in)
	for lines.Scan() && lines.Text() != "" {
		key, value, _ := strings.Cut(lines.Text(), "=")
		switch key {
		case "protocol":
			asked.Scheme = value
		case "host":
			asked.Host = value
		case "path":
			asked.Path = "/" + value
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read git's question: %w", err)
	}
	if asked.Path == "" {
		return nil, errors.New("git did not say for which repository: set credential.useHttpPath to true")
	}
	return asked, nil
}

func checkHost(asked *url.URL, target cloud.Target, region string) error {
	want := &url.URL{Scheme: "https", Host: "git-codecommit." + region + ".amazonaws.com"}
	if target.Endpoint != "" {
		var err error
		if want, err = url.Parse(target.Endpoint); err != nil {
			return fmt.Errorf("parse the endpoint: %w", err)
		}
	}
	if asked.Scheme != want.Scheme || asked.Host != want.Host {
		return fmt.Errorf("this helper answers for %s://%s, and git asked for %s://%s", want.Scheme, want.Host, asked.Scheme, asked.Host)
	}
	return nil
}

// credentialHelper is the command, in git's notation, that git asks for a
// password. `go run` removes its binary at the end, so that one is kept.
func (a *app) credentialHelper(dir string) (string, error) {
	executable, err := a.executable(dir)
	if err != nil {
		return "", err
	}
	command := fmt.Sprintf("!%s git-credential --env %s", shellQuote(filepath.ToSlash(executable)), a.flags.env)
	return command, nil
}

// executable is a path to this binary that stays.
func (a *app) executable(dir string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	if !strings.Contains(filepath.ToSlash(self), "/go-build") {
		return self, nil
	}
	kept := filepath.Join(dir, "bin", filepath.Base(self))
	if same(self, kept) {
		return kept, nil
	}
	if err := copyFile(self, kept); err != nil {
		return "", fmt.Errorf("keep this program for git: %w", err)
	}
	return kept, nil
}

func same(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	two, err := os.Stat(b)
	return err == nil && one.Size() == two.Size() && !two.ModTime().Before(one.ModTime())
}

func copyFile(from, to string) (err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close() //nolint:errcheck // a file that was read
	// Renamed into place, since the old one may be running.
	target, err := os.CreateTemp(filepath.Dir(to), ".mayfly-*")
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	err = errors.Join(err, target.Chmod(0o700), target.Close())
	if err == nil {
		err = os.Rename(target.Name(), to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(target.Name()))
	}
	return nil
}

func shellQuote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
