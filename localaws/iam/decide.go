package iam

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

// free are the actions for which nobody needs a permission:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
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
}

// Decide says whether the policies of a principal, of the resources, and a
// role's trust policy allow an access to all of its resources; of several
// results it is the first that does not. To the account's own keys nobody but
// a resource's policy can deny anything.
func (s *Service) Decide(p identity.Principal, access policy.Access) (Decision, error) {
	allowed := Decision{Result: policy.Result{Decision: policy.Allowed}, Resource: "*"}
	if free[access.Action] || p.ARN == s.root.Principal.ARN && !s.guarded(access) {
		return allowed, nil
	}
	policies, tags, err := s.policiesOf(p)
	if err != nil {
		return Decision{}, err
	}
	request := policy.Request{Action: access.Action, Caller: callerOf(p), Context: s.keysOfRequest(p)}
	for key, value := range tags {
		request.Context.Set("aws:PrincipalTag/"+key, value)
	}
	maps.Copy(request.Context, access.Keys)
	resources := access.Resources
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	made := allowed
	for _, resource := range resources {
		if made, err = s.decideOn(resource, request, policies); err != nil || made.Decision != policy.Allowed {
			break
		}
	}
	return made, err
}

// decideOn decides on one resource.
func (s *Service) decideOn(arn string, request policy.Request, policies policy.Policies) (Decision, error) {
	made := Decision{Resource: arn}
	request.Resource = arn
	var err error
	if request.Action == "sts:AssumeRole" {
		if policies.Resource, err = s.trustOf(arn); err != nil {
			return made, err
		}
		if policies.Resource == nil {
			return made, nil
		}
		if trusted, _ := policy.Trusts(policies.Resource, request); trusted != policy.Allowed {
			made.Result = policy.Result{Decision: trusted, In: "role trust policy"}
			return made, nil
		}
	} else if s.Describe != nil {
		resource := s.Describe(arn, policies.UseResourceTags())
		if resource.Policy != "" {
			policies.Resource = s.parsed.get(resource.Policy, policy.Resource)
		}
		if len(resource.Tags) > 0 {
			request.Context = maps.Clone(request.Context)
			for key, value := range resource.Tags {
				request.Context.Set("aws:ResourceTag/"+key, value)
			}
		}
	}
	made.Result = policy.Evaluate(request, policies)
	return made, nil
}

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

// keysOfRequest are the condition keys of every request:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (s *Service) keysOfRequest(p identity.Principal) policy.Context {
	values := policy.Context{}
	if p.ARN == "" && p.Service != "" {
		values = s.conditions(service.Session{Service: p.Service, SourceARN: p.SourceARN})
		values.Set("aws:SecureTransport", "true")
		return values
	}
	now := s.env.Now().UTC()
	values.Set("aws:CurrentTime", now.Format(time.RFC3339))
	values.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	values.Set("aws:PrincipalArn", principalARN(p))
	values.Set("aws:PrincipalAccount", p.Account)
	values.Set("aws:PrincipalIsAWSService", "false")
	values.Set("aws:PrincipalType", principalType(p))
	values.Set("aws:RequestedRegion", s.env.Region)
	values.Set("aws:SecureTransport", "true") // the loopback stands for TLS
	values.Set("aws:userid", p.UserID)
	values.Set("aws:ViaAWSService", strconv.FormatBool(len(p.Via) > 0))
	if len(p.Via) > 0 {
		values.Set("aws:CalledVia", p.Via...)
		values.Set("aws:CalledViaFirst", p.Via[0])
		values.Set("aws:CalledViaLast", p.Via[len(p.Via)-1])
	} else {
		values.Set("aws:SourceIp", "127.0.0.1")
	}
	if strings.HasPrefix(p.AccessKeyID, "ASIA") {
		values.Set("aws:MultiFactorAuthPresent", "false") // only temporary keys have it
	}
	if _, user, ok := strings.Cut(p.ARN, ":user/"); ok {
		values.Set("aws:username", user[strings.LastIndex(user, "/")+1:])
	}
	return values
}

func principalType(p identity.Principal) string {
	switch {
	case p.RoleARN != "":
		return "AssumedRole"
	case strings.HasSuffix(p.ARN, ":root"):
		return "Account"
	default:
		return "User"
	}
}

// policiesOf gathers what bears on a principal, and its tags. One that is gone has neither.
func (s *Service) policiesOf(p identity.Principal) (all policy.Policies, tags map[string]string, err error) {
	if p.ARN == s.root.Principal.ARN {
		all.Identity = []*policy.Document{everything}
	} else if tags, err = s.identityPolicies(p, &all); err != nil {
		return all, nil, err
	}
	if !strings.HasPrefix(p.AccessKeyID, "ASIA") {
		return all, tags, nil
	}
	row, _, err := s.sessions.Get(p.AccessKeyID)
	if err != nil {
		return all, nil, err
	}
	if len(row.Tags) > 0 {
		tags = maps.Clone(tags)
		if tags == nil {
			tags = map[string]string{}
		}
		maps.Copy(tags, row.Tags)
	}
	for _, text := range row.Policies {
		all.Session = append(all.Session, s.parsed.get(text, policy.Identity))
	}
	all.Session, err = s.addManaged(all.Session, row.PolicyARNs)
	return all, tags, err
}

// everything is what the account itself may do.
var everything = &policy.Document{Version: "2012-10-17", Statements: []policy.Statement{
	{Effect: policy.Allow, Action: []string{"*"}, Resource: []string{"*"}},
}}

func (s *Service) identityPolicies(p identity.Principal, all *policy.Policies) (tags map[string]string, err error) {
	table, arn := s.users, p.ARN
	if p.RoleARN != "" {
		table, arn = s.roles, p.RoleARN
	}
	e, ok, err := table.Get(rowKey(arn[strings.LastIndex(arn, "/")+1:]))
	if err != nil || !ok || e.ARN != arn {
		return nil, err
	}
	for _, text := range e.Inline {
		all.Identity = append(all.Identity, s.parsed.get(text, policy.Identity))
	}
	if all.Identity, err = s.addManaged(all.Identity, e.Attached); err != nil || e.Boundary == "" {
		return e.Tags, err
	}
	// A boundary that cannot be read bounds everything.
	all.Boundary = &policy.Document{}
	boundary, err := s.addManaged(nil, []string{e.Boundary})
	if len(boundary) > 0 {
		all.Boundary = boundary[0]
	}
	return e.Tags, err
}

// addManaged adds the default versions of managed policies; one that is gone adds nothing.
func (s *Service) addManaged(docs []*policy.Document, arns []string) ([]*policy.Document, error) {
	for _, arn := range arns {
		managed, err := s.managed(arn)
		if isMissing(err) {
			continue
		}
		if err != nil {
			return docs, err
		}
		for i := range managed.Versions {
			if managed.Versions[i].ID == managed.Default {
				docs = append(docs, s.parsed.get(managed.Versions[i].Document, policy.Identity))
			}
		}
	}
	return docs, nil
}

// trustOf returns a role's trust policy, nil where there is no such role.
func (s *Service) trustOf(arn string) (*policy.Document, error) {
	role, err := s.roleByARN(arn)
	if err != nil || role == nil {
		return nil, err
	}
	return s.parsed.get(role.Trust, policy.Trust), nil
}

// documents remembers the policies that were parsed, by their kind and text.
type documents struct {
	mu  sync.Mutex // guards all
	all map[documentKey]*policy.Document
}

type documentKey struct {
	kind policy.Kind
	text string
}

// maxParsed bounds what is remembered; more than that is parsed again.
const maxParsed = 512

// get returns the document of the text. All texts were parsed when they were
// written; one that does not parse any more denies everything.
func (d *documents) get(text string, kind policy.Kind) *policy.Document {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := documentKey{kind, text}
	doc, ok := d.all[key]
	if !ok {
		var err error
		if doc, err = policy.Parse(text, kind); err != nil {
			doc = &policy.Document{Statements: []policy.Statement{{
				Effect: policy.Deny, Principal: &policy.Principals{AWS: []string{"*"}}, Action: []string{"*"}, Resource: []string{"*"},
			}}}
		}
		if d.all == nil || len(d.all) >= maxParsed {
			d.all = map[documentKey]*policy.Document{}
		}
		d.all[key] = doc
	}
	return doc
}
