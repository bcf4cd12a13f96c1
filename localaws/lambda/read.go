package lambda

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// GetFunction returns a function with its tags and a link to its package.
func (s *Service) GetFunction(_ context.Context, in *lambda.GetFunctionInput) (*lambda.GetFunctionOutput, error) {
	ref, err := s.refer(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	f, r, err := s.find(ref)
	if err != nil {
		return nil, err
	}
	c := s.shown(r, ref.qualifier)
	out := &lambda.GetFunctionOutput{
		Configuration: &c,
		// The package is not behind an S3 link here, so there is no Location.
		Code: &types.FunctionCodeLocation{RepositoryType: aws.String("S3")},
	}
	if len(f.Tags) > 0 {
		out.Tags = f.Tags
	}
	if f.Reserved != nil {
		out.Concurrency = &types.Concurrency{ReservedConcurrentExecutions: f.Reserved}
	}
	return out, nil
}

// GetFunctionConfiguration returns the settings of a revision.
func (s *Service) GetFunctionConfiguration(_ context.Context, in *lambda.GetFunctionConfigurationInput) (*lambda.GetFunctionConfigurationOutput, error) {
	ref, err := s.refer(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	_, r, err := s.find(ref)
	if err != nil {
		return nil, err
	}
	return copyFields[lambda.GetFunctionConfigurationOutput](s.shown(r, ref.qualifier)), nil
}

// ListFunctions lists the functions, with FunctionVersion ALL every version too.
func (s *Service) ListFunctions(_ context.Context, in *lambda.ListFunctionsInput) (*lambda.ListFunctionsOutput, error) {
	rows, err := s.revisions.List("", "", 0)
	if err != nil {
		return nil, err
	}
	list := []types.FunctionConfiguration{}
	for _, row := range rows {
		switch r := row.Value; {
		case in.FunctionVersion == types.FunctionVersionAll:
			list = append(list, s.shown(r, *r.Config.Version))
		case *r.Config.Version == latest:
			list = append(list, s.shown(r, ""))
		}
	}
	out := &lambda.ListFunctionsOutput{}
	key := func(c types.FunctionConfiguration) string { return revisionKey(*c.FunctionName, *c.Version) }
	out.Functions, out.NextMarker = page(list, key, in.Marker, in.MaxItems)
	return out, nil
}

// GetAccountSettings says what this account has and what this machine allows.
func (s *Service) GetAccountSettings(context.Context, *lambda.GetAccountSettingsInput) (*lambda.GetAccountSettingsOutput, error) {
	rows, err := s.revisions.List("", "", 0)
	if err != nil {
		return nil, err
	}
	usage := &types.AccountUsage{}
	for _, row := range rows {
		usage.TotalCodeSize += row.Value.Config.CodeSize
		if *row.Value.Config.Version == latest {
			usage.FunctionCount++
		}
	}
	reserved, err := s.reserved("")
	if err != nil {
		return nil, err
	}
	return &lambda.GetAccountSettingsOutput{AccountUsage: usage, AccountLimit: &types.AccountLimit{
		CodeSizeUnzipped: maxUnzipped, CodeSizeZipped: maxDirectZip, TotalCodeSize: maxTotalCode,
		ConcurrentExecutions: maxConcurrency, UnreservedConcurrentExecutions: aws.Int32(maxConcurrency - reserved),
	}}, nil
}

const (
	maxDirectZip  = 52428800    // of a zip in the request itself
	maxTotalCode  = 80530636800 // AWS's 75 GB
	minUnreserved = 10          // what must remain for functions without a reservation
)

// reserved sums the reservations of all functions but one.
func (s *Service) reserved(except string) (total int32, err error) {
	rows, err := s.functions.List("", "", 0)
	for _, row := range rows {
		if row.Key != except {
			total += aws.ToInt32(row.Value.Reserved)
		}
	}
	return total, err
}

// PutFunctionConcurrency reserves concurrency, which is also the most that the function gets.
func (s *Service) PutFunctionConcurrency(_ context.Context, in *lambda.PutFunctionConcurrencyInput) (*lambda.PutFunctionConcurrencyOutput, error) {
	ref, _, err := s.latest(in.FunctionName)
	if err != nil {
		return nil, err
	}
	others, err := s.reserved(ref.name)
	if err != nil {
		return nil, err
	}
	if maxConcurrency-others-*in.ReservedConcurrentExecutions < minUnreserved {
		return nil, invalid("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [" +
			strconv.Itoa(minUnreserved) + "].")
	}
	err = s.update(ref, func(f *function) error {
		f.Reserved = in.ReservedConcurrentExecutions
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.PutFunctionConcurrencyOutput{ReservedConcurrentExecutions: in.ReservedConcurrentExecutions}, nil
}

// GetFunctionConcurrency returns the reservation.
func (s *Service) GetFunctionConcurrency(_ context.Context, in *lambda.GetFunctionConcurrencyInput) (*lambda.GetFunctionConcurrencyOutput, error) {
	ref, _, err := s.latest(in.FunctionName)
	if err != nil {
		return nil, err
	}
	f, err := s.function(ref)
	if err != nil {
		return nil, err
	}
	return &lambda.GetFunctionConcurrencyOutput{ReservedConcurrentExecutions: f.Reserved}, nil
}

// DeleteFunctionConcurrency removes the reservation.
func (s *Service) DeleteFunctionConcurrency(_ context.Context, in *lambda.DeleteFunctionConcurrencyInput) (*lambda.DeleteFunctionConcurrencyOutput, error) {
	ref, _, err := s.latest(in.FunctionName)
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteFunctionConcurrencyOutput{}, s.update(ref, func(f *function) error {
		f.Reserved = nil
		return nil
	})
}
