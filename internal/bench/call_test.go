package bench

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const oneTopic = `{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}`

// reads makes something to read, and returns the calls that read it.
func reads(b *testing.B, e endpoint) map[string]func() error {
	b.Helper()
	ctx := b.Context()
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(e.URL),
		Credentials: credentials.NewStaticCredentialsProvider(e.AccessKeyID, e.SecretAccessKey, ""),
	}
	repositories, stacks, callers := codecommit.NewFromConfig(cfg), cloudformation.NewFromConfig(cfg), sts.NewFromConfig(cfg)
	name := aws.String("measured")
	// moto_server makes the repository, but its answer has a date that the SDK cannot read.
	_, _ = repositories.CreateRepository(ctx, &codecommit.CreateRepositoryInput{RepositoryName: name})
	if _, err := stacks.CreateStack(ctx, &cloudformation.CreateStackInput{StackName: name, TemplateBody: aws.String(oneTopic)}); err != nil {
		b.Fatal(err)
	}
	err := cloudformation.NewStackCreateCompleteWaiter(stacks, func(o *cloudformation.StackCreateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 100*time.Millisecond
	}).Wait(ctx, &cloudformation.DescribeStacksInput{StackName: name}, time.Minute)
	if err != nil {
		b.Fatal(err)
	}
	return map[string]func() error{
		"GetRepository": func() error {
			_, err := repositories.GetRepository(ctx, &codecommit.GetRepositoryInput{RepositoryName: name})
			return err
		},
		"GetCallerIdentity": func() error {
			_, err := callers.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
			return err
		},
		"DescribeStacks": func() error {
			_, err := stacks.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: name})
			return err
		},
	}
}

// mean makes batches of a call, one after the other, and returns the median of their means.
func mean(b *testing.B, batches, size int, call func() error) time.Duration {
	b.Helper()
	batch := func(n int) time.Duration {
		return clock(func() {
			for range n {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
		}) / time.Duration(n)
	}
	batch(size / 5)
	return median(sample(batches, func() time.Duration { return batch(size) }))
}

const fastEnough = 500 * time.Microsecond

// BenchmarkCall is how long a read takes, one after the other, over loopback.
func BenchmarkCall(b *testing.B) {
	w := newWorld(b)
	for b.Loop() {
		at, stop := w.serve("calls")
		ours := map[string]time.Duration{}
		calls := reads(b, at)
		order := []string{"GetRepository", "DescribeStacks", "GetCallerIdentity"}
		for _, name := range order {
			ours[name] = mean(b, 7, 300, calls[name])
			within(b, "API call over loopback, mean, "+name, ours[name], fastEnough, "")
		}
		stop()
		theirs, stopMoto, ok := moto(b)
		if !ok {
			record(b, row{"the same, against moto_server", notHere, "at least 8 times faster", "", ""})
			continue
		}
		calls = reads(b, theirs)
		for _, name := range order[1:] { // it answers GetRepository with a date that the SDK cannot read
			faster(b, "the same, against moto_server, "+name, ours[name], mean(b, 3, 50, calls[name]), 8, "moto_server")
		}
		stopMoto()
	}
}

// stateOfPipeline measures the largest of the reads that a workshop makes.
func (w *world) stateOfPipeline() {
	w.b.Helper()
	client := w.cloud().CodePipeline
	list, err := client.ListPipelines(w.b.Context(), &codepipeline.ListPipelinesInput{})
	if err != nil || len(list.Pipelines) == 0 {
		w.b.Fatalf("%d pipelines: %v", len(list.Pipelines), err)
	}
	took := mean(w.b, 7, 200, func() error {
		_, err := client.GetPipelineState(w.b.Context(), &codepipeline.GetPipelineStateInput{Name: list.Pipelines[0].Name})
		return err
	})
	within(w.b, "API call over loopback, mean, GetPipelineState", took, fastEnough, "three stages, all of them run")
}
