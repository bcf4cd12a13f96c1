package codebuild

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"golang.org/x/sync/errgroup"
)

// BatchGetBuilds describes builds.
func (s *Service) BatchGetBuilds(_ context.Context, in *codebuild.BatchGetBuildsInput) (*codebuild.BatchGetBuildsOutput, error) {
	found := make([]*types.Build, len(in.Ids))
	var readers errgroup.Group // a hundred builds take milliseconds to decode
	readers.SetLimit(runtime.GOMAXPROCS(0))
	for i, id := range in.Ids {
		readers.Go(func() error {
			build, epoch := s.shelf.get(buildID(id))
			if build != nil {
				found[i] = build
				return nil
			}
			row, ok, err := s.builds.Get(buildID(id))
			if ok {
				found[i] = &row.Build
			}
			if ok && row.BuildComplete {
				s.shelf.put(buildID(id), &row.Build, epoch)
			}
			return err
		})
	}
	if err := readers.Wait(); err != nil {
		return nil, err
	}
	out := &codebuild.BatchGetBuildsOutput{Builds: []types.Build{}, BuildsNotFound: []string{}}
	for i, build := range found {
		if build == nil {
			out.BuildsNotFound = append(out.BuildsNotFound, in.Ids[i])
			continue
		}
		out.Builds = append(out.Builds, *build)
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

// listBuilds reads one page of the order of builds, which is in the names of its rows alone.
func (s *Service) listBuilds(prefix string, order types.SortOrderType, token *string) ([]string, *string, error) {
	after, err := position(token)
	if err != nil {
		return nil, nil, err
	}
	limit := pageSize + 1
	if prefix != "" || order == types.SortOrderTypeAscending {
		limit = 0 // the rows that count are known once all have been seen
	}
	first := after
	if order == types.SortOrderTypeAscending {
		first = ""
	}
	keys, err := s.order.Keys("", first, limit)
	if err != nil {
		return nil, nil, err
	}
	if order == types.SortOrderTypeAscending {
		slices.Reverse(keys)
	}
	ids := []string{}
	last := ""
	for _, key := range keys {
		_, id, _ := strings.Cut(key, "/")
		if !strings.HasPrefix(id, prefix) || order == types.SortOrderTypeAscending && after != "" && key >= after {
			continue
		}
		if len(ids) == pageSize {
			return ids, nextToken(last), nil
		}
		ids, last = append(ids, id), key
	}
	return ids, nil, nil
}

// BatchDeleteBuilds deletes builds that are complete.
func (s *Service) BatchDeleteBuilds(_ context.Context, in *codebuild.BatchDeleteBuildsInput) (*codebuild.BatchDeleteBuildsOutput, error) {
	out := &codebuild.BatchDeleteBuildsOutput{BuildsDeleted: []string{}, BuildsNotDeleted: []types.BuildNotDeleted{}}
	keep := func(id, why string) {
		out.BuildsNotDeleted = append(out.BuildsNotDeleted, types.BuildNotDeleted{Id: aws.String(s.buildARN(id)), StatusCode: aws.String(why)})
	}
	for _, given := range in.Ids {
		id := buildID(given)
		row, ok, err := s.builds.Get(id)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			keep(id, "BUILD_NOT_FOUND") // AWS's code for it is not confirmed
			continue
		case !row.BuildComplete:
			keep(id, "BUILD_IN_PROGRESS")
			continue
		}
		if err := s.order.Delete(row.Order); err != nil {
			return nil, err
		}
		err = s.builds.Delete(id)
		s.shelf.take(id)
		if err != nil {
			return nil, err
		}
		out.BuildsDeleted = append(out.BuildsDeleted, s.buildARN(id))
	}
	return out, nil
}

// stopWait is how long StopBuild waits for the build to be gone, so that its
// answer says STOPPED, as AWS's does.
const stopWait = 3 * time.Second

// StopBuild lets a build's processes be killed; one that is complete stays as it is.
func (s *Service) StopBuild(ctx context.Context, in *codebuild.StopBuildInput) (*codebuild.StopBuildOutput, error) {
	id := buildID(aws.ToString(in.Id))
	if _, err := s.build(id); err != nil {
		return nil, err
	}
	s.mu.Lock()
	r := s.running[id]
	s.mu.Unlock()
	if r != nil {
		r.cancel(errStopped)
		ctx, cancel := context.WithTimeout(ctx, stopWait)
		defer cancel()
		select {
		case <-r.done:
		case <-ctx.Done():
		}
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
