package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
)

// maxSkew is how far the client's clock may be off.
const maxSkew = 15 * time.Minute

// refusal is an error of the signature check. Its status is not in any model.
type refusal struct {
	code, message string
	status        int
}

func (e *refusal) Error() string                 { return e.code + ": " + e.message }
func (e *refusal) ErrorCode() string             { return e.code }
func (e *refusal) ErrorMessage() string          { return e.message }
func (e *refusal) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// words are the codes that a family of services has for the same refusals;
// missing is the message of the second.
type words struct {
	denied, unsigned, unknownKey, badSignature, badToken, expired string

	missing string
	status  int
}

var (
	jsonWords = words{
		denied: "AccessDeniedException", unsigned: "MissingAuthenticationTokenException",
		unknownKey: "UnrecognizedClientException", badSignature: "InvalidSignatureException",
		badToken: "UnrecognizedClientException", expired: "ExpiredTokenException",
		missing: "Missing Authentication Token", status: http.StatusBadRequest,
	}
	restJSONWords = func() words { w := jsonWords; w.status = http.StatusForbidden; return w }()
	// The sample messages in scratchstack-aws-signature, src/error.rs, have missing.
	queryWords = words{
		denied: "AccessDenied", unsigned: "MissingAuthenticationToken",
		unknownKey: "InvalidClientTokenId", badSignature: "SignatureDoesNotMatch",
		badToken: "InvalidClientTokenId", expired: "ExpiredToken",
		missing: "Request is missing Authentication Token", status: http.StatusForbidden,
	}
	// SNS's own API says AuthorizationError where the other query services deny access.
	snsWords = func() words { w := queryWords; w.denied = "AuthorizationError"; return w }()
	s3Words  = words{
		denied: "AccessDenied", unsigned: "AccessDenied",
		unknownKey: "InvalidAccessKeyId", badSignature: "SignatureDoesNotMatch",
		badToken: "InvalidToken", expired: "ExpiredToken",
		missing: "Access Denied", status: http.StatusForbidden,
	}
	protocolWords = map[string]words{"json": jsonWords, "rest-json": restJSONWords, "query": queryWords, "rest-xml": s3Words}
)

// wordsOf returns the words of a service.
func wordsOf(service, protocol string) words {
	if service == "sns" {
		return snsWords
	}
	return protocolWords[protocol]
}

// authenticate checks the signature of a call, and with it the payload: at
// once where the operation takes a document, and while it is read where the
// payload is a stream.
func (c *call) authenticate(streaming bool) (context.Context, error) {
	ctx := c.r.Context()
	if c.server.cfg.Anonymous && c.svc.name == "s3" && !sigv4.Signed(c.r) {
		_, err := c.payload(&sigv4.Signature{}, identity.Key{}, streaming)
		return ctx, err
	}
	signature, key, err := c.credentials()
	if err != nil {
		return ctx, err
	}
	hash, err := c.payload(signature, key, streaming)
	if err != nil {
		return ctx, err
	}
	if !signature.Verify(c.r, key.SecretAccessKey, hash) {
		return ctx, c.badSignature(signature, hash)
	}
	if err := c.checkTime(signature, key); err != nil {
		return ctx, err
	}
	c.principal, c.signature, c.hash = key.Principal, signature, hash
	return identity.With(ctx, key.Principal), nil
}

func (c *call) credentials() (*sigv4.Signature, identity.Key, error) {
	w := c.svc.words
	signature, err := c.parseSignature()
	switch {
	case errors.Is(err, sigv4.ErrUnsigned):
		return nil, identity.Key{}, &refusal{w.unsigned, w.missing, w.status}
	case err != nil && c.svc.name == "s3":
		return nil, identity.Key{}, c.malformedS3(err)
	case err != nil:
		return nil, identity.Key{}, c.svc.malformedSignature()
	}
	if err := c.svc.checkScope(signature); err != nil {
		return nil, identity.Key{}, err
	}
	key, ok := c.server.cfg.Keys.Key(signature.AccessKeyID)
	switch {
	case !ok && c.svc.name == "s3":
		err := &refusal{w.unknownKey, "The AWS Access Key Id you provided does not exist in our records.", w.status}
		return nil, key, c.with(err, errorMember{"AWSAccessKeyId", signature.AccessKeyID})
	case !ok:
		return nil, key, &refusal{w.unknownKey, "The security token included in the request is invalid.", w.status}
	case !sigv4.Equal(key.SessionToken, signature.Token):
		return nil, key, &refusal{w.badToken, "The security token included in the request is invalid.", w.status}
	}
	return signature, key, nil
}

// payload returns the hash that is signed, having checked that the payload has it.
func (c *call) payload(signature *sigv4.Signature, key identity.Key, streaming bool) (string, error) {
	hash := c.r.Header.Get("X-Amz-Content-Sha256")
	if hash == "" && signature.Presigned {
		hash = c.r.URL.Query().Get("X-Amz-Content-Sha256")
	}
	if hash == "" && c.svc.name == "s3" && (signature.Presigned || signature.Version2) {
		hash = sigv4.UnsignedPayload
	}
	body := io.Reader(c.incoming)
	if strings.HasPrefix(hash, sigv4.StreamingPrefix) {
		switch hash {
		case sigv4.StreamingSigned, sigv4.StreamingTrailer, sigv4.StreamingUnsigned:
			body = sigv4.NewChunks(c.incoming, hash, signature, key.SecretAccessKey)
			c.length = decodedLength(c.r)
		default:
			return "", &smithy.GenericAPIError{Code: "NotImplemented", Message: "A header you provided implies functionality that is not implemented"}
		}
	}
	unhashed := strings.HasPrefix(hash, sigv4.StreamingPrefix) || hash == sigv4.UnsignedPayload
	if streaming && hash != "" {
		stream := &payloadReader{reader: body, closer: c.incoming}
		if !unhashed {
			stream.want(hash)
		}
		c.stream = stream
		return hash, nil
	}
	if c.raw == nil {
		if err := c.readFrom(body); err != nil {
			return "", err
		}
	}
	c.length, c.stream = int64(len(c.body)), bytes.NewReader(c.body)
	if unhashed {
		return hash, nil
	}
	actual := sigv4.HexSHA256(c.raw)
	if hash != "" && !sigv4.Equal(hash, actual) {
		return "", c.svc.badPayload()
	}
	return actual, nil
}

// checkTime comes after the signature, so that only who holds the key learns our time.
func (c *call) checkTime(signature *sigv4.Signature, key identity.Key) error {
	now, w := c.server.cfg.Now().UTC(), c.svc.words
	if !key.Expires.IsZero() && !now.Before(key.Expires) {
		if c.svc.name == "s3" {
			return &refusal{w.expired, "The provided token has expired.", http.StatusBadRequest}
		}
		return &refusal{w.expired, "The security token included in the request is expired", w.status}
	}
	from, until := signature.Time.Add(-maxSkew), signature.Time.Add(maxSkew)
	if signature.Presigned {
		until = signature.Time.Add(signature.Expires)
	}
	switch {
	case !now.Before(from) && !now.After(until):
		return nil
	case c.svc.name == "s3":
		return c.badTimeS3(signature, now, until)
	case now.Before(from):
		return &refusal{w.badSignature, fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 15 min.)",
			stamp(signature.Time), stamp(now.Add(maxSkew)), stamp(now)), w.status}
	}
	return &refusal{w.badSignature, fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 15 min.)",
		stamp(signature.Time), stamp(now.Add(-maxSkew)), stamp(now)), w.status}
}

func stamp(t time.Time) string { return t.UTC().Format(sigv4.TimeFormat) }

func (s *service) checkScope(signature *sigv4.Signature) error {
	region := signature.Scope.Region
	global := s.name == "iam" || s.name == "sts"
	if region == s.region || global && region == "us-east-1" || signature.Version2 {
		return nil
	}
	if s.name == "s3" {
		return &refusal{"AuthorizationHeaderMalformed", fmt.Sprintf(
			"The authorization header is malformed; the region '%s' is wrong; expecting '%s'", region, s.region), http.StatusBadRequest}
	}
	return &refusal{s.words.badSignature, fmt.Sprintf("Credential should be scoped to a valid region, not '%s'.", region), s.words.status}
}

func (s *service) badService() error {
	return &refusal{s.words.badSignature, fmt.Sprintf("Credential should be scoped to correct service: '%s'.", s.name), s.words.status}
}

func (s *service) malformedSignature() error {
	return &refusal{
		"IncompleteSignature" + map[bool]string{true: "", false: "Exception"}[s.protocol == "query"],
		"Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' parameters.", http.StatusBadRequest,
	}
}

func (s *service) badSignature() error {
	message := "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	if s.name == "s3" {
		message = "The request signature we calculated does not match the signature you provided. Check your key and signing method."
	}
	return &refusal{s.words.badSignature, message, s.words.status}
}

func (s *service) badPayload() error {
	if s.name != "s3" {
		return s.badSignature()
	}
	return errPayloadHash
}

var errPayloadHash = &smithy.GenericAPIError{
	Code: "XAmzContentSHA256Mismatch", Message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
}

func (s *service) tooLarge(limit int64) error {
	switch s.protocol {
	case "rest-xml":
		return &smithy.GenericAPIError{Code: "MaxMessageLengthExceeded", Message: "Your request was too big."}
	case "rest-json":
		return &refusal{"RequestEntityTooLargeException", fmt.Sprintf("Request must be smaller than %d bytes", limit), http.StatusRequestEntityTooLarge}
	}
	return &refusal{"RequestEntityTooLarge", fmt.Sprintf("Request must be smaller than %d bytes", limit), http.StatusRequestEntityTooLarge}
}

// Authenticate checks the signature of a request that is for no operation of the
// API, such as one for the URL of a function that wants IAM: it must be signed
// for that service, which must be in the table. The body is read and put back.
// The error is one of AWS's, a [smithy.APIError].
func Authenticate(r *http.Request, service, region string, keys identity.Keys, now time.Time) (identity.Principal, error) {
	svc, err := newService(region, Service{Name: service})
	if err != nil {
		return identity.Principal{}, err
	}
	if sigv4.Signed(r) && serviceName(r) != service {
		return identity.Principal{}, svc.badService()
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	c := &call{server: &Server{cfg: Config{Keys: keys, Now: func() time.Time { return now }}}, svc: svc, r: r, incoming: r.Body}
	if _, err := c.authenticate(false); err != nil {
		return identity.Principal{}, err
	}
	r.Body = io.NopCloser(bytes.NewReader(c.raw))
	return c.principal, nil
}
