package wire_test

import (
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestCBOR sends documents as no client here makes them by itself, in the
// notation of RFC 8949's examples.
func TestCBOR(t *testing.T) {
	url := serve(t, nil)
	const (
		name    = "6e7265706f7369746f72794e616d65" // "repositoryName"
		demo    = "6464656d6f"                     // "demo"
		missing = "RepositoryNameRequiredException"
	)
	for _, c := range []struct {
		name, operation, body, want string
		status                      int
	}{
		{"definite", "GetRepository", "a1" + name + demo, "repositoryNameddemo", 200},
		{"of no stated length", "GetRepository", "bf" + name + "7f6264656" + "2" + "6d6fffff", "repositoryNameddemo", 200},
		{"with what is not known", "GetRepository", "a2" + name + demo + "6178" + "83f97e00c11a514b67b0d9d9f701", "repositoryNameddemo", 200},
		{"null", "GetRepository", "a1" + name + "f6", missing, 400},
		{"undefined", "GetRepository", "a1" + name + "f7", missing, 400},
		{"nothing", "GetRepository", "", missing, 400},
		{"a number", "GetRepository", "a1" + name + "1901f4", "NUMBER_VALUE cannot be converted to String", 400},
		{"bytes", "GetRepository", "a1" + name + "4464656d6f", "BINARY_VALUE cannot be converted to String", 400},
		{"a list", "GetRepository", "80", "SerializationException", 400},
		{"cut off", "GetRepository", "a1" + name, "Unable to parse the request body as CBOR", 400},
		{"more than one", "GetRepository", "a1" + name + demo + "00", "Unable to parse the request body as CBOR", 400},
		{"a length that it has not", "GetRepository", "a1" + name + "7b7fffffffffffffff61", "Unable to parse the request body as CBOR", 400},
		{"as many items", "GetRepository", "a161789b7fffffffffffffff00", "Unable to parse the request body as CBOR", 400},
		{"deep", "GetRepository", "a16178" + strings.Repeat("81", 100) + "00", "Unable to parse the request body as CBOR", 400},
		{"no UTF-8", "GetRepository", "a1" + name + "62c328", "Unable to parse the request body as CBOR", 400},
		{"keys that are no text", "GetRepository", "a10102", "Unable to parse the request body as CBOR", 400},
		{"unknown", "GetRepositoree", "a0", "UnknownOperationException", 400},
		{"of AWS's, not served", "GetBranch", "a0", "The operation GetBranch is not served here.", 400},
		{"with a path behind", "GetRepository/x", "a0", "UnknownOperationException", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			body, err := hex.DecodeString(c.body)
			if err != nil {
				t.Fatal(err)
			}
			r := signed(t, "codecommit", url+"/service/CodeCommit_20150413/operation/"+c.operation, string(body), time.Now()) //nolint:forbidigo // the server has the same clock
			if r.Method == http.MethodGet {
				r = signedAs(t, http.MethodPost, r)
			}
			r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			answer, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != c.status || !strings.Contains(string(answer), c.want) {
				t.Errorf("%d %q, want %d %q", response.StatusCode, answer, c.status, c.want)
			}
			header := response.Header
			if header.Get("Smithy-Protocol") != "rpc-v2-cbor" || header.Get("Content-Type") != "application/cbor" || header.Get("X-Amzn-Requestid") == "" {
				t.Errorf("the answer has the header %v", header)
			}
		})
	}
}

// TestCBORUnsigned wants a request of no service's scope answered in its protocol.
func TestCBORUnsigned(t *testing.T) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, serve(t, nil)+"/service/CodePipeline_20150709/operation/ListPipelines", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
	if status, body := do(t, r); status != http.StatusBadRequest || !strings.Contains(body, "MissingAuthenticationTokenException") || body[0] != 0xbf {
		t.Errorf("%d %q", status, body)
	}
}
