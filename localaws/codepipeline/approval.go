package codepipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// topicAPI is what is needed of SNS.
type topicAPI interface {
	Publish(ctx context.Context, in *sns.PublishInput, opts ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// approvalTimeout is how long AWS waits for a person.
const approvalTimeout = 7 * 24 * time.Hour

// decision is a person's answer to an approval.
type decision struct {
	status  types.ApprovalStatus
	summary string
	by      string
}

// runApproval asks, unless it has before a restart, and waits for the answer.
func (s *Service) runApproval(ctx context.Context, j *job) (result, error) {
	timeout := approvalTimeout
	if m := j.declaration.TimeoutInMinutes; m != nil {
		timeout = time.Duration(*m) * time.Minute
	}
	token, asked := uuid.New(), s.env.Now()
	if j.asked != nil {
		token, asked = j.asked.Token, j.asked.Started
	}
	expires := asked.Add(timeout)
	answer := make(chan decision, 1)
	s.mu.Lock()
	s.approvals[token] = answer
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.approvals, token)
	}()
	if j.asked == nil {
		if err := s.ask(ctx, j, token, expires); err != nil {
			return result{}, err
		}
	}
	timer := time.NewTimer(expires.Sub(s.env.Now()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return result{}, context.Cause(ctx)
	case <-timer.C:
		j.report(func(a *actionRun) { a.Token = "" })
		return result{}, failed(codeTimeout, "The approval action was not completed within %s", timeout)
	case d := <-answer:
		j.report(func(a *actionRun) { a.UpdatedBy = d.by })
		if d.status == types.ApprovalStatusRejected {
			return result{}, &failure{message: d.summary}
		}
		return result{summary: d.summary}, nil
	}
}

// ask makes the token known, and the request.
func (s *Service) ask(ctx context.Context, j *job, token string, expires time.Time) error {
	if err := s.index.Put(j.run.pipeline+"/approval/"+token, j.run.key); err != nil {
		return err
	}
	j.report(func(a *actionRun) { a.Token = token })
	if topic := j.configuration["NotificationArn"]; topic != "" {
		return s.askByTopic(ctx, j, topic, token, expires)
	}
	return nil
}

// askByTopic publishes the request in the form of
// docs.aws.amazon.com/codepipeline/latest/userguide/approvals-json-format.html.
func (s *Service) askByTopic(ctx context.Context, j *job, topic, token string, expires time.Time) error {
	link := s.console("codesuite/codepipeline/pipelines/" + j.run.pipeline + "/view")
	message, err := json.Marshal(map[string]any{
		"region": s.env.Region, "consoleLink": link,
		"approval": map[string]any{
			"pipelineName": j.run.pipeline, "stageName": j.stage, "actionName": j.action, "token": token,
			"expires":            expires.UTC().Format("2006-01-02T15:04Z"),
			"externalEntityLink": optional(j.configuration["ExternalEntityLink"]),
			"approvalReviewLink": link + "#/" + j.stage + "/" + j.action + "/approve/" + token,
			"customData":         optional(j.configuration["CustomData"]),
		},
	})
	if err != nil {
		return err
	}
	const most = 100 // of a subject
	subject := fmt.Sprintf("APPROVAL NEEDED: AWS CodePipeline %s for action %s", j.run.pipeline, j.action)
	_, err = s.clients.sns(j.cfg).Publish(ctx, &sns.PublishInput{
		TopicArn: aws.String(topic), Message: aws.String(string(message)), Subject: aws.String(subject[:min(len(subject), most)]),
	})
	if err != nil {
		return failedCall(codeConfiguration, err)
	}
	return nil
}

// PutApprovalResult answers an approval.
func (s *Service) PutApprovalResult(ctx context.Context, in *codepipeline.PutApprovalResultInput) (*codepipeline.PutApprovalResultOutput, error) {
	name, stage, action := aws.ToString(in.PipelineName), aws.ToString(in.StageName), aws.ToString(in.ActionName)
	row, err := s.pipeline(name)
	if err != nil {
		return nil, err
	}
	i, err := stageIndex(&row.Declaration, stage)
	if err != nil {
		return nil, err
	}
	var found bool
	for _, a := range row.Declaration.Stages[i].Actions {
		found = found || aws.ToString(a.Name) == action
	}
	if !found {
		return nil, &types.ActionNotFoundException{Message: aws.String("Stage '" + stage + "' does not have an action with name '" + action + "'")}
	}
	if err := s.checkToken(name, stage, action, aws.ToString(in.Token)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	answer, ok := s.approvals[aws.ToString(in.Token)]
	delete(s.approvals, aws.ToString(in.Token))
	s.mu.Unlock()
	if !ok {
		return nil, &types.ApprovalAlreadyCompletedException{Message: aws.String("The approval action has already been approved or rejected.")}
	}
	answer <- decision{status: in.Result.Status, summary: aws.ToString(in.Result.Summary), by: identity.From(ctx).ARN}
	return &codepipeline.PutApprovalResultOutput{ApprovedAt: aws.Time(s.env.Now())}, nil
}

// checkToken checks that the token is the one of an approval of that action
// which waits or was answered.
func (s *Service) checkToken(name, stage, action, token string) error {
	key, ok, err := s.index.Get(name + "/approval/" + token)
	if err != nil {
		return err
	}
	if ok {
		e, _, err := s.executions.Get(key)
		if err != nil {
			return err
		}
		for i := range e.Actions {
			a := &e.Actions[i]
			if a.Stage == stage && a.Name == action && a.Token == token && (a.Status == types.ActionExecutionStatusInProgress || a.UpdatedBy != "") {
				return nil
			}
		}
	}
	return &types.InvalidApprovalTokenException{Message: aws.String("The approval request already received a response or has expired.")}
}
