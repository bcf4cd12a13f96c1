package verify

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// Answer is what the live application answers to a program.
type Answer struct {
	Greeting  string `json:"greeting"`
	Commit    string `json:"commit"`
	Execution string `json:"execution"`
	Built     string `json:"built"`
}

// largestAnswer bounds what is read from the live URL, in bytes.
const largestAnswer = 1 << 16

// Fetch asks the live application who it is.
func (s *Scene) Fetch(ctx context.Context, url string) (a Answer, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return a, fmt.Errorf("ask %s: %w", url, err)
	}
	response, err := s.Live.Do(request)
	if err != nil {
		return a, fmt.Errorf("ask the live application: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // a body that was read
	body, err := io.ReadAll(io.LimitReader(response.Body, largestAnswer))
	if err != nil {
		return a, fmt.Errorf("read what %s answers: %w", url, err)
	}
	if response.StatusCode != http.StatusOK {
		return a, fmt.Errorf("%s answers %s: %.200s", url, response.Status, body)
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return a, fmt.Errorf("%s answers something that is not JSON: %.200s", url, body)
	}
	return a, nil
}

// Live asks whether the URL answers with the newest commit.
var Live = Check{
	Name: "live", Asks: "Does the live URL answer with the newest commit?",
	Ask: func(ctx context.Context, s *Scene) Result {
		const expected = "the newest commit of main, live"
		head, result := s.head(ctx)
		if head == "" {
			return result
		}
		url, err := s.LiveURL(ctx)
		if err != nil {
			return cannotTell("cloudformation DescribeStacks", err)
		}
		if url == "" {
			return wrong("there is no live URL", expected, "mayfly run cloudformation")
		}
		answer, err := s.Fetch(ctx, url)
		if err == nil && answer.Commit == head {
			return passed("%s answers %q from commit %.7s", url, answer.Greeting, head)
		}
		// The head may still be on its way, or its execution may have failed.
		if on := s.headExecution(ctx, head); on.State != Passed {
			return on
		}
		if err != nil {
			return wrong(err.Error(), expected+"; the function's log says why", s.backToLive(ctx, head))
		}
		return wrong(fmt.Sprintf("%s answers with commit %.7s, main is at %.7s", url, answer.Commit, head), expected, startAgain)
	},
}

// backToLive is the command that takes main back to the commit that was
// deployed before this one, which is broken where it runs.
func (s *Scene) backToLive(ctx context.Context, head string) string {
	executions, err := s.Executions(ctx)
	if err != nil {
		return startAgain
	}
	return cmp.Or(s.goBack(ctx, head, lastGood(executions, head)), startAgain)
}

// usualDeployment is how long an execution takes, roughly, on either target.
const usualDeployment = 2 * time.Minute

// Changed asks whether a second commit has gone to production.
var Changed = Check{
	Name: "changed", Asks: "Has a commit changed what is live?",
	Ask: func(ctx context.Context, s *Scene) Result {
		const expected = "two commits that went to the stack that stands, each by its push"
		stack, err := s.FindStack(ctx, s.Names.ApplicationStack())
		if err != nil {
			return cannotTell("cloudformation DescribeStacks", err)
		}
		if stack == nil {
			return wrong("there is no stack "+s.Names.ApplicationStack(), expected, "mayfly run cloudformation")
		}
		executions, err := s.Executions(ctx)
		if err != nil {
			return cannotTell("codepipeline ListPipelineExecutions", err)
		}
		deployed := map[string]bool{}
		for _, e := range executions {
			if e.Status == types.PipelineExecutionStatusSucceeded && e.Deploy.Length() > 0 && e.Deploy.To.After(aws.ToTime(stack.CreationTime)) {
				deployed[e.Commit] = true
			}
		}
		if len(deployed) >= 2 {
			return passed("%d commits went to production", len(deployed))
		}
		if len(executions) > 0 && executions[0].Status == types.PipelineExecutionStatusInProgress {
			return notYet("an execution is in progress", expected, usualDeployment)
		}
		return wrong(fmt.Sprintf("%d commits went to production: change the greeting and push", len(deployed)), expected, startAgain)
	},
}
