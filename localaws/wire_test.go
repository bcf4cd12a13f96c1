package localaws_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/mayfly-cd/mayfly/localaws"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire/wiretest"
)

func served(t *testing.T) []wire.Service {
	t.Helper()
	return start(t, localaws.Options{}).Served()
}

// TestServedOperationsRoundTrip sends random inputs and outputs of every
// operation through the SDK's client.
func TestServedOperationsRoundTrip(t *testing.T) { wiretest.RoundTrip(t, served(t)) }

// TestServedErrorsRoundTrip answers every operation with all of its exceptions.
func TestServedErrorsRoundTrip(t *testing.T) { wiretest.Errors(t, served(t)) }

// TestBotocoreReadsServedOperations does the same through botocore, and only
// where MAYFLY_PYTHON says so: localaws/conformance/run does.
func TestBotocoreReadsServedOperations(t *testing.T) {
	if os.Getenv("CI") != "" && os.Getenv("MAYFLY_PYTHON") == "" {
		t.Fatal("CI must set MAYFLY_PYTHON to a Python that has botocore")
	}
	wiretest.Botocore(t, served(t))
}

// TestServedOperationsRoundTripInCBOR sends the same in rpc-v2-cbor, to the services that have it.
func TestServedOperationsRoundTripInCBOR(t *testing.T) { wiretest.RoundTripCBOR(t, served(t)) }

// TestServedErrorsRoundTripInCBOR answers the same in rpc-v2-cbor.
func TestServedErrorsRoundTripInCBOR(t *testing.T) { wiretest.ErrorsCBOR(t, served(t)) }

// TestBotocoreReadsServedOperationsInCBOR has botocore speak it.
func TestBotocoreReadsServedOperationsInCBOR(t *testing.T) { wiretest.BotocoreCBOR(t, served(t)) }

// TestServedOperationsRefuse breaks every constraint of the model, of every operation.
func TestServedOperationsRefuse(t *testing.T) { wiretest.Refusals(t, served(t)) }

// TestServedOperationsAreProved fails when an operation is served that the
// tests above do not reach with the types of the SDK's client.
func TestServedOperationsAreProved(t *testing.T) {
	s := start(t, localaws.Options{})
	proved := map[string][]string{}
	for _, service := range s.Served() {
		if !slices.Contains(wiretest.Services(), service.Name) {
			t.Errorf("service %s is served, and wiretest has no client for it", service.Name)
			continue
		}
		client := reflect.ValueOf(wiretest.NewClient(service.Name, s.Config()))
		for _, op := range service.Operations {
			method := client.MethodByName(op.Name)
			if !method.IsValid() {
				t.Errorf("%s/%s: the SDK's client has no such method", service.Name, op.Name)
				continue
			}
			in, out := op.Types()
			if method.Type().In(1).Elem() != in || method.Type().Out(0).Elem() != out {
				t.Errorf("%s/%s is served with %v and %v, which are not the client's types", service.Name, op.Name, in, out)
			}
			if prefix, action, ok := strings.Cut(op.Action, ":"); !ok || prefix == "" || action == "" {
				t.Errorf("%s/%s is registered with the IAM action %q", service.Name, op.Name, op.Action)
			}
			proved[service.Name] = append(proved[service.Name], op.Name)
		}
	}
	if got := s.Operations(); !maps.EqualFunc(got, proved, slices.Equal) {
		t.Errorf("served are %v, proved are %v", got, proved)
	}
	total := 0
	for _, names := range proved {
		total += len(names)
	}
	if total < 200 {
		t.Errorf("only %d operations are proved: this test has lost sight of them", total)
	}
}

// TestServerSpeaksForEveryOperation asks the real endpoint, with the real
// handlers behind it, for every operation with random values: whatever each
// answers, it must be an answer or an error of AWS's, never a defect of ours.
func TestServerSpeaksForEveryOperation(t *testing.T) {
	s := start(t, localaws.Options{})
	cfg := s.Config()
	cfg.RetryMaxAttempts, cfg.HTTPClient = 1, wiretest.PlainBodies{}
	cfg.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	for _, service := range s.Served() {
		client := wiretest.NewClient(service.Name, cfg)
		for _, op := range service.Operations {
			t.Run(service.Name+"/"+op.Name, func(t *testing.T) { speak(t, client, service.Name, op) })
		}
	}
}

// speaks is how many random inputs each operation gets.
const speaks = 5

func speak(t *testing.T, client any, service string, op wire.Operation) {
	t.Helper()
	for seed := range uint64(speaks) {
		sampler := wire.Sampler{Rand: rand.New(rand.NewPCG(seed, 3)), Skip: refusedByClient}
		in, _, err := sampler.Sample(service, op)
		if err != nil {
			t.Fatal(err)
		}
		v := reflect.ValueOf(in).Elem()
		if body := v.FieldByName("Body"); body.IsValid() && body.Kind() == reflect.Interface {
			body.Set(reflect.ValueOf(strings.NewReader("hello"))) // the client wants to read it twice
			if length := v.FieldByName("ContentLength"); length.IsValid() {
				length.SetZero()
			}
		}
		if _, err = wiretest.Call(t.Context(), client, op.Name, in); err == nil {
			continue
		}
		failed, ok := errors.AsType[*awshttp.ResponseError](err)
		if !ok {
			t.Fatalf("seed %d: the client could not read the answer: %v", seed, err)
		}
		if status := failed.HTTPStatusCode(); status >= http.StatusInternalServerError && code(err) != "NotImplemented" {
			t.Errorf("seed %d: status %d: %v", seed, status, err)
		}
	}
}

// refusedByClient are members whose random values the client refuses to send.
func refusedByClient(_, member string) bool {
	return member == "EndpointId" || member == "ChecksumAlgorithm"
}
