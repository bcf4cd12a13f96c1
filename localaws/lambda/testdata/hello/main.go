// Command hello is a function made with AWS's own library for Go.
package main

import (
	"context"
	"errors"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

func main() { lambda.Start(handle) }

func handle(ctx context.Context, r events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	switch r.RawPath {
	case "/panic":
		panic("oh no")
	case "/error":
		return events.LambdaFunctionURLResponse{}, errors.New("no luck")
	}
	lc, _ := lambdacontext.FromContext(ctx)
	return events.LambdaFunctionURLResponse{StatusCode: 200, Body: "hello from " + lc.InvokedFunctionArn}, nil
}
