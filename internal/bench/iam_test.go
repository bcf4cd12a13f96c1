package bench

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/mayfly-cd/mayfly/localaws"
)

// BenchmarkIAM is how long IAM thinks about a call of a user with three
// policies of ten statements each, of which the last allows it.
func BenchmarkIAM(b *testing.B) {
	var mu sync.Mutex // guards took
	var took []time.Duration
	server, err := localaws.Start(localaws.Options{Dir: b.TempDir(), Decided: func(d localaws.Decision) {
		if strings.HasSuffix(d.Principal, ":user/measured") {
			mu.Lock()
			defer mu.Unlock()
			took = append(took, d.Took)
		}
	}})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	user := measuredUser(b, server)
	for b.Loop() {
		for range 2000 {
			if _, err := user.GetRepository(b.Context(), &codecommit.GetRepositoryInput{RepositoryName: aws.String("measured")}); err != nil {
				b.Fatal(err)
			}
		}
		within(b, "IAM's decision on a call, three policies of ten statements", median(took), 20*time.Microsecond, spread(took))
	}
}

func measuredUser(b *testing.B, server *localaws.Server) *codecommit.Client {
	b.Helper()
	ctx, cfg, name := b.Context(), server.Config(), aws.String("measured")
	client := iam.NewFromConfig(cfg)
	_, err := codecommit.NewFromConfig(cfg).CreateRepository(ctx, &codecommit.CreateRepositoryInput{RepositoryName: name})
	if err == nil {
		_, err = client.CreateUser(ctx, &iam.CreateUserInput{UserName: name})
	}
	for i := 0; i < 3 && err == nil; i++ {
		err = attach(ctx, client, name, fmt.Sprintf("p%d", i))
	}
	if err == nil {
		_, err = client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: name, PolicyName: aws.String("z"), PolicyDocument: aws.String(
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"codecommit:Get*","Resource":"arn:aws:codecommit:*:*:measured"}}`)})
	}
	if err != nil {
		b.Fatal(err)
	}
	key, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})
	if err != nil {
		b.Fatal(err)
	}
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
	return codecommit.NewFromConfig(cfg)
}

// attach makes a managed policy of ten statements and gives it to the user.
func attach(ctx context.Context, client *iam.Client, user *string, name string) error {
	made, err := client.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String(name), PolicyDocument: aws.String(tenStatements())})
	if err != nil {
		return err
	}
	_, err = client.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: user, PolicyArn: made.Policy.Arn})
	return err
}

// tenStatements is a policy as people write them, which does not allow what is measured.
func tenStatements() string {
	var statements []string
	for i := range 10 {
		statements = append(statements, fmt.Sprintf(`{"Sid":"S%d","Effect":"Allow","Action":["s3:Get*","s3:PutObject","lambda:InvokeFunction"],
			"Resource":["arn:aws:s3:::bucket-%d/*","arn:aws:lambda:*:${aws:PrincipalAccount}:function:f-*"],"Condition":{"StringLike":{"aws:PrincipalTag/team":"t-*"}}}`, i, i))
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}
