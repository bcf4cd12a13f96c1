// Package buildspec reads buildspecs of version 0.2.
//
// Goals: all of the format is parsed, and nothing in it is passed over in
// silence. A key that the format does not have is an error that names it and
// the nearest one it has; a key that it has and this AWS does not serve is
// listed in [Spec.Unserved], for the build to fail by. Non-goal: running
// anything.
//
// The format is AWS's "Build specification reference for CodeBuild".
package buildspec

import (
	"fmt"
	"regexp"
)

// Spec is a buildspec.
type Spec struct {
	Env       Env
	Phases    [4]Phase // in the order of PhaseNames
	Artifacts *Artifacts
	Cache     *Cache
	// Unserved names what the buildspec asks for and this AWS does not do,
	// such as "reports (line 12)".
	Unserved []string
}

// PhaseNames are the names of the phases, in their order.
var PhaseNames = [4]string{"install", "pre_build", "build", "post_build"}

// Env is the buildspec's env section.
type Env struct {
	// Shell is "sh" or "bash".
	Shell string
	// Variables are in the order of the file.
	Variables []Variable
	// ParameterStore and SecretsManager are variables whose values name where
	// they are kept, in the order of the file.
	ParameterStore, SecretsManager []Variable
	// Exported names the variables that a pipeline may use afterwards.
	Exported []string
	// GitCredentials says whether git in the build is to sign in with the build's role.
	GitCredentials bool
}

// Variable is an environment variable.
type Variable struct{ Name, Value string }

// Phase is one of the four phases. One that the buildspec does not have is the zero Phase.
type Phase struct {
	// Line is where it starts, 0 where it is not there.
	Line      int
	OnFailure OnFailure
	// Retries is how often the build is tried again, and RetryOn which messages
	// it is tried again for, where OnFailure is Retry.
	Retries int
	RetryOn *regexp.Regexp
	// Runtimes are the runtime-versions, in the order of the file.
	Runtimes []Variable
	Commands []string
	Finally  []string
}

// OnFailure is what follows when a phase fails.
type OnFailure int

// The ways on.
const (
	Default  OnFailure = iota // as the transitions of the phases have it
	Abort                     // to the end of the build
	Continue                  // to the next phase
	Retry                     // to another build
)

// Files says which files of a build are kept.
type Files struct {
	Files         []string
	Name          string
	BaseDirectory string
	Exclude       []string
	DiscardPaths  bool
}

// Artifacts are the outputs of a build.
type Artifacts struct {
	Files
	// Secondary is in the order of the file.
	Secondary []SecondaryArtifact
}

// SecondaryArtifact is an artifact with an identifier.
type SecondaryArtifact struct {
	Identifier string
	Files
}

// Cache says which files survive the build.
type Cache struct {
	Paths        []string
	Key          string
	FallbackKeys []string
	// Restore and Save are both true unless the cache's action names one of them.
	Restore, Save bool
}

// Error is a defect of a buildspec.
type Error struct {
	// Line is 0 where the defect has none.
	Line int
	// Problem says what is wrong and, where it can, how to mend it.
	Problem string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Problem
	}
	return fmt.Sprintf("%s (line %d)", e.Problem, e.Line)
}
