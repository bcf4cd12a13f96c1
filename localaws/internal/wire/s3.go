package wire

import (
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
)

// errorMember is an element of S3's errors, with its text.
type errorMember struct{ name, text string }

// detailed is an error with the members that S3 has for it besides the code and the message.
type detailed struct {
	error

	members []errorMember
}

// Unwrap returns the error itself.
func (e *detailed) Unwrap() error { return e.error }

// with adds members to an error of S3's; other services have none.
func (c *call) with(err error, members ...errorMember) error {
	if c.svc.name != "s3" {
		return err
	}
	return &detailed{err, members}
}

// ofBucket are the codes of S3's errors that name the bucket. (That of the
// encryption is not confirmed.)
var ofBucket = []string{
	"NoSuchBucket", "BucketAlreadyOwnedByYou", "BucketAlreadyExists", "BucketNotEmpty", "NoSuchBucketPolicy",
	"NoSuchTagSet", "NoSuchLifecycleConfiguration", "NoSuchCORSConfiguration", "NoSuchWebsiteConfiguration",
	"NoSuchPublicAccessBlockConfiguration", "OwnershipControlsNotFoundError", "ReplicationConfigurationNotFoundError",
	"ServerSideEncryptionConfigurationNotFoundError", "ObjectLockConfigurationNotFoundError",
}

// errorMembers are what an error of S3's says besides its code and its message:
// what AWS's answers have, as LocalStack has recorded them (in
// localstack-core/localstack/aws/spec-patches.json and tests/aws/services/s3).
func (c *call) errorMembers(f failure) []errorMember {
	bucket, key, version := c.labels["Bucket"], c.labels["Key"], c.query.Get("versionId")
	if source := c.r.Header.Get("X-Amz-Copy-Source"); source != "" && key != "" {
		of, from, id := copySource(source)
		key, version = from, id // only the source of a copy can be missing
		if of != bucket && f.code == "NoSuchBucket" {
			return nil // either may be meant
		}
	}
	switch {
	case f.members != nil:
		return f.members
	case bucket == "":
		return nil
	case slices.Contains(ofBucket, f.code):
		return []errorMember{{"BucketName", bucket}}
	case f.code == "NoSuchKey" && key != "":
		return []errorMember{{"Key", key}}
	case f.code == "NoSuchVersion" && key != "":
		return []errorMember{{"Key", key}, {"VersionId", version}}
	case f.code == "NoSuchUpload":
		return []errorMember{{"UploadId", c.query.Get("uploadId")}}
	}
	return nil
}

// copySource reads the header x-amz-copy-source.
func copySource(header string) (bucket, key, version string) {
	path, version, _ := strings.Cut(header, "?versionId=")
	if unescaped, err := url.PathUnescape(path); err == nil {
		path = unescaped
	}
	bucket, key, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return bucket, key, version
}

// version2Regions are those in which S3 takes signatures of version 2: the ones
// from before 2014, as botocore's endpoints.json has them, whose clients presign
// so by default (botocore#3791, aws-cli#10663).
var version2Regions = map[string]bool{
	"us-east-1": true, "us-west-1": true, "us-west-2": true, "eu-west-1": true,
	"ap-southeast-1": true, "ap-southeast-2": true, "ap-northeast-1": true, "sa-east-1": true,
}

// parseSignature reads the signature in the versions that the service takes here.
func (c *call) parseSignature() (*sigv4.Signature, error) {
	if c.svc.name == "s3" && version2Regions[c.svc.region] && sigv4.Version2(c.r) {
		return sigv4.ParseVersion2(c.r, c.path)
	}
	return sigv4.Parse(c.r)
}

// malformedS3 is how S3 refuses a signature that cannot be read.
func (c *call) malformedS3(err error) error {
	authorization := c.r.Header.Get("Authorization")
	denied := func(message string) error { return &refusal{"AccessDenied", message, http.StatusForbidden} }
	switch {
	case errors.Is(err, sigv4.ErrVersion2Header):
		return c.with(&refusal{"InvalidArgument", "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature", http.StatusBadRequest},
			errorMember{"ArgumentName", "Authorization"}, errorMember{"ArgumentValue", authorization})
	case errors.Is(err, sigv4.ErrVersion2Query):
		return denied("Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
	case errors.Is(err, sigv4.ErrVersion2Date) && authorization != "":
		return denied("AWS authentication requires a valid Date or x-amz-date header")
	case errors.Is(err, sigv4.ErrVersion2Date):
		return denied("Invalid date (should be seconds since epoch): " + c.r.URL.Query().Get("Expires"))
	case sigv4.Version2(c.r):
		return &refusal{"InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.", http.StatusBadRequest}
	case authorization == "":
		return &refusal{"AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed.", http.StatusBadRequest}
	}
	return &refusal{"AuthorizationHeaderMalformed", "The authorization header that you provided is not valid.", http.StatusBadRequest}
}

// badSignature refuses a signature that is not the one of the request; S3 shows what it signed.
func (c *call) badSignature(signature *sigv4.Signature, hash string) error {
	if c.svc.name != "s3" {
		return c.svc.badSignature()
	}
	toSign, canonical := signature.StringsToSign(c.r, hash)
	members := []errorMember{
		{"AWSAccessKeyId", signature.AccessKeyID},
		{"StringToSign", toSign},
		{"SignatureProvided", signature.Value},
		{"StringToSignBytes", spaced(toSign)},
	}
	if canonical != "" {
		members = append(members, errorMember{"CanonicalRequest", canonical}, errorMember{"CanonicalRequestBytes", spaced(canonical)})
	}
	return c.with(c.svc.badSignature(), members...)
}

// spaced writes the bytes of a text as S3 shows them: 47 45 54 0a.
func spaced(text string) string {
	digits := hex.EncodeToString([]byte(text))
	pairs := make([]string, 0, len(text))
	for pair := range slices.Chunk([]byte(digits), 2) {
		pairs = append(pairs, string(pair))
	}
	return strings.Join(pairs, " ")
}

// badTimeS3 is how S3 refuses a signature that holds at another time than now.
func (c *call) badTimeS3(signature *sigv4.Signature, now, until time.Time) error {
	server := errorMember{"ServerTime", now.Format(time.RFC3339)}
	if !signature.Presigned || !now.After(until) {
		return c.with(&refusal{"RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", http.StatusForbidden},
			errorMember{"RequestTime", stamp(signature.Time)}, server, errorMember{"MaxAllowedSkewMilliseconds", "900000"})
	}
	members := []errorMember{{"Expires", until.UTC().Format(time.RFC3339)}, server}
	if !signature.Version2 {
		seconds := errorMember{"X-Amz-Expires", number(signature.Expires.Seconds())}
		members = append([]errorMember{seconds}, members...)
	}
	return c.with(&refusal{"AccessDenied", "Request has expired", http.StatusForbidden}, members...)
}
