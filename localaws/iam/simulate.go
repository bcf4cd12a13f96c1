package iam

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// simulation is a question to policies that nobody asks for real. Its
// condition keys are those that were given, no others.
type simulation struct {
	sources     []source
	boundary    []source // of one, or none
	resource    *source
	actions     []string
	resources   []string
	caller      policy.Caller
	context     policy.Context
	perResource bool
}

// What the simulator calls the kinds of policies; these words are not among
// those that the SDK knows, and are seen in its answers all the same.
const (
	identitySource types.PolicySourceType = "IAM Policy"
	resourceSource types.PolicySourceType = "Resource Policy"
)

func invalidInput(message string) error {
	return &types.InvalidInputException{Message: aws.String(message)}
}

// SimulateCustomPolicy decides by policies that the request itself holds.
func (s *Service) SimulateCustomPolicy(_ context.Context, in *iam.SimulateCustomPolicyInput) (*iam.SimulateCustomPolicyOutput, error) {
	q := simulation{actions: in.ActionNames}
	if err := refuseScenario(in.ResourceHandlingOption); err != nil {
		return nil, err
	}
	var err error
	if q.sources, err = inputSources("PolicyInputList", in.PolicyInputList); err != nil {
		return nil, err
	}
	if err := s.prepare(&q, in.PermissionsBoundaryPolicyInputList, in.ResourcePolicy, in.CallerArn, in.ResourceArns, in.ContextEntries); err != nil {
		return nil, err
	}
	results, truncated, next := q.page(in.Marker, in.MaxItems)
	return &iam.SimulateCustomPolicyOutput{EvaluationResults: results, IsTruncated: truncated, Marker: next}, nil
}

// SimulatePrincipalPolicy decides by the policies of a user, a group or a role.
func (s *Service) SimulatePrincipalPolicy(_ context.Context, in *iam.SimulatePrincipalPolicyInput) (*iam.SimulatePrincipalPolicyOutput, error) {
	q := simulation{actions: in.ActionNames}
	if err := refuseScenario(in.ResourceHandlingOption); err != nil {
		return nil, err
	}
	e, sources, err := s.principalSources(*in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	if q.sources, err = inputSources("PolicyInputList", in.PolicyInputList); err != nil {
		return nil, err
	}
	q.sources = append(sources, q.sources...)
	if boundary, ok := s.attachedSource(e.Boundary); ok {
		q.boundary = []source{boundary}
	}
	caller := cmp.Or(aws.ToString(in.CallerArn), e.ARN)
	if err := s.prepare(&q, in.PermissionsBoundaryPolicyInputList, in.ResourcePolicy, &caller, in.ResourceArns, in.ContextEntries); err != nil {
		return nil, err
	}
	results, truncated, next := q.page(in.Marker, in.MaxItems)
	return &iam.SimulatePrincipalPolicyOutput{EvaluationResults: results, IsTruncated: truncated, Marker: next}, nil
}

// refuseScenario refuses the scenarios of EC2, which is not served.
func refuseScenario(option *string) error {
	if option != nil {
		return invalidInput("ResourceHandlingOption " + *option + " is not supported here.")
	}
	return nil
}

// principalSources returns a user, a group or a role with all policies that bear on it.
func (s *Service) principalSources(arn string) (entity, []source, error) {
	_, resource, _ := strings.Cut(arn, "::"+s.env.Account+":")
	label, path, _ := strings.Cut(resource, "/")
	for _, k := range []kind{s.ofUsers(), s.ofGroups(), s.ofRoles()} {
		if k.label != label {
			continue
		}
		_, e, ok := s.entityByARN(arn)
		if !ok {
			return entity{}, nil, k.missing(path[strings.LastIndex(path, "/")+1:])
		}
		return e, s.sourcesOf(e), nil
	}
	return entity{}, nil, invalidInput("Invalid Entity Arn: " + arn + " does not clearly define entity type and name.")
}

func inputSources(list string, texts []string) ([]source, error) {
	var all []source
	for i, text := range texts {
		doc, err := policy.Parse(text, policy.Identity)
		if err != nil {
			return nil, invalidInput("Invalid policy " + list + "." + strconv.Itoa(i+1) + ": " + err.Error()) // the words are not confirmed
		}
		all = append(all, source{id: list + "." + strconv.Itoa(i+1), text: text, doc: doc})
	}
	return all, nil
}

// prepare reads what both simulations have in common.
func (s *Service) prepare(q *simulation, boundary []string, resourcePolicy, caller *string, resources []string, entries []types.ContextEntry) error {
	for _, action := range q.actions {
		if vendor, name, ok := strings.Cut(action, ":"); !ok || vendor == "" || name == "" || strings.ContainsAny(action, "*?") {
			return invalidInput("Invalid action name: " + action) // the words are not confirmed
		}
	}
	if len(boundary) > 0 {
		given, err := inputSources("PermissionsBoundaryPolicyInputList", boundary)
		if err != nil {
			return err
		}
		q.boundary = given
	}
	if err := s.setCaller(q, caller); err != nil {
		return err
	}
	if resourcePolicy != nil {
		if caller == nil {
			return invalidInput("CallerArn is required when a ResourcePolicy is given.") // the words are not confirmed
		}
		doc, err := policy.Parse(*resourcePolicy, policy.Resource)
		if err != nil {
			return invalidInput("Invalid policy ResourcePolicy: " + err.Error())
		}
		q.resource = &source{id: "ResourcePolicy", text: *resourcePolicy, doc: doc}
	}
	q.resources, q.perResource = resources, len(resources) > 0
	if !q.perResource {
		q.resources = []string{"*"}
	}
	q.context = policy.Context{}
	for _, entry := range entries {
		q.context.Set(aws.ToString(entry.ContextKeyName), entry.ContextKeyValues...)
	}
	return nil
}

func (s *Service) setCaller(q *simulation, arn *string) error {
	q.caller = policy.Caller{Account: s.env.Account}
	if arn == nil {
		return nil
	}
	k, e, ok := s.entityByARN(*arn)
	if !ok && *arn != s.root.Principal.ARN {
		return invalidInput("Invalid Entity Arn: " + *arn + " does not clearly define entity type and name.")
	}
	q.caller.ARN, q.caller.Account = *arn, accountOf(*arn)
	if k.label == roleLabel {
		// As a role acts: in a session, whose name nobody knows.
		q.caller.RoleARN, q.caller.ARN = e.ARN, "arn:aws:sts::"+s.env.Account+":assumed-role/"+e.Name+"/"
	}
	return nil
}

// page decides on one page of the actions.
func (q *simulation) page(marker *string, maxItems *int32) (results []types.EvaluationResult, truncated bool, next *string) {
	places := make([]string, len(q.actions))
	for i := range places {
		places[i] = strconv.Itoa(10000 + i)
	}
	items, truncated, next := page(places, self, marker, maxItems)
	results = []types.EvaluationResult{}
	for _, place := range items {
		i, _ := strconv.Atoi(place)
		results = append(results, q.result(q.actions[i-10000]))
	}
	return results, truncated, next
}

// rank orders decisions by how restrictive they are.
var rank = map[types.PolicyEvaluationDecisionType]int{
	types.PolicyEvaluationDecisionTypeAllowed: 0, types.PolicyEvaluationDecisionTypeImplicitDeny: 1, types.PolicyEvaluationDecisionTypeExplicitDeny: 2,
}

// result is the decision on an action: over all resources the most restrictive.
func (q *simulation) result(action string) types.EvaluationResult {
	out := types.EvaluationResult{
		EvalActionName: aws.String(action), EvalResourceName: aws.String("*"),
		EvalDecision:      types.PolicyEvaluationDecisionTypeAllowed,
		MatchedStatements: []types.Statement{}, MissingContextValues: []string{},
	}
	if len(q.resources) == 1 {
		out.EvalResourceName = aws.String(q.resources[0])
	}
	for _, resource := range q.resources {
		one := q.decide(action, resource)
		if rank[one.EvalResourceDecision] >= rank[out.EvalDecision] {
			if rank[one.EvalResourceDecision] > rank[out.EvalDecision] {
				out.MatchedStatements = []types.Statement{}
			}
			out.EvalDecision = one.EvalResourceDecision
			for _, statement := range one.MatchedStatements {
				if !slices.ContainsFunc(out.MatchedStatements, func(s types.Statement) bool { return sameStatement(s, statement) }) {
					out.MatchedStatements = append(out.MatchedStatements, statement)
				}
			}
		}
		out.MissingContextValues = one.MissingContextValues // the same for all
		if detail := one.PermissionsBoundaryDecisionDetail; detail != nil &&
			(out.PermissionsBoundaryDecisionDetail == nil || !detail.AllowedByPermissionsBoundary) {
			out.PermissionsBoundaryDecisionDetail = detail
		}
		if q.perResource {
			out.ResourceSpecificResults = append(out.ResourceSpecificResults, one)
		}
	}
	return out
}

func sameStatement(a, b types.Statement) bool {
	return *a.SourcePolicyId == *b.SourcePolicyId && *a.StartPosition == *b.StartPosition
}

// decide decides on an action on one resource.
func (q *simulation) decide(action, resource string) types.ResourceSpecificResult {
	request := policy.Request{Action: action, Resource: resource, Caller: q.caller, Context: q.context}
	var all policy.Policies
	for _, source := range q.sources {
		all.Identity = append(all.Identity, source.doc)
	}
	for _, source := range q.boundary {
		all.Boundary = source.doc
	}
	if q.resource != nil {
		all.Resource = q.resource.doc
	}
	result := policy.Evaluate(request, all)
	out := types.ResourceSpecificResult{
		EvalResourceName: aws.String(resource), EvalResourceDecision: types.PolicyEvaluationDecisionTypeImplicitDeny,
		MatchedStatements: []types.Statement{}, MissingContextValues: q.missing(),
	}
	if all.Boundary != nil {
		out.PermissionsBoundaryDecisionDetail = &types.PermissionsBoundaryDecisionDetail{
			AllowedByPermissionsBoundary: policy.Evaluate(request, policy.Policies{Identity: []*policy.Document{all.Boundary}}).Decision == policy.Allowed,
		}
	}
	switch result.Decision {
	case policy.Allowed:
		out.EvalResourceDecision = types.PolicyEvaluationDecisionTypeAllowed
		out.MatchedStatements = q.matched(request, policy.Allow)
	case policy.ExplicitDeny:
		out.EvalResourceDecision = types.PolicyEvaluationDecisionTypeExplicitDeny
		out.MatchedStatements = q.matched(request, policy.Deny)
	case policy.ImplicitDeny:
	}
	return out
}

// matched lists the statements that make a decision.
func (q *simulation) matched(request policy.Request, effect policy.Effect) []types.Statement {
	matched := []types.Statement{}
	add := func(source source, kind types.PolicySourceType, statements []*policy.Statement) {
		for _, s := range statements {
			matched = append(matched, types.Statement{
				SourcePolicyId: aws.String(source.id), SourcePolicyType: kind,
				StartPosition: position(source.text, s.Start), EndPosition: position(source.text, s.End),
			})
		}
	}
	for _, source := range slices.Concat(q.sources, q.boundary) {
		add(source, identitySource, source.doc.Matching(request, effect))
	}
	if q.resource != nil {
		add(*q.resource, resourceSource, q.resource.doc.MatchingFor(request, effect))
	}
	return matched
}

// position is a place in a document as the simulator counts it, from 1.
func position(text string, offset int) *types.Position {
	before := text[:offset]
	line := before[strings.LastIndexByte(before, '\n')+1:]
	return &types.Position{
		Line:   int32(strings.Count(before, "\n") + 1),
		Column: int32(utf8.RuneCountInString(line) + 1),
	}
}

// missing lists the condition keys that the policies need and that were not given.
func (q *simulation) missing() []string {
	sources := slices.Concat(q.sources, q.boundary)
	if q.resource != nil {
		sources = append(sources, *q.resource)
	}
	return slices.DeleteFunc(contextKeys(sources), func(key string) bool {
		_, given := q.context[strings.ToLower(key)]
		return given
	})
}

// contextKeys lists the condition keys of the policies, each once.
func contextKeys(sources []source) []string {
	keys := []string{}
	for _, source := range sources {
		for _, key := range source.doc.ContextKeys() {
			if !slices.ContainsFunc(keys, func(known string) bool { return strings.EqualFold(known, key) }) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// GetContextKeysForCustomPolicy lists the condition keys that the policies depend on.
func (s *Service) GetContextKeysForCustomPolicy(_ context.Context, in *iam.GetContextKeysForCustomPolicyInput) (*iam.GetContextKeysForCustomPolicyOutput, error) {
	sources, err := inputSources("PolicyInputList", in.PolicyInputList)
	if err != nil {
		return nil, err
	}
	return &iam.GetContextKeysForCustomPolicyOutput{ContextKeyNames: contextKeys(sources)}, nil
}

// GetContextKeysForPrincipalPolicy lists those of a user's, a group's or a role's policies.
func (s *Service) GetContextKeysForPrincipalPolicy(_ context.Context, in *iam.GetContextKeysForPrincipalPolicyInput) (*iam.GetContextKeysForPrincipalPolicyOutput, error) {
	_, sources, err := s.principalSources(*in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	more, err := inputSources("PolicyInputList", in.PolicyInputList)
	if err != nil {
		return nil, err
	}
	return &iam.GetContextKeysForPrincipalPolicyOutput{ContextKeyNames: contextKeys(append(sources, more...))}, nil
}
