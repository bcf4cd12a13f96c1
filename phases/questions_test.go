package phases

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQuestionsAndAnswers(t *testing.T) {
	got := QuestionsAndAnswers("1. *Where is\n   it?* Nowhere. There is\n   none.\n2. *And `x`?* Yes.\n")
	want := []Question{{"Where is it?", "Nowhere. There is\nnone."}, {"And `x`?", "Yes."}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := QuestionsAndAnswers("*Who?* You."); len(got) != 1 || got[0] != (Question{"Who?", "You."}) {
		t.Errorf("a paragraph: %v", got)
	}
	if got := QuestionsAndAnswers("No question here."); got != nil {
		t.Errorf("no question: %v", got)
	}
}

// TestLessonsCanBeAsked holds the lessons to the form in which the walk asks them.
func TestLessonsCanBeAsked(t *testing.T) {
	for _, p := range All {
		lesson, err := p.Lesson(Place{})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(QuestionsAndAnswers(lesson.Section(SectionQuestions))); n != 3 {
			t.Errorf("%s has %d questions that can be asked, want 3", p.Name, n)
		}
		if recall := lesson.Section(SectionRecall); recall != "" && len(QuestionsAndAnswers(recall)) != 1 {
			t.Errorf("%s: its recall is no question: %q", p.Name, recall)
		}
	}
}
