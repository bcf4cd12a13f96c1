package lambda

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// alias is a name for a version.
type alias struct {
	Version     string
	Description string
	Weights     map[string]float64 `json:",omitempty"`
	Revision    string
}

// choose picks the version for a call: dice is from [0, 1).
func (a *alias) choose(dice float64) string {
	for _, version := range slices.Sorted(maps.Keys(a.Weights)) {
		if dice -= a.Weights[version]; dice < 0 {
			return version
		}
	}
	return a.Version
}

func (s *Service) missingAlias(ref reference, name string) error {
	return notFound("Cannot find alias arn: " + s.arn(reference{ref.name, name}))
}

func (s *Service) aliasConfiguration(ref reference, name string, a alias) types.AliasConfiguration {
	c := types.AliasConfiguration{
		AliasArn: aws.String(s.arn(reference{ref.name, name})), Name: aws.String(name), Description: aws.String(a.Description),
		FunctionVersion: aws.String(a.Version), RevisionId: aws.String(a.Revision),
	}
	if len(a.Weights) > 0 {
		c.RoutingConfig = &types.AliasRoutingConfiguration{AdditionalVersionWeights: a.Weights}
	}
	return c
}

// CreateAlias makes an alias of a version.
func (s *Service) CreateAlias(_ context.Context, in *lambda.CreateAliasInput) (*lambda.CreateAliasOutput, error) {
	ref, err := s.refer(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	if _, err := s.function(ref); err != nil {
		return nil, err
	}
	if isVersion(*in.Name) {
		return nil, invalid("Value '" + *in.Name + "' at 'name' failed to satisfy constraint: Member must not be a number")
	}
	if err := s.checkVersions(ref, in.FunctionVersion, in.RoutingConfig); err != nil {
		return nil, err
	}
	a := alias{Version: *in.FunctionVersion, Description: aws.ToString(in.Description), Revision: uuid.New()}
	if in.RoutingConfig != nil {
		a.Weights = in.RoutingConfig.AdditionalVersionWeights
	}
	err = s.update(ref, func(f *function) error {
		if _, exists := f.Aliases[*in.Name]; exists {
			return conflict("Alias already exists: " + s.arn(reference{ref.name, *in.Name}))
		}
		if f.Aliases == nil {
			f.Aliases = map[string]alias{}
		}
		f.Aliases[*in.Name] = a
		return nil
	})
	if err != nil {
		return nil, err
	}
	c := s.aliasConfiguration(ref, *in.Name, a)
	return &lambda.CreateAliasOutput{
		AliasArn: c.AliasArn, Description: c.Description, FunctionVersion: c.FunctionVersion, Name: c.Name,
		RevisionId: c.RevisionId, RoutingConfig: c.RoutingConfig,
	}, nil
}

// GetAlias returns an alias.
func (s *Service) GetAlias(_ context.Context, in *lambda.GetAliasInput) (*lambda.GetAliasOutput, error) {
	ref, err := s.refer(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	f, err := s.function(ref)
	if err != nil {
		return nil, err
	}
	a, ok := f.Aliases[*in.Name]
	if !ok {
		return nil, s.missingAlias(ref, *in.Name)
	}
	c := s.aliasConfiguration(ref, *in.Name, a)
	return &lambda.GetAliasOutput{
		AliasArn: c.AliasArn, Description: c.Description, FunctionVersion: c.FunctionVersion, Name: c.Name,
		RevisionId: c.RevisionId, RoutingConfig: c.RoutingConfig,
	}, nil
}

// DeleteAlias deletes an alias with its URL and its permissions. One that is gone is no error.
func (s *Service) DeleteAlias(_ context.Context, in *lambda.DeleteAliasInput) (*lambda.DeleteAliasOutput, error) {
	ref, err := s.refer(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	err = s.update(ref, func(f *function) error {
		delete(f.Aliases, *in.Name)
		delete(f.Policies, *in.Name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteAliasOutput{}, s.deleteURLs(ref.name, func(u functionURL) bool { return u.Qualifier == *in.Name })
}

// ListAliases lists aliases by name.
func (s *Service) ListAliases(_ context.Context, in *lambda.ListAliasesInput) (*lambda.ListAliasesOutput, error) {
	ref, err := s.refer(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	f, err := s.function(ref)
	if err != nil {
		return nil, err
	}
	list := []types.AliasConfiguration{}
	for _, name := range slices.Sorted(maps.Keys(f.Aliases)) {
		if a := f.Aliases[name]; in.FunctionVersion == nil || a.Version == *in.FunctionVersion {
			list = append(list, s.aliasConfiguration(ref, name, a))
		}
	}
	out := &lambda.ListAliasesOutput{}
	out.Aliases, out.NextMarker = page(list, func(c types.AliasConfiguration) string { return *c.Name }, in.Marker, in.MaxItems)
	return out, nil
}
