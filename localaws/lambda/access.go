package lambda

import (
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// The condition keys of Lambda.
const (
	keyAuthType  = "lambda:FunctionUrlAuthType"
	keyFunction  = "lambda:FunctionArn"
	keyPrincipal = "lambda:Principal"
	keyViaURL    = "lambda:InvokedViaFunctionUrl"
)

func keysOfCreate(in *lambda.CreateFunctionInput) policy.Context {
	return keysOfSettings(in.Layers, in.VpcConfig).RequestTags(in.Tags)
}

func keysOfUpdate(in *lambda.UpdateFunctionConfigurationInput) policy.Context {
	return keysOfSettings(in.Layers, in.VpcConfig)
}

func keysOfSettings(layers []string, vpc *types.VpcConfig) policy.Context {
	keys := policy.Context{}
	keys.Set("lambda:Layer", layers...)
	if vpc != nil {
		keys.Set("lambda:SubnetIds", vpc.SubnetIds...)
		keys.Set("lambda:SecurityGroupIds", vpc.SecurityGroupIds...)
	}
	return keys
}

// tagsOnCreate is what else a function with tags needs: who may create it but
// not tag it is told that lambda:TagResource is missing.
func (s *Service) tagsOnCreate(in *lambda.CreateFunctionInput) []policy.Access {
	if len(in.Tags) == 0 {
		return nil
	}
	return []policy.Access{{
		Action: "lambda:TagResource", Resources: s.arnOf(in.FunctionName, nil), Keys: policy.Context(nil).RequestTags(in.Tags),
	}}
}

func keysOfPermission(in *lambda.AddPermissionInput) policy.Context {
	return policy.Keys(keyPrincipal, *in.Principal, keyAuthType, string(in.FunctionUrlAuthType))
}

// keysOfRemoval are those of the permission that goes.
func (s *Service) keysOfRemoval(in *lambda.RemovePermissionInput) policy.Context {
	ref, err := s.refer(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil
	}
	f, err := s.function(ref)
	if err != nil {
		return nil
	}
	statements := f.Policies[ref.qualifier].Statements
	i := slices.IndexFunc(statements, func(st statement) bool { return st.Sid == *in.StatementId })
	if i < 0 {
		return nil
	}
	return policy.Keys(keyPrincipal, statements[i].principal(), keyAuthType, statements[i].Condition["StringEquals"][keyAuthType])
}

// principal is the one that a permission is for: "*", an ARN or a service.
func (st *statement) principal() string {
	text, err := json.Marshal(st.Principal)
	if err != nil {
		return ""
	}
	var kinds map[string]string
	if json.Unmarshal(text, &kinds) == nil {
		for _, name := range kinds {
			return name
		}
	}
	var all string
	_ = json.Unmarshal(text, &all) // it is the one or the other
	return all
}

// keysOfURL are those of a function's URL: with the kind of authorization that
// the request gives it or, where it gives none, that it has.
func (s *Service) keysOfURL(name, qualifier *string, auth types.FunctionUrlAuthType) policy.Context {
	if auth == "" {
		if u, err := s.mustFindURL(name, qualifier); err == nil {
			auth = u.AuthType
		}
	}
	return policy.Keys(keyAuthType, string(auth), keyFunction, s.arnOf(name, qualifier)[0])
}
