package workshop

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// ledgerWorkingCopy is the kind of an entry for the working copy's folder.
const ledgerWorkingCopy = "working copy"

// Entry is a line of the ledger: something that is about to be made.
type Entry struct {
	Time time.Time `json:"time"`
	// Kind is "stack" or "working copy".
	Kind string `json:"kind"`
	// Name is the stack's name or the folder.
	Name string `json:"name"`
	// ARN is there once AWS has told it.
	ARN         string `json:"arn,omitempty"`
	Account     string `json:"account,omitempty"`
	Region      string `json:"region,omitempty"`
	Environment string `json:"environment"`
}

// Ledger is the list of what mayfly made, on disk before it is made.
type Ledger struct {
	name string
	now  func() time.Time
}

func openLedger(dir string, now func() time.Time) *Ledger {
	return &Ledger{name: filepath.Join(dir, "ledger.jsonl"), now: now}
}

// Add writes an entry and returns when it is on the disk.
func (l *Ledger) Add(e Entry) error {
	e.Time = l.now().UTC()
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	file, err := os.OpenFile(l.name, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	if cutShort(file) {
		line = append([]byte{'\n'}, line...)
	}
	_, err = file.Write(append(line, '\n'))
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	return nil
}

// cutShort tells whether a crash has left a last line without its end.
func cutShort(file *os.File) bool {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	last := make([]byte, 1)
	_, err = file.ReadAt(last, info.Size()-1)
	return err == nil && last[0] != '\n'
}

// Entries reads the ledger. A last line that was cut short by a crash is
// passed over: what it names was never begun.
func (l *Ledger) Entries() ([]Entry, error) {
	file, err := os.Open(l.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	defer file.Close() //nolint:errcheck // a file that was read
	var entries []Entry
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var e Entry
		if json.Unmarshal(lines.Bytes(), &e) == nil {
			entries = append(entries, e)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	return entries, nil
}
