package phases

import (
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

// furthest is the phase whose template the pipeline's stack has, if that is
// further than the given one. Phases 2 to 5 bring the same stack to ever more:
// one that is mended must not take back what a later one has added. The stack
// itself says what it has, in its description; where it is gone, the
// repository's files say how far the learner was.
func furthest(ctx context.Context, b Bench, phase string) (string, error) {
	stack, err := b.Scene().FindStack(ctx, b.Scene().Names.PipelineStack())
	if err != nil {
		return "", err
	}
	number, folder := 0, ""
	if stack != nil {
		number, folder = describedPhase(aws.ToString(stack.Description))
	} else if folder, err = b.Scene().FurthestByFiles(ctx); err != nil {
		return "", err
	} else if folder != "" {
		number, _ = describedPhase(string(template(folder)))
	}
	if least, _ := describedPhase(string(template(phase))); number > least {
		return folder, nil
	}
	return phase, nil
}

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
