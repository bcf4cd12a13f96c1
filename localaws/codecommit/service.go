// Package codecommit is CodeCommit: real bare git repositories, served by git
// itself over smart HTTP and through the API, with the events that pushes make.
//
// Goals: whatever git can do with a repository works; a change of a reference
// is never without its event, not even when the process is killed between the
// two. Not served: pull requests, comments, approval rules, triggers, merges.
package codecommit

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Service is CodeCommit. It is safe for concurrent use.
type Service struct {
	env  service.Env
	keys identity.Keys
	git  string // git's own path
	host string // of env.URL, with its port

	files        *os.Root
	repositories *store.Table[repository] // by name
	refs         *store.Table[refs]       // by repository id: what has been published
	pushes       *store.Table[push]       // under way, by repository id, slash, and number

	mu    sync.Mutex // guards locks
	locks map[string]*sync.Mutex
}

// New returns the service over its stored state. Changes that a push made just
// before the last process ended, and which were not published, are published.
func New(env service.Env, keys identity.Keys) (*Service, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, fmt.Errorf("CodeCommit needs git: %w", err)
	}
	endpoint, err := url.Parse(env.URL)
	if err != nil {
		return nil, fmt.Errorf("the endpoint of this AWS: %w", err)
	}
	if env.Dir, err = filepath.Abs(env.Dir); err != nil { // git runs in another folder than we do
		return nil, err
	}
	s := &Service{env: env, keys: keys, git: git, host: endpoint.Host, locks: map[string]*sync.Mutex{}}
	if s.files, err = os.OpenRoot(env.Dir); err != nil {
		return nil, fmt.Errorf("open the folder of the repositories: %w", err)
	}
	if s.repositories, err = store.NewTable[repository](env.DB, "codecommit/repositories"); err != nil {
		return nil, err
	}
	if s.refs, err = store.NewTable[refs](env.DB, "codecommit/refs"); err != nil {
		return nil, err
	}
	if s.pushes, err = store.NewTable[push](env.DB, "codecommit/pushes"); err != nil {
		return nil, err
	}
	return s, s.recover(context.Background())
}

// Close releases the folder of the repositories.
func (s *Service) Close() error { return s.files.Close() }

// Operations lists what is served.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateRepository", "codecommit:CreateRepository", func(in *codecommit.CreateRepositoryInput) []string { return s.resource(in.RepositoryName) }, s.CreateRepository),
		wire.Op("GetRepository", "codecommit:GetRepository", func(in *codecommit.GetRepositoryInput) []string { return s.resource(in.RepositoryName) }, s.GetRepository),
		wire.Op("BatchGetRepositories", "codecommit:BatchGetRepositories", func(in *codecommit.BatchGetRepositoriesInput) (arns []string) {
			for _, name := range in.RepositoryNames {
				arns = append(arns, s.arn(name))
			}
			return arns
		}, s.BatchGetRepositories),
		wire.Op("ListRepositories", "codecommit:ListRepositories", nil, s.ListRepositories),
		wire.Op("DeleteRepository", "codecommit:DeleteRepository", func(in *codecommit.DeleteRepositoryInput) []string { return s.resource(in.RepositoryName) }, s.DeleteRepository),
		wire.Op("UpdateRepositoryName", "codecommit:UpdateRepositoryName", func(in *codecommit.UpdateRepositoryNameInput) []string { return s.resource(in.OldName) }, s.UpdateRepositoryName),
		wire.Op("UpdateRepositoryDescription", "codecommit:UpdateRepositoryDescription", func(in *codecommit.UpdateRepositoryDescriptionInput) []string { return s.resource(in.RepositoryName) }, s.UpdateRepositoryDescription),
		wire.Op("UpdateDefaultBranch", "codecommit:UpdateDefaultBranch", func(in *codecommit.UpdateDefaultBranchInput) []string { return s.resource(in.RepositoryName) }, s.UpdateDefaultBranch),
		wire.Op("CreateBranch", "codecommit:CreateBranch", func(in *codecommit.CreateBranchInput) []string { return s.resource(in.RepositoryName) }, s.CreateBranch),
		wire.Op("DeleteBranch", "codecommit:DeleteBranch", func(in *codecommit.DeleteBranchInput) []string { return s.resource(in.RepositoryName) }, s.DeleteBranch),
		wire.Op("GetBranch", "codecommit:GetBranch", func(in *codecommit.GetBranchInput) []string { return s.resource(in.RepositoryName) }, s.GetBranch),
		wire.Op("ListBranches", "codecommit:ListBranches", func(in *codecommit.ListBranchesInput) []string { return s.resource(in.RepositoryName) }, s.ListBranches),
		wire.Op("GetCommit", "codecommit:GetCommit", func(in *codecommit.GetCommitInput) []string { return s.resource(in.RepositoryName) }, s.GetCommit),
		wire.Op("BatchGetCommits", "codecommit:BatchGetCommits", func(in *codecommit.BatchGetCommitsInput) []string { return s.resource(in.RepositoryName) }, s.BatchGetCommits),
		wire.Op("GetDifferences", "codecommit:GetDifferences", func(in *codecommit.GetDifferencesInput) []string { return s.resource(in.RepositoryName) }, s.GetDifferences),
		wire.Op("GetFile", "codecommit:GetFile", func(in *codecommit.GetFileInput) []string { return s.resource(in.RepositoryName) }, s.GetFile),
		wire.Op("GetFolder", "codecommit:GetFolder", func(in *codecommit.GetFolderInput) []string { return s.resource(in.RepositoryName) }, s.GetFolder),
		wire.Op("GetBlob", "codecommit:GetBlob", func(in *codecommit.GetBlobInput) []string { return s.resource(in.RepositoryName) }, s.GetBlob),
		wire.Op("PutFile", "codecommit:PutFile", func(in *codecommit.PutFileInput) []string { return s.resource(in.RepositoryName) }, s.PutFile),
		wire.Op("DeleteFile", "codecommit:DeleteFile", func(in *codecommit.DeleteFileInput) []string { return s.resource(in.RepositoryName) }, s.DeleteFile),
		wire.Op("CreateCommit", "codecommit:CreateCommit", func(in *codecommit.CreateCommitInput) []string { return s.resource(in.RepositoryName) }, s.CreateCommit),
		wire.Op("TagResource", "codecommit:TagResource", func(in *codecommit.TagResourceInput) []string { return []string{*in.ResourceArn} }, s.TagResource),
		wire.Op("UntagResource", "codecommit:UntagResource", func(in *codecommit.UntagResourceInput) []string { return []string{*in.ResourceArn} }, s.UntagResource),
		wire.Op("ListTagsForResource", "codecommit:ListTagsForResource", func(in *codecommit.ListTagsForResourceInput) []string { return []string{*in.ResourceArn} }, s.ListTagsForResource),
	}
}

func (s *Service) arn(name string) string         { return s.env.ARN("codecommit", name) }
func (s *Service) resource(name *string) []string { return []string{s.arn(aws.ToString(name))} }
func (s *Service) lock(id string) (unlock func()) {
	s.mu.Lock()
	l := s.locks[id]
	if l == nil {
		l = &sync.Mutex{}
		s.locks[id] = l
	}
	s.mu.Unlock()
	l.Lock()
	return l.Unlock
}
