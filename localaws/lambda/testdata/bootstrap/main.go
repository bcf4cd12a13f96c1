// Command bootstrap is a function for tests: it speaks the Runtime API by hand
// and does what its event says.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"time"
)

type order struct {
	Do    string `json:"do"`
	Value any    `json:"value"`
}

var calls int

func main() {
	base := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/"
	if message := os.Getenv("FAIL_INIT"); message != "" {
		post(base+"init/error", map[string]any{"errorMessage": message, "errorType": "Init"})
		os.Exit(1)
	}
	if os.Getenv("EXIT_INIT") != "" {
		fmt.Println("dying early")
		os.Exit(3)
	}
	for {
		answer, err := http.Get(base + "invocation/next")
		if err != nil {
			os.Exit(7)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		id := answer.Header.Get("Lambda-Runtime-Aws-Request-Id")
		calls++
		result, failure := obey(body, answer.Header)
		if failure != nil {
			post(base+"invocation/"+id+"/error", failure)
		} else {
			post(base+"invocation/"+id+"/response", result)
		}
	}
}

func obey(event []byte, header http.Header) (result, failure any) {
	var o order
	_ = json.Unmarshal(event, &o)
	switch o.Do {
	case "exit":
		fmt.Println("goodbye")
		os.Exit(int(o.Value.(float64)))
	case "sleep":
		time.Sleep(time.Duration(o.Value.(float64)) * time.Millisecond)
	case "orphan": // a child that leaves the group and holds the output open
		cmd := exec.Command("setsid", "sleep", "300")
		cmd.Stdout = os.Stdout
		if err := cmd.Start(); err != nil {
			return nil, map[string]any{"errorMessage": err.Error(), "errorType": "Start"}
		}
		return cmd.Process.Pid, nil
	case "fail":
		return nil, map[string]any{"errorMessage": o.Value, "errorType": "MyError"}
	case "print":
		fmt.Println(o.Value)
		fmt.Print("and no newline")
	case "environ":
		return os.Environ(), nil
	case "headers":
		return header, nil
	case "pid":
		return os.Getpid(), nil
	case "calls":
		return calls, nil
	case "write":
		return nil, os.WriteFile("bootstrap", nil, 0o600)
	case "return":
		return o.Value, nil
	}
	return json.RawMessage(event), nil
}

func post(url string, value any) {
	text, _ := json.Marshal(value)
	answer, err := http.Post(url, "application/json", bytes.NewReader(text))
	if err != nil {
		os.Exit(8)
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
}
