package lambda_test

import (
	"encoding/base64"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// TestAbsentFeatures asks for what clients ask for of every function, and for what is refused.
func TestAbsentFeatures(t *testing.T) {
	c := start(t)
	c.create(t)
	ctx, f := t.Context(), aws.String("f")
	if out, err := c.GetFunctionCodeSigningConfig(ctx, &awslambda.GetFunctionCodeSigningConfigInput{FunctionName: f}); err != nil || *out.FunctionName != "f" || out.CodeSigningConfigArn != nil {
		t.Errorf("code signing: %+v, %v", out, err)
	}
	if out, err := c.GetFunctionRecursionConfig(ctx, &awslambda.GetFunctionRecursionConfigInput{FunctionName: f}); err != nil || out.RecursiveLoop != types.RecursiveLoopTerminate {
		t.Errorf("recursion: %+v, %v", out, err)
	}
	if out, err := c.GetRuntimeManagementConfig(ctx, &awslambda.GetRuntimeManagementConfigInput{FunctionName: f}); err != nil || out.UpdateRuntimeOn != types.UpdateRuntimeOnAuto {
		t.Errorf("runtime management: %+v, %v", out, err)
	}
	_, err := c.GetFunctionEventInvokeConfig(ctx, &awslambda.GetFunctionEventInvokeConfigInput{FunctionName: f})
	wantError(t, err, "ResourceNotFoundException", "The function "+arnOfF+":$LATEST doesn't have an EventInvokeConfig")
	_, err = c.CreateEventSourceMapping(ctx, &awslambda.CreateEventSourceMappingInput{FunctionName: f})
	wantError(t, err, "InvalidParameterValueException", "Event source mappings are not supported")
	if out, err := c.ListEventSourceMappings(ctx, &awslambda.ListEventSourceMappingsInput{}); err != nil || len(out.EventSourceMappings) > 0 {
		t.Errorf("mappings: %+v, %v", out, err)
	}
	_, err = c.PublishLayerVersion(ctx, &awslambda.PublishLayerVersionInput{LayerName: aws.String("l"), Content: &types.LayerVersionContentInput{ZipFile: []byte("x")}})
	wantError(t, err, "InvalidParameterValueException", "Layers are not supported")
	if out, err := c.ListLayers(ctx, &awslambda.ListLayersInput{}); err != nil || len(out.Layers) > 0 {
		t.Errorf("layers: %+v, %v", out, err)
	}
	for member, in := range map[string]*awslambda.UpdateFunctionConfigurationInput{
		"Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900":        {FunctionName: f, Timeout: aws.Int32(901)},
		"Value '10241' at 'memorySize' failed to satisfy constraint: Member must have value less than or equal to 10240": {FunctionName: f, MemorySize: aws.Int32(10241)},
	} {
		_, err := c.UpdateFunctionConfiguration(ctx, in)
		wantError(t, err, "ValidationException", member)
	}
}

func TestClientContext(t *testing.T) {
	c := start(t)
	c.create(t)
	send := func(text string) (*awslambda.InvokeOutput, error) {
		return c.Invoke(t.Context(), &awslambda.InvokeInput{
			FunctionName: aws.String("f"), Payload: []byte(`{"do":"headers"}`),
			ClientContext: aws.String(base64.StdEncoding.EncodeToString([]byte(text))),
		})
	}
	out, err := send("{\n  \"custom\": {\"a\": 1}\n}")
	if err != nil {
		t.Fatal(err)
	}
	headers := decode[map[string][]string](t, out.Payload)
	if got := headers["Lambda-Runtime-Client-Context"]; len(got) != 1 || got[0] != `{"custom":{"a":1}}` {
		t.Errorf("the runtime gets %q", got)
	}
	for _, text := range []string{"nonsense", `[1]`} {
		_, err = send(text)
		wantError(t, err, "InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.")
	}
}
