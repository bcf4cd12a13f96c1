package codecommit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsarn "github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

const (
	maxTriggers        = 10 // of a repository, and branches of one of them (user guide, "Quotas in AWS CodeCommit")
	codecommitService  = "codecommit.amazonaws.com"
	triggerTimeout     = 30 * time.Second
	triggerEventTime   = "2006-01-02T15:04:05.000-0700"
	triggerEvent       = "ReferenceChanges"
	triggerTestEvent   = "TriggerEventTest"
	triggerEventSource = "aws:codecommit"
)

// PutRepositoryTriggers replaces the triggers of a repository.
func (s *Service) PutRepositoryTriggers(_ context.Context, in *codecommit.PutRepositoryTriggersInput) (*codecommit.PutRepositoryTriggersOutput, error) {
	if _, err := s.find(in.RepositoryName); err != nil {
		return nil, err
	}
	if err := s.checkTriggers(in.Triggers); err != nil {
		return nil, err
	}
	id := uuid.New()
	return &codecommit.PutRepositoryTriggersOutput{ConfigurationId: &id}, s.touch(*in.RepositoryName, func(row *repository) {
		row.Triggers, row.TriggersID = in.Triggers, id
	})
}

// GetRepositoryTriggers returns the triggers of a repository.
func (s *Service) GetRepositoryTriggers(_ context.Context, in *codecommit.GetRepositoryTriggersInput) (*codecommit.GetRepositoryTriggersOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	out := &codecommit.GetRepositoryTriggersOutput{Triggers: row.Triggers}
	if row.TriggersID != "" {
		out.ConfigurationId = &row.TriggersID
	}
	if out.Triggers == nil {
		out.Triggers = []types.RepositoryTrigger{}
	}
	return out, nil
}

// TestRepositoryTriggers calls the targets of triggers, which need not be those of the repository.
func (s *Service) TestRepositoryTriggers(ctx context.Context, in *codecommit.TestRepositoryTriggersInput) (*codecommit.TestRepositoryTriggersOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if err := s.checkTriggers(in.Triggers); err != nil {
		return nil, err
	}
	refs, _, err := s.refs.Get(row.ID)
	if err != nil {
		return nil, err
	}
	tip := []triggerReference{{Commit: refs[heads+row.DefaultBranch], Ref: heads + row.DefaultBranch}}
	out := &codecommit.TestRepositoryTriggersOutput{SuccessfulExecutions: []string{}, FailedExecutions: []types.RepositoryTriggerExecutionFailure{}}
	for _, t := range in.Triggers {
		if err := s.call(ctx, push{Repository: *in.RepositoryName, Caller: identity.From(ctx).ARN}, row.TriggersID, t, triggerTestEvent, tip); err != nil {
			out.FailedExecutions = append(out.FailedExecutions, types.RepositoryTriggerExecutionFailure{Trigger: t.Name, FailureMessage: aws.String(plain(err))})
			continue
		}
		out.SuccessfulExecutions = append(out.SuccessfulExecutions, aws.ToString(t.Name))
	}
	return out, nil
}

func (s *Service) checkTriggers(triggers []types.RepositoryTrigger) error {
	if len(triggers) > maxTriggers {
		return &types.MaximumRepositoryTriggersExceededException{Message: aws.String("The number of triggers allowed for the repository was exceeded.")}
	}
	seen := map[string]bool{}
	for _, t := range triggers {
		name := aws.ToString(t.Name)
		switch {
		case name == "":
			return &types.RepositoryTriggerNameRequiredException{Message: aws.String("A name for the trigger is required, but was not specified.")}
		case seen[name] || len(name) > longestName || !validName.MatchString(name):
			return &types.InvalidRepositoryTriggerNameException{Message: aws.String("The name of the trigger is not valid.")}
		case len(t.Branches) > maxTriggers:
			return &types.MaximumBranchesExceededException{Message: aws.String("The number of branches for the trigger was exceeded.")}
		case len(t.Events) == 0:
			return &types.RepositoryTriggerEventsListRequiredException{Message: aws.String("At least one event for the trigger is required, but was not specified.")}
		}
		seen[name] = true
		arn, err := awsarn.Parse(aws.ToString(t.DestinationArn))
		if err != nil || arn.Service != "sns" && arn.Service != "lambda" {
			return &types.InvalidRepositoryTriggerDestinationArnException{Message: aws.String("The Amazon Resource Name (ARN) for the trigger is not valid for the specified destination. The most common reason for this error is that the ARN does not meet the requirements for the service type.")}
		}
		if arn.Region != s.env.Region {
			return &types.InvalidRepositoryTriggerRegionException{Message: aws.String("The Amazon Web Services Region for the trigger target does not match the Amazon Web Services Region for the repository. Triggers must be created in the same Amazon Web Services Region as the target for the trigger.")}
		}
	}
	return nil
}

// triggerReference is a reference in what a target is sent (Lambda's guide,
// "Using AWS Lambda with AWS CodeCommit").
type triggerReference struct {
	Commit  string `json:"commit"`
	Created bool   `json:"created,omitempty"`
	Deleted bool   `json:"deleted,omitempty"`
	Ref     string `json:"ref"`
}

// fire calls, in the background, the targets of the triggers that the changes concern.
func (s *Service) fire(p push, row repository, old, now refs) {
	if len(row.Triggers) == 0 {
		return
	}
	type changed struct {
		triggerReference
		event types.RepositoryTriggerEventEnum
	}
	var changes []changed
	for ref, commit := range now {
		switch {
		case old[ref] == "":
			changes = append(changes, changed{triggerReference{commit, true, false, ref}, types.RepositoryTriggerEventEnumCreateReference})
		case old[ref] != commit:
			changes = append(changes, changed{triggerReference{commit, false, false, ref}, types.RepositoryTriggerEventEnumUpdateReference})
		}
	}
	for ref, commit := range old {
		if now[ref] == "" {
			changes = append(changes, changed{triggerReference{commit, false, true, ref}, types.RepositoryTriggerEventEnumDeleteReference})
		}
	}
	slices.SortFunc(changes, func(a, b changed) int { return strings.Compare(a.Ref, b.Ref) })
	for _, t := range row.Triggers {
		var concerned []triggerReference
		for _, c := range changes {
			branch, isBranch := strings.CutPrefix(c.Ref, heads)
			wanted := len(t.Branches) == 0 || isBranch && slices.Contains(t.Branches, branch)
			if wanted && (slices.Contains(t.Events, types.RepositoryTriggerEventEnumAll) || slices.Contains(t.Events, c.event)) {
				concerned = append(concerned, c.triggerReference)
			}
		}
		if len(concerned) == 0 {
			continue
		}
		s.calls.Go(func() {
			ctx, cancel := context.WithTimeout(s.ctx, triggerTimeout)
			defer cancel()
			if err := s.call(ctx, p, row.TriggersID, t, triggerEvent, concerned); err != nil {
				s.env.Log.Warn("call the target of a trigger", "repository", p.Repository, "trigger", aws.ToString(t.Name), "error", err)
			}
		})
	}
}

// call calls a trigger's target as CodeCommit itself, which the target's policy must allow.
func (s *Service) call(ctx context.Context, p push, configuration string, t types.RepositoryTrigger, event string, references []triggerReference) error {
	source := s.arn(p.Repository)
	record := map[string]any{
		"awsRegion": s.env.Region, "codecommit": map[string]any{"references": references}, "customData": aws.ToString(t.CustomData),
		"eventId": uuid.New(), "eventName": event, "eventPartNumber": 1, "eventSource": triggerEventSource, "eventSourceARN": source,
		"eventTime": s.env.Now().UTC().Format(triggerEventTime), "eventTotalParts": 1, "eventTriggerConfigId": configuration,
		"eventTriggerName": aws.ToString(t.Name), "eventVersion": "1.0", "userIdentityARN": p.Caller,
	}
	payload, err := json.Marshal(map[string]any{"Records": []any{record}})
	if err != nil {
		return fmt.Errorf("encode a trigger's event: %w", err)
	}
	ctx = identity.With(ctx, identity.Principal{Account: s.env.Account, Service: codecommitService, SourceARN: source})
	cfg, err := s.env.Roles.Assume(ctx, service.Session{Name: "AWSCodeCommit", Service: codecommitService, SourceARN: source})
	if err != nil {
		return err
	}
	arn, err := awsarn.Parse(aws.ToString(t.DestinationArn))
	if err != nil {
		return err
	}
	if arn.Service == "sns" {
		_, err = sns.NewFromConfig(cfg).Publish(ctx, &sns.PublishInput{
			TopicArn: t.DestinationArn, Message: aws.String(string(payload)), Subject: aws.String("UPDATE: AWS CodeCommit " + s.env.Region + " " + event + ": " + p.Repository),
		})
		return err
	}
	_, err = lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{
		FunctionName: t.DestinationArn, InvocationType: lambdatypes.InvocationTypeEvent, Payload: payload,
	})
	return err
}
