package logs

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Operations lists what is served, each with its action and resource as
// "Actions, resources, and condition keys for Amazon CloudWatch Logs" in the
// service authorization reference has it. TagLogGroup and its kin have no
// condition keys for tags, says TagLogGroup in the API reference.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateLogGroup", "logs:CreateLogGroup", func(in *cloudwatchlogs.CreateLogGroupInput) []string {
			return s.groupResource(in.LogGroupName, nil)
		}, s.CreateLogGroup, wire.Keys(func(in *cloudwatchlogs.CreateLogGroupInput) policy.Context {
			return policy.Keys().RequestTags(in.Tags)
		})),
		wire.Op("DeleteLogGroup", "logs:DeleteLogGroup", func(in *cloudwatchlogs.DeleteLogGroupInput) []string {
			return s.groupResource(in.LogGroupName, nil)
		}, s.DeleteLogGroup),
		wire.Op("DescribeLogGroups", "logs:DescribeLogGroups", func(*cloudwatchlogs.DescribeLogGroupsInput) []string {
			return s.groupResource(nil, nil)
		}, s.DescribeLogGroups),
		wire.Op("PutRetentionPolicy", "logs:PutRetentionPolicy", func(in *cloudwatchlogs.PutRetentionPolicyInput) []string {
			return s.groupResource(in.LogGroupName, nil)
		}, s.PutRetentionPolicy),
		wire.Op("DeleteRetentionPolicy", "logs:DeleteRetentionPolicy", func(in *cloudwatchlogs.DeleteRetentionPolicyInput) []string {
			return s.groupResource(in.LogGroupName, nil)
		}, s.DeleteRetentionPolicy),
		wire.Op("PutLogGroupDeletionProtection", "logs:PutLogGroupDeletionProtection", func(in *cloudwatchlogs.PutLogGroupDeletionProtectionInput) []string {
			return s.groupResource(nil, in.LogGroupIdentifier)
		}, s.PutLogGroupDeletionProtection),
		wire.Op("CreateLogStream", "logs:CreateLogStream", func(in *cloudwatchlogs.CreateLogStreamInput) []string {
			return s.streamResource(in.LogGroupName, nil, in.LogStreamName)
		}, s.CreateLogStream),
		wire.Op("DeleteLogStream", "logs:DeleteLogStream", func(in *cloudwatchlogs.DeleteLogStreamInput) []string {
			return s.streamResource(in.LogGroupName, nil, in.LogStreamName)
		}, s.DeleteLogStream),
		wire.Op("DescribeLogStreams", "logs:DescribeLogStreams", func(in *cloudwatchlogs.DescribeLogStreamsInput) []string {
			return s.groupResource(in.LogGroupName, in.LogGroupIdentifier)
		}, s.DescribeLogStreams),
		wire.Op("PutLogEvents", "logs:PutLogEvents", func(in *cloudwatchlogs.PutLogEventsInput) []string {
			return s.streamResource(in.LogGroupName, nil, in.LogStreamName)
		}, s.PutLogEvents),
		wire.Op("GetLogEvents", "logs:GetLogEvents", func(in *cloudwatchlogs.GetLogEventsInput) []string {
			return s.streamResource(in.LogGroupName, in.LogGroupIdentifier, in.LogStreamName)
		}, s.GetLogEvents),
		wire.Op("FilterLogEvents", "logs:FilterLogEvents", func(in *cloudwatchlogs.FilterLogEventsInput) []string {
			return s.groupResource(in.LogGroupName, in.LogGroupIdentifier)
		}, s.FilterLogEvents),
		wire.Op("TagResource", "logs:TagResource", func(in *cloudwatchlogs.TagResourceInput) []string {
			return []string{aws.ToString(in.ResourceArn)}
		}, s.TagResource, wire.Keys(func(in *cloudwatchlogs.TagResourceInput) policy.Context {
			return policy.Keys().RequestTags(in.Tags)
		})),
		wire.Op("UntagResource", "logs:UntagResource", func(in *cloudwatchlogs.UntagResourceInput) []string {
			return []string{aws.ToString(in.ResourceArn)}
		}, s.UntagResource, wire.Keys(func(in *cloudwatchlogs.UntagResourceInput) policy.Context {
			return policy.TagKeys(in.TagKeys)
		})),
		wire.Op("ListTagsForResource", "logs:ListTagsForResource", func(in *cloudwatchlogs.ListTagsForResourceInput) []string {
			return []string{aws.ToString(in.ResourceArn)}
		}, s.ListTagsForResource),
		wire.Op("TagLogGroup", "logs:TagLogGroup", func(in *cloudwatchlogs.TagLogGroupInput) []string {
			return s.groupResource(in.LogGroupName, nil)
		}, s.TagLogGroup),
		wire.Op("UntagLogGroup", "logs:UntagLogGroup", func(in *cloudwatchlogs.UntagLogGroupInput) []string {
			return s.groupResource(in.LogGroupName, nil)
		}, s.UntagLogGroup),
		wire.Op("ListTagsLogGroup", "logs:ListTagsLogGroup", func(in *cloudwatchlogs.ListTagsLogGroupInput) []string {
			return s.groupResource(in.LogGroupName, nil)
		}, s.ListTagsLogGroup),
	}
}
