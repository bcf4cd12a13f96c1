package codebuild

import "testing"

func TestWithoutNulls(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                       `{}`,
		`{"a":null}`:               `{}`,
		`{"a":null,"b":1}`:         `{"b":1}`,
		`{"a":1,"b":null}`:         `{"a":1}`,
		`{"a":[null,"x:null"]}`:    `{"a":[null,"x:null"]}`,
		`{"a\":null,":null,"b":1}`: `{"b":1}`,
		`[{"a":{"b":null,"c":null},"d":"\\"},null]`: `[{"a":{},"d":"\\"},null]`,
	} {
		if got := string(withoutNulls([]byte(text))); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
