package wire_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire/wiretest"
)

// unproved are operations that the wire does not speak: those whose answer is
// a stream of events, those that clients send to another host, those that are
// not signed, and those whose exception has a message in one model only.
var unproved = map[string]bool{
	"s3/SelectObjectContent": true, "s3/WriteGetObjectResponse": true,
	"lambda/InvokeWithResponseStream": true,
	"sts/AssumeRoleWithSAML":          true, "sts/AssumeRoleWithWebIdentity": true,
	"codepipeline/RegisterWebhookWithThirdParty": true, "codepipeline/DeregisterWebhookWithThirdParty": true,
	"logs/StartLiveTail": true, "logs/GetLogObject": true,
}

// everything is every operation of every service that both the SDK and the table have.
func everything() []wire.Service {
	var services []wire.Service
	for _, name := range wiretest.Services() {
		service := wire.Service{Name: name}
		client := reflect.TypeOf(wiretest.NewClient(name, aws.Config{Region: "eu-west-1"}))
		for method := range client.Methods() {
			if !wire.Known(name, method.Name) || unproved[name+"/"+method.Name] || !isOperation(method.Type) {
				continue
			}
			op := wire.OperationOf(method.Name, method.Type.In(2).Elem(), method.Type.Out(0).Elem())
			service.Operations = append(service.Operations, op)
		}
		services = append(services, service)
	}
	return services
}

func isOperation(typ reflect.Type) bool {
	return typ.NumIn() == 4 && typ.In(1) == reflect.TypeFor[context.Context]() && typ.NumOut() == 2
}

func TestEveryOperationRoundTrips(t *testing.T) { wiretest.RoundTrip(t, everything()) }

func TestEveryModelledErrorRoundTrips(t *testing.T) { wiretest.Errors(t, everything()) }

func TestBotocoreReadsTheSame(t *testing.T) { wiretest.Botocore(t, everything()) }

func TestEveryOperationRoundTripsInCBOR(t *testing.T) { wiretest.RoundTripCBOR(t, everything()) }

func TestEveryModelledErrorRoundTripsInCBOR(t *testing.T) { wiretest.ErrorsCBOR(t, everything()) }

func TestBotocoreReadsTheSameInCBOR(t *testing.T) { wiretest.BotocoreCBOR(t, everything()) }

func TestEveryConstraintRefuses(t *testing.T) { wiretest.Refusals(t, everything()) }
