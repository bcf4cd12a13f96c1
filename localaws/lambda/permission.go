package lambda

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// permissions are the resource policy of a function or of one of its qualifiers.
type permissions struct {
	Statements []statement
	Revision   string
}

// statement is a permission in the form in which GetPolicy shows it.
type statement struct {
	Sid       string
	Effect    policy.Effect
	Principal any
	Action    string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

var account = regexp.MustCompile(`^\d{12}$`)

// AddPermission lets a principal call the function, its version or its alias.
func (s *Service) AddPermission(_ context.Context, in *lambda.AddPermissionInput) (*lambda.AddPermissionOutput, error) {
	ref, err := s.refer(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if ref.qualifier == latest {
		return nil, invalid("We currently do not support adding policies for $LATEST.")
	}
	if _, _, err := s.find(ref); err != nil {
		return nil, err
	}
	st := s.newStatement(ref, in)
	if _, err := policy.Parse(document([]statement{st}), policy.Resource); err != nil {
		return nil, invalid("The provided principal was invalid. Please check the principal and try again.")
	}
	err = s.update(ref, func(f *function) error {
		p := f.Policies[ref.qualifier]
		if err := checkRevision(in.RevisionId, p.Revision); err != nil {
			return err
		}
		if slices.ContainsFunc(p.Statements, func(old statement) bool { return old.Sid == st.Sid }) {
			return conflict("The statement id (" + st.Sid + ") provided already exists. Please provide a new statement id, or remove the existing statement.")
		}
		if f.Policies == nil {
			f.Policies = map[string]permissions{}
		}
		f.Policies[ref.qualifier] = permissions{append(p.Statements, st), uuid.New()}
		return nil
	})
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(st)
	return &lambda.AddPermissionOutput{Statement: aws.String(string(text))}, err
}

func (s *Service) newStatement(ref reference, in *lambda.AddPermissionInput) statement {
	st := statement{
		Sid: *in.StatementId, Effect: policy.Allow, Action: *in.Action, Resource: s.arn(ref),
		Principal: map[string]string{"AWS": *in.Principal}, Condition: map[string]map[string]string{},
	}
	switch name := *in.Principal; {
	case name == "*":
		st.Principal = "*"
	case account.MatchString(name):
		st.Principal = map[string]string{"AWS": "arn:aws:iam::" + name + ":root"}
	case !strings.HasPrefix(name, "arn:"):
		st.Principal = map[string]string{"Service": name}
	}
	condition := func(operator, key string, value *string) {
		if value == nil || *value == "" {
			return
		}
		if st.Condition[operator] == nil {
			st.Condition[operator] = map[string]string{}
		}
		st.Condition[operator][key] = *value
	}
	condition("ArnLike", "AWS:SourceArn", in.SourceArn)
	condition("StringEquals", "AWS:SourceAccount", in.SourceAccount)
	condition("StringEquals", "aws:PrincipalOrgID", in.PrincipalOrgID)
	condition("StringEquals", "lambda:EventSourceToken", in.EventSourceToken)
	condition("StringEquals", "lambda:FunctionUrlAuthType", aws.String(string(in.FunctionUrlAuthType)))
	if aws.ToBool(in.InvokedViaFunctionUrl) {
		condition("Bool", "lambda:InvokedViaFunctionUrl", aws.String("true"))
	}
	return st
}

// document is the policy as GetPolicy shows it.
func document(statements []statement) string {
	text, err := json.Marshal(struct {
		Version   string
		ID        string `json:"Id"`
		Statement []statement
	}{"2012-10-17", "default", statements})
	if err != nil {
		return "" // strings and maps of strings always have a JSON form
	}
	return string(text)
}

// RemovePermission removes a statement.
func (s *Service) RemovePermission(_ context.Context, in *lambda.RemovePermissionInput) (*lambda.RemovePermissionOutput, error) {
	ref, err := s.refer(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	return &lambda.RemovePermissionOutput{}, s.update(ref, func(f *function) error {
		p := f.Policies[ref.qualifier]
		i := slices.IndexFunc(p.Statements, func(st statement) bool { return st.Sid == *in.StatementId })
		if i < 0 {
			return notFound("Statement " + *in.StatementId + " is not found in resource policy.")
		}
		if err := checkRevision(in.RevisionId, p.Revision); err != nil {
			return err
		}
		if p.Statements = slices.Delete(p.Statements, i, i+1); len(p.Statements) == 0 {
			delete(f.Policies, ref.qualifier)
			return nil
		}
		f.Policies[ref.qualifier] = permissions{p.Statements, uuid.New()}
		return nil
	})
}

// GetPolicy returns the resource policy.
func (s *Service) GetPolicy(_ context.Context, in *lambda.GetPolicyInput) (*lambda.GetPolicyOutput, error) {
	ref, err := s.refer(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	f, err := s.function(ref)
	if err != nil {
		return nil, err
	}
	p, ok := f.Policies[ref.qualifier]
	if !ok {
		return nil, missingResource()
	}
	return &lambda.GetPolicyOutput{Policy: aws.String(document(p.Statements)), RevisionId: aws.String(p.Revision)}, nil
}
