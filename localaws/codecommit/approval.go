package codecommit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// rule is the content of an approval rule (user guide, "Create an approval rule
// for a pull request").
type rule struct {
	Version    string
	Statements []struct {
		Type                    string
		NumberOfApprovalsNeeded int
		ApprovalPoolMembers     []string
	}
}

const (
	ruleVersion    = "2018-11-08"
	ruleType       = "Approvers"
	poolShorthand  = "CodeCommitApprovers:"
	maxRuleContent = 3000
)

func parseRule(content *string) (rule, error) {
	var r rule
	err := json.Unmarshal([]byte(aws.ToString(content)), &r)
	if err != nil || r.Version != ruleVersion || len(r.Statements) != 1 || len(aws.ToString(content)) > maxRuleContent {
		return r, errRule()
	}
	if s := r.Statements[0]; s.Type != ruleType || s.NumberOfApprovalsNeeded < 1 {
		return r, errRule()
	}
	return r, nil
}

func errRule() error {
	return &types.InvalidApprovalRuleContentException{Message: aws.String("The content for the approval rule is not valid.")}
}

// satisfied says whether enough of the approvals come from the rule's pool; a
// rule without a pool takes everybody's.
func (r rule) satisfied(approvals []types.Approval) bool {
	for _, statement := range r.Statements {
		given := 0
		for _, approval := range approvals {
			inPool := func(member string) bool { return isMember(aws.ToString(approval.UserArn), member) }
			if len(statement.ApprovalPoolMembers) == 0 || slices.ContainsFunc(statement.ApprovalPoolMembers, inPool) {
				given++
			}
		}
		if given < statement.NumberOfApprovalsNeeded {
			return false
		}
	}
	return true
}

// isMember says whether a pool's member means that ARN. It is an ARN, with *
// for anything, or CodeCommitApprovers:<account>:<name>, which is a user, a
// federated user or anybody's session of that name.
func isMember(arn, member string) bool {
	short, ok := strings.CutPrefix(member, poolShorthand)
	if !ok {
		return wild(member, arn)
	}
	account, name, _ := strings.Cut(short, ":")
	return wild("arn:aws:iam::"+account+":user/"+name, arn) || wild("arn:aws:sts::"+account+":federated-user/"+name, arn) ||
		wild("arn:aws:sts::"+account+":assumed-role/*/"+name, arn)
}

// wild matches a text against a pattern with *.
func wild(pattern, text string) bool {
	first, rest, some := strings.Cut(pattern, "*")
	if !some {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, first)
	if !ok {
		return false
	}
	for i := range len(text) + 1 {
		if wild(rest, text[i:]) {
			return true
		}
	}
	return false
}

// evaluate holds the current revision's approvals against the rules.
func (p *pull) evaluate() types.Evaluation {
	e := types.Evaluation{ApprovalRulesSatisfied: []string{}, ApprovalRulesNotSatisfied: []string{}}
	revision := aws.ToString(p.RevisionId)
	_, e.Overridden = p.Overriders[revision]
	for _, known := range p.ApprovalRules {
		r, err := parseRule(known.ApprovalRuleContent)
		if err == nil && r.satisfied(p.Approvals[revision]) {
			e.ApprovalRulesSatisfied = append(e.ApprovalRulesSatisfied, aws.ToString(known.ApprovalRuleName))
		} else {
			e.ApprovalRulesNotSatisfied = append(e.ApprovalRulesNotSatisfied, aws.ToString(known.ApprovalRuleName))
		}
	}
	e.Approved = e.Overridden || len(e.ApprovalRulesNotSatisfied) == 0
	return e
}

// current says whether a request is about the revision that the pull request has now.
func (p *pull) current(revision *string) error {
	switch {
	case p.PullRequestStatus == types.PullRequestStatusEnumClosed:
		return errClosed()
	case aws.ToString(revision) != aws.ToString(p.RevisionId):
		return &types.RevisionNotCurrentException{Message: aws.String("The revision ID provided in the request does not match the current revision ID. Use GetPullRequest to retrieve the current revision ID.")}
	}
	return nil
}

// EvaluatePullRequestApprovalRules tells which rules are satisfied.
func (s *Service) EvaluatePullRequestApprovalRules(_ context.Context, in *codecommit.EvaluatePullRequestApprovalRulesInput) (*codecommit.EvaluatePullRequestApprovalRulesOutput, error) {
	_, p, err := s.pull(in.PullRequestId)
	if err != nil {
		return nil, err
	}
	if aws.ToString(in.RevisionId) != aws.ToString(p.RevisionId) {
		return nil, p.current(in.RevisionId)
	}
	e := p.evaluate()
	return &codecommit.EvaluatePullRequestApprovalRulesOutput{Evaluation: &e}, nil
}

// UpdatePullRequestApprovalState approves a revision, or takes that back.
func (s *Service) UpdatePullRequestApprovalState(ctx context.Context, in *codecommit.UpdatePullRequestApprovalStateInput) (*codecommit.UpdatePullRequestApprovalStateOutput, error) {
	caller := identity.From(ctx).ARN
	_, err := s.changePull(ctx, in.PullRequestId, func(p *pull) (occurrence, error) {
		if err := p.current(in.RevisionId); err != nil {
			return occurrence{}, err
		}
		if caller == aws.ToString(p.AuthorArn) && in.ApprovalState == types.ApprovalStateApprove {
			return occurrence{}, &types.PullRequestCannotBeApprovedByAuthorException{Message: aws.String("The approval cannot be applied because the user approving the pull request matches the user who created the pull request. You cannot approve a pull request that you created.")}
		}
		if p.Approvals == nil {
			p.Approvals = map[string][]types.Approval{}
		}
		given := slices.DeleteFunc(p.Approvals[*in.RevisionId], func(a types.Approval) bool { return aws.ToString(a.UserArn) == caller })
		if in.ApprovalState == types.ApprovalStateApprove {
			given = append(given, types.Approval{UserArn: &caller, ApprovalState: in.ApprovalState})
		}
		p.Approvals[*in.RevisionId] = given
		s.happen(p, caller, types.PullRequestEvent{
			PullRequestEventType:              types.PullRequestEventTypePullRequestApprovalStateChanged,
			ApprovalStateChangedEventMetadata: &types.ApprovalStateChangedEventMetadata{ApprovalStatus: in.ApprovalState, RevisionId: in.RevisionId},
		})
		return occurrence{
			"pullRequestApprovalStateChanged",
			"Additional information: A user has changed their approval state for the pull request. State change: " + string(in.ApprovalState) + ".",
			map[string]any{"approvalStatus": in.ApprovalState},
		}, nil
	})
	return &codecommit.UpdatePullRequestApprovalStateOutput{}, err
}

// GetPullRequestApprovalStates lists the approvals of a revision.
func (s *Service) GetPullRequestApprovalStates(_ context.Context, in *codecommit.GetPullRequestApprovalStatesInput) (*codecommit.GetPullRequestApprovalStatesOutput, error) {
	_, p, err := s.pull(in.PullRequestId)
	out := &codecommit.GetPullRequestApprovalStatesOutput{Approvals: p.Approvals[aws.ToString(in.RevisionId)]}
	if out.Approvals == nil {
		out.Approvals = []types.Approval{}
	}
	return out, err
}

// OverridePullRequestApprovalRules sets the rules aside for a revision, or takes that back.
func (s *Service) OverridePullRequestApprovalRules(ctx context.Context, in *codecommit.OverridePullRequestApprovalRulesInput) (*codecommit.OverridePullRequestApprovalRulesOutput, error) {
	caller := identity.From(ctx).ARN
	_, err := s.changePull(ctx, in.PullRequestId, func(p *pull) (occurrence, error) {
		if err := p.current(in.RevisionId); err != nil {
			return occurrence{}, err
		}
		if _, set := p.Overriders[*in.RevisionId]; set && in.OverrideStatus == types.OverrideStatusOverride {
			return occurrence{}, &types.OverrideAlreadySetException{Message: aws.String("The pull request has already had its approval rules set to override.")}
		}
		if in.OverrideStatus == types.OverrideStatusOverride {
			p.Overriders = map[string]string{*in.RevisionId: caller}
		} else {
			p.Overriders = nil
		}
		s.happen(p, caller, types.PullRequestEvent{
			PullRequestEventType:                types.PullRequestEventTypePullRequestApprovalRuleOverridden,
			ApprovalRuleOverriddenEventMetadata: &types.ApprovalRuleOverriddenEventMetadata{OverrideStatus: in.OverrideStatus, RevisionId: in.RevisionId},
		})
		return occurrence{
			"pullRequestApprovalRuleOverridden",
			"Additional information: An override event has occurred for the approval rules for this pull request. Override status: " + string(in.OverrideStatus) + ".",
			map[string]any{"overrideStatus": in.OverrideStatus},
		}, nil
	})
	return &codecommit.OverridePullRequestApprovalRulesOutput{}, err
}

// GetPullRequestOverrideState tells whether the rules are set aside for a revision, and by whom.
func (s *Service) GetPullRequestOverrideState(_ context.Context, in *codecommit.GetPullRequestOverrideStateInput) (*codecommit.GetPullRequestOverrideStateOutput, error) {
	_, p, err := s.pull(in.PullRequestId)
	out := &codecommit.GetPullRequestOverrideStateOutput{}
	if by, ok := p.Overriders[aws.ToString(in.RevisionId)]; ok {
		out.Overridden, out.Overrider = true, &by
	}
	return out, err
}

func sumOf(content *string) *string {
	sum := sha256.Sum256([]byte(aws.ToString(content)))
	return aws.String(hex.EncodeToString(sum[:]))
}

// CreatePullRequestApprovalRule adds a rule to a pull request.
func (s *Service) CreatePullRequestApprovalRule(ctx context.Context, in *codecommit.CreatePullRequestApprovalRuleInput) (*codecommit.CreatePullRequestApprovalRuleOutput, error) {
	if _, err := parseRule(in.ApprovalRuleContent); err != nil {
		return nil, err
	}
	now := s.env.Now()
	made := types.ApprovalRule{
		ApprovalRuleId: aws.String(uuid.New()), ApprovalRuleName: in.ApprovalRuleName, ApprovalRuleContent: in.ApprovalRuleContent,
		RuleContentSha256: sumOf(in.ApprovalRuleContent), CreationDate: &now, LastModifiedDate: &now, LastModifiedUser: aws.String(identity.From(ctx).ARN),
	}
	_, err := s.changePull(ctx, in.PullRequestId, func(p *pull) (occurrence, error) {
		if p.PullRequestStatus == types.PullRequestStatusEnumClosed {
			return occurrence{}, errClosed()
		}
		if p.rule(in.ApprovalRuleName) >= 0 {
			return occurrence{}, &types.ApprovalRuleNameAlreadyExistsException{Message: aws.String("An approval rule with that name already exists. Approval rule names must be unique within the scope of a pull request.")}
		}
		p.ApprovalRules = append(p.ApprovalRules, made)
		return s.ruled(ctx, p, made, types.PullRequestEventTypePullRequestApprovalRuleCreated,
			"pullRequestApprovalRuleCreated", "Additional information: An approval rule has been created with the following name: "+aws.ToString(made.ApprovalRuleName)+"."), nil
	})
	return &codecommit.CreatePullRequestApprovalRuleOutput{ApprovalRule: &made}, err
}

// rule returns the index of the rule of that name, or -1.
func (p *pull) rule(name *string) int {
	return slices.IndexFunc(p.ApprovalRules, func(r types.ApprovalRule) bool { return aws.ToString(r.ApprovalRuleName) == aws.ToString(name) })
}

// ruled notes that a rule was made, changed or deleted.
func (s *Service) ruled(ctx context.Context, p *pull, r types.ApprovalRule, kind types.PullRequestEventType, event, words string) occurrence {
	s.happen(p, identity.From(ctx).ARN, types.PullRequestEvent{
		PullRequestEventType: kind,
		ApprovalRuleEventMetadata: &types.ApprovalRuleEventMetadata{
			ApprovalRuleId: r.ApprovalRuleId, ApprovalRuleName: r.ApprovalRuleName, ApprovalRuleContent: r.ApprovalRuleContent,
		},
	})
	return occurrence{event, words, map[string]any{
		"approvalRuleContentSha256": r.RuleContentSha256, "approvalRuleId": r.ApprovalRuleId, "approvalRuleName": r.ApprovalRuleName,
	}}
}

// UpdatePullRequestApprovalRuleContent changes a rule.
func (s *Service) UpdatePullRequestApprovalRuleContent(ctx context.Context, in *codecommit.UpdatePullRequestApprovalRuleContentInput) (*codecommit.UpdatePullRequestApprovalRuleContentOutput, error) {
	if _, err := parseRule(in.NewRuleContent); err != nil {
		return nil, err
	}
	var changed types.ApprovalRule
	_, err := s.changePull(ctx, in.PullRequestId, func(p *pull) (occurrence, error) {
		i := p.rule(in.ApprovalRuleName)
		switch {
		case p.PullRequestStatus == types.PullRequestStatusEnumClosed:
			return occurrence{}, errClosed()
		case i < 0:
			return occurrence{}, &types.ApprovalRuleDoesNotExistException{Message: aws.String("The specified approval rule does not exist.")}
		case in.ExistingRuleContentSha256 != nil && *in.ExistingRuleContentSha256 != aws.ToString(p.ApprovalRules[i].RuleContentSha256):
			return occurrence{}, &types.InvalidRuleContentSha256Exception{Message: aws.String("The SHA-256 hash signature for the rule content is not valid.")}
		}
		r := &p.ApprovalRules[i]
		r.ApprovalRuleContent, r.RuleContentSha256 = in.NewRuleContent, sumOf(in.NewRuleContent)
		r.LastModifiedDate, r.LastModifiedUser = aws.Time(s.env.Now()), aws.String(identity.From(ctx).ARN)
		changed = *r
		return s.ruled(ctx, p, changed, types.PullRequestEventTypePullRequestApprovalRuleUpdated, "pullRequestApprovalRuleUpdated",
			"The content of an approval rule has been updated for the pull request. The name of the updated rule is: "+aws.ToString(r.ApprovalRuleName)+"."), nil
	})
	return &codecommit.UpdatePullRequestApprovalRuleContentOutput{ApprovalRule: &changed}, err
}

// DeletePullRequestApprovalRule removes a rule.
func (s *Service) DeletePullRequestApprovalRule(ctx context.Context, in *codecommit.DeletePullRequestApprovalRuleInput) (*codecommit.DeletePullRequestApprovalRuleOutput, error) {
	out := &codecommit.DeletePullRequestApprovalRuleOutput{ApprovalRuleId: aws.String("")}
	_, err := s.changePull(ctx, in.PullRequestId, func(p *pull) (occurrence, error) {
		if p.PullRequestStatus == types.PullRequestStatusEnumClosed {
			return occurrence{}, errClosed()
		}
		i := p.rule(in.ApprovalRuleName)
		if i < 0 { // "If the approval rule was deleted in an earlier API call, the response is 200 OK without content."
			return occurrence{}, nil
		}
		gone := p.ApprovalRules[i]
		p.ApprovalRules = slices.Delete(p.ApprovalRules, i, i+1)
		out.ApprovalRuleId = gone.ApprovalRuleId
		name := aws.ToString(gone.ApprovalRuleName)
		return s.ruled(ctx, p, gone, types.PullRequestEventTypePullRequestApprovalRuleDeleted, "pullRequestApprovalRuleDeleted",
			"Additional information: An approval rule has been deleted: "+name+" was deleted."), nil
	})
	return out, err
}
