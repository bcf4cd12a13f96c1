package cloud

import (
	"crypto/rand"
	"fmt"
	"regexp"
)

// Names of the tags on everything that mayfly makes.
const (
	TagEnvironment = "mayfly:environment"
	TagOwner       = "mayfly:owner"
	TagExpires     = "mayfly:expires"
)

// Names are the names of everything in one environment. They follow from the
// environment's name and id alone, so that any laptop that knows the two finds it all.
type Names struct {
	// Environment is the name that its owner gave it, ID the random id that makes it unique.
	Environment, ID string
}

var environmentName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,11}$`)

// CheckEnvironment says what is wrong with a name for an environment. Twelve
// characters, because role names are cut at 64 and carry it.
func CheckEnvironment(name string) error {
	if environmentName.MatchString(name) {
		return nil
	}
	return fmt.Errorf("environment name %q: use a lower-case letter, then at most eleven letters, digits and hyphens", name)
}

// NewID returns a random id of six characters.
func NewID() string {
	const alphabet = "abcdefghijkmnpqrstuvwxyz23456789" // 32 of them, without l, o, 0 and 1
	raw := make([]byte, 6)
	_, _ = rand.Read(raw) // never fails
	for i, b := range raw {
		raw[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(raw)
}

func (n Names) prefix() string { return "mayfly-" + n.Environment + "-" + n.ID }

// Repository is the CodeCommit repository.
func (n Names) Repository() string { return n.prefix() }

// RepositoryStack is the stack of phase 1.
func (n Names) RepositoryStack() string { return n.prefix() + "-repository" }

// PipelineStack is the stack of phases 2 to 6. The project, the pipeline and the log group bear its name.
func (n Names) PipelineStack() string { return n.prefix() + "-pipeline" }

// Project is the CodeBuild project.
func (n Names) Project() string { return n.PipelineStack() }

// DescribeProject is the project that tells an approver what a commit brings.
func (n Names) DescribeProject() string { return n.PipelineStack() + "-describe" }

// Pipeline is the pipeline.
func (n Names) Pipeline() string { return n.PipelineStack() }

// ApplicationStack is the stack that the Deploy stage makes.
func (n Names) ApplicationStack() string { return n.prefix() + "-app" }
