package lambda

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
)

// beingCreated is the reason for both, Pending and InProgress: recorded from AWS
// in LocalStack's test_lambda_api.snapshot.json, test_function_lifecycle.
const beingCreated = "The function is being created."

// activate unpacks the code of a new function, which is Pending until then.
func (s *Service) activate(r revision, unpack func() error) {
	s.packages.RLock()
	defer s.packages.RUnlock()
	s.settle(r, unpack())
}

// settle ends the creation or the update that a revision of $LATEST is in, and
// with it that of a version which was published in the same call. A revision
// that was replaced or deleted meanwhile is left alone. The change of state
// makes a new revision id, as on AWS (LocalStack, test_function_revisions_basic).
func (s *Service) settle(r revision, failure error) {
	rows, err := s.versions(*r.Config.FunctionName)
	if err != nil {
		s.env.Log.Error("settle function", "function", *r.Config.FunctionName, "error", err)
	}
	for _, row := range rows {
		if row.Package != r.Package || !row.unsettled() {
			continue
		}
		err := s.revisions.Update(revisionKey(*r.Config.FunctionName, *row.Config.Version), func(current *revision, ok bool) error {
			if !ok || current.Serial != row.Serial {
				return errReplaced
			}
			current.settle(failure)
			return nil
		})
		if err != nil && !errors.Is(err, errReplaced) {
			s.env.Log.Error("settle function", "function", *r.Config.FunctionName, "error", err)
		}
	}
}

var errReplaced = errors.New("the revision was replaced")

func (r *revision) unsettled() bool {
	return r.Config.State == types.StatePending || r.Config.LastUpdateStatus == types.LastUpdateStatusInProgress
}

// settle makes the revision active, or failed where there is an error.
func (r *revision) settle(failure error) {
	c := &r.Config
	c.State, c.StateReason, c.StateReasonCode = types.StateActive, nil, ""
	c.LastUpdateStatus, c.LastUpdateStatusReason, c.LastUpdateStatusReasonCode = types.LastUpdateStatusSuccessful, nil, ""
	if failure != nil {
		c.State, c.StateReasonCode, c.StateReason = types.StateFailed, types.StateReasonCodeInternalError, aws.String(failure.Error())
		if refusal, ok := errors.AsType[smithy.APIError](failure); ok {
			c.StateReasonCode, c.StateReason = types.StateReasonCodeInvalidZipFileException, aws.String(refusal.ErrorMessage())
		}
	}
	c.RevisionId = newRevisionID()
}

// errInterrupted is of functions that were being created when the process died.
var errInterrupted = errors.New("the creation of the function was interrupted")

// settleAll ends what an earlier service was in the middle of.
func (s *Service) settleAll() error {
	rows, err := s.revisions.List("", "", 0)
	if err != nil {
		return err
	}
	for _, row := range rows {
		r := row.Value
		if !r.unsettled() {
			continue
		}
		var failure error
		if _, err := os.Stat(filepath.Join(s.packageDir(), r.Package)); err != nil {
			failure = errInterrupted
		}
		r.settle(failure)
		if err := s.revisions.Put(row.Key, r); err != nil {
			return err
		}
	}
	return nil
}

// checkReady refuses to run what is not there yet, in the words quoted by
// https://github.com/remotion-dev/remotion/issues/1186.
func checkReady(r revision) error {
	if state := r.Config.State; state != types.StateActive {
		return conflict("The operation cannot be performed at this time. The function is currently in the following state: " + string(state))
	}
	return nil
}

// checkSettled refuses to change or publish what is being made or changed, in the words quoted by
// https://github.com/aws/serverless-application-model/issues/2356 and https://github.com/aws/aws-cli/issues/6718.
func (s *Service) checkSettled(r revision) error {
	arn := s.arn(reference{name: *r.Config.FunctionName})
	switch {
	case r.Config.State == types.StatePending:
		return conflict("The operation cannot be performed at this time. The resource " + arn +
			" is currently in the following state: 'Pending'. StateReasonCode: '" + string(r.Config.StateReasonCode) + "'")
	case r.Config.LastUpdateStatus == types.LastUpdateStatusInProgress:
		return conflict("The operation cannot be performed at this time. An update is in progress for resource: " + arn)
	}
	return nil
}
