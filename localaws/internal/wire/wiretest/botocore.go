package wiretest

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

//go:embed botocore.py
var botocoreScript string

// Botocore does what RoundTrip does with AWS's own client for Python, which
// shares no code with the SDK for Go: what both read the same is no mere symmetry
// of our mistakes. It runs where MAYFLY_PYTHON names a Python that has botocore.
func Botocore(t *testing.T, services []wire.Service) {
	t.Helper()
	botocore(t, services, "")
}

// BotocoreCBOR has botocore speak rpc-v2-cbor to the services that have it.
func BotocoreCBOR(t *testing.T, services []wire.Service) {
	t.Helper()
	botocore(t, speakers(services), "smithy-rpc-v2-cbor")
}

func botocore(t *testing.T, services []wire.Service, protocol string) {
	t.Helper()
	python := os.Getenv("MAYFLY_PYTHON")
	if python == "" {
		t.Skip("MAYFLY_PYTHON is not set to a Python that has botocore")
	}
	echo := NewEcho(t, services)
	call := startBotocore(t, python, protocol, echo)
	for _, service := range services {
		for _, op := range service.Operations {
			t.Run(service.Name+"/"+op.Name, func(t *testing.T) { callBotocore(t, echo, call, service.Name, op) })
		}
	}
}

type botocoreAnswer struct {
	Output any
	Error  string
}

// startBotocore returns a function that has Python call an operation.
func startBotocore(t *testing.T, python, protocol string, echo *Echo) func(service, operation string, input any) botocoreAnswer {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), python, "-c", botocoreScript, echo.URL, Region, AccessKeyID, Secret, protocol) //nolint:gosec // a test's own script
	cmd.Stderr = t.Output()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_, _ = io.Copy(io.Discard, stdout)
		_ = cmd.Wait()
	})
	lines := bufio.NewReader(stdout)
	return func(service, operation string, input any) botocoreAnswer {
		request := map[string]any{"service": service, "operation": operation, "input": input}
		if err := json.NewEncoder(stdin).Encode(request); err != nil {
			t.Fatal(err)
		}
		line, err := lines.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		var answer botocoreAnswer
		if err := json.Unmarshal(line, &answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

func callBotocore(t *testing.T, echo *Echo, call func(string, string, any) botocoreAnswer, service string, op wire.Operation) {
	t.Helper()
	skip := func(structure, member string) bool {
		return skips[service] != nil && skips[service](structure, member)
	}
	sampler := wire.Sampler{Rand: rand.New(rand.NewPCG(7, 7)), Full: true, Skip: skip} //nolint:gosec // repeatable on purpose
	in, out, err := sampler.Sample(service, op)
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []any{in, out} {
		if err := readBodies(end); err != nil {
			t.Fatal(err)
		}
	}
	fitLength(in)
	fitLength(out)
	echo.Answer(out, nil)
	sent, wanted := treeOf(t, service, op, in), treeOf(t, service, op, out)
	answer := call(service, op.Name, sent)
	if answer.Error != "" {
		t.Fatal(answer.Error)
	}
	if diff := cmp.Diff(sent, treeOf(t, service, op, echo.Received()), ignoreAdded); diff != "" {
		t.Errorf("the handler got another input than botocore sent (-sent +got):\n%s", diff)
	}
	if diff := cmp.Diff(wanted, answer.Output, ignoreAdded); diff != "" {
		t.Errorf("botocore read another output than the handler gave (-given +read):\n%s", diff)
	}
}

// ignoreAdded lets pass what clients fill in, and what botocore encodes or
// decodes on its own account.
var ignoreAdded = cmp.FilterPath(func(p cmp.Path) bool {
	key, ok := p.Last().(cmp.MapIndex)
	return ok && (addedByClient[key.Key().String()] || changedByBotocore[key.Key().String()])
}, cmp.Ignore())

// changedByBotocore are members that it escapes (the source of a copy) or takes
// for JSON where it can (policies).
var changedByBotocore = map[string]bool{
	"CopySource": true, "AssumeRolePolicyDocument": true, "PolicyDocument": true, "Document": true,
}

// treeOf is wire.Tree of a value that may be missing.
func treeOf(t *testing.T, service string, op wire.Operation, value any) any {
	t.Helper()
	if value == nil {
		return nil
	}
	tree, err := wire.Tree(service, op, value)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
