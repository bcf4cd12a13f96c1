package lambda

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"slices"
	"sync"
)

// maxLine is where a longer line of output is cut in two.
const maxLine = 64 << 10

// output carries what a process writes to the log, line by line.
//
// A process's answer and its output come by different ways. So that the log of
// an invocation is whole and in order, sync writes a mark of ours into the same
// pipe and waits until it comes out: all that was written before is then read.
type output struct {
	r, w *os.File
	mark []byte
	seen chan struct{}
	over chan struct{}

	mu sync.Mutex // lets one sync at a time
}

func newOutput(line func(text []byte)) (*output, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	o := &output{r: r, w: w, mark: []byte("\x00" + token()), seen: make(chan struct{}), over: make(chan struct{})}
	go o.read(line)
	return o, nil
}

func (o *output) read(line func(text []byte)) {
	defer close(o.over)
	lines := bufio.NewReaderSize(o.r, maxLine)
	for {
		text, err := lines.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
		text = bytes.TrimSuffix(text, []byte("\n"))
		rest, marked := bytes.CutSuffix(text, o.mark)
		if !marked || len(rest) > 0 {
			line(rest)
		}
		if marked {
			o.seen <- struct{}{}
		}
	}
}

// sync returns when everything written so far has been handed to the log.
func (o *output) sync() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, err := o.w.Write(append(slices.Clip(o.mark), '\n')); err != nil {
		return
	}
	select {
	case <-o.seen:
	case <-o.over:
	}
}

func (o *output) close() {
	_ = o.w.Close() // nothing is buffered
	_ = o.r.Close() // ends the reader
	<-o.over
}
