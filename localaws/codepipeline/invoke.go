package codepipeline

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// functionAPI is what is needed of Lambda.
type functionAPI interface {
	Invoke(ctx context.Context, in *lambda.InvokeInput, opts ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// How long a function may take: "If the Lambda function has sent no reply after
// 20 minutes, the action times out. If, during the 20 minutes, the Lambda
// function has replied that the action is still in progress, CodePipeline
// restarts the 20-minute timer ... If not successful after 24 hours, CodePipeline
// sets the Lambda invoke action state to failed"
// (docs.aws.amazon.com/codepipeline/latest/userguide/limits.html).
const (
	replyTimeout  = 20 * time.Minute
	invokeTimeout = 24 * time.Hour
	// continuePause is before the next invocation of a function that replied so (not confirmed).
	continuePause = 2 * time.Second
)

// invocation is a job that a function works on.
type invocation struct {
	id      string
	job     *job
	keys    aws.Credentials
	token   string     // with which the function asked to be called again; Service.mu guards it
	answers chan reply // holds one
}

// reply is what a function says of its job.
type reply struct {
	res   result
	err   error
	again bool
	token string
	note  func(a *actionRun) // what it says of itself
}

// runLambda invokes the function, and waits until it says how it went.
func (s *Service) runLambda(ctx context.Context, j *job) (result, error) {
	keys, err := s.artifactKeys(ctx, j)
	if err != nil {
		return result{}, err
	}
	inv := &invocation{id: uuid.New(), job: j, keys: keys, answers: make(chan reply, 1)}
	j.report(func(a *actionRun) { a.ExternalID = inv.id })
	s.mu.Lock()
	s.jobs[inv.id] = inv
	s.mu.Unlock()
	defer s.retire(inv.id)

	ctx, cancel := context.WithTimeoutCause(ctx, invokeTimeout, s.unanswered(j))
	defer cancel()
	for {
		if err := s.call(ctx, inv); err != nil {
			return result{}, err
		}
		answer, err := s.await(ctx, inv)
		if err != nil {
			return result{}, err
		}
		j.report(answer.note)
		if !answer.again {
			return answer.res, answer.err
		}
		s.continueWith(inv, answer.token)
		if err := pauseFor(ctx, continuePause); err != nil {
			return result{}, err
		}
	}
}

// artifactKeys opens a session of the action's role for the job's artifacts alone:
// "temporary credentials ... to access input and output artifacts in the S3 bucket"
// (botocore's model: JobData.artifactCredentials).
func (s *Service) artifactKeys(ctx context.Context, j *job) (aws.Credentials, error) {
	statements := []map[string]any{{"Effect": "Allow", "Action": "s3:GetBucketLocation", "Resource": "arn:aws:s3:::" + j.bucket}}
	for _, in := range j.inputs {
		statements = append(statements, map[string]any{
			"Effect": "Allow", "Action": []string{"s3:GetObject", "s3:GetObjectVersion"}, "Resource": "arn:aws:s3:::" + in.Bucket + "/" + in.Key,
		})
	}
	for _, out := range j.outputs {
		statements = append(statements, map[string]any{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::" + out.Bucket + "/" + out.Key})
	}
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		return aws.Credentials{}, err
	}
	cfg, err := s.env.Roles.Assume(s.asRole(ctx, j), service.Session{Service: principal, SourceARN: s.arn(j.run.pipeline), Policy: string(policy)})
	if err != nil {
		return aws.Credentials{}, err
	}
	return cfg.Credentials.Retrieve(ctx)
}

func (s *Service) await(ctx context.Context, inv *invocation) (reply, error) {
	timer := time.NewTimer(replyTimeout)
	defer timer.Stop()
	select {
	case answer := <-inv.answers:
		return answer, nil
	case <-timer.C:
		return reply{}, s.unanswered(inv.job)
	case <-ctx.Done():
		return reply{}, context.Cause(ctx)
	}
}

// unanswered is what AWS says of a function that never replied.
func (s *Service) unanswered(j *job) error {
	return failed(codeJobFailed, "The AWS Lambda function %s failed to return a result. Check the function to verify that it has permission to call "+
		"the PutJobSuccessResult action and that it made a call to PutJobSuccessResult.", j.configuration["FunctionName"])
}

// call hands the job to the function, asynchronously, as
// docs.aws.amazon.com/lambda/latest/dg/services-codepipeline.html says.
func (s *Service) call(ctx context.Context, inv *invocation) error {
	event, err := json.Marshal(map[string]any{"CodePipeline.job": s.event(inv)})
	if err != nil {
		return err
	}
	_, err = s.clients.lambda(inv.job.cfg).Invoke(ctx, &lambda.InvokeInput{
		FunctionName: aws.String(inv.job.configuration["FunctionName"]), Payload: event, InvocationType: lambdatypes.InvocationTypeEvent,
	})
	if err != nil {
		return failedCall(codeConfiguration, err)
	}
	return nil
}

// jobEvent is what a function gets
// (docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html,
// "Example JSON event").
type jobEvent struct {
	ID        string `json:"id"`
	AccountID string `json:"accountId"`
	Data      struct {
		ActionConfiguration struct {
			Configuration map[string]string `json:"configuration"`
		} `json:"actionConfiguration"`
		InputArtifacts      []jobArtifact  `json:"inputArtifacts"`
		OutputArtifacts     []jobArtifact  `json:"outputArtifacts"`
		ArtifactCredentials jobCredentials `json:"artifactCredentials"`
		ContinuationToken   string         `json:"continuationToken,omitempty"`
	} `json:"data"`
}

type jobArtifact struct {
	Name     string  `json:"name"`
	Revision *string `json:"revision"`
	Location struct {
		Type       string `json:"type"`
		S3Location struct {
			BucketName string `json:"bucketName"`
			ObjectKey  string `json:"objectKey"`
		} `json:"s3Location"`
	} `json:"location"`
}

// jobCredentials are keys of the role for which the action works that reach the
// job's artifacts and nothing else.
type jobCredentials struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	SessionToken    string `json:"sessionToken"`
	ExpirationTime  int64  `json:"expirationTime,omitempty"` // in milliseconds
}

func (s *Service) event(inv *invocation) jobEvent {
	e := jobEvent{ID: inv.id, AccountID: s.env.Account}
	e.Data.ActionConfiguration.Configuration = inv.job.configuration
	e.Data.InputArtifacts, e.Data.OutputArtifacts = jobArtifacts(inv.job.inputs), jobArtifacts(inv.job.outputs)
	e.Data.ArtifactCredentials = jobCredentials{
		AccessKeyID: inv.keys.AccessKeyID, SecretAccessKey: inv.keys.SecretAccessKey, SessionToken: inv.keys.SessionToken,
	}
	if inv.keys.CanExpire {
		e.Data.ArtifactCredentials.ExpirationTime = inv.keys.Expires.UnixMilli()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Data.ContinuationToken = inv.token
	return e
}

func jobArtifacts(all []artifact) []jobArtifact {
	out := make([]jobArtifact, 0, len(all))
	for _, a := range all {
		made := jobArtifact{Name: a.Name, Revision: optional(a.Revision)}
		made.Location.Type = string(types.ArtifactLocationTypeS3)
		made.Location.S3Location.BucketName, made.Location.S3Location.ObjectKey = a.Bucket, a.Key
		out = append(out, made)
	}
	return out
}

// continueWith notes the token for the next invocation.
func (s *Service) continueWith(inv *invocation, token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv.token = token
}

// maxRetired is how many jobs that were answered are told from those that never were.
const maxRetired = 1000

// retire remembers that a job has its answer.
func (s *Service) retire(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.jobs) > maxRetired {
		maps.DeleteFunc(s.jobs, func(_ string, inv *invocation) bool { return inv == nil })
	}
	s.jobs[id] = nil
}

// pauseFor waits, or says why not to.
func pauseFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
