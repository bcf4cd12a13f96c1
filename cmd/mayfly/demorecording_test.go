//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// The terminal of the demonstration.
const demoColumns, demoRows = 80, 24

// recording is a terminal session: what was written into it, and when.
type recording struct {
	mu     sync.Mutex
	events []castEvent
	at     time.Duration // since the session began, as it is shown
	last   time.Time     // when that was, as it was
}

// castEvent is something that was written.
type castEvent struct {
	at   time.Duration
	data []byte
}

// idle is the longest time for which a recording shows nothing new, where the
// person does not read.
const idle = 1500 * time.Millisecond

func newRecording() *recording { return &recording{last: time.Now()} } //nolint:forbidigo // a recording is by the clock

// hears records what is written now.
func (r *recording) hears(data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(data) == 0 {
		return
	}
	now := time.Now()                                                     //nolint:forbidigo // a recording is by the clock
	r.at = (r.at + min(now.Sub(r.last), idle)).Truncate(time.Millisecond) // as a cast has it
	r.last = now
	r.events = append(r.events, castEvent{r.at, bytes.Clone(data)})
}

// pause lets time go by in the recording, and nowhere else.
func (r *recording) pause(length time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at += length
}

// save writes the recording into a folder, as a cast and as a film.
func (r *recording) save(folder, home string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := whole(asked(moved(r.events, home)))
	return errors.Join(
		os.WriteFile(filepath.Join(folder, "demo.cast"), cast(events), 0o644),
		os.WriteFile(filepath.Join(folder, "demo.svg"), demoFilm(events), 0o644),
	)
}

// moved shows another home. Both are of the same length: what is written stays
// where it is, even where an event ends within the path.
func moved(events []castEvent, home string) []castEvent {
	var all []byte
	for _, e := range events {
		all = append(all, e.data...)
	}
	all = bytes.ReplaceAll(all, []byte(home), []byte(demoShownHome))
	with := make([]castEvent, 0, len(events))
	for _, e := range events {
		with = append(with, castEvent{e.at, all[:len(e.data):len(e.data)]})
		all = all[len(e.data):]
	}
	return with
}

// asked leaves out the question where the cursor is: whoever plays a recording
// has a terminal that would answer it to the shell.
func asked(events []castEvent) []castEvent {
	for i := range events {
		events[i].data = bytes.ReplaceAll(events[i].data, []byte("\x1b[6n"), nil)
	}
	return events
}

// whole moves the beginning of a character at the end of an event to the next
// one, and leaves out events of nothing.
func whole(events []castEvent) []castEvent {
	var with []castEvent
	var rest []byte
	for _, e := range events {
		data := append(rest, e.data...) //nolint:gocritic // rest is dropped here
		end := len(data)
		for back := 1; back < utf8.UTFMax && back <= len(data); back++ {
			if utf8.RuneStart(data[len(data)-back]) {
				if !utf8.FullRune(data[len(data)-back:]) {
					end = len(data) - back
				}
				break
			}
		}
		rest = bytes.Clone(data[end:])
		if end > 0 {
			with = append(with, castEvent{e.at, data[:end]})
		}
	}
	return with
}

// cast is a recording in the form that asciinema plays:
// https://docs.asciinema.org/manual/asciicast/v2/
func cast(events []castEvent) []byte {
	var b bytes.Buffer
	encode := json.NewEncoder(&b)
	encode.SetEscapeHTML(false)
	_ = encode.Encode(struct { // a buffer takes everything
		Version int               `json:"version"`
		Width   int               `json:"width"`
		Height  int               `json:"height"`
		Title   string            `json:"title"`
		Env     map[string]string `json:"env"`
	}{2, demoColumns, demoRows, "mayfly: continuous delivery on AWS, by doing it", map[string]string{"TERM": "xterm-256color", "SHELL": "/bin/sh"}})
	for _, e := range events {
		_ = encode.Encode([]any{e.at.Seconds(), "o", string(e.data)})
	}
	return b.Bytes()
}

// parseCast reads a cast back.
func parseCast(data []byte) (events []castEvent, err error) {
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	var header struct{ Version, Width, Height int }
	if err := json.Unmarshal([]byte(lines[0]), &header); err != nil {
		return nil, fmt.Errorf("the header: %w", err)
	}
	if header.Version != 2 || header.Width != demoColumns || header.Height != demoRows {
		return nil, fmt.Errorf("the header says %+v", header)
	}
	before := 0.0
	for i, line := range lines[1:] {
		var at float64
		var kind, written string
		var parts []json.RawMessage
		if err := json.Unmarshal([]byte(line), &parts); err != nil || len(parts) != 3 {
			return nil, fmt.Errorf("line %d is no event: %q", i+2, line)
		}
		if err := errors.Join(json.Unmarshal(parts[0], &at), json.Unmarshal(parts[1], &kind), json.Unmarshal(parts[2], &written)); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
		if kind != "o" || at < before {
			return nil, fmt.Errorf("line %d: a %q at %g after %g", i+2, kind, at, before)
		}
		before = at
		events = append(events, castEvent{time.Duration(math.Round(at*1000)) * time.Millisecond, []byte(written)})
	}
	return events, nil
}

// rendition is what changes how a terminal writes.
var rendition = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// faintAsItalic writes faint as italic, because the screen that the film is
// made from does not know faint, and mayfly never writes italic.
func faintAsItalic(data []byte) []byte {
	return rendition.ReplaceAllFunc(data, func(sequence []byte) []byte {
		codes := strings.Split(strings.TrimSuffix(string(sequence[2:]), "m"), ";")
		for i, code := range codes {
			switch code {
			case "38", "48":
				return sequence // the numbers behind it are a colour
			case "2":
				codes[i] = "3"
			case "22":
				codes[i] = "22;23"
			}
		}
		return []byte("\x1b[" + strings.Join(codes, ";") + "m")
	})
}
