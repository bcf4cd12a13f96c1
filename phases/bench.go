package phases

import (
	"context"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"

	"github.com/mayfly-cd/mayfly/templates"
	"github.com/mayfly-cd/mayfly/verify"
)

// Bench is what a step works with. The engine provides it: it writes the
// ledger before anything is made, tags what is made, and tells how it goes.
type Bench interface {
	// Scene is the AWS that the environment is in.
	Scene() *verify.Scene
	// Application is the sample application that the learner chose.
	Application() *Application
	// Deploy brings a stack to a template and waits for it.
	Deploy(ctx context.Context, stack string, template []byte, parameters map[string]string) (*types.Stack, error)
	// Clone makes the working copy of the repository at url.
	Clone(ctx context.Context, url string) error
	// Read returns a file of the working copy.
	Read(name string) ([]byte, error)
	// Commit writes the files into the working copy, commits and pushes them, and returns the commit.
	Commit(ctx context.Context, message string, files map[string][]byte) (string, error)
	// Build starts a build of the project and waits for its end. A build that fails is an error.
	Build(ctx context.Context) error
	// Await waits for the end of the pipeline's execution of a commit, or until
	// it waits for a person. One that fails is an error.
	Await(ctx context.Context, commit string) error
	// Decide answers the approval that waits. Where none waits it is an error.
	Decide(ctx context.Context, approve bool, comment string) error
	// Tags are the tags of the environment.
	Tags() map[string]string
}

// template reads a phase's template.
func template(phase string) []byte { return material(phase + "/template.yaml") }

func material(name string) []byte {
	data, err := templates.FS.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("the binary was built without %s: %v", name, err)) // a test reads each of them
	}
	return data
}

// deployPipeline brings the pipeline's stack to the template of a phase.
func deployPipeline(ctx context.Context, b Bench, phase string) error {
	parameters, err := pipelineParameters(ctx, b, phase)
	if err != nil {
		return err
	}
	_, err = b.Deploy(ctx, b.Scene().Names.PipelineStack(), template(phase), parameters)
	return err
}

// pipelineParameters are the parameters of the pipeline's stack in the template of a phase.
func pipelineParameters(ctx context.Context, b Bench, phase string) (map[string]string, error) {
	names := b.Scene().Names
	parameters := map[string]string{"RepositoryName": names.Repository()}
	if phase == "codebuild" || phase == "approval" {
		out, err := b.Scene().CodeCommit.GetRepository(ctx, &codecommit.GetRepositoryInput{RepositoryName: aws.String(names.Repository())})
		if err != nil {
			return nil, err
		}
		parameters["CloneUrl"] = aws.ToString(out.RepositoryMetadata.CloneUrlHttp)
	}
	if phase == "cloudformation" || phase == "caching" || phase == "approval" {
		parameters["ApplicationStack"] = names.ApplicationStack()
	}
	return parameters, nil
}

// commitAndAwait commits, pushes and waits until the pipeline is through with it.
func commitAndAwait(ctx context.Context, b Bench, message string, files map[string][]byte) error {
	commit, err := b.Commit(ctx, message, files)
	if err != nil {
		return err
	}
	return b.Await(ctx, commit)
}

// commitGreeting changes the greeting, and whatever else is given with it.
func commitGreeting(ctx context.Context, b Bench, greeting string, files map[string][]byte) error {
	name, changed, err := b.Application().Greet(b.Read, greeting)
	if err != nil {
		return err
	}
	all := map[string][]byte{name: changed}
	maps.Copy(all, files)
	return commitAndAwait(ctx, b, greeting, all)
}
