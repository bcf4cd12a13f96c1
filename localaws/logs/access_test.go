package logs

import (
	"context"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire/wiretest"
)

type rootKey struct{}

func (rootKey) Key(id string) (identity.Key, bool) {
	return identity.Key{AccessKeyID: id, SecretAccessKey: "secret", Principal: identity.Principal{ARN: "arn:aws:iam::123456789012:root"}}, true
}

// TestWhatIsAsked calls every operation and holds what it asks of IAM. Which
// action is on a group and which on a stream is from "Actions, resources, and
// condition keys for Amazon CloudWatch Logs" in the service authorization
// reference, as cfn-lint's Policies.json has it.
func TestWhatIsAsked(t *testing.T) {
	s := testService(t)
	var asked []policy.Access
	server := httptest.NewUnstartedServer(nil)
	host := server.Listener.Addr().String()
	handler, err := wire.New(wire.Config{
		Account: "123456789012", Region: "eu-west-1", Keys: rootKey{}, Hosts: func() []string { return []string{host} },
		Authorize: func(_ context.Context, _ identity.Principal, needs ...policy.Access) error {
			asked = needs
			return &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
		},
	}, wire.Service{Name: "logs", Operations: s.Operations()})
	check(t, err)
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
	c := cloudwatchlogs.NewFromConfig(aws.Config{
		Region: "eu-west-1", BaseEndpoint: &server.URL, RetryMaxAttempts: 1, HTTPClient: wiretest.PlainBodies{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
	ctx, g, st := t.Context(), aws.String("/g"), aws.String("s")
	const prefix = "arn:aws:logs:eu-west-1:123456789012:log-group:"
	group, stream, plain := prefix+"/g:log-stream:", prefix+"/g:log-stream:s", prefix+"/g"
	tags := map[string]string{"team": "a"}
	tested := map[string]bool{}
	for _, tt := range []struct {
		operation, resource, key string
		call                     func() error
	}{
		{"CreateLogGroup", group, "aws:requesttag/team", func() error {
			_, err := c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: g, Tags: tags})
			return err
		}},
		{"DeleteLogGroup", group, "", func() error {
			_, err := c.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: g})
			return err
		}},
		{"DescribeLogGroups", prefix + ":log-stream:", "", func() error {
			_, err := c.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
			return err
		}},
		{"PutRetentionPolicy", group, "", func() error {
			_, err := c.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: g, RetentionInDays: aws.Int32(7)})
			return err
		}},
		{"DeleteRetentionPolicy", group, "", func() error {
			_, err := c.DeleteRetentionPolicy(ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: g})
			return err
		}},
		{"PutLogGroupDeletionProtection", group, "", func() error {
			_, err := c.PutLogGroupDeletionProtection(ctx, &cloudwatchlogs.PutLogGroupDeletionProtectionInput{LogGroupIdentifier: &plain, DeletionProtectionEnabled: aws.Bool(true)})
			return err
		}},
		{"CreateLogStream", stream, "", func() error {
			_, err := c.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: g, LogStreamName: st})
			return err
		}},
		{"DeleteLogStream", stream, "", func() error {
			_, err := c.DeleteLogStream(ctx, &cloudwatchlogs.DeleteLogStreamInput{LogGroupName: g, LogStreamName: st})
			return err
		}},
		{"DescribeLogStreams", group, "", func() error {
			_, err := c.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupIdentifier: &plain})
			return err
		}},
		{"PutLogEvents", stream, "", func() error {
			_, err := c.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
				LogGroupName: g, LogStreamName: st, LogEvents: []types.InputLogEvent{{Timestamp: at(0), Message: aws.String("m")}},
			})
			return err
		}},
		{"GetLogEvents", stream, "", func() error {
			_, err := c.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: g, LogStreamName: st})
			return err
		}},
		{"FilterLogEvents", group, "", func() error {
			_, err := c.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: g})
			return err
		}},
		{"TagResource", plain, "aws:requesttag/team", func() error {
			_, err := c.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: &plain, Tags: tags})
			return err
		}},
		{"UntagResource", plain, "aws:tagkeys", func() error {
			_, err := c.UntagResource(ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: &plain, TagKeys: []string{"team"}})
			return err
		}},
		{"ListTagsForResource", plain, "", func() error {
			_, err := c.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: &plain})
			return err
		}},
		{"TagLogGroup", group, "", func() error {
			_, err := c.TagLogGroup(ctx, &cloudwatchlogs.TagLogGroupInput{LogGroupName: g, Tags: tags}) //nolint:staticcheck // deprecated, but served
			return err
		}},
		{"UntagLogGroup", group, "", func() error {
			_, err := c.UntagLogGroup(ctx, &cloudwatchlogs.UntagLogGroupInput{LogGroupName: g, Tags: []string{"team"}}) //nolint:staticcheck // as above
			return err
		}},
		{"ListTagsLogGroup", group, "", func() error {
			_, err := c.ListTagsLogGroup(ctx, &cloudwatchlogs.ListTagsLogGroupInput{LogGroupName: g}) //nolint:staticcheck // as above
			return err
		}},
	} {
		tested[tt.operation] = true
		asked = nil
		if err := tt.call(); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("%s: %v, want a denial", tt.operation, err)
			continue
		}
		if len(asked) != 1 || asked[0].Action != "logs:"+tt.operation || !slices.Equal(asked[0].Resources, []string{tt.resource}) {
			t.Errorf("%s asks %+v, want it on %s", tt.operation, asked, tt.resource)
		}
		keys := maps.Clone(asked[0].Keys)
		delete(keys, "aws:useragent") // of every request
		if tt.key == "" && len(keys) > 0 || tt.key != "" && len(keys[tt.key]) == 0 {
			t.Errorf("%s has the keys %v, want %q", tt.operation, keys, tt.key)
		}
	}
	for _, operation := range s.Operations() {
		if !tested[operation.Name] {
			t.Errorf("%s is not in the table", operation.Name)
		}
	}
}

// TestTagsOf finds the tags of a group by all its ARNs.
func TestTagsOf(t *testing.T) {
	s := testService(t)
	check(t, s.tag("/g", map[string]string{"team": "a"}))
	const prefix = "arn:aws:logs:eu-west-1:123456789012:log-group:"
	for arn, want := range map[string]string{
		prefix + "/g": "a", prefix + "/g:*": "a", prefix + "/g:log-stream:s": "a", prefix + ":log-stream:": "", prefix + "/h": "", "*": "",
	} {
		if got := s.TagsOf(arn)["team"]; got != want {
			t.Errorf("%s: team %q, want %q", arn, got, want)
		}
	}
}

// TestTagsOfNewGroups makes a group with tags, which needs one of two permissions.
func TestTagsOfNewGroups(t *testing.T) {
	s := testService(t)
	for i, allowed := range []string{"logs:TagResource", "logs:TagLogGroup", ""} {
		s.env.IAM = func(_ context.Context, _ identity.Principal, needs ...policy.Access) error {
			if needs[0].Action != allowed {
				return &smithy.GenericAPIError{Code: "AccessDenied", Message: "no " + needs[0].Action}
			}
			return nil
		}
		_, err := s.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{
			LogGroupName: aws.String(fmt.Sprint("new", i)), Tags: map[string]string{"team": "a"},
		})
		if allowed != "" {
			check(t, err)
		} else if err == nil || !strings.Contains(err.Error(), "no logs:TagResource") {
			t.Errorf("without either: %v", err)
		}
	}
}

// TestDeletionProtection keeps a group until the protection is off.
func TestDeletionProtection(t *testing.T) {
	s := testService(t)
	protect := func(on bool) {
		t.Helper()
		_, err := s.PutLogGroupDeletionProtection(t.Context(), &cloudwatchlogs.PutLogGroupDeletionProtectionInput{
			LogGroupIdentifier: aws.String("/g"), DeletionProtectionEnabled: &on,
		})
		check(t, err)
	}
	remove := func() error {
		_, err := s.DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("/g")})
		return err
	}
	protect(true)
	if err := remove(); err == nil || !strings.Contains(err.Error(), "deletion protection") {
		t.Errorf("a protected group: %v", err)
	}
	protect(false)
	check(t, remove())
}

// TestStreamsByLastEvent lists pages of streams while they move on.
func TestStreamsByLastEvent(t *testing.T) {
	s := testService(t)
	list := func(descending bool, between func()) (names []string) {
		t.Helper()
		in := &cloudwatchlogs.DescribeLogStreamsInput{
			LogGroupName: aws.String("/g"), OrderBy: types.OrderByLastEventTime, Descending: &descending, Limit: aws.Int32(2),
		}
		for {
			out, err := s.DescribeLogStreams(t.Context(), in)
			check(t, err)
			for _, found := range out.LogStreams {
				names = append(names, *found.LogStreamName)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				return names
			}
			between()
		}
	}
	for i, name := range []string{"a", "b", "c", "d"} {
		must2(t)(s.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("/g"), LogStreamName: &name}))
		put(t, s, name, int64(10*(4-i)), "line")
	}
	same(t, list(false, func() {}), []string{"s", "d", "c", "b", "a"})
	same(t, list(true, func() {}), []string{"a", "b", "c", "d", "s"})
	moved := int64(100)
	same(t, list(true, func() { // the last of the page gets a newer event: nothing is left out
		moved++
		put(t, s, "b", moved, "line")
	}), []string{"a", "b", "c", "d", "s"})
	_, err := s.DeleteLogStream(t.Context(), &cloudwatchlogs.DeleteLogStreamInput{LogGroupName: aws.String("/g"), LogStreamName: aws.String("c")})
	check(t, err)
	same(t, list(true, func() {}), []string{"b", "a", "d", "s"})
	same(t, list(false, func() {}), []string{"s", "d", "a", "b"})
	_, err = s.DescribeLogStreams(t.Context(), &cloudwatchlogs.DescribeLogStreamsInput{
		LogGroupName: aws.String("/g"), OrderBy: types.OrderByLastEventTime, NextToken: aws.String("nonsense"),
	})
	if err == nil || !strings.Contains(err.Error(), "nextToken") {
		t.Errorf("a token that nobody gave out: %v", err)
	}
}
