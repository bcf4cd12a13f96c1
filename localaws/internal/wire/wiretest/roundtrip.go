package wiretest

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

const rounds = 4

// RoundTrip sends random inputs of every operation through the SDK's client,
// answers random outputs, and wants both ends to have seen the same.
func RoundTrip(t *testing.T, services []wire.Service) {
	t.Helper()
	echo := NewEcho(t, services)
	for _, service := range services {
		client := echo.Client(service.Name)
		for _, op := range service.Operations {
			t.Run(service.Name+"/"+op.Name, func(t *testing.T) {
				for seed := range uint64(rounds) {
					roundTrip(t, echo, client, service.Name, op, seed)
				}
			})
		}
	}
}

func roundTrip(t *testing.T, echo *Echo, client any, service string, op wire.Operation, seed uint64) {
	t.Helper()
	sampler := wire.Sampler{Rand: rand.New(rand.NewPCG(seed, 1)), Full: seed == 0, Skip: skips[service]} //nolint:gosec // repeatable on purpose
	in, out, err := sampler.Sample(service, op)
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []any{in, out} {
		if err := readBodies(end); err != nil {
			t.Fatal(err)
		}
		fitLength(end)
	}
	echo.Answer(out, nil)
	got, err := Call(t.Context(), client, op.Name, in)
	if err != nil {
		t.Fatalf("seed %d: %v\ninput: %s", seed, err, cmp.Diff(nil, in, sameOptions))
	}
	if err := readBodies(got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, echo.Received(), sameOptions); diff != "" {
		t.Errorf("seed %d: the handler got another input (-sent +got):\n%s", seed, diff)
	}
	if diff := cmp.Diff(out, got, sameOptions); diff != "" {
		t.Errorf("seed %d: the client got another output (-sent +got):\n%s", seed, diff)
	}
}

// fitLength makes the length that a structure tells that of its body, and
// names the type of its content, which clients else guess.
func fitLength(structure any) {
	v := reflect.ValueOf(structure).Elem()
	length, payload := v.FieldByName("ContentLength"), v.FieldByName("Body")
	if !length.IsValid() || !payload.IsValid() || payload.IsNil() {
		return
	}
	if content := v.FieldByName("ContentType"); content.IsValid() && content.IsNil() {
		text := "text/plain"
		content.Set(reflect.ValueOf(&text))
	}
	if b, ok := reflect.TypeAssert[body](payload); ok {
		size := int64(len(b.data))
		length.Set(reflect.ValueOf(&size))
	}
}

// skips are the members that a client makes, checks or replaces by itself, so
// that what goes over the wire is not what the caller gave.
var skips = map[string]func(structure, member string) bool{
	"s3": func(structure, member string) bool {
		switch {
		case strings.HasSuffix(structure, "Input"):
			// Checksums are computed, and the customer's keys demand HTTPS.
			return strings.HasPrefix(member, "Checksum") || strings.Contains(member, "SSECustomer") || member == "ContentMD5"
		case member == "Expires" || member == "ContentEncoding" || member == "Metadata" && structure == "":
			return true
		}
		return false
	},
	"events": func(_, member string) bool { return member == "EndpointId" }, // another endpoint, and SigV4a
}

// sameOptions compare what AWS's types say; their unexported fields and the
// client's own notes are not on the wire.
var sameOptions = cmp.Options{
	cmp.FilterPath(func(p cmp.Path) bool {
		field, ok := p.Last().(cmp.StructField)
		return ok && (!isExported(field.Name()) || addedByClient[field.Name()])
	}, cmp.Ignore()),
	cmp.Comparer(func(a, b body) bool { return a.data == b.data }),
}

// addedByClient are fields that clients fill where the caller left them empty.
var addedByClient = map[string]bool{
	"ResultMetadata": true, "ExpiresString": true, "ChecksumAlgorithm": true, "ChecksumCRC32": true, "ContentMD5": true,
}

func isExported(name string) bool { return name[0] >= 'A' && name[0] <= 'Z' }

// Errors answers every operation with each of its modelled exceptions, and
// wants the client to make the exception's own type of it, with the message.
func Errors(t *testing.T, services []wire.Service) {
	t.Helper()
	echo := NewEcho(t, services)
	for _, service := range services {
		client := echo.Client(service.Name)
		for _, op := range service.Operations {
			t.Run(service.Name+"/"+op.Name, func(t *testing.T) {
				codes, err := wire.Errors(service.Name, op.Name)
				if err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(op.Name, "Head") {
					return // the answer to a HEAD has no body, so clients know only the status
				}
				for name, code := range codes {
					checkError(t, echo, client, service.Name, op, name, code)
				}
			})
		}
	}
}

func checkError(t *testing.T, echo *Echo, client any, service string, op wire.Operation, name, code string) {
	t.Helper()
	const message = `it <went> "wrong" & à propos`
	in, _, err := wire.Sampler{Rand: rand.New(rand.NewPCG(1, 1)), Skip: skips[service]}.Sample(service, op) //nolint:gosec // repeatable on purpose
	if err != nil {
		t.Fatal(err)
	}
	if err := readBodies(in); err != nil {
		t.Fatal(err)
	}
	fitLength(in)
	echo.Answer(nil, &smithy.GenericAPIError{Code: code, Message: message})
	_, err = Call(t.Context(), client, op.Name, in)
	got, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		t.Errorf("%s: the client got %v", name, err)
		return
	}
	if typ := reflect.TypeOf(got).Elem().Name(); typ != name || got.ErrorMessage() != message {
		t.Errorf("the client got a %s with %q, want a %s with %q", typ, got.ErrorMessage(), name, message)
	}
}
