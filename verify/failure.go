package verify

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// Failure is why an action failed.
type Failure struct {
	// Reason is AWS's own word: of the build's phase, of the resource, or of the action.
	Reason string `json:"reason"`
	// Command is the build's command that failed, Lines the last lines that it wrote.
	Command string   `json:"command,omitempty"`
	Lines   []string `json:"lines,omitempty"`
}

// Explain finds out why an action failed. What cannot be read is left out: the
// action's own word is always there. It costs two calls at most.
func (s *Scene) Explain(ctx context.Context, a Action) Failure {
	f := Failure{Reason: a.Says}
	switch a.Category {
	case types.ActionCategoryBuild, types.ActionCategoryTest:
		if a.External == "" {
			break
		}
		build, err := s.FindBuild(ctx, a.External)
		if err != nil {
			break
		}
		f.Reason = BuildFailure(build)
		f.Command = failedCommand(f.Reason)
		f.Lines = s.lastLines(ctx, build, f.Command)
	case types.ActionCategoryDeploy:
		if reason := s.firstFailure(ctx, s.Names.ApplicationStack(), a.From); reason != "" {
			f.Reason = reason
		}
	default:
	}
	if f.Reason == "" {
		f.Reason = a.Name + " does not say why"
	}
	return f
}

// commandFailed is CodeBuild's message of a command that failed, in the phase's context.
var commandFailed = regexp.MustCompile(`(?s)Error while executing command: (.*)\. Reason: `)

func failedCommand(reason string) string {
	if found := commandFailed.FindStringSubmatch(reason); found != nil {
		return found[1]
	}
	return ""
}

const (
	// logTail is how many lines of a log are read from its end.
	logTail = 200
	// mostLines is how many of them are told.
	mostLines = 10
)

// lastLines are the last lines that the failing command of a build wrote, or
// the last of the log where no command failed.
func (s *Scene) lastLines(ctx context.Context, build *buildtypes.Build, command string) []string {
	if build.Logs == nil || build.Logs.GroupName == nil {
		return nil
	}
	out, err := s.Logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: build.Logs.GroupName, LogStreamName: build.Logs.StreamName, Limit: aws.Int32(logTail),
	})
	if err != nil {
		return nil
	}
	var lines []string
	for _, e := range out.Events {
		for line := range strings.SplitSeq(strings.TrimRight(aws.ToString(e.Message), "\r\n"), "\n") {
			lines = append(lines, line)
		}
	}
	return lastWords(lines, command)
}

// containerLine begins the lines that CodeBuild itself writes into a build's log.
var containerLine = regexp.MustCompile(`^\[Container\] \S+ \S+ `)

// lastWords picks from a log's end what the first command that failed wrote.
func lastWords(lines []string, command string) []string {
	failed := slices.IndexFunc(lines, func(line string) bool {
		return containerLine.MatchString(line) && strings.Contains(line, " Command did not exit successfully ")
	})
	from := 0
	if failed >= 0 {
		lines = lines[:failed]
		for i, line := range lines {
			if containerLine.MatchString(line) && strings.Contains(line, " Running command ") {
				from = i + 1 + strings.Count(command, "\n")
			}
		}
	}
	lines = lines[min(max(from, len(lines)-mostLines), len(lines)):]
	words := make([]string, 0, len(lines))
	for _, line := range lines {
		words = append(words, strings.TrimRight(containerLine.ReplaceAllString(line, ""), " \r"))
	}
	return words
}
