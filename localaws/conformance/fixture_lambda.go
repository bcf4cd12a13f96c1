package conformance

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// bootstrap is a function as a shell script: it answers what it is given, or
// fails where that says "fail", or leaves where it says "exit".
//
//go:embed testdata/bootstrap
var bootstrap string

// functionZip is a deployment package with the bootstrap and a note that makes it another.
func functionZip(note string) []byte {
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	for name, text := range map[string]string{"bootstrap": bootstrap, "note": note} {
		header := &zip.FileHeader{Name: name, Modified: time.Unix(0, 0)}
		header.SetMode(0o755)
		file, err := archive.CreateHeader(header)
		if err == nil {
			_, err = file.Write([]byte(text))
		}
		if err != nil {
			panic(err) // into memory
		}
	}
	if err := archive.Close(); err != nil {
		panic(err) // into memory
	}
	return b.Bytes()
}

func (t *T) functionInput(name, role string) *lambda.CreateFunctionInput {
	return &lambda.CreateFunctionInput{
		FunctionName: &name, Role: &role, Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Code: &lambdatypes.FunctionCode{ZipFile: functionZip("one")},
	}
}

// functionName is the name of a function that goes, with its logs, if it is made.
func (t *T) functionName() string {
	name := t.name()
	t.cleanupLogs("/aws/lambda/" + name)
	t.cleanup("function "+name, func(t *T) error {
		_, err := t.lambda.DeleteFunction(t.ctx, &lambda.DeleteFunctionInput{FunctionName: &name})
		return err
	})
	return name
}

// function makes a function, waits until it is active, and returns its name.
func (t *T) function() string {
	name := t.functionName()
	role := t.role(trustService("lambda.amazonaws.com"), allow("logs:*"))
	settled(t, func() (*lambda.CreateFunctionOutput, error) {
		return t.lambda.CreateFunction(t.ctx, t.functionInput(name, role))
	})
	t.eventually("the function is active", func() bool {
		return t.configuration(name).State == lambdatypes.StateActive
	})
	return name
}

func (t *T) configuration(name string) *lambda.GetFunctionConfigurationOutput {
	return must(t.lambda.GetFunctionConfiguration(t.ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name}))(t)
}

// updated waits until the last change of a function is done.
func (t *T) updated(name string) {
	t.eventually("the function is updated", func() bool {
		return t.configuration(name).LastUpdateStatus == lambdatypes.LastUpdateStatusSuccessful
	})
}

func (t *T) invoke(name, payload string) *lambda.InvokeOutput {
	return must(t.lambda.Invoke(t.ctx, &lambda.InvokeInput{FunctionName: &name, Payload: []byte(payload)}))(t)
}
