package lambda

import (
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
)

// urlActions are what the caller of a URL must be allowed. AWS asks for both
// since October 2025: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
var urlActions = []string{"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}

func (s *Service) urlAccess(u functionURL) []policy.Access {
	arn := s.arn(reference{u.Function, u.Qualifier})
	keys := policy.Keys(keyAuthType, string(u.AuthType), keyViaURL, "true", keyFunction, arn)
	needs := make([]policy.Access, 0, len(urlActions))
	for _, action := range urlActions {
		needs = append(needs, policy.Access{Action: action, Resources: []string{arn}, Keys: keys})
	}
	return needs
}

// public reports whether everybody may call the URL.
func (s *Service) public(f function, u functionURL) bool {
	doc, err := policy.Parse(document(f.Policies[u.Qualifier].Statements), policy.Resource)
	if err != nil {
		return false
	}
	for _, need := range s.urlAccess(u) {
		request := policy.Request{Action: need.Action, Resource: need.Resources[0], Context: need.Keys}
		if !policy.AllowsAnyone(doc, request) {
			return false
		}
	}
	return true
}

// urlRefusalError is why a URL does not answer, as its body says it.
type urlRefusalError struct{ message string }

func (e *urlRefusalError) Error() string { return e.message }

var errForbidden = &urlRefusalError{"Forbidden"}

// admit decides who calls a URL: nobody in particular where it is open to all,
// the signer where it has AWS_IAM. body is what was signed.
func (s *Service) admit(r *http.Request, f function, u functionURL, body []byte) (identity.Principal, error) {
	if u.AuthType == types.FunctionUrlAuthTypeNone {
		if !s.public(f, u) {
			return identity.Principal{}, errForbidden
		}
		return identity.Principal{}, nil
	}
	caller, err := s.signer(r, body)
	if err != nil {
		return caller, err
	}
	err = s.env.Permit(identity.With(r.Context(), caller), s.urlAccess(u)...)
	if _, denied := errors.AsType[smithy.APIError](err); denied {
		err = errForbidden
	}
	return caller, err
}

// maxSkew is how far the signer's clock may be off.
const maxSkew = 15 * time.Minute

const badSignature = "The request signature we calculated does not match the signature you provided. " +
	"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

// signer returns whose key signed the request.
func (s *Service) signer(r *http.Request, body []byte) (identity.Principal, error) {
	if s.host.Keys == nil {
		return identity.Principal{}, errForbidden
	}
	signature, err := sigv4.Parse(r)
	if err != nil {
		return identity.Principal{}, errForbidden
	}
	key, ok := s.host.Keys.Key(signature.AccessKeyID)
	if !ok || !sigv4.Equal(key.SessionToken, signature.Token) {
		return identity.Principal{}, &urlRefusalError{"The security token included in the request is invalid."}
	}
	hash := sigv4.HexSHA256(body)
	if given := r.Header.Get("X-Amz-Content-Sha256"); given == sigv4.UnsignedPayload {
		hash = given
	} else if given != "" && !sigv4.Equal(given, hash) {
		return identity.Principal{}, &urlRefusalError{badSignature}
	}
	scope := signature.Scope
	if scope.Region != s.env.Region || scope.Service != "lambda" || !signature.Verify(r, key.SecretAccessKey, hash) {
		return identity.Principal{}, &urlRefusalError{badSignature}
	}
	now := s.env.Now()
	until := signature.Time.Add(maxSkew)
	if signature.Presigned {
		until = signature.Time.Add(signature.Expires)
	}
	switch {
	case !key.Expires.IsZero() && !now.Before(key.Expires):
		return identity.Principal{}, &urlRefusalError{"The security token included in the request is expired"}
	case now.Before(signature.Time.Add(-maxSkew)) || now.After(until):
		return identity.Principal{}, &urlRefusalError{"Signature expired: " + signature.Time.UTC().Format(sigv4.TimeFormat) +
			" is now earlier than " + now.Add(-maxSkew).UTC().Format(sigv4.TimeFormat)}
	}
	return key.Principal, nil
}

// authorizer tells the function who signed the request; nil where nobody did.
func authorizer(p identity.Principal) *events.LambdaFunctionURLRequestContextAuthorizerDescription {
	if p.ARN == "" {
		return nil
	}
	return &events.LambdaFunctionURLRequestContextAuthorizerDescription{
		IAM: &events.LambdaFunctionURLRequestContextAuthorizerIAMDescription{
			AccessKey: p.AccessKeyID, AccountID: p.Account, CallerID: p.UserID, UserARN: p.ARN, UserID: p.UserID,
		},
	}
}
