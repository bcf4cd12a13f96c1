package lambda

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// functionURL is the URL of a function or of an alias. Its row's key is its id.
type functionURL struct {
	ID                  string
	Function, Qualifier string
	AuthType            types.FunctionUrlAuthType
	Cors                *types.Cors
	Created, Modified   string
}

func (s *Service) functionURL(u functionURL) types.FunctionUrlConfig {
	return types.FunctionUrlConfig{
		AuthType: u.AuthType, Cors: u.Cors, InvokeMode: types.InvokeModeBuffered,
		CreationTime: aws.String(u.Created), LastModifiedTime: aws.String(u.Modified),
		FunctionArn: aws.String(s.arn(reference{u.Function, u.Qualifier})),
		FunctionUrl: aws.String(s.env.URL + "/lambda-url/" + u.ID + "/"),
	}
}

// findURL returns the URL of what the reference names.
func (s *Service) findURL(ref reference) (functionURL, bool, error) {
	rows, err := s.urls.List("", "", 0)
	for _, row := range rows {
		if row.Value.Function == ref.name && row.Value.Qualifier == ref.qualifier {
			return row.Value, true, nil
		}
	}
	return functionURL{}, false, err
}

func (s *Service) deleteURLs(name string, which func(functionURL) bool) error {
	rows, err := s.urls.List("", "", 0)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Value.Function == name && which(row.Value) {
			if err := s.urls.Delete(row.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// CreateFunctionUrlConfig gives a function or an alias a URL.
func (s *Service) CreateFunctionUrlConfig(_ context.Context, in *lambda.CreateFunctionUrlConfigInput) (*lambda.CreateFunctionUrlConfigOutput, error) { //nolint:revive // AWS's name
	if in.InvokeMode == types.InvokeModeResponseStream {
		return nil, invalid("InvokeMode RESPONSE_STREAM is not supported by this local Lambda.")
	}
	ref, err := s.refer(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	f, _, err := s.find(ref)
	if err != nil {
		return nil, err
	}
	if _, isAlias := f.Aliases[ref.qualifier]; ref.qualifier != "" && !isAlias {
		return nil, invalid("Function URLs can be added to a function or an alias, not to the version " + ref.qualifier + ".")
	}
	if _, exists, err := s.findURL(ref); err != nil {
		return nil, err
	} else if exists {
		return nil, conflict("Failed to create function url config for [functionArn = " + s.arn(ref) + "]. Error message:  FunctionUrlConfig exists for this Lambda function")
	}
	now := s.env.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
	u := functionURL{
		ID: token(), Function: ref.name, Qualifier: ref.qualifier, AuthType: in.AuthType, Cors: in.Cors, Created: now, Modified: now,
	}
	if err := s.urls.Put(u.ID, u); err != nil {
		return nil, err
	}
	c := s.functionURL(u)
	return &lambda.CreateFunctionUrlConfigOutput{
		AuthType: c.AuthType, Cors: c.Cors, CreationTime: c.CreationTime, FunctionArn: c.FunctionArn, FunctionUrl: c.FunctionUrl, InvokeMode: c.InvokeMode,
	}, nil
}

func (s *Service) mustFindURL(name, qualifier *string) (functionURL, error) {
	ref, err := s.refer(name, qualifier)
	if err != nil {
		return functionURL{}, err
	}
	u, ok, err := s.findURL(ref)
	if err == nil && !ok {
		err = missingResource()
	}
	return u, err
}

// GetFunctionUrlConfig returns the URL's settings.
func (s *Service) GetFunctionUrlConfig(_ context.Context, in *lambda.GetFunctionUrlConfigInput) (*lambda.GetFunctionUrlConfigOutput, error) { //nolint:revive // AWS's name
	u, err := s.mustFindURL(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	c := s.functionURL(u)
	return &lambda.GetFunctionUrlConfigOutput{
		AuthType: c.AuthType, Cors: c.Cors, CreationTime: c.CreationTime, LastModifiedTime: c.LastModifiedTime,
		FunctionArn: c.FunctionArn, FunctionUrl: c.FunctionUrl, InvokeMode: c.InvokeMode,
	}, nil
}

// UpdateFunctionUrlConfig changes the URL's settings; the URL stays.
func (s *Service) UpdateFunctionUrlConfig(_ context.Context, in *lambda.UpdateFunctionUrlConfigInput) (*lambda.UpdateFunctionUrlConfigOutput, error) { //nolint:revive // AWS's name
	if in.InvokeMode == types.InvokeModeResponseStream {
		return nil, invalid("InvokeMode RESPONSE_STREAM is not supported by this local Lambda.")
	}
	u, err := s.mustFindURL(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	err = s.urls.Update(u.ID, func(row *functionURL, ok bool) error {
		if !ok {
			return missingResource()
		}
		if in.AuthType != "" {
			row.AuthType = in.AuthType
		}
		if in.Cors != nil {
			row.Cors = in.Cors
		}
		row.Modified = s.env.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
		u = *row
		return nil
	})
	if err != nil {
		return nil, err
	}
	c := s.functionURL(u)
	return &lambda.UpdateFunctionUrlConfigOutput{
		AuthType: c.AuthType, Cors: c.Cors, CreationTime: c.CreationTime, LastModifiedTime: c.LastModifiedTime,
		FunctionArn: c.FunctionArn, FunctionUrl: c.FunctionUrl, InvokeMode: c.InvokeMode,
	}, nil
}

// DeleteFunctionUrlConfig takes the URL away.
func (s *Service) DeleteFunctionUrlConfig(_ context.Context, in *lambda.DeleteFunctionUrlConfigInput) (*lambda.DeleteFunctionUrlConfigOutput, error) { //nolint:revive // AWS's name
	u, err := s.mustFindURL(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteFunctionUrlConfigOutput{}, s.urls.Delete(u.ID)
}

// ListFunctionUrlConfigs lists the URLs of a function and its aliases.
func (s *Service) ListFunctionUrlConfigs(_ context.Context, in *lambda.ListFunctionUrlConfigsInput) (*lambda.ListFunctionUrlConfigsOutput, error) { //nolint:revive // AWS's name
	ref, _, err := s.latest(in.FunctionName)
	if err != nil {
		return nil, err
	}
	rows, err := s.urls.List("", "", 0)
	if err != nil {
		return nil, err
	}
	list := []types.FunctionUrlConfig{}
	for _, row := range rows {
		if row.Value.Function == ref.name {
			list = append(list, s.functionURL(row.Value))
		}
	}
	byARN := func(c types.FunctionUrlConfig) string { return *c.FunctionArn }
	slices.SortFunc(list, func(a, b types.FunctionUrlConfig) int { return strings.Compare(byARN(a), byARN(b)) })
	out := &lambda.ListFunctionUrlConfigsOutput{}
	out.FunctionUrlConfigs, out.NextMarker = page(list, byARN, in.Marker, in.MaxItems)
	return out, nil
}
