package resource

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
)

// repository is AWS::CodeCommit::Repository. Ref gives its id. Code, which would
// be committed at the start, and Triggers are refused.
var repository = Type{
	Name:       "AWS::CodeCommit::Repository",
	Attributes: []string{"Arn", "CloneUrlHttp", "CloneUrlSsh", "Name"},
	Read:       readRepository,
	Create: func(ctx context.Context, r Request) (Result, error) {
		if err := refuse(r.Properties, "Code", "Triggers"); err != nil {
			return Result{}, err
		}
		in := &codecommit.CreateRepositoryInput{Tags: r.tags()}
		if err := fill(in, without(r.Properties, "Tags")); err != nil {
			return Result{}, err
		}
		client := codecommit.NewFromConfig(r.Config)
		out, err := client.CreateRepository(ctx, in)
		if err != nil {
			return Result{}, err
		}
		return describeRepository(ctx, client, out.RepositoryMetadata.RepositoryName)
	},
	Update: func(ctx context.Context, r Request) (Result, error) {
		failed := Result{PhysicalID: r.PhysicalID}
		if err := refuse(r.Properties, "Code", "Triggers"); err != nil {
			return failed, err
		}
		client := codecommit.NewFromConfig(r.Config)
		name := text(r.Properties, "RepositoryName")
		if r.changed("RepositoryName") {
			if _, err := client.UpdateRepositoryName(ctx, &codecommit.UpdateRepositoryNameInput{
				OldName: aws.String(text(r.Old, "RepositoryName")), NewName: &name,
			}); err != nil {
				return failed, err
			}
		}
		if r.changed("RepositoryDescription") {
			if _, err := client.UpdateRepositoryDescription(ctx, &codecommit.UpdateRepositoryDescriptionInput{
				RepositoryName: &name, RepositoryDescription: aws.String(text(r.Properties, "RepositoryDescription")),
			}); err != nil {
				return failed, err
			}
		}
		result, err := describeRepository(ctx, client, &name)
		if err != nil {
			return failed, err
		}
		return result, retagRepository(ctx, client, r, name)
	},
	Delete: func(ctx context.Context, r Request) error {
		_, err := codecommit.NewFromConfig(r.Config).DeleteRepository(ctx,
			&codecommit.DeleteRepositoryInput{RepositoryName: aws.String(text(r.Properties, "RepositoryName"))})
		return unlessGone(err)
	},
}

func describeRepository(ctx context.Context, client *codecommit.Client, name *string) (Result, error) {
	out, err := client.GetRepository(ctx, &codecommit.GetRepositoryInput{RepositoryName: name})
	if err != nil {
		return Result{}, err
	}
	m := out.RepositoryMetadata
	return Result{PhysicalID: aws.ToString(m.RepositoryId), Attributes: map[string]any{
		"Arn": aws.ToString(m.Arn), "CloneUrlHttp": aws.ToString(m.CloneUrlHttp),
		"CloneUrlSsh": aws.ToString(m.CloneUrlSsh), "Name": aws.ToString(m.RepositoryName),
	}}, nil
}

func retagRepository(ctx context.Context, client *codecommit.Client, r Request, name string) error {
	arn := r.arn("codecommit", name)
	set, remove := r.tagChanges()
	if len(set) > 0 {
		if _, err := client.TagResource(ctx, &codecommit.TagResourceInput{ResourceArn: &arn, Tags: set}); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		if _, err := client.UntagResource(ctx, &codecommit.UntagResourceInput{ResourceArn: &arn, TagKeys: remove}); err != nil {
			return err
		}
	}
	return nil
}
