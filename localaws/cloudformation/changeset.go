package cloudformation

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// noChanges is the reason of a change set which has nothing to change.
const noChanges = "The submitted information didn't contain changes. Submit different information to create a change set."

// changeSet is a row of the change sets table. Its key is the stack's uuid, a slash and the change set's ARN.
type changeSet struct {
	ID, Name, StackID, StackName string
	Type                         types.ChangeSetType
	Status                       types.ChangeSetStatus
	Execution                    types.ExecutionStatus
	Reason, Description          string
	Created                      time.Time
	definition
	RoleARN        string
	OnStackFailure types.OnStackFailure
	Changes        []types.Change
	// Findings are what early validation has found; then the change set has failed.
	Findings []finding
	Token    string
}

func (c *changeSet) key() string { return uuidOf(c.StackID) + "/" + c.ID }

// CreateChangeSet works out what a template would change, and changes nothing.
func (s *Service) CreateChangeSet(ctx context.Context, in *cloudformation.CreateChangeSetInput) (*cloudformation.CreateChangeSetOutput, error) {
	err := unserved(map[string]bool{
		"NotificationARNs": len(in.NotificationARNs) > 0,
		"ChangeSetType " + string(types.ChangeSetTypeImport): in.ChangeSetType == types.ChangeSetTypeImport || len(in.ResourcesToImport) > 0,
		"ImportExistingResources":                            aws.ToBool(in.ImportExistingResources),
		"DeploymentMode":                                     in.DeploymentMode != "",
		"RollbackConfiguration":                              in.RollbackConfiguration != nil && len(in.RollbackConfiguration.RollbackTriggers) > 0,
	})
	if err != nil {
		return nil, err
	}
	st, _, err := s.changeSetStack(in)
	if err != nil {
		return nil, err
	}
	c := changeSet{
		ID: s.env.ARN("cloudformation", "changeSet/"+*in.ChangeSetName+"/"+uuid.New()), Name: *in.ChangeSetName,
		StackID: st.ID, StackName: st.Name, Type: in.ChangeSetType, Created: s.env.Now().UTC(),
		Description: aws.ToString(in.Description), RoleARN: st.RoleARN, OnStackFailure: in.OnStackFailure, Token: aws.ToString(in.ClientToken),
	}
	if c.Type == "" {
		c.Type = types.ChangeSetTypeUpdate
	}
	if in.RoleARN != nil {
		c.RoleARN = *in.RoleARN
	}
	goal, err := s.changeSetGoal(ctx, &c, st, in)
	if err != nil {
		return nil, err
	}
	return s.addChangeSet(c, st, goal, in)
}

// addChangeSet plans and stores a change set whose template has been prepared.
func (s *Service) addChangeSet(c changeSet, st stack, goal *desired, in *cloudformation.CreateChangeSetInput) (*cloudformation.CreateChangeSetOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, existed, err := s.changeSetStack(in)
	if err != nil {
		return nil, err
	}
	if existed {
		if now.ID != st.ID { // somebody has just made a stack of this name
			return nil, invalid("Stack [%s] already exists and cannot be created again with the changeSet [%s].", st.Name, c.Name)
		}
		st = now
	}
	if other, ok, err := s.changeSetNamed(st.ID, c.Name); err != nil {
		return nil, err
	} else if ok && c.Token != "" && other.Token == c.Token {
		return &cloudformation.CreateChangeSetOutput{Id: &other.ID, StackId: &st.ID}, nil
	} else if ok {
		return nil, &types.AlreadyExistsException{Message: aws.String("ChangeSet " + c.Name + " already exists")}
	}
	if goal != nil {
		if err := s.planChangeSet(&c, st, goal, aws.ToBool(in.DisableValidation)); err != nil {
			return nil, err
		}
	}
	if !existed {
		if err := s.review(st); err != nil {
			return nil, err
		}
	}
	if err := s.changeSets.Put(c.key(), c); err != nil {
		return nil, err
	}
	return &cloudformation.CreateChangeSetOutput{Id: &c.ID, StackId: &st.ID}, nil
}

// changeSetStack returns the stack that a change set is for, which may be one that is yet to be made.
func (s *Service) changeSetStack(in *cloudformation.CreateChangeSetInput) (st stack, existed bool, err error) {
	name := aws.ToString(in.StackName)
	st, existed, err = s.find(name)
	if err != nil {
		return st, existed, err
	}
	if in.ChangeSetType == types.ChangeSetTypeCreate {
		switch {
		case !existed && isARN(name):
			return st, false, invalid("Stack [%s] does not exist", name)
		case !existed:
			return s.newStack(name), false, nil
		case st.Status != types.StackStatusReviewInProgress:
			return st, true, invalid("Stack [%s] already exists and cannot be created again with the changeSet [%s].", name, *in.ChangeSetName)
		}
		return st, true, nil
	}
	if !existed {
		return st, false, invalid("Stack [%s] does not exist", name)
	}
	return st, true, checkUpdatable(st)
}

// changeSetGoal prepares the template. A transform that fails makes a failed
// change set, whose goal is nil; any other mistake is an error.
func (s *Service) changeSetGoal(ctx context.Context, c *changeSet, st stack, in *cloudformation.CreateChangeSetInput) (*desired, error) {
	r := request{
		body: in.TemplateBody, url: in.TemplateURL, usePrevious: aws.ToBool(in.UsePreviousTemplate),
		parameters: in.Parameters, capabilities: in.Capabilities, tags: in.Tags, resourceTypes: in.ResourceTypes, stackID: st.ID, stackName: st.Name,
	}
	if c.Type == types.ChangeSetTypeUpdate {
		r.previous = &st
	}
	goal, err := s.prepare(ctx, r)
	if e, ok := err.(*transformError); ok { //nolint:errorlint // it is never wrapped
		c.fail(e.message)
		return nil, nil //nolint:nilnil // the change set says why
	}
	if err != nil {
		return nil, err
	}
	_, err = s.assume(ctx, c.RoleARN, st.ID)
	return goal, err
}

// planChangeSet fills in what would change. Where nothing would, the change set has failed.
func (s *Service) planChangeSet(c *changeSet, st stack, goal *desired, unchecked bool) error {
	members, err := s.membersOf(st.ID)
	if err != nil {
		return err
	}
	changes, changed, err := s.plan(goal, members, st.Outputs)
	if err != nil {
		return err
	}
	if err := s.keep(goal); err != nil {
		return err
	}
	c.definition, c.Changes = goal.definition, changes
	if !changed && c.Type == types.ChangeSetTypeUpdate && st.Previous == nil {
		c.fail(noChanges)
		return nil
	}
	if !unchecked {
		c.Findings = s.validate(goal)
	}
	if len(c.Findings) > 0 {
		c.fail(invalidChangeSet)
		return nil
	}
	c.Status, c.Execution = types.ChangeSetStatusCreateComplete, types.ExecutionStatusAvailable
	return nil
}

func (c *changeSet) fail(reason string) {
	c.Status, c.Execution, c.Reason = types.ChangeSetStatusFailed, types.ExecutionStatusUnavailable, reason
}

// review writes a stack that has change sets and nothing else.
func (s *Service) review(st stack) error {
	if err := s.stacks.Put(st.ID, st); err != nil {
		return err
	}
	if err := s.names.Put(st.Name, st.ID); err != nil {
		return err
	}
	return s.setStack(st.ID, types.StackStatusReviewInProgress, "User Initiated", nil)
}

// changeSetsOf returns a stack's change sets, the newest first.
func (s *Service) changeSetsOf(stackID string) ([]changeSet, error) {
	rows, err := s.changeSets.List(uuidOf(stackID)+"/", "", 0)
	if err != nil {
		return nil, err
	}
	sets := make([]changeSet, 0, len(rows))
	for _, row := range rows {
		sets = append(sets, row.Value)
	}
	slices.SortStableFunc(sets, func(a, b changeSet) int { return b.Created.Compare(a.Created) })
	return sets, nil
}

func (s *Service) changeSetNamed(stackID, nameOrARN string) (changeSet, bool, error) {
	sets, err := s.changeSetsOf(stackID)
	if err != nil {
		return changeSet{}, false, err
	}
	for _, c := range sets {
		if c.Name == nameOrARN || c.ID == nameOrARN {
			return c, true, nil
		}
	}
	return changeSet{}, false, nil
}

// findChangeSet finds a change set by its ARN, or by its name and its stack.
func (s *Service) findChangeSet(nameOrARN, stackName *string) (changeSet, error) {
	name := aws.ToString(nameOrARN)
	missing := &types.ChangeSetNotFoundException{Message: aws.String("ChangeSet [" + name + "] does not exist")}
	if stackName != nil {
		st, err := s.mustFind(*stackName)
		if err != nil {
			return changeSet{}, err
		}
		c, ok, err := s.changeSetNamed(st.ID, name)
		if err == nil && !ok {
			err = missing
		}
		return c, err
	}
	if !isARN(name) {
		return changeSet{}, invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
	}
	keys, err := s.changeSets.Keys("", "", 0)
	if err != nil {
		return changeSet{}, err
	}
	for _, key := range keys {
		if strings.HasSuffix(key, "/"+name) {
			c, _, err := s.changeSets.Get(key)
			return c, err
		}
	}
	return changeSet{}, missing
}

// dropChangeSets deletes the change sets of a stack, except one.
func (s *Service) dropChangeSets(stackID, except string) {
	s.eachChangeSet(stackID, func(c changeSet) error {
		if c.ID == except {
			return nil
		}
		return s.discard(c)
	})
}

// discard deletes a change set, and its template where no stack has got it.
func (s *Service) discard(c changeSet) error {
	if c.Template != "" && !strings.HasPrefix(string(c.Execution), "EXECUTE_") {
		if err := s.templates.Delete(c.Template); err != nil {
			return err
		}
	}
	return s.changeSets.Delete(c.key())
}

// obsoleteChangeSets marks what can no longer be executed because the stack has changed.
func (s *Service) obsoleteChangeSets(stackID string) {
	s.eachChangeSet(stackID, func(c changeSet) error {
		if c.Execution != types.ExecutionStatusAvailable {
			return nil
		}
		c.Execution = types.ExecutionStatusObsolete
		return s.changeSets.Put(c.key(), c)
	})
}

func (s *Service) eachChangeSet(stackID string, do func(changeSet) error) {
	sets, err := s.changeSetsOf(stackID)
	for _, c := range sets {
		if err == nil {
			err = do(c)
		}
	}
	if err != nil {
		s.env.Log.Error("change sets", "stack", stackID, "error", err)
	}
}
