package codebuild

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// BatchGetBuilds describes builds.
func (s *Service) BatchGetBuilds(_ context.Context, in *codebuild.BatchGetBuildsInput) (*codebuild.BatchGetBuildsOutput, error) {
	out := &codebuild.BatchGetBuildsOutput{Builds: []types.Build{}, BuildsNotFound: []string{}}
	for _, id := range in.Ids {
		row, ok, err := s.builds.Get(buildID(id))
		if err != nil {
			return nil, err
		}
		if !ok {
			out.BuildsNotFound = append(out.BuildsNotFound, id)
			continue
		}
		out.Builds = append(out.Builds, row.Build)
	}
	return out, nil
}

// ListBuilds lists the ids of all builds, the newest first unless asked otherwise.
func (s *Service) ListBuilds(_ context.Context, in *codebuild.ListBuildsInput) (*codebuild.ListBuildsOutput, error) {
	ids, next, err := s.listBuilds("", in.SortOrder, in.NextToken)
	return &codebuild.ListBuildsOutput{Ids: ids, NextToken: next}, err
}

// ListBuildsForProject lists the ids of a project's builds.
func (s *Service) ListBuildsForProject(_ context.Context, in *codebuild.ListBuildsForProjectInput) (*codebuild.ListBuildsForProjectOutput, error) {
	name := projectName(aws.ToString(in.ProjectName))
	if _, err := s.project(name); err != nil {
		return nil, err
	}
	ids, next, err := s.listBuilds(name+":", in.SortOrder, in.NextToken)
	return &codebuild.ListBuildsForProjectOutput{Ids: ids, NextToken: next}, err
}

func (s *Service) listBuilds(prefix string, order types.SortOrderType, token *string) ([]string, *string, error) {
	rows, err := s.order.List("", "", 0)
	if err != nil {
		return nil, nil, err
	}
	ids := []string{}
	for _, row := range rows {
		if strings.HasPrefix(row.Value, prefix) {
			ids = append(ids, row.Value)
		}
	}
	if order != types.SortOrderTypeAscending {
		slices.Reverse(ids)
	}
	return page(ids, token)
}

// BatchDeleteBuilds deletes builds that are complete.
func (s *Service) BatchDeleteBuilds(_ context.Context, in *codebuild.BatchDeleteBuildsInput) (*codebuild.BatchDeleteBuildsOutput, error) {
	out := &codebuild.BatchDeleteBuildsOutput{BuildsDeleted: []string{}, BuildsNotDeleted: []types.BuildNotDeleted{}}
	keep := func(id, why string) {
		out.BuildsNotDeleted = append(out.BuildsNotDeleted, types.BuildNotDeleted{Id: aws.String(id), StatusCode: aws.String(why)})
	}
	for _, given := range in.Ids {
		id := buildID(given)
		row, ok, err := s.builds.Get(id)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			keep(given, "BUILD_NOT_FOUND")
			continue
		case !row.BuildComplete:
			keep(given, "BUILD_IN_PROGRESS")
			continue
		}
		if err := s.order.Delete(row.Order); err != nil {
			return nil, err
		}
		if err := s.builds.Delete(id); err != nil {
			return nil, err
		}
		out.BuildsDeleted = append(out.BuildsDeleted, s.buildARN(id))
	}
	return out, nil
}

// StopBuild lets a build's processes be killed; one that is complete stays as it is.
func (s *Service) StopBuild(_ context.Context, in *codebuild.StopBuildInput) (*codebuild.StopBuildOutput, error) {
	id := buildID(aws.ToString(in.Id))
	if _, err := s.build(id); err != nil {
		return nil, err
	}
	s.mu.Lock()
	r := s.running[id]
	s.mu.Unlock()
	if r != nil {
		r.cancel(errStopped)
	}
	row, err := s.build(id)
	if err != nil {
		return nil, err
	}
	return &codebuild.StopBuildOutput{Build: &row.Build}, nil
}

func (s *Service) build(id string) (build, error) {
	if !strings.Contains(id, ":") {
		return build{}, invalid("Invalid build ID provided")
	}
	row, ok, err := s.builds.Get(id)
	if err == nil && !ok {
		err = &types.ResourceNotFoundException{Message: aws.String("Build " + s.buildARN(id) + " does not exist")}
	}
	return row, err
}
