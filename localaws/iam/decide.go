package iam

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// free are the actions for which nobody needs a permission, and which no policy can take away:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
var free = map[string]bool{"sts:GetCallerIdentity": true, "sts:GetSessionToken": true}

// Resource is what IAM must know of a resource to decide on it.
type Resource struct {
	// Policy is the resource's own policy, such as a bucket's; empty where it has none.
	Policy string
	// Tags are asked for only where a policy has a condition on them.
	Tags map[string]string
}

// Decision is what the policies say of one access.
type Decision struct {
	policy.Result
	// Resource is the one that the decision is about: of several the first that is denied.
	Resource string
	// Policy is the ARN of the managed policy that denies it; empty where another policy does.
	Policy string
}

// Decide says whether the policies of a principal, of the resources, and a
// role's trust policy allow an access to all of its resources; of several
// results it is the first that does not. To the account's own keys nobody but
// a resource's policy can deny anything.
func (s *Service) Decide(p identity.Principal, access policy.Access) (Decision, error) {
	made := Decision{Result: policy.Result{Decision: policy.Allowed}, Resource: "*"}
	s.use(p.AccessKeyID, access.Action)
	if err := checkRoles(access); err != nil {
		return made, err
	}
	if free[access.Action] {
		return made, nil
	}
	var row session
	if isTemporary(p.AccessKeyID) {
		row, _ = s.sessions.get(p.AccessKeyID)
	}
	if !row.Origin.may(access.Action) {
		made.Result = policy.Result{Decision: policy.ExplicitDeny, In: inToken}
		return made, nil
	}
	if p.ARN == s.root.Principal.ARN && !s.guarded(access) {
		return made, nil
	}
	policies, tags := s.policiesOf(p, row)
	request := policy.Request{Action: access.Action, Caller: callerOf(p), Context: s.keysOfRequest(p, row)}
	for key, value := range tags {
		request.Context.Set("aws:PrincipalTag/"+key, value)
	}
	maps.Copy(request.Context, access.Keys)
	resources := access.Resources
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	for _, resource := range resources {
		if made = s.decideOn(s.self(p, access.Action, resource), request, policies); made.Decision != policy.Allowed {
			break
		}
	}
	if made.Decision == policy.ExplicitDeny {
		made.Policy = s.managedBy(row.subject(p), row, made.Statement)
	}
	return made, nil
}

// checkRoles refuses to assume what is no ARN, whoever asks: recorded from AWS
// in LocalStack's test_sts.snapshot.json, test_sts_invalid_parameters.
func checkRoles(access policy.Access) error {
	if !trustActions[access.Action] {
		return nil
	}
	for _, arn := range access.Resources {
		parts := strings.SplitN(arn, ":", 6)
		if len(parts) < 6 || parts[0] != "arn" || parts[1] == "" || parts[2] == "" || parts[5] == "" {
			return invalid(arn + " is invalid")
		}
	}
	return nil
}

// self puts in the caller where an action of IAM names no user.
func (s *Service) self(p identity.Principal, action, resource string) string {
	if resource == s.arn("user", "/", "") && action != "iam:ListUsers" {
		return p.ARN
	}
	return resource
}

// decideOn decides on one resource.
func (s *Service) decideOn(arn string, request policy.Request, policies policy.Policies) Decision {
	made := Decision{Resource: arn}
	request.Resource = arn
	request.Context.Set("aws:ResourceAccount", cmp.Or(accountOf(arn), s.env.Account)) // a bucket's ARN names none
	if trustActions[request.Action] {
		role := s.roleByARN(arn)
		if role == nil {
			return made
		}
		policies.Resource = s.parsed.get(role.Trust, policy.Trust)
		request.Context = withResourceTags(request.Context, arn, role.Tags)
		if trusted, _ := policy.Trusts(policies.Resource, request); trusted != policy.Allowed {
			made.Result = policy.Result{Decision: trusted, In: inTrust}
			return made
		}
	} else if s.Describe != nil {
		resource := s.Describe(arn, policies.UseResourceTags())
		if resource.Policy != "" {
			policies.Resource = s.parsed.get(resource.Policy, policy.Resource)
			if resource.Tags == nil && policies.Resource.UsesResourceTags() {
				resource.Tags = s.Describe(arn, true).Tags
			}
		}
		request.Context = withResourceTags(request.Context, arn, resource.Tags)
	}
	made.Result = policy.Evaluate(request, policies)
	return made
}

// trustActions are those that a role's trust policy must allow.
var trustActions = map[string]bool{"sts:AssumeRole": true, "sts:TagSession": true, "sts:SetSourceIdentity": true}

// guarded reports whether a resource's policy may deny the account itself.
func (s *Service) guarded(access policy.Access) bool {
	return s.Describe != nil && !bucketPolicyActions[access.Action] &&
		slices.ContainsFunc(access.Resources, func(arn string) bool { return s.Describe(arn, false).Policy != "" })
}

// bucketPolicyActions are those that a bucket's policy cannot take away from the account itself:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
var bucketPolicyActions = map[string]bool{"s3:GetBucketPolicy": true, "s3:PutBucketPolicy": true, "s3:DeleteBucketPolicy": true}

// callerOf tells a service that acts in its own name, which has no ARN, from one that acts for a principal.
func callerOf(p identity.Principal) policy.Caller {
	if p.ARN == "" {
		return policy.Caller{Service: p.Service, Account: p.Account}
	}
	return policy.Caller{ARN: p.ARN, RoleARN: p.RoleARN, Account: p.Account}
}

// policiesOf gathers what bears on a principal with that session, and its
// tags. A principal that is gone has neither.
func (s *Service) policiesOf(p identity.Principal, row session) (all policy.Policies, tags map[string]string) {
	switch subject := row.subject(p); subject {
	case s.root.Principal.ARN:
		all.Identity = []*policy.Document{everything}
	default:
		b := s.bundleOf(subject)
		all.Identity, all.Boundary, tags = b.identity, b.boundary, b.tags
	}
	if len(row.Tags) > 0 {
		tags = merged(tags, row.Tags)
	}
	for _, text := range row.Policies {
		all.Session = append(all.Session, s.parsed.get(text, policy.Identity))
	}
	for _, arn := range row.PolicyARNs {
		if source, ok := s.attachedSource(arn); ok {
			all.Session = append(all.Session, source.doc)
		}
	}
	if all.Session == nil && (len(row.PolicyARNs) > 0 || row.Origin == federationToken) {
		all.Session = []*policy.Document{} // which allow nothing
	}
	return all, tags
}

// merged returns the tags with those of over written over them.
func merged(tags, over map[string]string) map[string]string {
	all := maps.Clone(tags)
	if all == nil {
		all = map[string]string{}
	}
	for key, value := range over {
		for old := range all {
			if strings.EqualFold(old, key) {
				delete(all, old)
			}
		}
		all[key] = value
	}
	return all
}
