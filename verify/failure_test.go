package verify

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestLastWords finds what the failing command wrote, among what CodeBuild itself writes.
func TestLastWords(t *testing.T) {
	const at = "[Container] 2026/02/03 04:05:06.123456 "
	var long []string
	for i := range 30 {
		long = append(long, fmt.Sprint("line ", i))
	}
	for _, test := range []struct {
		name    string
		command string
		lines   []string
		want    []string
	}{
		{"the first that fails", "go test", []string{
			at + "Running command go vet", "vetted", at + "Running command go test", "FAIL", "exit", at + "Command did not exit successfully go test exit status 1",
			at + "Phase complete: BUILD State: FAILED", at + "Running command tidy up", "tidy", at + "Command did not exit successfully tidy up exit status 1",
		}, []string{"FAIL", "exit"}},
		{"of several lines", "if true; then\nfalse\nfi", []string{
			at + "Running command if true; then", "false", "fi", "words", at + "Command did not exit successfully if true; then", "false", "fi exit status 1",
		}, []string{"words"}},
		{"that says nothing", "false", []string{at + "Running command false", at + "Command did not exit successfully false exit status 1"}, []string{}},
		{"that says much", "loud", append(append([]string{at + "Running command loud"}, long...), at+"Command did not exit successfully loud exit status 1"), long[20:]},
		{"no command failed", "", []string{"a", at + "YAML_FILE_ERROR: it is not YAML\r"}, []string{"a", "YAML_FILE_ERROR: it is not YAML"}},
		{"no log", "", nil, []string{}},
	} {
		if got := lastWords(test.lines, test.command); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestFailedCommand(t *testing.T) {
	for reason, want := range map[string]string{
		"BUILD: Error while executing command: go test ./.... Reason: exit status 1":           "go test ./...",
		"BUILD: Error while executing command: echo 'a. Reason: b'. Reason: exit status 1":     "echo 'a. Reason: b'",
		"BUILD: Error while executing command: if true\nthen false\nfi. Reason: exit status 1": "if true\nthen false\nfi",
		"UPLOAD_ARTIFACTS: no matching artifact paths found":                                   "",
	} {
		if got := failedCommand(reason); got != want {
			t.Errorf("%q: %q, want %q", reason, got, want)
		}
	}
}

func TestMadeAt(t *testing.T) {
	for date, want := range map[string]time.Time{
		"1484167798 -0800": time.Unix(1484167798, 0), "1484167798": time.Unix(1484167798, 0), "": {}, "yesterday": {},
	} {
		if got := madeAt(date); !got.Equal(want) {
			t.Errorf("%q: %v, want %v", date, got, want)
		}
	}
}
