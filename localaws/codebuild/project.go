package codebuild

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// project is a row of the table of projects.
type project struct {
	types.Project
	// Builds is the number of the last build.
	Builds int64
	// CacheID names the cache's objects; another one forgets the cache.
	CacheID string
}

const (
	defaultTimeout       = 60
	defaultQueuedTimeout = 480
)

// CreateProject makes a project.
func (s *Service) CreateProject(ctx context.Context, in *codebuild.CreateProjectInput) (*codebuild.CreateProjectOutput, error) {
	now := s.env.Now()
	name := aws.ToString(in.Name)
	p := types.Project{
		Name: in.Name, Arn: aws.String(s.projectARN(name)), Created: &now, LastModified: &now,
		Description: in.Description, Source: in.Source, SecondarySources: in.SecondarySources,
		SourceVersion: in.SourceVersion, SecondarySourceVersions: in.SecondarySourceVersions,
		Artifacts: in.Artifacts, SecondaryArtifacts: in.SecondaryArtifacts, Cache: in.Cache,
		Environment: in.Environment, ServiceRole: s.roleARN(in.ServiceRole), Tags: in.Tags,
		TimeoutInMinutes:       aws.Int32(cmp.Or(aws.ToInt32(in.TimeoutInMinutes), defaultTimeout)),
		QueuedTimeoutInMinutes: aws.Int32(cmp.Or(aws.ToInt32(in.QueuedTimeoutInMinutes), defaultQueuedTimeout)),
		EncryptionKey:          aws.String(cmp.Or(aws.ToString(in.EncryptionKey), s.env.ARN("kms", "alias/aws/s3"))),
		LogsConfig:             in.LogsConfig, ConcurrentBuildLimit: in.ConcurrentBuildLimit, AutoRetryLimit: in.AutoRetryLimit,
		Badge:     &types.ProjectBadge{BadgeEnabled: aws.ToBool(in.BadgeEnabled)},
		VpcConfig: in.VpcConfig, FileSystemLocations: in.FileSystemLocations, BuildBatchConfig: in.BuildBatchConfig,
		ProjectVisibility: types.ProjectVisibilityTypePrivate,
	}
	if err := s.complete(ctx, &p); err != nil {
		return nil, err
	}
	err := s.projects.Update(name, func(row *project, exists bool) error {
		if exists {
			return &types.ResourceAlreadyExistsException{Message: aws.String("Project already exists: " + aws.ToString(p.Arn))}
		}
		*row = project{Project: p, CacheID: uuid.New()}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &codebuild.CreateProjectOutput{Project: &p}, nil
}

// UpdateProject changes what the input names, and leaves the rest.
func (s *Service) UpdateProject(ctx context.Context, in *codebuild.UpdateProjectInput) (*codebuild.UpdateProjectOutput, error) {
	name := projectName(aws.ToString(in.Name))
	row, err := s.project(name)
	if err != nil {
		return nil, err
	}
	p := row.Project
	overlay(&p, in)
	p.ServiceRole = s.roleARN(p.ServiceRole)
	now := s.env.Now()
	p.LastModified = &now
	if err := s.complete(ctx, &p); err != nil {
		return nil, err
	}
	err = s.projects.Update(name, func(row *project, exists bool) error {
		if !exists {
			return s.noProject(name)
		}
		row.Project = p
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &codebuild.UpdateProjectOutput{Project: &p}, nil
}

func overlay(p *types.Project, in *codebuild.UpdateProjectInput) {
	set(&p.Description, in.Description)
	set(&p.Source, in.Source)
	set(&p.SourceVersion, in.SourceVersion)
	set(&p.Artifacts, in.Artifacts)
	set(&p.Cache, in.Cache)
	set(&p.Environment, in.Environment)
	set(&p.ServiceRole, in.ServiceRole)
	set(&p.TimeoutInMinutes, in.TimeoutInMinutes)
	set(&p.QueuedTimeoutInMinutes, in.QueuedTimeoutInMinutes)
	set(&p.EncryptionKey, in.EncryptionKey)
	set(&p.LogsConfig, in.LogsConfig)
	set(&p.VpcConfig, in.VpcConfig)
	set(&p.BuildBatchConfig, in.BuildBatchConfig)
	set(&p.AutoRetryLimit, in.AutoRetryLimit)
	set(&p.ConcurrentBuildLimit, in.ConcurrentBuildLimit)
	if aws.ToInt32(in.ConcurrentBuildLimit) == -1 { // AWS's way to take the limit away
		p.ConcurrentBuildLimit = nil
	}
	if in.BadgeEnabled != nil {
		p.Badge = &types.ProjectBadge{BadgeEnabled: *in.BadgeEnabled}
	}
	setList(&p.SecondarySources, in.SecondarySources)
	setList(&p.SecondarySourceVersions, in.SecondarySourceVersions)
	setList(&p.SecondaryArtifacts, in.SecondaryArtifacts)
	setList(&p.FileSystemLocations, in.FileSystemLocations)
	setList(&p.Tags, in.Tags)
}

// set replaces what is there where something new is given.
func set[T any](to **T, from *T) {
	if from != nil {
		*to = from
	}
}

func setList[T any](to *[]T, from []T) {
	if from != nil {
		*to = from
	}
}

// DeleteProject removes a project; one that is not there is no error. Its builds stay.
func (s *Service) DeleteProject(_ context.Context, in *codebuild.DeleteProjectInput) (*codebuild.DeleteProjectOutput, error) {
	if err := s.projects.Delete(projectName(aws.ToString(in.Name))); err != nil {
		return nil, err
	}
	return &codebuild.DeleteProjectOutput{}, nil
}

// BatchGetProjects describes projects.
func (s *Service) BatchGetProjects(_ context.Context, in *codebuild.BatchGetProjectsInput) (*codebuild.BatchGetProjectsOutput, error) {
	out := &codebuild.BatchGetProjectsOutput{Projects: []types.Project{}, ProjectsNotFound: []string{}}
	for _, name := range in.Names {
		row, ok, err := s.projects.Get(projectName(name))
		if err != nil {
			return nil, err
		}
		if !ok {
			out.ProjectsNotFound = append(out.ProjectsNotFound, name)
			continue
		}
		out.Projects = append(out.Projects, row.Project)
	}
	return out, nil
}

// ListProjects lists the names of the projects.
func (s *Service) ListProjects(_ context.Context, in *codebuild.ListProjectsInput) (*codebuild.ListProjectsOutput, error) {
	rows, err := s.projects.List("", "", 0)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rows, func(a, b projectRow) int {
		var order int
		switch in.SortBy {
		case types.ProjectSortByTypeCreatedTime:
			order = a.Value.Created.Compare(*b.Value.Created)
		case types.ProjectSortByTypeLastModifiedTime:
			order = a.Value.LastModified.Compare(*b.Value.LastModified)
		case types.ProjectSortByTypeName:
			order = strings.Compare(a.Key, b.Key)
		default:
			order = strings.Compare(a.Key, b.Key)
		}
		if in.SortOrder == types.SortOrderTypeDescending {
			return -order
		}
		return order
	})
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = row.Key
	}
	names, next, err := page(names, in.NextToken)
	return &codebuild.ListProjectsOutput{Projects: names, NextToken: next}, err
}

// InvalidateProjectCache lets the project's next build start without a cache.
func (s *Service) InvalidateProjectCache(_ context.Context, in *codebuild.InvalidateProjectCacheInput) (*codebuild.InvalidateProjectCacheOutput, error) {
	name := projectName(aws.ToString(in.ProjectName))
	err := s.projects.Update(name, func(row *project, exists bool) error {
		if !exists {
			return s.noProject(name)
		}
		row.CacheID = uuid.New()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &codebuild.InvalidateProjectCacheOutput{}, nil
}

func (s *Service) project(name string) (project, error) {
	row, ok, err := s.projects.Get(name)
	if err == nil && !ok {
		err = s.noProject(name)
	}
	return row, err
}

func (s *Service) noProject(name string) error {
	return &types.ResourceNotFoundException{Message: aws.String("Project cannot be found: " + s.projectARN(name))}
}

// roleARN makes an ARN of a bare name, as AWS does.
func (s *Service) roleARN(role *string) *string {
	if name := aws.ToString(role); name != "" && !strings.HasPrefix(name, "arn:") {
		return aws.String("arn:aws:iam::" + s.env.Account + ":role/" + name)
	}
	return role
}

func invalid(format string, args ...any) error {
	return &types.InvalidInputException{Message: aws.String(fmt.Sprintf(format, args...))}
}

var errInterrupted = errors.New("the local AWS was stopped in the middle of the build")
