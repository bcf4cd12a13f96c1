package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/phases"
)

// deployBadly deploys a stack as a learner types it, and wants it to end in a status.
func deployBadly(w *mistakeWorld, c *cloud.Cloud, s cloud.Stack, status string) error {
	_, err := c.Deploy(w.t.Context(), s, nil)
	if failed, ok := errors.AsType[*cloud.StackError](err); ok && failed.Status == status {
		return nil
	}
	return fmt.Errorf("stack %s was to end in %s: %w", s.Name, status, err)
}

// stickRollback deletes the builds' log group and deploys a template that
// changes it: neither the change nor its rollback finds it.
func stickRollback(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
	group, err := resourceOf(w, c, n.PipelineStack(), "BuildLogs")
	if err != nil {
		return err
	}
	if _, err := c.Logs.DeleteLogGroup(w.t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &group}); err != nil {
		return err
	}
	changed := strings.Replace(string(phases.CloudFormation.Template()), "RetentionInDays: 7", "RetentionInDays: 14", 1)
	return deployBadly(w, c, cloud.Stack{
		Name: n.PipelineStack(), Template: []byte(changed), Tags: w.env.Tags(),
		Parameters: map[string]string{"RepositoryName": n.Repository(), "ApplicationStack": n.ApplicationStack()},
	}, "UPDATE_ROLLBACK_FAILED")
}

// stuckMistakes leave a stack in a state in which nothing can be done to it.
func stuckMistakes() []mistake {
	return []mistake{
		{
			name: "a log group was deleted, and the change of its stack got stuck", at: phases.CloudFormation,
			check: "project", says: "UPDATE_ROLLBACK_FAILED: BuildLogs: ", do: onAWS(stickRollback),
		},
		{
			name: "a stack got stuck, and what was missing was made again by hand", at: phases.CloudFormation,
			check: "project", says: "UPDATE_ROLLBACK_FAILED: BuildLogs: ",
			do: onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
				if err := stickRollback(w, c, n); err != nil {
					return err
				}
				_, err := c.Logs.CreateLogGroup(w.t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/aws/codebuild/" + n.PipelineStack())})
				return err
			}),
		},
		{
			name: "the repository's stack could not be made", at: phases.CodeCommit, check: "repository", says: "there is no repository .*ROLLBACK_COMPLETE: Broken: ",
			do: onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
				if err := deleted(w, c, n.RepositoryStack()); err != nil {
					return err
				}
				return deployBadly(w, c, cloud.Stack{Name: n.RepositoryStack(), Template: []byte(brokenResource), Tags: w.env.Tags()}, "ROLLBACK_COMPLETE")
			}),
		},
		{
			name: "a change of the repository's stack was rolled back", at: phases.CodeCommit,
			do: onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
				broken := strings.Replace(string(phases.CodeCommit.Template()), "Resources:\n", brokenResource, 1)
				return deployBadly(w, c, cloud.Stack{
					Name: n.RepositoryStack(), Template: []byte(broken), Tags: w.env.Tags(), Parameters: map[string]string{"RepositoryName": n.Repository()},
				}, "UPDATE_ROLLBACK_COMPLETE")
			}),
		},
		{
			name: "the pipeline's stack was made by hand without its tags", at: phases.CodePipeline, check: "project", says: "has not the tag mayfly:environment",
			do: onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
				bucket, err := resourceOf(w, c, n.PipelineStack(), "Artifacts")
				if err != nil {
					return err
				}
				if _, err := c.EmptyBucket(w.t.Context(), bucket, ""); err != nil {
					return err
				}
				if err := deleted(w, c, n.PipelineStack()); err != nil {
					return err
				}
				_, err = c.Deploy(w.t.Context(), cloud.Stack{
					Name: n.PipelineStack(), Template: phases.CodePipeline.Template(), Parameters: map[string]string{"RepositoryName": n.Repository()},
				}, nil)
				return err
			}),
		},
		{
			name: "the application could not be made the first time", at: phases.CloudFormation, check: "push-starts", says: "Execute failed: ",
			do: onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
				if err := deleted(w, c, n.ApplicationStack()); err != nil {
					return err
				}
				_, err := w.run(w.workdir(), "sed -i.bak 's#Role: !GetAtt HelloRole.Arn#Role: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${AWS::StackName}-none#' template.yaml && rm template.yaml.bak"+commitAll)
				return err
			}),
		},
	}
}
