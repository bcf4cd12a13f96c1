package prompt

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	surveyterminal "github.com/AlecAivazis/survey/v2/terminal"
	"pgregory.net/rapid"
)

// handed is what survey gets of what is typed, key by key.
func handed(t interface{ Fatalf(string, ...any) }, in io.Reader) []string {
	k := &keyboard{in: in}
	var keys []string
	buffer := make([]byte, 4096)
	for {
		n, err := k.Read(buffer)
		if err != nil {
			if !errors.Is(err, surveyterminal.InterruptErr) || n != 0 {
				t.Fatalf("it ends with %d bytes and %v", n, err)
			}
			if _, again := k.Read(buffer); !errors.Is(again, err) {
				t.Fatalf("it does not stay ended: %v", again)
			}
			return keys
		}
		keys = append(keys, string(buffer[:n]))
	}
}

func TestKeyboard(t *testing.T) {
	for typed, want := range map[string]string{
		"ab\r":                        "a|b|\r",
		"日é👍":                         "日|é|👍",
		"\x1b[A\x1b[3~\x1bOB":         "\x1b[A|\x1b[3~|\x1bOB",
		"\x1b[12;5R":                  "\x1b[12;5R",
		"\x1b[1;5Cx\x1b[15~y":         "x|y", // Ctrl-arrow and F5
		"\x1b[200~pasted\x1b[201~":    "p|a|s|t|e|d",
		"\x1bx.":                      ".", // Alt-x
		"\x1b":                        "",
		"\x1b\r":                      "\r",
		"\x1b\x1b[A":                  "\x1b[A",
		"a\x03b":                      "a",
		"a\x04b":                      "a",
		"\x00\x07\x1a\t\u202e\u200bz": "z",
		"\xff\xfe\xc3":                "",
		"\x7f\b\x17\x18":              "\x7f|\b|\x17|\x18",
	} {
		if got := strings.Join(handed(t, strings.NewReader(typed)), "|"); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
		// A terminal may hand over the bytes one by one: only an escape then stands alone.
		if !strings.Contains(typed, "\x1b") {
			if got := strings.Join(handed(t, iotest.OneByteReader(strings.NewReader(typed))), "|"); got != want {
				t.Errorf("%q, byte by byte: %q, want %q", typed, got, want)
			}
		}
	}
}

// TestKeyboardIsBounded lets nothing that is typed, however long, fill survey's buffers.
func TestKeyboardIsBounded(t *testing.T) {
	if n := len(handed(t, strings.NewReader(strings.Repeat("x", 10_000)))); n != longest {
		t.Errorf("%d characters of 10,000", n)
	}
	if n := len(strings.Join(handed(t, strings.NewReader(strings.Repeat("日x\r", 10_000))), "")); n > mostPassed {
		t.Errorf("%d bytes of many lines", n)
	}
	const takenBack = "\x18"
	if got := strings.Join(handed(t, strings.NewReader(strings.Repeat("x", 2*longest)+takenBack+"yes")), ""); !strings.HasSuffix(got, takenBack+"yes") {
		t.Errorf("after a line that was taken back: %q", got[longest:])
	}
	rapid.Check(t, func(t *rapid.T) {
		typed := rapid.SliceOf(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("\x1b[O;1~R")))).Draw(t, "typed")
		for _, key := range handed(t, strings.NewReader(string(typed))) {
			if key == "\x1b" || strings.ContainsAny(key, "\x03\x04\x00") {
				t.Fatalf("%q hands over %q", typed, key)
			}
		}
	})
}
