package logs

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// group is a log group's row; its key is its name.
type group struct {
	Created   int64
	Retention *int32 // days
	Class     types.LogGroupClass
	Kms       *string
	Protected bool
	Tags      map[string]string
	Stored    int64 // of all its streams
}

const describeLimit = 50

// groupName takes a group from either of the two ways to name one: by name, or
// by an identifier that is a name or an ARN.
func groupName(name, identifier *string) string {
	if name != nil {
		return *name
	}
	id := aws.ToString(identifier)
	if parts := strings.SplitN(id, ":", 7); len(parts) == 7 && parts[0] == "arn" {
		id = strings.TrimSuffix(parts[6], ":*")
	}
	return id
}

// find returns the group that name or identifier say.
func (s *Service) find(name, identifier *string) (string, group, error) {
	if (name == nil) == (identifier == nil) {
		return "", group{}, errParameter("Exactly one of logGroupName and logGroupIdentifier must be specified.")
	}
	key := groupName(name, identifier)
	row, ok, err := s.groups.Get(key)
	if err == nil && !ok {
		err = errNoGroup()
	}
	return key, row, err
}

// CreateLogGroup makes an empty group.
func (s *Service) CreateLogGroup(ctx context.Context, in *cloudwatchlogs.CreateLogGroupInput) (*cloudwatchlogs.CreateLogGroupOutput, error) {
	if err := s.permitTags(ctx, in); err != nil {
		return nil, err
	}
	err := s.groups.Update(*in.LogGroupName, func(row *group, exists bool) error {
		if exists {
			return &types.ResourceAlreadyExistsException{Message: aws.String("The specified log group already exists")}
		}
		class := in.LogGroupClass
		if class == "" {
			class = types.LogGroupClassStandard
		}
		*row = group{
			Created: s.now(), Class: class, Kms: in.KmsKeyId,
			Protected: aws.ToBool(in.DeletionProtectionEnabled), Tags: in.Tags,
		}
		return nil
	})
	return &cloudwatchlogs.CreateLogGroupOutput{}, err
}

// permitTags asks for one of the two permissions that a group with tags needs,
// says CreateLogGroup in the API reference.
func (s *Service) permitTags(ctx context.Context, in *cloudwatchlogs.CreateLogGroupInput) error {
	if len(in.Tags) == 0 {
		return nil
	}
	tag := policy.Access{Action: "logs:TagResource", Resources: []string{s.groupARN(*in.LogGroupName)}, Keys: policy.Keys().RequestTags(in.Tags)}
	err := s.env.Permit(ctx, tag)
	if err == nil {
		return nil
	}
	if s.env.Permit(ctx, policy.Access{Action: "logs:TagLogGroup", Resources: s.groupResource(in.LogGroupName, nil)}) == nil {
		return nil
	}
	return err
}

// DeleteLogGroup removes the group with its streams and lines.
func (s *Service) DeleteLogGroup(_ context.Context, in *cloudwatchlogs.DeleteLogGroupInput) (*cloudwatchlogs.DeleteLogGroupOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, row, err := s.find(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	if row.Protected {
		return nil, &types.ValidationException{Message: aws.String("The log group has deletion protection enabled and cannot be deleted.")}
	}
	streams, err := s.streams.List(name+":", "", 0)
	if err != nil {
		return nil, err
	}
	// The group goes first: whoever looks meanwhile sees no group, never half of one.
	if err := s.groups.Delete(name); err != nil {
		return nil, err
	}
	delete(s.recency, name)
	for _, stream := range streams {
		if err := s.dropStream(stream.Key, stream.Value); err != nil {
			return nil, err
		}
	}
	return &cloudwatchlogs.DeleteLogGroupOutput{}, nil
}

// dropStream removes a stream's lines, then the stream.
func (s *Service) dropStream(key string, row stream) error {
	if err := s.files.Remove(row.file()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.streams.Delete(key)
}

// DescribeLogGroups lists groups by name.
func (s *Service) DescribeLogGroups(_ context.Context, in *cloudwatchlogs.DescribeLogGroupsInput) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	if in.LogGroupNamePrefix != nil && in.LogGroupNamePattern != nil {
		return nil, errParameter("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	wanted := map[string]bool{}
	for _, id := range in.LogGroupIdentifiers {
		wanted[groupName(nil, &id)] = true
	}
	out := &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: []types.LogGroup{}}
	limit := int(aws.ToInt32(in.Limit))
	if limit == 0 {
		limit = describeLimit
	}
	// The pattern is matched without regard to case, anywhere in the name (API reference, DescribeLogGroups).
	pattern := strings.ToLower(aws.ToString(in.LogGroupNamePattern))
	err := s.groups.Walk(aws.ToString(in.LogGroupNamePrefix), aws.ToString(in.NextToken), func(raw store.Raw) (string, bool, error) {
		if !strings.Contains(strings.ToLower(raw.Key), pattern) || len(wanted) > 0 && !wanted[raw.Key] {
			return "", true, nil
		}
		var row group
		if err := raw.Decode(&row); err != nil {
			return "", false, err
		}
		if in.LogGroupClass != "" && in.LogGroupClass != row.Class {
			return "", true, nil
		}
		if len(out.LogGroups) == limit {
			out.NextToken = out.LogGroups[limit-1].LogGroupName
			return "", false, nil
		}
		out.LogGroups = append(out.LogGroups, s.describeGroup(raw.Key, row))
		return "", true, nil
	})
	return out, err
}

func (s *Service) describeGroup(name string, row group) types.LogGroup {
	arn := s.groupARN(name)
	return types.LogGroup{
		LogGroupName: &name, Arn: aws.String(arn + ":*"), LogGroupArn: &arn,
		CreationTime: &row.Created, RetentionInDays: row.Retention, MetricFilterCount: aws.Int32(0),
		StoredBytes: &row.Stored, LogGroupClass: row.Class, KmsKeyId: row.Kms,
		DeletionProtectionEnabled: &row.Protected,
	}
}

// PutLogGroupDeletionProtection turns the protection against DeleteLogGroup on or off.
func (s *Service) PutLogGroupDeletionProtection(_ context.Context, in *cloudwatchlogs.PutLogGroupDeletionProtectionInput) (*cloudwatchlogs.PutLogGroupDeletionProtectionOutput, error) {
	return &cloudwatchlogs.PutLogGroupDeletionProtectionOutput{}, s.updateGroup(groupName(nil, in.LogGroupIdentifier), func(row *group) error {
		row.Protected = *in.DeletionProtectionEnabled
		return nil
	})
}

// PutRetentionPolicy sets for how many days lines are kept. Older ones are no longer returned.
func (s *Service) PutRetentionPolicy(_ context.Context, in *cloudwatchlogs.PutRetentionPolicyInput) (*cloudwatchlogs.PutRetentionPolicyOutput, error) {
	return &cloudwatchlogs.PutRetentionPolicyOutput{}, s.updateGroup(*in.LogGroupName, func(row *group) error {
		if !retentions[*in.RetentionInDays] {
			return errParameter("Invalid retention period: %d. Valid values are: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653.", *in.RetentionInDays)
		}
		row.Retention = in.RetentionInDays
		return nil
	})
}

// retentions are the periods that AWS offers (API reference, PutRetentionPolicy).
var retentions = map[int32]bool{
	1: true, 3: true, 5: true, 7: true, 14: true, 30: true, 60: true, 90: true, 120: true, 150: true, 180: true,
	365: true, 400: true, 545: true, 731: true, 1096: true, 1827: true, 2192: true, 2557: true, 2922: true, 3288: true, 3653: true,
}

// DeleteRetentionPolicy makes lines be kept for ever.
func (s *Service) DeleteRetentionPolicy(_ context.Context, in *cloudwatchlogs.DeleteRetentionPolicyInput) (*cloudwatchlogs.DeleteRetentionPolicyOutput, error) {
	return &cloudwatchlogs.DeleteRetentionPolicyOutput{}, s.updateGroup(*in.LogGroupName, func(row *group) error {
		row.Retention = nil
		return nil
	})
}

func (s *Service) updateGroup(name string, change func(row *group) error) error {
	return s.groups.Update(name, func(row *group, exists bool) error {
		if !exists {
			return errNoGroup()
		}
		return change(row)
	})
}
