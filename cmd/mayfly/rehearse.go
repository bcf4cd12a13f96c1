package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

// rehearsed are the phases that a rehearsal goes through: a push, a build, a
// pipeline, and a function that answers.
var rehearsed = []*phases.Phase{phases.CodeCommit, phases.CodeBuild, phases.CodePipeline, phases.CloudFormation}

// rehearsal is how a rehearsal went.
type rehearsal struct {
	Phases  []workshop.PhaseResult `json:"phases"`
	Seconds float64                `json:"seconds"`
	Error   string                 `json:"error,omitempty"`
}

// rehearse goes through the workshop with the smallest application, in folders
// and with a local AWS that are removed afterwards. Nothing of the person's is touched.
func (a *app) rehearse(ctx context.Context, reporter workshop.Reporter) (r rehearsal, err error) {
	began := a.now()
	dir, err := os.MkdirTemp("", "mayfly-rehearsal-")
	if err != nil {
		return r, fmt.Errorf("make a folder for the rehearsal: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := *a // with flags and a state folder of its own
	b.flags = flags{target: targetLocal, env: "rehearsal", application: phases.RehearsalName, workdir: filepath.Join(dir, "work")}
	b.environ = append(slices.DeleteFunc(slices.Clone(a.environ), func(v string) bool {
		return strings.HasPrefix(v, "XDG_DATA_HOME=")
	}), "XDG_DATA_HOME="+dir)
	local, end := b.inProcess()
	defer func() { err = errors.Join(err, end()) }()
	e, state, err := b.environmentToRun(ctx)
	if err != nil {
		return r, err
	}
	_, w, err := b.openToRun(ctx, e, state, true, local, reporter)
	if err != nil {
		return r, err
	}
	r.Phases, err = w.Run(ctx, rehearsed)
	r.Seconds = a.now().Sub(began).Seconds()
	return r, err
}

// rehearsalFunctionCommand is the function of the smallest application, which
// the local AWS runs as it runs any other.
func rehearsalFunctionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "rehearsal-function", Hidden: true, Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			body, err := rehearsalAnswer(".")
			if err != nil {
				return err
			}
			lambda.Start(func(context.Context, events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
				return events.LambdaFunctionURLResponse{
					StatusCode: http.StatusOK, Headers: map[string]string{"Content-Type": "application/json"}, Body: string(body),
				}, nil
			})
			return nil
		},
	}
}

// rehearsalAnswer is what the function answers: what the sample application
// does, from the two files in its package.
func rehearsalAnswer(dir string) ([]byte, error) {
	answer := map[string]string{}
	var greeting string
	for name, into := range map[string]any{"stamp.json": &answer, "greeting.json": &greeting} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			return nil, fmt.Errorf("read the package: %w", err)
		}
	}
	answer["greeting"] = greeting
	return json.Marshal(answer)
}
