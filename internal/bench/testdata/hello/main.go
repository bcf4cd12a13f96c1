// Command hello is the smallest function that speaks the Runtime API: it
// answers with its greeting and its stamp.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	base := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	answer := map[string]string{}
	stamp, err := os.ReadFile("stamp.json")
	if err != nil {
		log.Fatal(err)
	}
	var greeting string
	text, err := os.ReadFile("greeting.json")
	if err != nil {
		log.Fatal(err)
	}
	if err := json.Unmarshal(stamp, &answer); err != nil {
		log.Fatal(err)
	}
	if err := json.Unmarshal(text, &greeting); err != nil {
		log.Fatal(err)
	}
	answer["greeting"] = greeting
	body, err := json.Marshal(answer)
	if err != nil {
		log.Fatal(err)
	}
	for {
		next, err := http.Get(base + "next")
		if err != nil {
			log.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, next.Body)
		_ = next.Body.Close()
		sent, err := http.Post(base+next.Header.Get("Lambda-Runtime-Aws-Request-Id")+"/response",
			"application/json", bytes.NewReader(body))
		if err != nil {
			log.Fatal(err)
		}
		_ = sent.Body.Close()
	}
}
