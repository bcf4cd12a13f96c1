package phases

import (
	"regexp"
	"strings"
)

// Question is a question of a lesson, with its answer.
type Question struct{ Question, Answer string }

// question matches "*What is asked?* The answer.", as an item of a numbered
// list or as a paragraph of its own.
var question = regexp.MustCompile(`(?s)^(?:\d+\.\s+)?\*(.+?)\*\s*(.*)$`)

// itemStart is where an item of a numbered list begins.
var itemStart = regexp.MustCompile(`(?m)^\d+\.\s`)

// QuestionsAndAnswers takes a section apart in which each item is a question
// in italics and its answer.
func QuestionsAndAnswers(section string) []Question {
	starts := itemStart.FindAllStringIndex(section, -1)
	items := []string{section}
	if len(starts) > 0 {
		items = nil
		for i, start := range starts {
			end := len(section)
			if i+1 < len(starts) {
				end = starts[i+1][0]
			}
			items = append(items, section[start[0]:end])
		}
	}
	var all []Question
	for _, item := range items {
		if parts := question.FindStringSubmatch(strings.TrimSpace(item)); parts != nil {
			all = append(all, Question{Question: oneLine(parts[1]), Answer: unindent(parts[2])})
		}
	}
	return all
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// unindent takes the indentation of a list's item from a text.
func unindent(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
