package template

import (
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// FuzzTemplate holds the parser to three promises: no input panics, every
// mistake is an *Error, and what is parsed means the same when it is written
// as JSON and parsed again.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{
		"Resources: {A: {Type: T}}", `{"Resources":{"A":{"Type":"T","Properties":{"X":{"Fn::Sub":"${A.B}-${!C}"}}}}}`,
		"Parameters: {P: {Type: Number, Default: 012, MinValue: 1e3}}\nConditions: {C: !Or [!Equals [!Ref P, 1], !Condition C]}\nResources: {A: {Type: T, Condition: C}}",
		"Mappings: {M: {a: {b: [1, 2.50, 0x1F, .inf, ~]}}}\nResources: {A: {Type: T, Properties: !If [C, !Select [1, !Split [',', 'a,b']], !Cidr [10.0.0.0/8, 4, 5]]}}",
		"a: &a [*a]", "? {a: b}\n: c", "<<: {a: b}", "!Ref A", "---\n---\n", "{\"a\":1e999}", "\ufeff{}", "Transform: [AWS::LanguageExtensions, {Name: x}]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		document, err := Parse(body)
		if err != nil {
			wantOurs(t, err)
			return
		}
		text, err := Encode(document)
		if err != nil {
			t.Fatalf("encode: %v", err)
		}
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("parse again: %v\n%s", err, text)
		}
		if utf8.ValidString(body) {
			if d := cmp.Diff(document, again); d != "" {
				t.Fatal(d)
			}
		}
		tmpl, err := New(document)
		if err != nil {
			wantOurs(t, err)
			return
		}
		s, err := NewScope(tmpl, map[string]any{"AWS::Region": "r"})
		if err != nil {
			wantOurs(t, err)
			return
		}
		s.Resources = ground{}
		for _, r := range tmpl.Resources {
			if _, err := s.Object(r.Properties); err != nil {
				wantOurs(t, err)
			}
		}
	})
}

func wantOurs(t *testing.T, err error) {
	t.Helper()
	if _, ok := errors.AsType[*Error](err); !ok {
		t.Fatalf("not a template error: %v", err)
	}
}
