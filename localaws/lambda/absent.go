package lambda

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// What follows are features that no function here has. Clients ask for them all
// the same, and are told so; who wants to have one, is refused.

// GetFunctionCodeSigningConfig says that the function has none.
func (s *Service) GetFunctionCodeSigningConfig(_ context.Context, in *lambda.GetFunctionCodeSigningConfigInput) (*lambda.GetFunctionCodeSigningConfigOutput, error) {
	ref, _, err := s.latest(in.FunctionName)
	if err != nil {
		return nil, err
	}
	return &lambda.GetFunctionCodeSigningConfigOutput{FunctionName: aws.String(ref.name)}, nil
}

// GetFunctionRecursionConfig answers AWS's default.
func (s *Service) GetFunctionRecursionConfig(_ context.Context, in *lambda.GetFunctionRecursionConfigInput) (*lambda.GetFunctionRecursionConfigOutput, error) {
	if _, _, err := s.latest(in.FunctionName); err != nil {
		return nil, err
	}
	return &lambda.GetFunctionRecursionConfigOutput{RecursiveLoop: types.RecursiveLoopTerminate}, nil
}

// GetRuntimeManagementConfig answers AWS's default: a function runs on what there is.
func (s *Service) GetRuntimeManagementConfig(_ context.Context, in *lambda.GetRuntimeManagementConfigInput) (*lambda.GetRuntimeManagementConfigOutput, error) {
	ref, err := s.refer(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if _, _, err := s.find(ref); err != nil {
		return nil, err
	}
	if ref.qualifier == "" {
		ref.qualifier = latest
	}
	return &lambda.GetRuntimeManagementConfigOutput{
		FunctionArn: aws.String(s.arn(ref)), UpdateRuntimeOn: types.UpdateRuntimeOnAuto,
	}, nil
}

// GetFunctionEventInvokeConfig says that there is none.
func (s *Service) GetFunctionEventInvokeConfig(_ context.Context, in *lambda.GetFunctionEventInvokeConfigInput) (*lambda.GetFunctionEventInvokeConfigOutput, error) {
	ref, err := s.refer(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if _, _, err := s.find(ref); err != nil {
		return nil, err
	}
	if ref.qualifier == "" {
		ref.qualifier = latest
	}
	return nil, notFound("The function " + s.arn(ref) + " doesn't have an EventInvokeConfig")
}

// CreateEventSourceMapping refuses: nothing here has records that a function could read.
func (s *Service) CreateEventSourceMapping(context.Context, *lambda.CreateEventSourceMappingInput) (*lambda.CreateEventSourceMappingOutput, error) {
	return nil, invalid("Event source mappings are not supported by this local Lambda.")
}

// ListEventSourceMappings lists none.
func (s *Service) ListEventSourceMappings(context.Context, *lambda.ListEventSourceMappingsInput) (*lambda.ListEventSourceMappingsOutput, error) {
	return &lambda.ListEventSourceMappingsOutput{EventSourceMappings: []types.EventSourceMappingConfiguration{}}, nil
}

// PublishLayerVersion refuses: a function here finds its libraries in its package.
func (s *Service) PublishLayerVersion(context.Context, *lambda.PublishLayerVersionInput) (*lambda.PublishLayerVersionOutput, error) {
	return nil, invalid("Layers are not supported by this local Lambda.")
}

// ListLayers lists none.
func (s *Service) ListLayers(context.Context, *lambda.ListLayersInput) (*lambda.ListLayersOutput, error) {
	return &lambda.ListLayersOutput{Layers: []types.LayersListItem{}}, nil
}
