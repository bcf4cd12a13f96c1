package conformance

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	sigv4Guide = iamGuide + "reference_sigv-troubleshooting.html"
	noThrottle = "nobody makes AWS throttle at will"
)

// get asks a URL and returns the status and the body.
func (t *T) get(request *http.Request) (int, string) {
	client := t.target.Config.HTTPClient
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer func() { _ = response.Body.Close() }() // it has been read
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return response.StatusCode, string(body)
}

func (t *T) request(method, address, body string) *http.Request {
	request, err := http.NewRequestWithContext(t.ctx, method, address, strings.NewReader(body))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return request
}

// presigned is a URL of the object "key" that is good for a while.
func (t *T) presigned(bucket string, expires time.Duration) string {
	return must(s3.NewPresignClient(t.s3).PresignGetObject(t.ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("key")}, s3.WithPresignExpires(expires)))(t).URL
}

// stsURL is where STS is.
func (t *T) stsURL() string {
	signed := must(sts.NewPresignClient(t.sts).PresignGetCallerIdentity(t.ctx, &sts.GetCallerIdentityInput{}))(t)
	address, err := url.Parse(signed.URL)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return address.Scheme + "://" + address.Host + "/"
}

// signed is a request to STS signed at that time.
func (t *T) signed(body string, at time.Time) *http.Request {
	request := t.request(http.MethodPost, t.stsURL(), body)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	sum := sha256.Sum256([]byte(body))
	keys := must(t.target.Config.Credentials.Retrieve(t.ctx))(t)
	if err := v4.NewSigner().SignHTTP(t.ctx, keys, request, hex.EncodeToString(sum[:]), "sts", t.region(), at); err != nil {
		t.Fatalf("%v", err)
	}
	return request
}

// wantAnswer wants an answer of that status with the words in it.
func (t *T) wantAnswer(request *http.Request, status int, words ...string) {
	got, body := t.get(request)
	equal(t, "the status", got, status)
	for _, word := range words {
		if !strings.Contains(body, word) {
			t.Errorf("there is no %q in %s", word, body)
		}
	}
}

var wireAssumptions = []Assumption{
	{Number: 901, Title: "AWS: every answer has a request's id", Source: "botocore: ResponseMetadata, RequestId", Confirmed: true, Run: func(t *T) {
		who := must(t.sts.GetCallerIdentity(t.ctx, &sts.GetCallerIdentityInput{}))(t)
		if id, ok := awsmiddleware.GetRequestIDMetadata(who.ResultMetadata); !ok || id == "" {
			t.Errorf("STS gives no id")
		}
		list := must(t.listRepositories())(t)
		if id, ok := awsmiddleware.GetRequestIDMetadata(list.ResultMetadata); !ok || id == "" {
			t.Errorf("CodeCommit gives no id")
		}
		buckets := must(t.s3.ListBuckets(t.ctx, &s3.ListBucketsInput{}))(t)
		if id, ok := awsmiddleware.GetRequestIDMetadata(buckets.ResultMetadata); !ok || id == "" {
			t.Errorf("S3 gives no id")
		}
	}},
	{Number: 902, Title: "S3: a presigned URL needs no other credentials", Source: s3Guide + "using-presigned-url.html", Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "key", "hello")
		t.wantAnswer(t.request(http.MethodGet, t.presigned(bucket, time.Minute), ""), http.StatusOK, "hello")
	}},
	{Number: 903, Title: "S3: a presigned URL of another key does not match its signature", Source: s3Guide + "using-presigned-url.html", Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "key", "hello")
		t.object(bucket, "yek", "secret")
		t.wantAnswer(t.request(http.MethodGet, strings.Replace(t.presigned(bucket, time.Minute), "/key?", "/yek?", 1), ""), http.StatusForbidden, "SignatureDoesNotMatch")
	}},
	{Number: 904, Title: "S3: a presigned URL expires", Source: s3Guide + "using-presigned-url.html", Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "key", "hello")
		address := t.presigned(bucket, time.Second)
		t.eventually("the URL has expired", func() bool {
			status, body := t.get(t.request(http.MethodGet, address, ""))
			return status == http.StatusForbidden && strings.Contains(body, "AccessDenied") && strings.Contains(body, "Request has expired")
		})
	}},
	{Number: 905, Title: "S3: who shows no credentials is denied", Source: s3Guide + "troubleshoot-403-errors.html", Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "key", "hello")
		address, _, _ := strings.Cut(t.presigned(bucket, time.Minute), "?")
		t.wantAnswer(t.request(http.MethodGet, address, ""), http.StatusForbidden, "<Code>AccessDenied</Code>")
	}},
	{Number: 906, Title: "STS: who shows no credentials is asked for them", Source: "scratchstack-aws-signature, src/error.rs, which quotes AWS", Confirmed: true, Run: func(t *T) {
		request := t.request(http.MethodPost, t.stsURL(), "Action=GetCallerIdentity&Version=2011-06-15")
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		t.wantAnswer(request, http.StatusForbidden, "<Code>MissingAuthenticationToken</Code>", "Request is missing Authentication Token")
	}},
	{Number: 907, Title: "STS: a request that was signed an hour ago has expired", Source: sigv4Guide, Run: func(t *T) {
		t.wantAnswer(t.signed("Action=GetCallerIdentity&Version=2011-06-15", t.target.Now().Add(-time.Hour)), http.StatusForbidden, "<Code>SignatureDoesNotMatch</Code>", "Signature expired: ")
	}},
	{Number: 908, Title: "STS: an action that is none is InvalidAction", Source: "https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html", Run: func(t *T) {
		t.wantAnswer(t.signed("Action=MakeTea&Version=2011-06-15", t.target.Now()), http.StatusBadRequest, "<Code>InvalidAction</Code>", "Could not find operation MakeTea for version 2011-06-15")
	}},
	{Number: 920, Title: "AWS: the JSON services throttle with ThrottlingException and the words Rate exceeded", Source: "https://docs.aws.amazon.com/codecommit/latest/APIReference/CommonErrors.html", LocalOnly: noThrottle, Run: func(t *T) {
		_, err := t.disturbed("operation=codecommit:ListRepositories,kind=throttle").listRepositories()
		t.wantError(err, "ThrottlingException", "Rate exceeded")
		equal(t, "the status", status(err), http.StatusBadRequest)
	}},
	{Number: 921, Title: "AWS: the query services throttle with Throttling and the words Rate exceeded", Source: "https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html", LocalOnly: noThrottle, Run: func(t *T) {
		_, err := t.disturbed("operation=sts:GetCallerIdentity,kind=throttle").sts.GetCallerIdentity(t.ctx, &sts.GetCallerIdentityInput{})
		t.wantError(err, "Throttling", "Rate exceeded")
		equal(t, "the status", status(err), http.StatusBadRequest)
	}},
	{Number: 922, Title: "S3: it throttles with SlowDown and 503", Source: s3Guide + "optimizing-performance.html", LocalOnly: noThrottle, Run: func(t *T) {
		_, err := t.disturbed("operation=s3:ListBuckets,kind=throttle").s3.ListBuckets(t.ctx, &s3.ListBucketsInput{})
		t.wantError(err, "SlowDown", "Please reduce your request rate.")
		equal(t, "the status", status(err), http.StatusServiceUnavailable)
	}},
	{Number: 923, Title: "Lambda: it throttles with TooManyRequestsException and 429", Source: "botocore model: TooManyRequestsException, httpStatusCode 429", Confirmed: true, LocalOnly: noThrottle, Run: func(t *T) {
		_, err := t.disturbed("operation=lambda:ListFunctions,kind=throttle").lambda.ListFunctions(t.ctx, &lambda.ListFunctionsInput{})
		t.wantError(err, "TooManyRequestsException")
		equal(t, "the status", status(err), http.StatusTooManyRequests)
	}},
	{Number: 924, Title: "AWS: a call may have had its effect though the answer is lost, and is found when it is made again", Source: "https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_prevent_interaction_failure_idempotent.html", LocalOnly: "nobody makes AWS lose an answer at will", Run: func(t *T) {
		disturbed, name := t.disturbed("operation=codecommit:CreateRepository,kind=reset,after,times=1"), t.name()
		create := func() error {
			_, err := disturbed.codecommit.CreateRepository(t.ctx, &codecommit.CreateRepositoryInput{RepositoryName: aws.String(name)})
			return err
		}
		if err := create(); err == nil || code(err) != "" {
			t.Errorf("the answer is not lost: %v", err)
		}
		t.wantError(create(), "RepositoryNameExistsException")
	}},
}
