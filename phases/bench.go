package phases

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

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
	// Touch commits nothing and pushes that, which starts whatever a push starts, and returns the commit.
	Touch(ctx context.Context, message string) (string, error)
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
		panic(fmt.Sprintf("the binary was built without %s (the go:embed line of templates/templates.go names its folder): %v", name, err)) // a test reads each of them
	}
	return data
}

// advancePipeline brings the pipeline's stack to the template of a phase, or of
// the furthest that it has reached: a phase that is mended takes nothing back.
func advancePipeline(ctx context.Context, b Bench, phase string) error {
	phase, err := furthest(ctx, b, phase)
	if err != nil {
		return err
	}
	return deployPipeline(ctx, b, phase)
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

// commitAndAwait commits, pushes and waits until the pipeline is through with
// it. Where there is nothing to commit or to push it pushes an empty commit:
// what the pipeline did with the last one was not good enough.
func commitAndAwait(ctx context.Context, b Bench, message string, files map[string][]byte) error {
	before, err := b.Scene().Head(ctx)
	if err != nil {
		return err
	}
	commit, err := b.Commit(ctx, message, files)
	if err == nil && commit == before {
		commit, err = b.Touch(ctx, message)
	}
	if err != nil {
		return err
	}
	return b.Await(ctx, commit)
}

// The greetings that the phases commit, in their order.
var greetings = []string{greetPipeline, greetProduction, greetFilling, greetWarm, greetApproval}

const (
	greetPipeline   = "Hello from a pipeline"
	greetProduction = "Hello from production"
	greetFilling    = "Hello from a build that leaves something behind"
	greetWarm       = "Hello from a warm build"
	greetApproval   = "Ask before this goes live"
)

// saysLater tells whether a file says the greeting of a later phase: a phase
// that is mended does not take the greeting back.
func saysLater(file, greeting string) bool {
	i := slices.Index(greetings, greeting)
	if i < 0 {
		return false
	}
	return slices.ContainsFunc(greetings[i+1:], func(g string) bool { return strings.Contains(file, `"`+g+`"`) })
}

// commitGreeting changes the greeting, and whatever else is given with it.
func commitGreeting(ctx context.Context, b Bench, greeting string, files map[string][]byte) error {
	name, changed, err := b.Application().Greet(b.Read, greeting)
	if err != nil {
		return err
	}
	all := map[string][]byte{}
	if now, err := b.Read(name); err != nil || !saysLater(string(now), greeting) {
		all[name] = changed
	}
	maps.Copy(all, files)
	return commitAndAwait(ctx, b, greeting, all)
}
