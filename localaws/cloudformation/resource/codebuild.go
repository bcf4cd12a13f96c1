package resource

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// project is AWS::CodeBuild::Project. Ref gives its name. Webhooks and public
// visibility are refused.
var project = Type{
	Name:       "AWS::CodeBuild::Project",
	Attributes: []string{"Arn"},
	Foresee:    named("Name", 255, nil),
	Read:       readProject,
	Create: func(ctx context.Context, r Request) (Result, error) {
		in := &codebuild.CreateProjectInput{Tags: projectTags(r)}
		properties, err := projectProperties(r)
		if err != nil {
			return Result{}, err
		}
		if err := fill(in, properties); err != nil {
			return Result{}, err
		}
		in.Name = aws.String(r.nameFrom("Name", 255))
		out, err := codebuild.NewFromConfig(r.Config).CreateProject(ctx, in)
		if err != nil {
			return Result{}, err
		}
		return projectResult(out.Project), nil
	},
	Update: func(ctx context.Context, r Request) (Result, error) {
		failed := Result{PhysicalID: r.PhysicalID}
		in := &codebuild.UpdateProjectInput{Tags: projectTags(r)}
		properties, err := projectProperties(r)
		if err != nil {
			return failed, err
		}
		if err := fill(in, withDefaults(properties, r.Old, projectDefaults)); err != nil {
			return failed, err
		}
		in.Name = &r.PhysicalID
		out, err := codebuild.NewFromConfig(r.Config).UpdateProject(ctx, in)
		if err != nil {
			return failed, err
		}
		return projectResult(out.Project), nil
	},
	Delete: func(ctx context.Context, r Request) error {
		_, err := codebuild.NewFromConfig(r.Config).DeleteProject(ctx, &codebuild.DeleteProjectInput{Name: &r.PhysicalID})
		return unlessGone(err)
	},
}

// projectDefaults are what a property goes back to that a template no longer
// has, since UpdateProject keeps what it is not given.
var projectDefaults = map[string]any{
	"Description": "", "SourceVersion": "", "TimeoutInMinutes": 60, "QueuedTimeoutInMinutes": 480,
	"Cache": map[string]any{"Type": "NO_CACHE"}, "BadgeEnabled": false,
	"SecondarySources": []any{}, "SecondaryArtifacts": []any{}, "SecondarySourceVersions": []any{}, "FileSystemLocations": []any{},
	"LogsConfig": map[string]any{"CloudWatchLogs": map[string]any{"Status": "ENABLED"}},
	"VpcConfig":  map[string]any{},
}

func projectProperties(r Request) (map[string]any, error) {
	if err := refuse(r.Properties, "Triggers", "ResourceAccessRole"); err != nil {
		return nil, err
	}
	if visibility := text(r.Properties, "Visibility"); visibility != "" && visibility != "PRIVATE" {
		return nil, unsupported("Visibility")
	}
	return without(r.Properties, "Tags", "Visibility", "Name"), nil
}

func projectTags(r Request) []types.Tag {
	return tagList(r.tags(), func(key, value *string) types.Tag { return types.Tag{Key: key, Value: value} })
}

func projectResult(p *types.Project) Result {
	return Result{PhysicalID: aws.ToString(p.Name), Attributes: map[string]any{"Arn": aws.ToString(p.Arn)}}
}
