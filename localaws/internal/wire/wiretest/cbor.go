package wiretest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// RoundTripCBOR does what RoundTrip does in rpc-v2-cbor, which none of the SDK's
// clients of these services speaks yet: requests and answers go through the
// encoding that those clients have which do.
func RoundTripCBOR(t *testing.T, services []wire.Service) {
	t.Helper()
	services = speakers(services)
	echo := NewEcho(t, services)
	for _, service := range services {
		for _, op := range service.Operations {
			t.Run(service.Name+"/"+op.Name, func(t *testing.T) {
				for seed := range uint64(rounds) {
					roundTripCBOR(t, echo, service.Name, op, seed)
				}
			})
		}
	}
}

// speakers are those of the services that speak rpc-v2-cbor.
func speakers(services []wire.Service) []wire.Service {
	var speak []wire.Service
	for _, service := range services {
		if wire.TargetPrefix(service.Name) != "" {
			speak = append(speak, service)
		}
	}
	return speak
}

func roundTripCBOR(t *testing.T, echo *Echo, service string, op wire.Operation, seed uint64) {
	t.Helper()
	sampler := wire.Sampler{Rand: rand.New(rand.NewPCG(seed, 5)), Full: seed == 0} //nolint:gosec // repeatable on purpose
	in, out, err := sampler.Sample(service, op)
	if err != nil {
		t.Fatal(err)
	}
	echo.Answer(out, nil)
	status, answer := echo.callCBOR(t, service, op.Name, toCBOR(valuesOf(t, service, op, in)))
	if status != http.StatusOK {
		t.Fatalf("seed %d: %d %v", seed, status, answer)
	}
	if diff := cmp.Diff(in, echo.Received(), sameOptions); diff != "" {
		t.Errorf("seed %d: the handler got another input (-sent +got):\n%s", seed, diff)
	}
	if diff := cmp.Diff(valuesOf(t, service, op, out), answer); diff != "" {
		t.Errorf("seed %d: another output came (-given +read):\n%s", seed, diff)
	}
}

// ErrorsCBOR does what Errors does in rpc-v2-cbor.
func ErrorsCBOR(t *testing.T, services []wire.Service) {
	t.Helper()
	const message = `it <went> "wrong" & à propos`
	services = speakers(services)
	echo := NewEcho(t, services)
	for _, service := range services {
		for _, op := range service.Operations {
			codes, err := wire.Errors(service.Name, op.Name)
			if err != nil {
				t.Fatal(err)
			}
			in, _, err := wire.Sampler{Rand: rand.New(rand.NewPCG(1, 1))}.Sample(service.Name, op) //nolint:gosec // repeatable on purpose
			if err != nil {
				t.Fatal(err)
			}
			for _, code := range codes {
				echo.Answer(nil, &smithy.GenericAPIError{Code: code, Message: message})
				status, answer := echo.callCBOR(t, service.Name, op.Name, toCBOR(valuesOf(t, service.Name, op, in)))
				if status < http.StatusBadRequest || answer["__type"] != code || answer["message"] != message {
					t.Errorf("%s/%s: %d %v, want %s", service.Name, op.Name, status, answer, code)
				}
			}
		}
	}
}

func valuesOf(t *testing.T, service string, op wire.Operation, value any) map[string]any {
	t.Helper()
	values, err := wire.Values(service, op, value)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// callCBOR sends a document and reads the answer's, nil where it has none.
func (e *Echo) callCBOR(t *testing.T, service, operation string, document cbor.Value) (status int, answer map[string]any) {
	t.Helper()
	body := cbor.Encode(document)
	url := e.URL + "/service/" + wire.TargetPrefix(service) + "/operation/" + operation
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
	r.Header.Set("Content-Type", "application/cbor")
	credentials := aws.Credentials{AccessKeyID: AccessKeyID, SecretAccessKey: Secret}
	if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, sigv4.HexSHA256(body), service, Region, time.Now()); err != nil { //nolint:forbidigo // the echo has the same clock
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	if response.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" || len(data) > 0 && response.Header.Get("Content-Type") != "application/cbor" {
		t.Errorf("the answer has the header %v", response.Header)
	}
	if len(data) == 0 {
		return response.StatusCode, map[string]any{}
	}
	decoded, err := cbor.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	answer, ok := fromCBOR(decoded).(map[string]any)
	if !ok {
		t.Fatalf("the answer is a %T", decoded)
	}
	return response.StatusCode, answer
}

// toCBOR encodes what wire.Values returns.
func toCBOR(value any) cbor.Value {
	switch value := value.(type) {
	case map[string]any:
		entries := cbor.Map{}
		for key, entry := range value {
			entries[key] = toCBOR(entry)
		}
		return entries
	case []any:
		items := make(cbor.List, len(value))
		for i, item := range value {
			items[i] = toCBOR(item)
		}
		return items
	case string:
		return cbor.String(value)
	case []byte:
		return cbor.Slice(value)
	case bool:
		return cbor.Bool(value)
	case int64:
		if value < 0 {
			return cbor.NegInt(-value)
		}
		return cbor.Uint(value)
	case float64:
		return cbor.Float64(value)
	case time.Time:
		return &cbor.Tag{ID: 1, Value: cbor.Float64(float64(value.UnixMilli()) / 1000)}
	}
	return &cbor.Nil{}
}

// fromCBOR is its inverse.
func fromCBOR(value cbor.Value) any {
	switch value := value.(type) {
	case cbor.Map:
		entries := map[string]any{}
		for key, entry := range value {
			entries[key] = fromCBOR(entry)
		}
		return entries
	case cbor.List:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = fromCBOR(item)
		}
		return items
	case cbor.String:
		return string(value)
	case cbor.Slice:
		return []byte(value)
	case cbor.Bool:
		return bool(value)
	case cbor.Uint:
		return int64(value)
	case cbor.NegInt:
		return -int64(value)
	case cbor.Float64:
		return float64(value)
	case *cbor.Tag:
		if seconds, ok := value.Value.(cbor.Float64); ok && value.ID == 1 {
			return time.UnixMilli(int64(float64(seconds) * 1000)).UTC()
		}
	}
	return nil
}
