package pattern

import "testing"

func FuzzPattern(f *testing.F) {
	f.Add(`{"source":[{"anything-but":{"prefix":["a"]}}],"$or":[{"a":[1]},{"b":[null]}]}`, `{"source":"aws.codecommit","a":1}`)
	f.Add(`{"a":[{"wildcard":"*x*"},{"numeric":["<",1]},{"exists":false}]}`, `{"a":["xx",{"b":[]}]}`)
	f.Fuzz(func(t *testing.T, pattern, event string) {
		compiled, err := Compile(pattern)
		if err != nil {
			return
		}
		if value, err := Decode(event); err == nil {
			first := compiled.Match(value)
			if again := compiled.Match(value); again != first {
				t.Errorf("first %t, then %t", first, again)
			}
		}
	})
}
