//go:build unix

package sandbox

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Questions lets commands ask whoever made the box, with nothing but a shell.
// A command makes a named pipe beside this one, in the folder above [Box.Bin],
// opens it, and writes its name, a space and its question as one line into the
// pipe called name. The answer comes through the pipe that it made. Questions
// are answered one after another until the box closes.
func (b *Box) Questions(name string, answer func(question string) string) error {
	if err := syscall.Mkfifo(b.control(name), 0o600); err != nil {
		return fmt.Errorf("make a pipe for questions: %w", err)
	}
	// Open for both, so that it neither waits for the first who asks nor ends with the last.
	asked, err := os.OpenFile(b.control(name), os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("open the pipe for questions: %w", err)
	}
	context.AfterFunc(b.ctx, func() { _ = asked.Close() })
	b.answering.Go(func() {
		for lines := bufio.NewScanner(asked); lines.Scan(); {
			if reply, question, ok := strings.Cut(lines.Text(), " "); ok {
				_ = b.reply(reply, answer(question)) // who asked may be gone already
			}
		}
	})
	return nil
}

// reply writes into a pipe that a command made. The command may be hostile:
// what it names is opened within the box alone, and only if it is a pipe.
func (b *Box) reply(name, text string) error {
	root, err := os.OpenRoot(b.control(""))
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	pipe, err := root.OpenFile(name, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer func() { _ = pipe.Close() }()
	info, err := pipe.Stat()
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return fmt.Errorf("%s is no pipe", name)
	}
	_, err = pipe.WriteString(text)
	return err
}
