package lambda

import (
	"context"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

// What a function has where its maker says nothing.
const (
	defaultTimeout = 3
	defaultMemory  = 128
	defaultStorage = 512
)

// CreateFunction makes a function whose code can run on this machine.
func (s *Service) CreateFunction(ctx context.Context, in *lambda.CreateFunctionInput) (*lambda.CreateFunctionOutput, error) {
	ref, err := s.refer(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	if err := refuseUnserved(in); err != nil {
		return nil, err
	}
	if in.Runtime == "" || in.Handler == nil {
		return nil, invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	}
	if _, exists, err := s.functions.Get(ref.name); err != nil {
		return nil, err
	} else if exists {
		return nil, conflict("Function already exist: " + ref.name)
	}
	r := newRevision(ref.name, in)
	if err := s.checkConfig(ctx, &r); err != nil {
		return nil, err
	}
	zip, err := s.fetch(ctx, ref.name, codeLocation{in.Code.ZipFile, in.Code.S3Bucket, in.Code.S3Key, in.Code.S3ObjectVersion})
	if err != nil {
		return nil, err
	}
	unpack, err := s.receive(&r, zip)
	if err != nil {
		return nil, err
	}
	r.Config.State, r.Config.StateReason, r.Config.StateReasonCode = types.StatePending, aws.String(beingCreated), types.StateReasonCodeCreating
	s.changed(&r)
	err = s.functions.Update(ref.name, func(f *function, exists bool) error {
		if exists {
			return conflict("Function already exist: " + ref.name)
		}
		*f = function{Name: ref.name, Tags: maps.Clone(in.Tags)}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.revisions.Put(revisionKey(ref.name, latest), r); err != nil {
		return nil, err
	}
	shown := s.shown(r, "")
	if in.Publish {
		published, err := s.publish(ref, nil)
		if err != nil {
			return nil, err
		}
		shown = s.shown(published, *published.Config.Version)
	}
	s.spawn(func() { s.activate(r, unpack) })
	return copyFields[lambda.CreateFunctionOutput](shown), nil
}

// refuseUnserved refuses what would be accepted and then not happen.
func refuseUnserved(in *lambda.CreateFunctionInput) error {
	unserved := map[string]bool{
		"PackageType Image":      in.PackageType == types.PackageTypeImage || in.Code.ImageUri != nil || in.ImageConfig != nil,
		"CapacityProviderConfig": in.CapacityProviderConfig != nil,
		"CodeSigningConfigArn":   in.CodeSigningConfigArn != nil,
		"DurableConfig":          in.DurableConfig != nil,
		"TenancyConfig":          in.TenancyConfig != nil,
		"PublishTo":              in.PublishTo != "",
	}
	return refuse(unserved, extras{
		in.DeadLetterConfig, in.FileSystemConfigs, in.KMSKeyArn, in.Layers, in.LoggingConfig, in.SnapStart, in.TracingConfig, in.VpcConfig,
	})
}

// extras are the settings that CreateFunction and UpdateFunctionConfiguration share and that are not served.
type extras struct {
	deadLetter *types.DeadLetterConfig
	files      []types.FileSystemConfig
	key        *string
	layers     []string
	logging    *types.LoggingConfig
	snapStart  *types.SnapStart
	tracing    *types.TracingConfig
	vpc        *types.VpcConfig
}

func refuse(unserved map[string]bool, e extras) error {
	unserved["DeadLetterConfig"] = e.deadLetter != nil && aws.ToString(e.deadLetter.TargetArn) != ""
	unserved["FileSystemConfigs"] = len(e.files) > 0
	unserved["KMSKeyArn"] = aws.ToString(e.key) != ""
	unserved["Layers"] = len(e.layers) > 0
	unserved["LoggingConfig.LogFormat JSON"] = e.logging != nil && e.logging.LogFormat == types.LogFormatJson
	unserved["SnapStart"] = e.snapStart != nil && e.snapStart.ApplyOn == types.SnapStartApplyOnPublishedVersions
	unserved["TracingConfig.Mode Active"] = e.tracing != nil && e.tracing.Mode == types.TracingModeActive
	unserved["VpcConfig"] = e.vpc != nil && len(e.vpc.SubnetIds)+len(e.vpc.SecurityGroupIds) > 0
	for name, given := range unserved {
		if given {
			return invalid(name + " is not supported by this local Lambda.")
		}
	}
	return nil
}

func newRevision(name string, in *lambda.CreateFunctionInput) revision {
	c := types.FunctionConfiguration{
		FunctionName: aws.String(name), Version: aws.String(latest), PackageType: types.PackageTypeZip,
		Role: in.Role, Runtime: in.Runtime, Handler: in.Handler, Description: aws.String(aws.ToString(in.Description)),
		Timeout: aws.Int32(defaultTimeout), MemorySize: aws.Int32(defaultMemory),
		Architectures:    []types.Architecture{types.ArchitectureX8664},
		EphemeralStorage: &types.EphemeralStorage{Size: aws.Int32(defaultStorage)},
		TracingConfig:    &types.TracingConfigResponse{Mode: types.TracingModePassThrough},
		SnapStart:        &types.SnapStartResponse{ApplyOn: types.SnapStartApplyOnNone, OptimizationStatus: types.SnapStartOptimizationStatusOff},
		LoggingConfig:    &types.LoggingConfig{LogFormat: types.LogFormatText, LogGroup: aws.String("/aws/lambda/" + name)},
	}
	if len(in.Architectures) > 0 {
		c.Architectures = in.Architectures
	}
	r := revision{Config: c}
	r.apply(settings{in.Role, in.Runtime, in.Handler, in.Description, in.Timeout, in.MemorySize, in.Environment, in.EphemeralStorage, in.LoggingConfig})
	return r
}

// settings are what UpdateFunctionConfiguration can change; nil leaves a thing as it is.
type settings struct {
	role        *string
	runtime     types.Runtime
	handler     *string
	description *string
	timeout     *int32
	memory      *int32
	environment *types.Environment
	storage     *types.EphemeralStorage
	logging     *types.LoggingConfig
}

func (r *revision) apply(set settings) {
	c := &r.Config
	replace(&c.Role, set.role)
	replace(&c.Handler, set.handler)
	replace(&c.Description, set.description)
	replace(&c.Timeout, set.timeout)
	replace(&c.MemorySize, set.memory)
	replace(&c.EphemeralStorage, set.storage)
	if set.runtime != "" {
		c.Runtime = set.runtime
	}
	if set.environment != nil {
		c.Environment = nil
		if len(set.environment.Variables) > 0 {
			c.Environment = &types.EnvironmentResponse{Variables: set.environment.Variables}
		}
	}
	if set.logging != nil && set.logging.LogGroup != nil {
		c.LoggingConfig = &types.LoggingConfig{LogFormat: types.LogFormatText, LogGroup: set.logging.LogGroup}
	}
}

func replace[T any](field **T, value *T) {
	if value != nil {
		*field = value
	}
}

// checkConfig refuses a configuration that could not run: the role, the runtime, the variables.
func (s *Service) checkConfig(ctx context.Context, r *revision) error {
	if err := checkVariables(r.variables()); err != nil {
		return err
	}
	if err := checkLimits(r); err != nil {
		return err
	}
	if err := s.checkRuntime(ctx, r.Config.Runtime); err != nil {
		return err
	}
	_, err := s.env.Roles.Assume(ctx, service.Session{
		RoleARN: aws.ToString(r.Config.Role), Name: *r.Config.FunctionName,
		Service: principal, SourceARN: s.arn(reference{name: *r.Config.FunctionName}),
	})
	if err != nil {
		s.env.Log.Debug("assume execution role", "role", aws.ToString(r.Config.Role), "error", err)
		return invalid("The role defined for the function cannot be assumed by Lambda.")
	}
	return nil
}

// What a function may have: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const (
	maxTimeout = 900
	maxMemory  = 10240
)

// checkLimits refuses what Lambda refuses, beyond what its model says.
func checkLimits(r *revision) error {
	over := func(value, limit int32, member string) error {
		if value <= limit {
			return nil
		}
		return &smithy.GenericAPIError{Code: "ValidationException", Fault: smithy.FaultClient, Message: fmt.Sprintf(
			"1 validation error detected: Value '%d' at '%s' failed to satisfy constraint: Member must have value less than or equal to %d",
			value, member, limit)}
	}
	if err := over(aws.ToInt32(r.Config.Timeout), maxTimeout, "timeout"); err != nil {
		return err
	}
	return over(aws.ToInt32(r.Config.MemorySize), maxMemory, "memorySize")
}

// principal is Lambda as trust policies name it.
const principal = "lambda.amazonaws.com"

func (r *revision) variables() map[string]string {
	if r.Config.Environment == nil {
		return nil
	}
	return r.Config.Environment.Variables
}
