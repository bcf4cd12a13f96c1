package store

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestWalk(t *testing.T) {
	db, err := Open(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	table, err := NewTable[struct{ Name, Other string }](db, "test/rows")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a/1", "a/2", "b/1", "b/2", "c/1"} {
		if err := table.Put(key, struct{ Name, Other string }{key, "x"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ prefix, after, skip, stop, want string }{
		{"", "", "", "", "a/1 a/2 b/1 b/2 c/1"},
		{"b/", "", "", "", "b/1 b/2"},
		{"", "a/2", "", "", "b/1 b/2 c/1"},
		{"", "", "/\xff", "", "a/1 b/1 c/1"}, // the first of each folder
		{"", "", "", "b/1", "a/1 a/2 b/1"},
		{"b/", "", "/\xff", "", "b/1"},
		{"", "z", "", "", ""},
	} {
		var seen []string
		err := table.Walk(tt.prefix, tt.after, func(row Raw) (string, bool, error) {
			var some struct{ Name string }
			if err := row.Decode(&some); err != nil {
				return "", false, err
			}
			seen = append(seen, some.Name)
			skipTo := ""
			if tt.skip != "" {
				skipTo = row.Key[:1] + tt.skip
			}
			return skipTo, row.Key != tt.stop, nil
		})
		if got := strings.Join(seen, " "); err != nil || got != tt.want {
			t.Errorf("Walk(%q, %q) with skip %q, stop %q: %q, %v; want %q", tt.prefix, tt.after, tt.skip, tt.stop, got, err, tt.want)
		}
	}
	err = table.Walk("", "", func(row Raw) (string, bool, error) {
		var wrong int
		return "", true, row.Decode(&wrong)
	})
	if err == nil || !strings.HasPrefix(err.Error(), `decode "a/1": `) {
		t.Errorf("error %v", err)
	}
}
