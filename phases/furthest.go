package phases

import (
	"bytes"
	"context"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/mayfly-cd/mayfly/verify"
)

// described finds the phase in a template's description, "Phase 5, caching. A
// build ...": its number, and the folder that the template is from.
var described = regexp.MustCompile(`Phase (\d+), (\w+)`)

func describedPhase(text string) (number int, folder string) {
	found := described.FindStringSubmatch(text)
	if found == nil {
		return 0, ""
	}
	number, _ = strconv.Atoi(found[1]) // digits
	return number, strings.ToLower(found[2])
}

// furthest is the phase whose template the pipeline's stack has or had, if that
// is further than the given one. Phases 2 to 5 bring the same stack to ever
// more: one that is mended must not take back what a later one has added. The
// stack itself says what it has, in its description; where it is gone, or was
// brought to an earlier template, the repository's files say how far the learner was.
func furthest(ctx context.Context, b Bench, phase string) (string, error) {
	stack, err := b.Scene().FindStack(ctx, b.Scene().Names.PipelineStack())
	if err != nil {
		return "", err
	}
	byFiles, err := byFiles(ctx, b)
	if err != nil {
		return "", err
	}
	most, best := describedPhase(string(template(phase)))
	if stack != nil {
		if number, folder := describedPhase(aws.ToString(stack.Description)); number > most {
			most, best = number, folder
		}
	}
	if byFiles != "" {
		if number, folder := describedPhase(string(template(byFiles))); number > most {
			best = folder
		}
	}
	return best, nil
}

// byFiles is the phase that has put the newest of its files into the
// repository; "" where that cannot be told. An application of the learner's own
// may bring a buildspec with everything in it: only what is mayfly's counts.
func byFiles(ctx context.Context, b Bench) (string, error) {
	deploy, err := b.Scene().ReadFile(ctx, deployFile)
	if err != nil {
		return "", err
	}
	buildspec, err := b.Scene().ReadFile(ctx, verify.BuildspecFile)
	switch {
	case err != nil:
		return "", err
	case deploy != nil && verify.KeepsCache(buildspec):
		return "caching", nil
	case deploy != nil:
		return "cloudformation", nil
	case bytes.Equal(buildspec, b.Application().Buildspec("codepipeline")) &&
		!bytes.Equal(buildspec, b.Application().Buildspec("codebuild")):
		return "codepipeline", nil
	}
	return "", nil
}

// deployFile is CodePipeline's template configuration, which phase 4 adds.
const deployFile = "deploy.json"

// furthestBuildspec is the buildspec of a phase, or of the furthest reached.
func furthestBuildspec(ctx context.Context, b Bench, phase string) ([]byte, error) {
	phase, err := furthest(ctx, b, phase)
	return b.Application().Buildspec(phase), err
}

func commitBuildspec(ctx context.Context, b Bench, message, phase string) error {
	buildspec, err := furthestBuildspec(ctx, b, phase)
	if err != nil {
		return err
	}
	_, err = b.Commit(ctx, message, map[string][]byte{verify.BuildspecFile: buildspec})
	return err
}
