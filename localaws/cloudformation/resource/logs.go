package resource

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// logGroup is AWS::Logs::LogGroup. Ref gives its name.
var logGroup = Type{
	Name:       "AWS::Logs::LogGroup",
	Attributes: []string{"Arn"},
	Foresee:    named("LogGroupName", 512, nil),
	Read:       readLogGroup,
	Create: func(ctx context.Context, r Request) (Result, error) {
		if err := refuseLogGroup(r); err != nil {
			return Result{}, err
		}
		in := &logs.CreateLogGroupInput{Tags: r.tags()}
		if err := fill(in, without(r.Properties, "Tags", "RetentionInDays", "LogGroupName")); err != nil {
			return Result{}, err
		}
		name := r.nameFrom("LogGroupName", 512)
		in.LogGroupName = &name
		client := logs.NewFromConfig(r.Config)
		if _, err := client.CreateLogGroup(ctx, in); err != nil {
			return Result{}, err
		}
		return logGroupResult(r, name), putRetention(ctx, client, r, name)
	},
	Update: func(ctx context.Context, r Request) (Result, error) {
		failed := Result{PhysicalID: r.PhysicalID}
		if err := refuseLogGroup(r); err != nil {
			return failed, err
		}
		if r.changed("LogGroupClass") {
			return failed, &Error{Code: "InvalidRequest", Message: "Log group class cannot be changed once set."}
		}
		for _, name := range []string{"KmsKeyId", "DeletionProtectionEnabled"} {
			if r.changed(name) {
				return failed, unsupported(name)
			}
		}
		client := logs.NewFromConfig(r.Config)
		if r.changed("RetentionInDays") {
			if err := putRetention(ctx, client, r, r.PhysicalID); err != nil {
				return failed, err
			}
		}
		return logGroupResult(r, r.PhysicalID), retagLogGroup(ctx, client, r)
	},
	Delete: func(ctx context.Context, r Request) error {
		_, err := logs.NewFromConfig(r.Config).DeleteLogGroup(ctx, &logs.DeleteLogGroupInput{LogGroupName: &r.PhysicalID})
		return unlessGone(err)
	},
}

func refuseLogGroup(r Request) error {
	return refuse(r.Properties, "DataProtectionPolicy", "FieldIndexPolicies", "ResourcePolicyDocument", "BearerTokenAuthenticationEnabled")
}

func logGroupResult(r Request, name string) Result {
	return Result{PhysicalID: name, Attributes: map[string]any{"Arn": r.arn("logs", "log-group:"+name+":*")}}
}

func putRetention(ctx context.Context, client *logs.Client, r Request, name string) error {
	given := text(r.Properties, "RetentionInDays")
	if given == "" {
		if r.Old["RetentionInDays"] == nil {
			return nil
		}
		_, err := client.DeleteRetentionPolicy(ctx, &logs.DeleteRetentionPolicyInput{LogGroupName: &name})
		return err
	}
	days, err := strconv.ParseInt(given, 10, 32)
	if err != nil {
		return mistyped("RetentionInDays", "Integer", given)
	}
	_, err = client.PutRetentionPolicy(ctx, &logs.PutRetentionPolicyInput{LogGroupName: &name, RetentionInDays: aws.Int32(int32(days))})
	return err
}

func retagLogGroup(ctx context.Context, client *logs.Client, r Request) error {
	arn := r.arn("logs", "log-group:"+r.PhysicalID)
	set, remove := r.tagChanges()
	if len(set) > 0 {
		if _, err := client.TagResource(ctx, &logs.TagResourceInput{ResourceArn: &arn, Tags: set}); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		if _, err := client.UntagResource(ctx, &logs.UntagResourceInput{ResourceArn: &arn, TagKeys: remove}); err != nil {
			return err
		}
	}
	return nil
}
