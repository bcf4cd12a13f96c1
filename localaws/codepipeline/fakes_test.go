package codepipeline

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	committypes "github.com/aws/aws-sdk-go-v2/service/codecommit/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"
)

// fakeAWS is the other services, as far as pipelines call them.
type fakeAWS struct {
	mu        sync.Mutex // guards what follows
	objects   map[string][]byte
	branch    error
	head      string
	denied    string // the operation that is not allowed
	started   *codebuild.StartBuildInput
	builds    []buildtypes.Build // the answers of BatchGetBuilds; the last one stays
	throttled int                // so many polls are throttled
	stopped   []string
	messages  []string
	invoked   []*lambda.InvokeInput
	unkept    bool // the source bucket keeps no versions

	stack     *cfntypes.Stack
	events    []cfntypes.StackEvent
	changeSet *cloudformation.DescribeChangeSetOutput
	change    *cloudformation.CreateChangeSetInput
	created   *cloudformation.CreateStackInput
	update    error
	calls     []string
	then      cfntypes.StackStatus // of the stack after any operation
}

// real lets the actions of a bench do their work, with f for all other services.
func (b *bench) real(f *fakeAWS) {
	f.objects = map[string][]byte{}
	b.s.clients = clients{
		s3:             func(aws.Config) objectAPI { return f },
		codecommit:     func(aws.Config) commitAPI { return f },
		codebuild:      func(aws.Config) buildAPI { return f },
		cloudformation: func(aws.Config) stackAPI { return f },
		sns:            func(aws.Config) topicAPI { return f },
		lambda:         func(aws.Config) functionAPI { return f },
	}
	b.s.actors = b.s.builtin()
}

func apiError(code, message string) error {
	return &smithy.GenericAPIError{Code: code, Message: message, Fault: smithy.FaultClient}
}

func (f *fakeAWS) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	if f.denied == "PutObject" {
		return nil, apiError("AccessDenied", "User is not authorized to perform: s3:PutObject")
	}
	data, err := io.ReadAll(in.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[*in.Key] = data
	return &s3.PutObjectOutput{}, err
}

func (f *fakeAWS) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data, ok := f.objects[*in.Key]
	if !ok {
		return nil, apiError("NoSuchKey", "The specified key does not exist.")
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(data))}, nil
}

func (f *fakeAWS) GetBucketVersioning(context.Context, *s3.GetBucketVersioningInput, ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error) {
	if f.unkept {
		return &s3.GetBucketVersioningOutput{}, nil
	}
	return &s3.GetBucketVersioningOutput{Status: s3types.BucketVersioningStatusEnabled}, nil
}

// HeadObject describes an object whose newest version is f.head.
func (f *fakeAWS) HeadObject(_ context.Context, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.objects[*in.Key]; !ok {
		return nil, apiError("NotFound", "")
	}
	version := f.head
	if in.VersionId != nil {
		version = *in.VersionId
	}
	return &s3.HeadObjectOutput{VersionId: aws.String(version), ETag: aws.String(`"etag"`)}, nil
}

func (f *fakeAWS) Invoke(_ context.Context, in *lambda.InvokeInput, _ ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.denied == "Invoke" {
		return nil, apiError("AccessDeniedException", "User: arn is not authorized to perform: lambda:InvokeFunction on resource: f")
	}
	f.invoked = append(f.invoked, in)
	return &lambda.InvokeOutput{StatusCode: 202}, nil
}

// put makes the object of an artifact with one file.
func (f *fakeAWS) put(key, file, content string) {
	var buf bytes.Buffer
	if err := zipOf(&buf, file, []byte(content)); err != nil {
		panic(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[key] = buf.Bytes()
}

func (f *fakeAWS) GetBranch(context.Context, *codecommit.GetBranchInput, ...func(*codecommit.Options)) (*codecommit.GetBranchOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &codecommit.GetBranchOutput{Branch: &committypes.BranchInfo{CommitId: aws.String(f.head)}}, f.branch
}

func (f *fakeAWS) GetCommit(_ context.Context, in *codecommit.GetCommitInput, _ ...func(*codecommit.Options)) (*codecommit.GetCommitOutput, error) {
	who := &committypes.UserInfo{Date: aws.String("1484167798 -0800")}
	return &codecommit.GetCommitOutput{Commit: &committypes.Commit{
		CommitId: in.CommitId, Message: aws.String("Say hello\n"), Author: who, Committer: who,
	}}, nil
}

func (f *fakeAWS) StartBuild(_ context.Context, in *codebuild.StartBuildInput, _ ...func(*codebuild.Options)) (*codebuild.StartBuildOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.denied == "StartBuild" {
		return nil, apiError("AccessDeniedException", "User: arn is not authorized to perform: codebuild:StartBuild")
	}
	f.started = in
	return &codebuild.StartBuildOutput{Build: &buildtypes.Build{Id: aws.String("project:1234")}}, nil
}

func (f *fakeAWS) BatchGetBuilds(context.Context, *codebuild.BatchGetBuildsInput, ...func(*codebuild.Options)) (*codebuild.BatchGetBuildsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.throttled > 0 {
		f.throttled--
		return nil, apiError("ThrottlingException", "Rate exceeded")
	}
	next := f.builds[0]
	if len(f.builds) > 1 {
		f.builds = f.builds[1:]
	}
	return &codebuild.BatchGetBuildsOutput{Builds: []buildtypes.Build{next}}, nil
}

func (f *fakeAWS) StopBuild(_ context.Context, in *codebuild.StopBuildInput, _ ...func(*codebuild.Options)) (*codebuild.StopBuildOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = append(f.stopped, *in.Id)
	return &codebuild.StopBuildOutput{}, nil
}

func (f *fakeAWS) Publish(_ context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.denied == "Publish" {
		return nil, apiError("AuthorizationError", "User: arn is not authorized to perform: SNS:Publish on resource: topic")
	}
	f.messages = append(f.messages, *in.TopicArn+" "+*in.Subject+" "+*in.Message)
	return &sns.PublishOutput{}, nil
}

func (f *fakeAWS) DescribeStacks(_ context.Context, in *cloudformation.DescribeStacksInput, _ ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stack == nil {
		return nil, apiError("ValidationError", "Stack with id "+*in.StackName+" does not exist")
	}
	stack := *f.stack
	if strings.HasSuffix(string(f.stack.StackStatus), "_IN_PROGRESS") && f.then != "" {
		f.stack.StackStatus = f.then // the next answer
	}
	return &cloudformation.DescribeStacksOutput{Stacks: []cfntypes.Stack{stack}}, nil
}

func (f *fakeAWS) DescribeStackEvents(context.Context, *cloudformation.DescribeStackEventsInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStackEventsOutput, error) {
	if f.denied == "DescribeStackEvents" {
		return nil, apiError("AccessDenied", "no")
	}
	return &cloudformation.DescribeStackEventsOutput{StackEvents: f.events}, nil
}

// operate records a call and sets the stack going.
func (f *fakeAWS) operate(call string, status cfntypes.StackStatus) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
	if f.stack == nil {
		f.stack = &cfntypes.Stack{StackId: aws.String("arn:stack"), StackName: aws.String("app")}
	}
	f.stack.StackStatus = status
}

func (f *fakeAWS) CreateStack(_ context.Context, in *cloudformation.CreateStackInput, _ ...func(*cloudformation.Options)) (*cloudformation.CreateStackOutput, error) {
	f.created = in
	f.operate("CreateStack", cfntypes.StackStatusCreateInProgress)
	return &cloudformation.CreateStackOutput{StackId: f.stack.StackId}, nil
}

func (f *fakeAWS) UpdateStack(context.Context, *cloudformation.UpdateStackInput, ...func(*cloudformation.Options)) (*cloudformation.UpdateStackOutput, error) {
	if f.update != nil {
		return nil, f.update
	}
	f.operate("UpdateStack", cfntypes.StackStatusUpdateInProgress)
	return &cloudformation.UpdateStackOutput{}, nil
}

func (f *fakeAWS) DeleteStack(context.Context, *cloudformation.DeleteStackInput, ...func(*cloudformation.Options)) (*cloudformation.DeleteStackOutput, error) {
	f.operate("DeleteStack", cfntypes.StackStatusDeleteInProgress)
	return &cloudformation.DeleteStackOutput{}, nil
}

func (f *fakeAWS) DeleteChangeSet(context.Context, *cloudformation.DeleteChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.DeleteChangeSetOutput, error) {
	f.calls = append(f.calls, "DeleteChangeSet")
	return nil, apiError("ChangeSetNotFound", "ChangeSet [changes] does not exist")
}

func (f *fakeAWS) CreateChangeSet(_ context.Context, in *cloudformation.CreateChangeSetInput, _ ...func(*cloudformation.Options)) (*cloudformation.CreateChangeSetOutput, error) {
	f.change = in
	f.calls = append(f.calls, "CreateChangeSet "+string(in.ChangeSetType))
	return &cloudformation.CreateChangeSetOutput{Id: aws.String("arn:change-set"), StackId: aws.String("arn:stack")}, nil
}

func (f *fakeAWS) DescribeChangeSet(context.Context, *cloudformation.DescribeChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeChangeSetOutput, error) {
	return f.changeSet, nil
}

func (f *fakeAWS) ExecuteChangeSet(context.Context, *cloudformation.ExecuteChangeSetInput, ...func(*cloudformation.Options)) (*cloudformation.ExecuteChangeSetOutput, error) {
	f.operate("ExecuteChangeSet", cfntypes.StackStatusUpdateInProgress)
	return &cloudformation.ExecuteChangeSetOutput{}, nil
}
