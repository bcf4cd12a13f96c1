package cloudformation

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// unserved refuses an option by its name.
func unserved(options map[string]bool) error {
	for name, used := range options {
		if used {
			return invalid("%s is not served by this AWS", name)
		}
	}
	return nil
}

func (s *Service) newStack(name string) stack {
	return stack{
		ID: s.env.ARN("cloudformation", "stack/"+name+"/"+uuid.New()), Name: name, Created: s.env.Now().UTC(),
	}
}

// CreateStack makes a stack from a template.
func (s *Service) CreateStack(ctx context.Context, in *cloudformation.CreateStackInput) (*cloudformation.CreateStackOutput, error) {
	err := unserved(map[string]bool{
		"NotificationARNs":      len(in.NotificationARNs) > 0,
		"RollbackConfiguration": in.RollbackConfiguration != nil && len(in.RollbackConfiguration.RollbackTriggers) > 0,
	})
	if err != nil {
		return nil, err
	}
	if in.OnFailure != "" && in.DisableRollback != nil {
		return nil, invalid("You can only specify either OnFailure or DisableRollback, but not both.")
	}
	policyText, err := s.policyText(ctx, in.StackPolicyBody, in.StackPolicyURL, "StackPolicy")
	if err != nil {
		return nil, err
	}
	name, token := aws.ToString(in.StackName), aws.ToString(in.ClientRequestToken)
	st, err := s.stackToCreate(name)
	if e, ok := errors.AsType[*stackExistsError](err); ok {
		return createdBefore(e.stack, token)
	}
	if err != nil {
		return nil, err
	}
	goal, err := s.prepare(ctx, request{
		body: in.TemplateBody, url: in.TemplateURL, parameters: in.Parameters, capabilities: in.Capabilities,
		tags: in.Tags, direct: true, resourceTypes: in.ResourceTypes, stackID: st.ID, stackName: name,
	})
	if err != nil {
		return nil, failedTransform(err)
	}
	if err := s.planNew(goal, aws.ToBool(in.DisableValidation)); err != nil {
		return nil, err
	}
	config, err := s.assume(ctx, aws.ToString(in.RoleARN), st.ID)
	if err != nil {
		return nil, err
	}
	if err := s.keep(goal); err != nil {
		return nil, err
	}
	st.definition, st.RoleARN, st.Policy = goal.definition, aws.ToString(in.RoleARN), aws.ToString(policyText)
	st.Token, st.Operation, st.Timeout = token, "CreateStack", in.TimeoutInMinutes
	st.DisableRollback = aws.ToBool(in.DisableRollback) || in.OnFailure == types.OnFailureDoNothing
	st.RetainExceptOnCreate = aws.ToBool(in.RetainExceptOnCreate)
	st.TerminationProtection = aws.ToBool(in.EnableTerminationProtection)
	onFailure := in.OnFailure
	if st.DisableRollback {
		onFailure = types.OnFailureDoNothing
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if now, ok, err := s.find(name); err != nil {
		return nil, err
	} else if ok && (now.ID != st.ID || now.Status != types.StackStatusReviewInProgress) {
		return createdBefore(now, token)
	}
	s.obsoleteChangeSets(st.ID)
	if err := s.stacks.Put(st.ID, st); err != nil {
		return nil, err
	}
	if err := s.names.Put(name, st.ID); err != nil {
		return nil, err
	}
	if err := s.setStack(st.ID, types.StackStatusCreateInProgress, "User Initiated", nil); err != nil {
		return nil, err
	}
	run := func(op *operation) { op.runCreate(onFailure, in.TimeoutInMinutes) }
	if err := s.begin(ctx, st, config, goal, "", run); err != nil {
		return nil, err
	}
	return &cloudformation.CreateStackOutput{StackId: &st.ID}, nil
}

// planNew finds what is wrong with the goal of a new stack, unless nobody wants to know.
func (s *Service) planNew(goal *desired, unchecked bool) error {
	if unchecked {
		return nil
	}
	if _, _, err := s.plan(goal, nil, nil); err != nil {
		return err
	}
	goal.findings = s.validate(goal)
	return nil
}

// stackExistsError says that the name of a stack that is to be created is taken.
type stackExistsError struct{ stack stack }

func (e *stackExistsError) Error() string { return "stack " + e.stack.Name + " exists" }

// stackToCreate is a new stack, or the one of that name which has change sets
// and nothing else: creating it makes them obsolete, as recorded from AWS in
// LocalStack's test_create_while_in_review.
func (s *Service) stackToCreate(name string) (stack, error) {
	existing, ok, err := s.find(name)
	switch {
	case err != nil:
		return stack{}, err
	case !ok:
		return s.newStack(name), nil
	case existing.Status == types.StackStatusReviewInProgress:
		st := s.newStack(name)
		st.ID, st.Created = existing.ID, existing.Created
		return st, nil
	default:
		return stack{}, &stackExistsError{existing}
	}
}

func createdBefore(existing stack, token string) (*cloudformation.CreateStackOutput, error) {
	if token != "" && existing.Token == token && existing.Operation == "CreateStack" {
		return &cloudformation.CreateStackOutput{StackId: &existing.ID}, nil
	}
	return nil, &types.AlreadyExistsException{Message: aws.String("Stack [" + existing.Name + "] already exists")}
}

// failedTransform is what a transform's failure means where no change set can carry it.
func failedTransform(err error) error {
	if e, ok := err.(*transformError); ok { //nolint:errorlint // it is never wrapped
		return invalid("%s", e.message)
	}
	return err
}
