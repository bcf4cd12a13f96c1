package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
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

// fetch is the program "fetch ACCEPT": it reads what `mayfly status --json`
// prints, and prints what the live URL answers to somebody who accepts that.
func fetch() {
	var status struct{ LiveURL string }
	err := json.NewDecoder(os.Stdin).Decode(&status) //nolint:forbidigo // it is a program
	var request *http.Request
	if err == nil {
		request, err = http.NewRequestWithContext(context.Background(), http.MethodGet, status.LiveURL, nil)
	}
	if err != nil {
		panic(err)
	}
	request.Header.Set("Accept", os.Args[1])
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	fmt.Println(response.Status, response.Header.Get("Content-Type")) //nolint:forbidigo // it is a program
	if _, err := io.Copy(os.Stdout, response.Body); err != nil {      //nolint:forbidigo // it is a program
		panic(err)
	}
}
