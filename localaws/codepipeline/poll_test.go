package codepipeline

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

func TestPolling(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := &fakeAWS{head: commit, builds: doneAtOnce()}
		b.real(f)
		b.create(twoStages(func(p *types.PipelineDeclaration) {
			delete(p.Stages[0].Actions[0].Configuration, "PollForSourceChanges") // AWS polls unless told otherwise
		}))
		pass(3 * time.Minute)
		want(t, "no change, no execution", len(b.status()), 1)
		f.mu.Lock()
		f.head = strings.Repeat("f", 40)
		f.mu.Unlock()
		pass(3 * time.Minute)
		want(t, "one execution of one change", b.status(), []string{"Succeeded", "Succeeded"})
		out, err := b.s.ListPipelineExecutions(b.ctx(), &codepipeline.ListPipelineExecutionsInput{PipelineName: aws.String("p")})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "trigger", out.PipelineExecutionSummaries[0].Trigger.TriggerType, types.TriggerTypePollForSourceChanges)
	})
}

func TestPollingSwitchedOff(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := &fakeAWS{head: commit, builds: doneAtOnce()}
		b.real(f)
		b.create(twoStages())
		settle()
		f.mu.Lock()
		f.head = strings.Repeat("f", 40)
		f.mu.Unlock()
		pass(3 * time.Minute)
		want(t, "executions", len(b.status()), 1)
	})
}

// polling is a pipeline of two stages whose source is polled.
func polling(p *types.PipelineDeclaration) {
	delete(p.Stages[0].Actions[0].Configuration, "PollForSourceChanges")
}

func (f *fakeAWS) push(commit string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.head, f.branch = commit, nil
}

func TestPollingOfABranchThatComesLater(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := &fakeAWS{branch: apiError("BranchDoesNotExistException", "Branch main does not exist"), builds: doneAtOnce()}
		b.real(f)
		b.create(twoStages(polling))
		pass(time.Minute)
		want(t, "no branch", b.status(), []string{"Failed"})
		f.push(commit)
		pass(2 * fastestPoll)
		want(t, "the first push", b.status(), []string{"Failed", "Succeeded"})
	})
}

func TestPollingWaitsForWhatSourcesNow(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := &fakeAWS{head: commit, builds: doneAtOnce()}
		scripted := b.s.actors
		b.real(f)
		b.s.actors = scripted // the source action ends when told
		b.create(twoStages(polling))
		pass(time.Minute)
		want(t, "the first execution will see for itself", b.status(), []string{"InProgress"})
		b.end("Source")
		pass(2 * fastestPoll)
		want(t, "what it saw was not noted, so there is one more", b.status(), []string{"InProgress", "InProgress"})
	})
}

func TestPollingFollowsTheDeclaration(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := &fakeAWS{head: commit, builds: doneAtOnce()}
		b.real(f)
		b.create(twoStages(polling))
		settle()
		update := func(change func(p *types.PipelineDeclaration)) {
			p := twoStages(change)
			if _, err := b.s.UpdatePipeline(b.ctx(), &codepipeline.UpdatePipelineInput{Pipeline: &p}); err != nil {
				t.Fatal(err)
			}
		}
		update(func(*types.PipelineDeclaration) {})
		f.push(strings.Repeat("e", 40))
		pass(time.Minute)
		want(t, "switched off", len(b.status()), 1)
		update(polling)
		pass(time.Minute)
		want(t, "switched on", len(b.status()), 2)
		if _, err := b.s.DeletePipeline(b.ctx(), &codepipeline.DeletePipelineInput{Name: aws.String("p")}); err != nil {
			t.Fatal(err)
		}
		want(t, "deleted", len(b.s.watched), 0)
	})
}

func TestPollingUsesOneSession(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := &fakeAWS{head: commit, builds: doneAtOnce()}
		b.real(f)
		b.create(twoStages(polling))
		settle()
		sessions := func() int {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.assumed
		}
		before := sessions()
		pass(10 * time.Minute)
		want(t, "no session for every look", sessions()-before, 0)
		pass(pollSession)
		want(t, "but a new one in time", sessions()-before, 1)
	})
}

func TestQuotas(t *testing.T) {
	inBubble(t, func(b *bench) {
		for i := range maxPolled {
			name := fmt.Sprintf("polled%d", i)
			p := declare(polling)
			p.Name = aws.String(name)
			b.s.watched[name] = &watch{declaration: p}
		}
		p := declare(polling)
		_, err := b.s.CreatePipeline(b.ctx(), &codepipeline.CreatePipelineInput{Pipeline: &p})
		wantError(t, err, "LimitExceededException: The number of pipelines associated with the Amazon Web Services account has exceeded the limit allowed for the account. "+
			"The limit of pipelines set to polling for source changes is 300.")
		for i := range maxPipelines {
			if err := b.s.pipelines.Put(fmt.Sprintf("many%d", i), pipeline{}); err != nil {
				t.Fatal(err)
			}
		}
		p = declare()
		_, err = b.s.CreatePipeline(b.ctx(), &codepipeline.CreatePipelineInput{Pipeline: &p})
		wantError(t, err, "LimitExceededException: The number of pipelines associated with the Amazon Web Services account has exceeded the limit allowed for the account.")
		clear(b.s.watched)
	})
}
