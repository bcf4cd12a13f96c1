package codecommit

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// repository is a repository's row; its key is its name.
type repository struct {
	ID                string
	Description       *string
	DefaultBranch     string // empty until the first branch is there
	Created, Modified time.Time
	Kms               *string
	Tags              map[string]string
	Triggers          []types.RepositoryTrigger
	TriggersID        string
}

const (
	listLimit  = 1000 // names on one page of ListRepositories
	batchLimit = 100  // names in one BatchGetRepositories (API reference, MaximumRepositoryNamesExceededException)
)

// validName is without the length: a counted repetition would cost every start of the program its compilation.
var validName = regexp.MustCompile(`^[\w.-]+$`)

const longestName = 100

func checkName(name string) error {
	if len(name) > longestName || !validName.MatchString(name) || strings.HasSuffix(name, ".git") || strings.Trim(name, ".") == "" {
		return &types.InvalidRepositoryNameException{Message: aws.String("The repository name is not valid. Repository names can be any valid combination of letters, numbers, periods, underscores, and dashes between 1 and 100 characters in length, and cannot end in .git. Names are case sensitive.")}
	}
	return nil
}

// find returns the repository of that name.
func (s *Service) find(name *string) (repository, error) {
	if name == nil { // the model of GetBranch does not require it
		return repository{}, &types.RepositoryNameRequiredException{Message: aws.String("A repository name is required, but was not specified.")}
	}
	if err := checkName(*name); err != nil {
		return repository{}, err
	}
	row, ok, err := s.repositories.Get(*name)
	if err == nil && !ok {
		err = &types.RepositoryDoesNotExistException{Message: aws.String(*name + " does not exist")}
	}
	return row, err
}

func (s *Service) byID(id string) (name string, row repository, found bool, err error) {
	rows, err := s.repositories.List("", "", 0)
	for _, r := range rows {
		if r.Value.ID == id {
			return r.Key, r.Value, true, nil
		}
	}
	return "", repository{}, false, err
}

// touch changes the repository's row and its time of modification.
func (s *Service) touch(name string, change func(row *repository)) error {
	return s.repositories.Update(name, func(row *repository, ok bool) error {
		if !ok {
			return &types.RepositoryDoesNotExistException{Message: aws.String(name + " does not exist")}
		}
		change(row)
		row.Modified = s.env.Now()
		return nil
	})
}

func (s *Service) describe(name string, row repository) *types.RepositoryMetadata {
	metadata := &types.RepositoryMetadata{
		AccountId: aws.String(s.env.Account), Arn: aws.String(s.arn(name)), RepositoryId: &row.ID, RepositoryName: &name,
		CloneUrlHttp: aws.String(s.env.URL + "/v1/repos/" + name),
		// Nothing listens for SSH here; the host is ours, so that no push goes astray.
		CloneUrlSsh:  aws.String("ssh://" + s.host + "/v1/repos/" + name),
		CreationDate: &row.Created, LastModifiedDate: &row.Modified,
		RepositoryDescription: row.Description, KmsKeyId: row.Kms,
	}
	if row.DefaultBranch != "" {
		metadata.DefaultBranch = &row.DefaultBranch
	}
	return metadata
}

// CreateRepository makes an empty repository.
func (s *Service) CreateRepository(ctx context.Context, in *codecommit.CreateRepositoryInput) (*codecommit.CreateRepositoryOutput, error) {
	name := *in.RepositoryName
	if err := checkName(name); err != nil {
		return nil, err
	}
	if err := checkTags(ctx, in.Tags); err != nil {
		return nil, err
	}
	if _, exists, err := s.repositories.Get(name); err != nil || exists {
		return nil, cmp.Or(err, errExists(name))
	}
	now := s.env.Now()
	row := repository{ID: uuid.New(), Description: in.RepositoryDescription, Created: now, Modified: now, Kms: in.KmsKeyId, Tags: in.Tags}
	if err := s.initialize(ctx, row.ID); err != nil {
		return nil, err
	}
	err := s.repositories.Update(name, func(stored *repository, exists bool) error {
		if exists {
			return errExists(name)
		}
		*stored = row
		return nil
	})
	if err != nil {
		_ = s.files.RemoveAll(folder(row.ID)) // what counts is why it was not created
		return nil, err
	}
	return &codecommit.CreateRepositoryOutput{RepositoryMetadata: s.describe(name, row)}, nil
}

func errExists(name string) error {
	return &types.RepositoryNameExistsException{Message: aws.String("Repository named " + name + " already exists")}
}

// GetRepository describes a repository.
func (s *Service) GetRepository(_ context.Context, in *codecommit.GetRepositoryInput) (*codecommit.GetRepositoryOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	return &codecommit.GetRepositoryOutput{RepositoryMetadata: s.describe(*in.RepositoryName, row)}, nil
}

// BatchGetRepositories describes several repositories, and names those that do not exist.
func (s *Service) BatchGetRepositories(_ context.Context, in *codecommit.BatchGetRepositoriesInput) (*codecommit.BatchGetRepositoriesOutput, error) {
	if len(in.RepositoryNames) > batchLimit {
		return nil, &types.MaximumRepositoryNamesExceededException{Message: aws.String("The maximum number of allowed repository names was exceeded. Currently, this number is 100.")}
	}
	out := &codecommit.BatchGetRepositoriesOutput{Repositories: []types.RepositoryMetadata{}, RepositoriesNotFound: []string{}}
	for _, name := range in.RepositoryNames {
		row, ok, err := s.repositories.Get(name)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			out.RepositoriesNotFound = append(out.RepositoriesNotFound, name)
		default:
			out.Repositories = append(out.Repositories, *s.describe(name, row))
		}
	}
	return out, nil
}

// listed is what a list tells of a repository, or sorts it by.
type listed struct {
	name     string
	ID       string
	Modified time.Time
}

func (s *Service) listed() (all []listed, err error) {
	err = s.repositories.Walk("", "", func(row store.Raw) (string, bool, error) {
		one := listed{name: row.Key}
		err := row.Decode(&one)
		all = append(all, one)
		return "", true, err
	})
	return all, err
}

// ListRepositories lists the repositories by name or by last modification.
func (s *Service) ListRepositories(_ context.Context, in *codecommit.ListRepositoriesInput) (*codecommit.ListRepositoriesOutput, error) {
	rows, err := s.listed()
	if err != nil {
		return nil, err
	}
	if in.SortBy == types.SortByEnumModifiedDate {
		slices.SortStableFunc(rows, func(a, b listed) int { return a.Modified.Compare(b.Modified) })
	}
	if in.Order == types.OrderEnumDescending {
		slices.Reverse(rows)
	}
	if in.NextToken != nil {
		at := slices.IndexFunc(rows, func(r listed) bool { return r.ID == *in.NextToken })
		if at < 0 {
			return nil, errToken()
		}
		rows = rows[at+1:]
	}
	out := &codecommit.ListRepositoriesOutput{Repositories: []types.RepositoryNameIdPair{}}
	for _, row := range rows[:min(len(rows), listLimit)] {
		out.Repositories = append(out.Repositories, types.RepositoryNameIdPair{RepositoryName: &row.name, RepositoryId: &row.ID})
	}
	if len(rows) > listLimit {
		out.NextToken = &rows[listLimit-1].ID
	}
	return out, nil
}

func errToken() error {
	return &types.InvalidContinuationTokenException{Message: aws.String("The specified continuation token is not valid.")}
}

// DeleteRepository removes a repository with all that is in it. One that does not exist is no error.
func (s *Service) DeleteRepository(_ context.Context, in *codecommit.DeleteRepositoryInput) (*codecommit.DeleteRepositoryOutput, error) {
	if err := checkName(*in.RepositoryName); err != nil {
		return nil, err
	}
	row, ok, err := s.repositories.Get(*in.RepositoryName)
	if err != nil || !ok {
		return &codecommit.DeleteRepositoryOutput{}, err
	}
	defer s.lock(row.ID)()
	if err := s.repositories.Delete(*in.RepositoryName); err != nil {
		return nil, err
	}
	if err := s.refs.Delete(row.ID); err != nil {
		return nil, err
	}
	if err := s.forgetPulls(row.ID); err != nil {
		return nil, err
	}
	if err := s.files.RemoveAll(folder(row.ID)); err != nil {
		return nil, fmt.Errorf("remove the repository's files: %w", err)
	}
	return &codecommit.DeleteRepositoryOutput{RepositoryId: &row.ID}, nil
}

// UpdateRepositoryName renames a repository.
func (s *Service) UpdateRepositoryName(_ context.Context, in *codecommit.UpdateRepositoryNameInput) (*codecommit.UpdateRepositoryNameOutput, error) {
	row, err := s.find(in.OldName)
	if err != nil {
		return nil, err
	}
	if err := checkName(*in.NewName); err != nil {
		return nil, err
	}
	row.Modified = s.env.Now()
	err = s.repositories.Update(*in.NewName, func(stored *repository, exists bool) error {
		if exists {
			return errExists(*in.NewName)
		}
		*stored = row
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.renamePulls(row.ID, *in.NewName); err != nil {
		return nil, err
	}
	return &codecommit.UpdateRepositoryNameOutput{}, s.repositories.Delete(*in.OldName)
}

// UpdateRepositoryDescription sets or removes the description.
func (s *Service) UpdateRepositoryDescription(_ context.Context, in *codecommit.UpdateRepositoryDescriptionInput) (*codecommit.UpdateRepositoryDescriptionOutput, error) {
	if _, err := s.find(in.RepositoryName); err != nil {
		return nil, err
	}
	return &codecommit.UpdateRepositoryDescriptionOutput{}, s.touch(*in.RepositoryName, func(row *repository) {
		row.Description = in.RepositoryDescription
	})
}
