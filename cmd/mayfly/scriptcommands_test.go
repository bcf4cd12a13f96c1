package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// awaitWithin bounds every wait of a script.
const awaitWithin = time.Minute

// poll asks until the answer is yes.
func poll(ts *testscript.TestScript, what string, ask func() bool) {
	timeout := time.After(awaitWithin)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ask() {
		select {
		case <-timeout:
			ts.Fatalf("%s: not within %s", what, awaitWithin)
		case <-tick.C:
		}
	}
}

func pattern(ts *testscript.TestScript, text string) *regexp.Regexp {
	re, err := regexp.Compile("(?m)" + text)
	ts.Check(err)
	return re
}

// await implements "await REGEXP PROGRAM ARG...".
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await REGEXP PROGRAM ARG...")
	}
	re := pattern(ts, args[0])
	poll(ts, strings.Join(args[1:], " ")+" says "+args[0], func() bool {
		_ = ts.Exec(args[1], args[2:]...) // what it says counts
		return re.MatchString(ts.ReadFile("stdout") + ts.ReadFile("stderr"))
	})
}

// awaitFile implements "awaitfile REGEXP FILE".
func awaitFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: awaitfile REGEXP FILE")
	}
	re := pattern(ts, args[0])
	poll(ts, args[1]+" has "+args[0], func() bool {
		data, err := os.ReadFile(ts.MkAbs(args[1]))
		return err == nil && re.Match(data)
	})
}

// takePort implements "takeport NAME".
func takePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: takeport NAME")
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = listener.Close() })
	_, port, err := net.SplitHostPort(listener.Addr().String())
	ts.Check(err)
	ts.Setenv(args[0], port)
}

// receiver implements "receiver NAME FILE [STATUS...]".
func receiver(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: receiver NAME FILE [STATUS...]")
	}
	file, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	statuses := args[2:]
	var mu sync.Mutex // guards file and statuses
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		status := http.StatusOK
		if len(statuses) > 0 {
			status, _ = strconv.Atoi(statuses[0])
			statuses = statuses[1:]
		}
		body, err := io.ReadAll(r.Body)
		if err == nil {
			_, err = fmt.Fprintf(file, "%d %s %s %s\n", status, r.Method, r.Header.Get("Content-Type"), body)
		}
		if err != nil {
			status = http.StatusInternalServerError
		}
		w.WriteHeader(status)
	}))
	ts.Defer(func() { server.Close(); _ = file.Close() })
	ts.Setenv(args[0], server.URL+"/secret-token")
}

// assertJSON implements "json PATH WANT".
func assertJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: json PATH WANT")
	}
	value, err := lastJSON(ts.ReadFile("stdout"))
	ts.Check(err)
	found, err := find(value, strings.Split(args[0], "."))
	ts.Check(err)
	got, ok := found.(string)
	if !ok {
		data, err := json.Marshal(found)
		ts.Check(err)
		got = string(data)
	}
	if matched := pattern(ts, "^(?:"+args[1]+")$").MatchString(got); matched == neg {
		ts.Fatalf("%s is %s, want %s (negated: %v)", args[0], got, args[1], neg)
	}
}

func lastJSON(text string) (last any, err error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	for n := 0; ; n++ {
		var next any
		err := decoder.Decode(&next)
		if errors.Is(err, io.EOF) && n > 0 {
			return last, nil
		}
		if err != nil {
			return nil, fmt.Errorf("stdout, JSON value %d: %w", n+1, err)
		}
		last = next
	}
}

func find(value any, path []string) (any, error) {
	if len(path) == 0 || path[0] == "" {
		return value, nil
	}
	switch container := value.(type) {
	case map[string]any:
		inner, ok := container[path[0]]
		if !ok {
			return nil, fmt.Errorf("there is no %q in %v", path[0], container)
		}
		return find(inner, path[1:])
	case []any:
		if path[0] == "size" {
			return len(container), nil
		}
		if path[0] == "*" {
			var all []any
			for _, element := range container {
				inner, err := find(element, path[1:])
				if err != nil {
					return nil, err
				}
				all = append(all, inner)
			}
			return all, nil
		}
		i, err := strconv.Atoi(path[0])
		if err != nil || i < 0 || i >= len(container) {
			return nil, fmt.Errorf("there is no element %q of %d", path[0], len(container))
		}
		return find(container[i], path[1:])
	default:
		return nil, fmt.Errorf("%q is looked for in a %v", path[0], reflect.TypeOf(value))
	}
}
