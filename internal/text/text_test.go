package text

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"pgregory.net/rapid"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain, ünïcode, 日本語\tand\nlines":       "plain, ünïcode, 日本語\tand\nlines",
		"\x1b[31mred\x1b[0m and \x1b[2Jgone":    "red and gone",
		"\x1b]0;a title\aafter":                 "after",
		"\x1b]8;;http://x\x1b\\link":            "link",
		"\x1b]never ends\nnext line":            "\nnext line",
		"\x1b(B\x1b7\x1bMtext\x1b":              "text",
		"\u009b31mcsi":                          "csi",
		"a\rb\r\nc":                             "a\nb\nc",
		"bell\a, back\b, del\x7f, nul\x00.":     "bell, back, del, nul.",
		"access\u202elevel\u2066 \u2069x\u200f": "accesslevel x",
		"zero\u200bwidth\ufeff":                 "zerowidth",
		"family 👨\u200d👩\u200d👧":                "family 👨\u200d👩\u200d👧",
		"broken \xff\xfe":                       "broken \ufffd\ufffd",
		"two\u2028lines":                        "two\nlines",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestCleanLeavesNothingThatActs tries it with anything at all.
func TestCleanLeavesNothingThatActs(t *testing.T) {
	alphabet := []rune("a \n\t\r\x1b[]31;m\a\\\u009b\u202e\u2066\u200b\u200d\x00日")
	rapid.Check(t, func(t *rapid.T) {
		in := string(rapid.SliceOf(rapid.SampledFrom(alphabet)).Draw(t, "in")) + rapid.StringN(0, 8, -1).Draw(t, "more")
		got := Clean(in)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !Visible(r) && r != '\n' && r != '\t' }) {
			t.Fatalf("Clean(%q) = %q", in, got)
		}
		if again := Clean(got); again != got {
			t.Fatalf("twice cleaned: %q, once: %q", again, got)
		}
	})
}

func TestWidth(t *testing.T) {
	for in, want := range map[string]int{
		"": 0, "abc": 3, "日本語": 6, "e\u0301": 1, "👨\u200d👩\u200d👧": 2, "\x1b[1mbold\x1b[22m": 4, "✓ … ─ │": 7, "\x1b": 0,
	} {
		if got := Width(in); got != want {
			t.Errorf("Width(%q) = %d, want %d", in, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		text    string
		columns int
		want    string
	}{
		{"short", 10, "short"},
		{"exactly ten", 11, "exactly ten"},
		{"one too many", 11, "one too ma…"},
		{"two\nlines", 20, "two lines"},
		{"über alles", 5, "über…"},
		{"日本語だ", 6, "日本…"},
		{"日本語だ", 8, "日本語だ"},
		{"\x1b[31mred and more\x1b[0m", 5, "\x1b[31mred …\x1b[0m"},
		{"nothing fits", 1, "…"},
		{"nothing fits", 0, ""},
	} {
		if got := Cut(test.text, test.columns); got != test.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", test.text, test.columns, got, test.want)
		}
	}
}

func TestCutMiddle(t *testing.T) {
	for _, test := range []struct {
		text    string
		columns int
		want    string
	}{
		{"short", 5, "short"},
		{"mayfly-default-abc234-pipeline", 17, "mayfly-d…pipeline"},
		{"日本語日本語", 7, "日本…語"},
		{"nothing", 1, "…"},
	} {
		if got := CutMiddle(test.text, test.columns); got != test.want {
			t.Errorf("CutMiddle(%q, %d) = %q, want %q", test.text, test.columns, got, test.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text    string
		columns int
		want    []string
	}{
		{"", 10, []string{""}},
		{"one two  three", 7, []string{"one two", "three"}},
		{"one\n\ntwo", 7, []string{"one", "", "two"}},
		{"abcdefgh ij", 3, []string{"abc", "def", "gh", "ij"}},
		{"日本 語", 4, []string{"日本", "語"}},
		{"日本語", 1, []string{"日", "本", "語"}},
	} {
		if got := Wrap(test.text, test.columns); !slices.Equal(got, test.want) {
			t.Errorf("Wrap(%q, %d) = %q, want %q", test.text, test.columns, got, test.want)
		}
	}
}

// TestFits holds what Cut and Wrap promise, for any text.
func TestFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := Clean(rapid.String().Draw(t, "text"))
		columns := rapid.IntRange(2, 30).Draw(t, "columns")
		if got := Cut(in, columns); Width(got) > columns {
			t.Fatalf("Cut(%q, %d) = %q, %d columns", in, columns, got, Width(got))
		}
		if got := CutMiddle(in, columns); Width(got) > columns {
			t.Fatalf("CutMiddle(%q, %d) = %q, %d columns", in, columns, got, Width(got))
		}
		for _, line := range Wrap(in, columns) {
			if Width(line) > columns && uniseg.GraphemeClusterCount(line) > 1 {
				t.Fatalf("Wrap(%q, %d) has %q, %d columns", in, columns, line, Width(line))
			}
		}
	})
}
