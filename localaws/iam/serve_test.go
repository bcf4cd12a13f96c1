package iam_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/mayfly-cd/mayfly/localaws/iam"
	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire/wiretest"
)

// clients call IAM and STS with somebody's key.
type clients struct {
	iam *awsiam.Client
	sts *sts.Client
}

// serve puts the wire before IAM and STS, with IAM's decisions enforced, and
// returns clients for a key.
func (w *world) serve(tb testing.TB) func(id, secret, token string) clients {
	tb.Helper()
	w.now = time.Now().UTC() //nolint:forbidigo // clients sign with it
	var server *httptest.Server
	api, err := wire.New(wire.Config{
		Account: account, Region: "eu-central-1", Keys: w,
		Hosts: func() []string { return []string{strings.TrimPrefix(server.URL, "http://")} },
		Authorize: func(_ context.Context, p identity.Principal, needs ...policy.Access) error {
			for _, access := range needs {
				made, err := w.Decide(p, access)
				if err != nil {
					return err
				}
				if made.Decision != policy.Allowed {
					return iam.Denied(p, access.Action, made)
				}
			}
			return nil
		},
	}, wire.Service{Name: "iam", Operations: w.Operations()}, wire.Service{Name: "sts", Operations: w.STSOperations()})
	if err != nil {
		tb.Fatal(err)
	}
	server = httptest.NewServer(api)
	transport := &http.Transport{}
	tb.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return func(id, secret, token string) clients {
		cfg := aws.Config{
			Region: "eu-central-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1, HTTPClient: wiretest.PlainBodies{Client: &http.Client{Transport: transport}},
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}, nil
			}),
		}
		return clients{awsiam.NewFromConfig(cfg), sts.NewFromConfig(cfg)}
	}
}

// user makes a user with an inline policy, and returns clients with its key.
func (w *world) user(tb testing.TB, dial func(id, secret, token string) clients, name, document string) clients {
	tb.Helper()
	must(w.CreateUser(tb.Context(), &awsiam.CreateUserInput{UserName: &name}))(tb)
	if document != "" {
		must(w.PutUserPolicy(tb.Context(), &awsiam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("own"), PolicyDocument: &document}))(tb)
	}
	key := must(w.CreateAccessKey(tb.Context(), &awsiam.CreateAccessKeyInput{UserName: &name}))(tb).AccessKey
	return dial(*key.AccessKeyId, *key.SecretAccessKey, "")
}

func session(dial func(id, secret, token string) clients, c *ststypes.Credentials) clients {
	return dial(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

func tagsOf(namesAndValues ...string) []types.Tag {
	var tags []types.Tag
	for i := 0; i < len(namesAndValues); i += 2 {
		tags = append(tags, types.Tag{Key: &namesAndValues[i], Value: &namesAndValues[i+1]})
	}
	return tags
}
