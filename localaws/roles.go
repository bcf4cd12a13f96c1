package localaws

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/mayfly-cd/mayfly/localaws/iam"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

// roles opens sessions for services: it implements service.Roles.
type roles struct {
	iam         *iam.Service
	region, url string
	inside      http.RoundTripper
}

// Assume implements service.Roles.
func (r *roles) Assume(ctx context.Context, s service.Session) (aws.Config, error) {
	key, err := r.iam.AssumeForService(ctx, s)
	if err != nil {
		return aws.Config{}, err
	}
	return aws.Config{
		Region: r.region, BaseEndpoint: aws.String(r.url),
		Credentials: credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, key.SessionToken),
		HTTPClient:  &http.Client{Transport: r.inside},
		// A call in process fails for a reason, or not at all.
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}, nil
}
