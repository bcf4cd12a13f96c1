package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

// AWS's quotas for the size of a template.
const (
	maxBody   = 51_200
	maxObject = 1_000_000
)

// body returns the template that a request gives as text or by URL.
func (s *Service) body(ctx context.Context, body, address *string) (string, error) {
	switch {
	case body != nil && address != nil:
		return "", invalid("Either Template URL or Template Body must be specified, not both.")
	case body != nil:
		if n := len(*body); n > maxBody {
			return "", invalid("1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to %d", maxBody)
		}
		return *body, nil
	case address != nil:
		bucket, key, version, err := s.locate(*address)
		if err != nil {
			return "", err
		}
		return s.fetch(ctx, bucket, key, version)
	default:
		return "", invalid("Either Template URL or Template Body must be specified.")
	}
}

// amazonHost is an S3 host of AWS: path style, or with the bucket in front.
var amazonHost = regexp.MustCompile(`^(?:(.+)\.)?s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com$`)

// locate reads the URL of an object in the S3 of this AWS. No other host is ever asked.
func (s *Service) locate(address string) (bucket, key, version string, err error) {
	wrong := invalid("TemplateURL must be a supported URL.")
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" || u.User != nil {
		return "", "", "", wrong
	}
	if u.Scheme == "s3" {
		return "", "", "", invalid("S3 error: Domain name specified in %s is not a valid S3 domain", u.Host)
	}
	own, _ := url.Parse(s.env.URL)
	key = strings.TrimPrefix(u.Path, "/")
	m := amazonHost.FindStringSubmatch(u.Hostname())
	switch {
	case u.Scheme == "https" && m != nil:
		bucket = m[1]
	case own != nil && u.Host == own.Host && u.Scheme == own.Scheme:
	case own != nil && u.Port() == own.Port() && u.Scheme == own.Scheme && strings.HasSuffix(u.Hostname(), ".localhost"):
		bucket = strings.TrimSuffix(u.Hostname(), ".localhost")
	default:
		return "", "", "", wrong
	}
	if bucket == "" {
		bucket, key, _ = strings.Cut(key, "/")
	}
	if bucket == "" || key == "" {
		return "", "", "", wrong
	}
	return bucket, key, u.Query().Get("versionId"), nil
}

// fetchFromS3 reads the object as the caller, as CloudFormation does.
func (s *Service) fetchFromS3(ctx context.Context, bucket, key, version string) (string, error) {
	config, err := s.env.Roles.Assume(ctx, service.Session{Name: "AWSCloudFormation", Service: principal})
	if err != nil {
		return "", err
	}
	in := &s3.GetObjectInput{Bucket: &bucket, Key: &key}
	if version != "" {
		in.VersionId = &version
	}
	out, err := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true }).GetObject(ctx, in)
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		message := e.ErrorMessage()
		if strings.Contains(e.ErrorCode(), "AccessDenied") {
			message = "Access Denied"
		}
		return "", invalid("S3 error: %s\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html", message)
	}
	if err != nil {
		return "", fmt.Errorf("read template s3://%s/%s: %w", bucket, key, err)
	}
	defer out.Body.Close() //nolint:errcheck // read only
	data, err := io.ReadAll(io.LimitReader(out.Body, maxObject+1))
	if err != nil {
		return "", fmt.Errorf("read template s3://%s/%s: %w", bucket, key, err)
	}
	if len(data) > maxObject || aws.ToInt64(out.ContentLength) > maxObject {
		return "", invalid("Template may not exceed %d bytes in size.", maxObject)
	}
	return string(data), nil
}
