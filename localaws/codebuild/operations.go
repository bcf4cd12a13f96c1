package codebuild

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Operations are the operations served. Their resources are those of AWS's
// "Actions, resources, and condition keys for AWS CodeBuild": always the project.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("BatchDeleteBuilds", "codebuild:BatchDeleteBuilds", func(in *codebuild.BatchDeleteBuildsInput) []string {
			return s.projectsOf(in.Ids)
		}, s.BatchDeleteBuilds),
		wire.Op("BatchGetBuilds", "codebuild:BatchGetBuilds", func(in *codebuild.BatchGetBuildsInput) []string {
			return s.projectsOf(in.Ids)
		}, s.BatchGetBuilds),
		wire.Op("BatchGetProjects", "codebuild:BatchGetProjects", func(in *codebuild.BatchGetProjectsInput) []string {
			var arns []string
			for _, name := range in.Names {
				arns = append(arns, s.projectARN(projectName(name)))
			}
			return arns
		}, s.BatchGetProjects),
		wire.Op("CreateProject", "codebuild:CreateProject", func(in *codebuild.CreateProjectInput) []string {
			return s.projectResource(in.Name)
		}, s.CreateProject,
			wire.Keys(func(in *codebuild.CreateProjectInput) policy.Context { return requestTags(in.Tags) }),
			wire.Also(func(in *codebuild.CreateProjectInput) []policy.Access { return s.passRole(in.ServiceRole) })),
		wire.Op("DeleteProject", "codebuild:DeleteProject", func(in *codebuild.DeleteProjectInput) []string {
			return s.projectResource(in.Name)
		}, s.DeleteProject),
		wire.Op("InvalidateProjectCache", "codebuild:InvalidateProjectCache", func(in *codebuild.InvalidateProjectCacheInput) []string {
			return s.projectResource(in.ProjectName)
		}, s.InvalidateProjectCache),
		wire.Op("ListBuilds", "codebuild:ListBuilds", nil, s.ListBuilds),
		wire.Op("ListBuildsForProject", "codebuild:ListBuildsForProject", func(in *codebuild.ListBuildsForProjectInput) []string {
			return s.projectResource(in.ProjectName)
		}, s.ListBuildsForProject),
		wire.Op("ListCuratedEnvironmentImages", "codebuild:ListCuratedEnvironmentImages", nil, s.ListCuratedEnvironmentImages),
		wire.Op("ListProjects", "codebuild:ListProjects", nil, s.ListProjects),
		wire.Op("RetryBuild", "codebuild:RetryBuild", func(in *codebuild.RetryBuildInput) []string {
			return s.projectsOf([]string{aws.ToString(in.Id)})
		}, s.RetryBuild),
		wire.Op("StartBuild", "codebuild:StartBuild", func(in *codebuild.StartBuildInput) []string {
			return s.projectResource(in.ProjectName)
		}, s.StartBuild,
			wire.Also(func(in *codebuild.StartBuildInput) []policy.Access { return s.passRole(in.ServiceRoleOverride) })),
		wire.Op("StopBuild", "codebuild:StopBuild", func(in *codebuild.StopBuildInput) []string {
			return s.projectsOf([]string{aws.ToString(in.Id)})
		}, s.StopBuild),
		wire.Op("UpdateProject", "codebuild:UpdateProject", func(in *codebuild.UpdateProjectInput) []string {
			return s.projectResource(in.Name)
		}, s.UpdateProject,
			wire.Keys(func(in *codebuild.UpdateProjectInput) policy.Context { return requestTags(in.Tags) }),
			wire.Also(func(in *codebuild.UpdateProjectInput) []policy.Access { return s.passRole(in.ServiceRole) })),
	}
}

// passRole is what a request needs that gives builds a role.
func (s *Service) passRole(role *string) []policy.Access {
	return policy.PassRole(s.roleARN(role), codebuildService, "")
}

func requestTags(list []types.Tag) policy.Context { return policy.Context{}.RequestTags(tagMap(list)) }

func tagMap(list []types.Tag) map[string]string {
	tags := map[string]string{}
	for _, tag := range list {
		tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return tags
}

// TagsOf returns the tags of the project with that ARN.
func (s *Service) TagsOf(arn string) map[string]string {
	name, ok := strings.CutPrefix(arn, s.projectARN(""))
	if !ok {
		return nil
	}
	row, exists, err := s.projects.Get(name)
	if err != nil {
		s.env.Log.Error("read a project's tags", "project", name, "error", err)
	}
	if !exists {
		return nil
	}
	return tagMap(row.Tags)
}

func (s *Service) projectARN(name string) string { return s.env.ARN("codebuild", "project/"+name) }

func (s *Service) buildARN(id string) string { return s.env.ARN("codebuild", "build/"+id) }

func (s *Service) projectResource(name *string) []string {
	return []string{s.projectARN(projectName(aws.ToString(name)))}
}

func (s *Service) projectsOf(buildIDs []string) (arns []string) {
	for _, id := range buildIDs {
		name, _, _ := strings.Cut(buildID(id), ":")
		arns = append(arns, s.projectARN(name))
	}
	return arns
}

// projectName takes a name or an ARN, as AWS does.
func projectName(s string) string { return after(s, ":project/") }

// buildID takes an id or an ARN, as AWS does.
func buildID(s string) string { return after(s, ":build/") }

func after(s, mark string) string {
	if _, rest, found := strings.Cut(s, mark); found {
		return rest
	}
	return s
}
