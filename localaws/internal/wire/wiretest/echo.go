package wiretest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Region, AccessKeyID and Secret are what an Echo is called with.
//
//nolint:gosec // the examples of AWS's documentation
const (
	Region      = "eu-west-1"
	AccessKeyID = "AKIAIOSFODNN7EXAMPLE"
	Secret      = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" // the example of AWS's documentation
)

type oneKey struct{}

func (oneKey) Key(id string) (identity.Key, bool) {
	return identity.Key{
		AccessKeyID: AccessKeyID, SecretAccessKey: Secret,
		Principal: identity.Principal{ARN: "arn:aws:iam::123456789012:root", Account: "123456789012"},
	}, id == AccessKeyID
}

// Echo is a server of the given operations whose handlers keep the input and
// answer what they were told to.
type Echo struct {
	URL string

	mu  sync.Mutex // guards what follows
	in  any
	out any
	err error
}

// NewEcho starts an Echo that stops with the test.
func NewEcho(tb testing.TB, services []wire.Service) *Echo {
	tb.Helper()
	e := &Echo{}
	echoing := make([]wire.Service, len(services))
	for i, service := range services {
		echoing[i].Name = service.Name
		for _, op := range service.Operations {
			echoing[i].Operations = append(echoing[i].Operations, op.HandledBy(e.handle))
		}
	}
	server, err := wire.New(wire.Config{
		Account: "123456789012", Region: Region, Keys: oneKey{}, Now: time.Now, //nolint:forbidigo // signed by the SDK with the same clock
		Hosts: func() []string { return []string{strings.TrimPrefix(e.URL, "http://")} },
	}, echoing...)
	if err != nil {
		tb.Fatal(err)
	}
	listening := httptest.NewServer(server)
	tb.Cleanup(listening.Close)
	e.URL = listening.URL
	return e
}

func (e *Echo) handle(_ context.Context, in any) (any, error) {
	if err := readBodies(in); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.in = in
	return e.out, e.err
}

// Answer sets what the next request is answered with.
func (e *Echo) Answer(out any, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.in, e.out, e.err = nil, out, err
}

// Received returns the input of the last request, nil where none came through.
func (e *Echo) Received() any {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.in
}

// Client returns the SDK's client of the service, which tries every request once.
func (e *Echo) Client(service string) any { return NewClient(service, e.config()) }

func (e *Echo) config() aws.Config {
	return aws.Config{
		Region: Region, BaseEndpoint: aws.String(e.URL), RetryMaxAttempts: 1, HTTPClient: PlainBodies{},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: AccessKeyID, SecretAccessKey: Secret}, nil
		}),
	}
}

// PlainBodies is an HTTP client for tests that hides the WriterTo of the SDK's request
// bodies. With it (smithy-go v1.28.8, internal/io/safe.go) the SDK may cut a
// connection under an answer that it is still reading: it closes the body as
// soon as the answer's headers are there, WriteTo then returns io.EOF, and
// net/http takes that for a failed write. It takes a request and an answer of
// more than 4 KiB each and a server that answers within microseconds, as here.
type PlainBodies struct {
	// Client sends the requests; nil is the default one.
	Client *http.Client
}

// Do implements aws.HTTPClient.
func (p PlainBodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return cmp.Or(p.Client, http.DefaultClient).Do(r) //nolint:gosec // to a server which a test started
}

// Call calls the client's method of that name.
func Call(ctx context.Context, client any, operation string, in any) (out any, err error) {
	method := reflect.ValueOf(client).MethodByName(operation)
	if !method.IsValid() {
		return nil, fmt.Errorf("the SDK's client has no method %s", operation)
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(in)})
	if err, failed := reflect.TypeAssert[error](results[1]); failed {
		return nil, err
	}
	return results[0].Interface(), nil
}

// body is a payload that has been read, and can be read again and compared.
type body struct {
	*bytes.Reader
	data string
}

func (body) Close() error { return nil }

// readBodies reads the streams in a structure and puts bodies in their place.
func readBodies(structure any) error {
	v := reflect.ValueOf(structure).Elem()
	for _, field := range v.Fields() {
		if field.Kind() != reflect.Interface || field.IsNil() || !field.CanSet() {
			continue
		}
		reader, ok := reflect.TypeAssert[io.Reader](field)
		if !ok {
			continue
		}
		data, err := io.ReadAll(reader)
		if err != nil {
			return err
		}
		field.Set(reflect.ValueOf(body{bytes.NewReader(data), string(data)}))
	}
	return nil
}
