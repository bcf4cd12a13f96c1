package iam

import (
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

// Decide says whether the policies of a principal, and a role's trust policy,
// allow an action on all of the resources; of several results it is the first
// that does not. The account itself may do everything.
//
// It knows the condition keys that every request has. Neither the policies of
// other resources are asked nor are there the keys of single actions, such as
// iam:PassedToService: a statement that depends on one does not allow.
func (s *Service) Decide(p identity.Principal, action string, resources []string) (policy.Result, error) {
	if p.AccessKeyID == s.root.AccessKeyID || free[action] {
		return policy.Result{Decision: policy.Allowed}, nil
	}
	policies, err := s.policiesOf(p)
	if err != nil {
		return policy.Result{}, err
	}
	request := policy.Request{
		Action: action, Context: s.keysOfRequest(p),
		Caller: callerOf(p),
	}
	result := policy.Result{Decision: policy.Allowed}
	for _, resource := range resources {
		request.Resource = resource
		if action == "sts:AssumeRole" {
			if policies.Resource, err = s.trustOf(resource); err != nil {
				return policy.Result{}, err
			}
		}
		if result = policy.Evaluate(request, policies); result.Decision != policy.Allowed {
			break
		}
	}
	return result, nil
}

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
	values.Set("aws:CurrentTime", s.env.Now().UTC().Format(time.RFC3339))
	values.Set("aws:PrincipalArn", principalARN(p))
	values.Set("aws:PrincipalAccount", p.Account)
	values.Set("aws:PrincipalIsAWSService", "false")
	values.Set("aws:RequestedRegion", s.env.Region)
	values.Set("aws:SecureTransport", "true") // the loopback stands for TLS
	values.Set("aws:SourceIp", "127.0.0.1")
	values.Set("aws:userid", p.UserID)
	if _, user, ok := strings.Cut(p.ARN, ":user/"); ok {
		values.Set("aws:username", user[strings.LastIndex(user, "/")+1:])
	}
	return values
}

// policiesOf gathers what bears on a principal. One that is gone has no policies.
func (s *Service) policiesOf(p identity.Principal) (policy.Policies, error) {
	var all policy.Policies
	var err error
	if p.ARN == s.root.Principal.ARN {
		all.Identity = []*policy.Document{everything}
	} else if err = s.identityPolicies(p, &all); err != nil {
		return all, err
	}
	if !strings.HasPrefix(p.AccessKeyID, "ASIA") {
		return all, nil
	}
	row, _, err := s.sessions.Get(p.AccessKeyID)
	if err != nil || len(row.Policies)+len(row.PolicyARNs) == 0 {
		return all, err
	}
	for _, text := range row.Policies {
		all.Session = s.parsed.add(all.Session, text)
	}
	all.Session, err = s.addManaged(all.Session, row.PolicyARNs)
	return all, err
}

// everything is what the account itself may do.
var everything = &policy.Document{Version: "2012-10-17", Statements: []policy.Statement{
	{Effect: policy.Allow, Action: []string{"*"}, Resource: []string{"*"}},
}}

func (s *Service) identityPolicies(p identity.Principal, all *policy.Policies) error {
	table, arn := s.users, p.ARN
	if p.RoleARN != "" {
		table, arn = s.roles, p.RoleARN
	}
	e, ok, err := table.Get(rowKey(arn[strings.LastIndex(arn, "/")+1:]))
	if err != nil || !ok || e.ARN != arn {
		return err
	}
	for _, text := range e.Inline {
		all.Identity = s.parsed.add(all.Identity, text)
	}
	if all.Identity, err = s.addManaged(all.Identity, e.Attached); err != nil || e.Boundary == "" {
		return err
	}
	// A boundary that cannot be read bounds everything.
	all.Boundary = &policy.Document{}
	boundary, err := s.addManaged(nil, []string{e.Boundary})
	if len(boundary) > 0 {
		all.Boundary = boundary[0]
	}
	return err
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
				docs = s.parsed.add(docs, managed.Versions[i].Document)
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
	doc, err := policy.Parse(role.Trust, policy.Trust)
	if err != nil {
		return nil, err
	}
	return doc, nil
}

// documents remembers identity policies that were parsed, by their text.
type documents struct {
	mu  sync.Mutex // guards all
	all map[string]*policy.Document
}

// maxParsed bounds what is remembered; more than that is parsed again.
const maxParsed = 512

// add appends the document of the text. All texts were parsed when they were
// written; one that does not parse any more denies everything.
func (d *documents) add(docs []*policy.Document, text string) []*policy.Document {
	d.mu.Lock()
	defer d.mu.Unlock()
	doc, ok := d.all[text]
	if !ok {
		var err error
		if doc, err = policy.Parse(text, policy.Identity); err != nil {
			doc = &policy.Document{Statements: []policy.Statement{{Effect: policy.Deny, Action: []string{"*"}, Resource: []string{"*"}}}}
		}
		if d.all == nil || len(d.all) >= maxParsed {
			d.all = map[string]*policy.Document{}
		}
		d.all[text] = doc
	}
	return append(docs, doc)
}
