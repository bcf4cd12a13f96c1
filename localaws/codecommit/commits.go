package codecommit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"
)

const batchCommits = 100 // ids in one BatchGetCommits (API reference)

var objectID = regexp.MustCompile(`^[0-9a-f]{40}$`)

// object is what git holds under a name.
type object struct {
	id, kind string
	data     []byte
}

// objects reads objects by names that git resolves, such as <commit>:<path>.
// A name of nothing gives the zero object. Names hold no newline.
func (s *Service) objects(ctx context.Context, id string, contents bool, names ...string) ([]object, error) {
	mode := "--batch-check"
	if contents {
		mode = "--batch"
	}
	out, err := s.run(ctx, id, strings.NewReader(strings.Join(names, "\n")+"\n"), "cat-file", mode)
	if err != nil {
		return nil, err
	}
	objects := make([]object, len(names))
	for i := range objects {
		line, rest, ok := bytes.Cut(out, []byte{'\n'})
		if !ok {
			return nil, io.ErrUnexpectedEOF
		}
		out = rest
		fields := strings.Fields(string(line))
		if len(fields) != 3 || !objectID.MatchString(fields[0]) {
			continue // "<name> missing"
		}
		objects[i] = object{id: fields[0], kind: fields[1]}
		if contents {
			size, err := strconv.Atoi(fields[2])
			if err != nil || size >= len(out) {
				return nil, fmt.Errorf("unexpected answer of git cat-file: %q", line)
			}
			objects[i].data, out = out[:size], out[size+1:]
		}
	}
	return objects, nil
}

// requireCommit says whether the repository has a commit of that full id.
func (s *Service) requireCommit(ctx context.Context, id, commit string) error {
	if !objectID.MatchString(commit) {
		return &types.InvalidCommitIdException{Message: aws.String("The specified commit ID is not valid: " + commit)}
	}
	found, err := s.objects(ctx, id, false, commit)
	if err == nil && found[0].kind != "commit" {
		err = errNoCommit(commit)
	}
	return err
}

func errNoCommit(specifier string) error {
	return &types.CommitDoesNotExistException{Message: aws.String("The specified commit does not exist: " + specifier)}
}

// resolve returns the commit that a specifier means: a full id, a branch, a
// tag, a full reference or HEAD. Nil means the default branch.
func (s *Service) resolve(ctx context.Context, row repository, specifier *string) (string, error) {
	name := aws.ToString(specifier)
	if objectID.MatchString(name) {
		return name, s.requireCommit(ctx, row.ID, name)
	}
	refs, _, err := s.refs.Get(row.ID)
	if err != nil {
		return "", err
	}
	if specifier == nil || name == "HEAD" {
		name = row.DefaultBranch
	}
	if commit, ok := refs[heads+name]; ok {
		return commit, nil
	}
	for _, ref := range []string{tags + name, name} {
		if target, ok := refs[ref]; ok {
			found, err := s.objects(ctx, row.ID, false, target+"^{commit}")
			if err == nil && found[0].kind != "commit" {
				err = errNoCommit(name)
			}
			return found[0].id, err
		}
	}
	return "", errNoCommit(name)
}

// GetCommit describes a commit.
func (s *Service) GetCommit(ctx context.Context, in *codecommit.GetCommitInput) (*codecommit.GetCommitOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if !objectID.MatchString(*in.CommitId) {
		return nil, &types.InvalidCommitIdException{Message: aws.String("The specified commit ID is not valid: " + *in.CommitId)}
	}
	found, err := s.objects(ctx, row.ID, true, *in.CommitId)
	if err != nil {
		return nil, err
	}
	if found[0].kind != "commit" {
		return nil, &types.CommitIdDoesNotExistException{Message: aws.String("The specified commit ID does not exist: " + *in.CommitId)}
	}
	return &codecommit.GetCommitOutput{Commit: parseCommit(found[0])}, nil
}

// BatchGetCommits describes several commits, and names those that do not exist.
func (s *Service) BatchGetCommits(ctx context.Context, in *codecommit.BatchGetCommitsInput) (*codecommit.BatchGetCommitsOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if len(in.CommitIds) > batchCommits {
		return nil, &types.CommitIdsLimitExceededException{Message: aws.String("The maximum number of allowed commit IDs in a batch request is 100.")}
	}
	out := &codecommit.BatchGetCommitsOutput{Commits: []types.Commit{}, Errors: []types.BatchGetCommitsError{}}
	for _, id := range in.CommitIds {
		got, err := s.GetCommit(ctx, &codecommit.GetCommitInput{RepositoryName: in.RepositoryName, CommitId: &id})
		var api interface{ ErrorCode() string }
		switch {
		case err == nil:
			out.Commits = append(out.Commits, *got.Commit)
		case errors.As(err, &api):
			out.Errors = append(out.Errors, types.BatchGetCommitsError{
				CommitId: &id, ErrorCode: aws.String(api.ErrorCode()), ErrorMessage: aws.String(plain(err)),
			})
		default:
			return nil, fmt.Errorf("read a commit of %s: %w", row.ID, err)
		}
	}
	return out, nil
}

// parseCommit reads git's own form of a commit.
func parseCommit(o object) *types.Commit {
	header, message, _ := strings.Cut(string(o.data), "\n\n")
	commit := &types.Commit{
		CommitId: aws.String(o.id), Message: &message, Parents: []string{}, AdditionalData: aws.String(""),
		Author: &types.UserInfo{}, Committer: &types.UserInfo{},
	}
	for line := range strings.Lines(header) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch key {
		case "tree":
			commit.TreeId = &value
		case "parent":
			commit.Parents = append(commit.Parents, value)
		case "author":
			commit.Author = parseUser(value)
		case "committer":
			commit.Committer = parseUser(value)
		}
	}
	return commit
}

// parseUser reads "Name <email> 1484167798 -0800".
func parseUser(text string) *types.UserInfo {
	name, rest, _ := strings.Cut(text, "<")
	email, date, _ := strings.Cut(rest, ">")
	return &types.UserInfo{
		Name: aws.String(strings.TrimSpace(name)), Email: &email, Date: aws.String(strings.TrimSpace(date)),
	}
}
