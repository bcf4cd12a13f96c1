package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
)

// exits is the program "exits CODE PROGRAM ARG...".
func exits() int {
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr //nolint:forbidigo // it is a program
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "exits:", err) //nolint:forbidigo // it is a program
		return 1
	}
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s) // it may have ended
		}
	}()
	_ = cmd.Wait() // the code says it
	if code := cmd.ProcessState.ExitCode(); strconv.Itoa(code) != os.Args[1] {
		fmt.Fprintf(os.Stderr, "exits: the exit code is %d, want %s\n", code, os.Args[1]) //nolint:forbidigo // it is a program
		return 1
	}
	return 0
}
