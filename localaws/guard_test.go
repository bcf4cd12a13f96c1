package localaws_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/mayfly-cd/mayfly/localaws"
)

// routes are a path of everything that is served.
var routes = map[string]string{
	"API":          "/",
	"S3":           "/bucket/key",
	"Lambda's API": "/2015-03-31/functions/",
	"Git":          "/v1/repos/app/info/refs?service=git-upload-pack",
	"function URL": "/lambda-url/abc/",
	"Runtime API":  "/lambda-runtime/abc/2018-06-01/runtime/invocation/next",
}

// TestOnlyThisMachineIsServed asks every route under other host names, which is
// what a page does that has rebound its name to this machine.
func TestOnlyThisMachineIsServed(t *testing.T) {
	w, _ := newWorld(t, localaws.Options{})
	port := w.url[strings.LastIndex(w.url, ":")+1:]
	for name, path := range routes {
		for _, host := range []string{"evil.example.com", "evil.example.com:" + port, "127.0.0.1:1", "localhost", "127.0.0.1.nip.io:" + port} {
			if status, body := w.get(w.url+path, "Host", host); !refused(status) {
				t.Errorf("%s under %s: %d %s", name, host, status, body)
			}
		}
		for _, host := range []string{"127.0.0.1:" + port, "localhost:" + port} {
			if status, body := w.get(w.url+path, "Host", host); status == http.StatusMisdirectedRequest || strings.Contains(body, "host name") {
				t.Errorf("%s under %s: %d %s", name, host, status, body)
			}
		}
	}
}

func refused(status int) bool {
	return status == http.StatusMisdirectedRequest || status == http.StatusForbidden
}

// TestPagesAreNotServed asks every route as a browser does for a page.
func TestPagesAreNotServed(t *testing.T) {
	w, _ := newWorld(t, localaws.Options{})
	for name, path := range routes {
		for _, header := range [][]string{{"Origin", "https://example.com"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
			status, body := w.get(w.url+path, header...)
			kept := status == http.StatusForbidden && strings.Contains(body, "Requests from web pages are not answered here.")
			if isURL := name == "function URL"; kept == isURL {
				t.Errorf("%s with %v: %d %s", name, header, status, body)
			}
		}
	}
}

// raw sends a request that the SDK would not send, signed with the world's keys
// for that service.
func (w *world) raw(service, target, body string) (status int, text string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	} else {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	sum := sha256.Sum256([]byte(body))
	if service != "" {
		err = v4.NewSigner().SignHTTP(w.t.Context(), w.keys, r, hex.EncodeToString(sum[:]), service, region, time.Now()) //nolint:forbidigo // the server's clock
		if err != nil {
			w.t.Fatal(err)
		}
	}
	response, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

// TestWhatIsNotServed asks for what AWS has and this does not, and for what
// nobody has: the answer is AWS's own error, in the form of the protocol.
func TestWhatIsNotServed(t *testing.T) {
	w, _ := newWorld(t, localaws.Options{})
	for _, test := range []struct {
		name, service, target, body string
		status                      int
		want                        string
	}{
		{"an operation not served", "codecommit", "CodeCommit_20150413.CreateApprovalRuleTemplate", "{}", 400, `"UnknownOperationException"`},
		{"no operation of AWS's", "codepipeline", "CodePipeline_20150709.Fly", "{}", 400, `"UnknownOperationException"`},
		{"a query operation not served", "cloudformation", "", "Action=ListTypes&Version=2010-05-15", 400, "<Code>InvalidAction</Code>"},
		{"no query operation", "iam", "", "Action=Fly&Version=2010-05-08", 400, "<Code>InvalidAction</Code>"},
		{"a service not served", "dynamodb", "DynamoDB_20120810.ListTables", "{}", 400, `"UnknownOperationException"`},
		{"a query service not served", "ec2", "", "Action=DescribeInstances&Version=2016-11-15", 400, "<Code>InvalidAction</Code>"},
		{"an unsigned request", "", "CodeCommit_20150413.ListRepositories", "{}", 400, `"MissingAuthenticationTokenException"`},
		{"an unsigned query request", "", "", "Action=GetCallerIdentity&Version=2011-06-15", 403, "<Code>MissingAuthenticationToken</Code>"},
		{"no JSON", "codecommit", "CodeCommit_20150413.ListRepositories", "{", 400, `"SerializationException"`},
		{"a member missing", "codecommit", "CodeCommit_20150413.GetRepository", "{}", 400, "Exception"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, body := w.raw(test.service, test.target, test.body)
			if status != test.status || !strings.Contains(body, test.want) {
				t.Errorf("got %d %s, want %d and %s", status, body, test.status, test.want)
			}
		})
	}
}

// TestWhoIsNotServed calls with keys, regions and clocks that are not right, in every protocol.
func TestWhoIsNotServed(t *testing.T) {
	skewed, _ := newWorld(t, localaws.Options{Now: func() time.Time {
		return time.Now().Add(time.Hour) //nolint:forbidigo // a clock that is wrong
	}})
	w, _ := newWorld(t, localaws.Options{})
	changed := func(change func(*aws.Config)) aws.Config {
		cfg := w.cfg.Copy()
		change(&cfg)
		return cfg
	}
	keys := func(id, secret, token string) aws.Config {
		return changed(func(cfg *aws.Config) {
			cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}, nil
			})
		})
	}
	calls := map[string]func(aws.Config) error{
		"json": func(cfg aws.Config) error {
			_, err := codecommit.NewFromConfig(cfg).ListRepositories(t.Context(), &codecommit.ListRepositoriesInput{})
			return err
		},
		"query": func(cfg aws.Config) error {
			_, err := cloudformation.NewFromConfig(cfg).ListStacks(t.Context(), &cloudformation.ListStacksInput{})
			return err
		},
		"rest-json": func(cfg aws.Config) error {
			_, err := lambda.NewFromConfig(cfg).ListFunctions(t.Context(), &lambda.ListFunctionsInput{})
			return err
		},
		"rest-xml": func(cfg aws.Config) error {
			_, err := s3.NewFromConfig(cfg).ListBuckets(t.Context(), &s3.ListBucketsInput{})
			return err
		},
	}
	for _, test := range []struct {
		name string
		cfg  aws.Config
		want map[string]string
	}{
		{"secret", keys(w.keys.AccessKeyID, "wrong", ""), map[string]string{
			"json": "InvalidSignatureException", "query": "SignatureDoesNotMatch",
			"rest-json": "InvalidSignatureException", "rest-xml": "SignatureDoesNotMatch",
		}},
		{"key", keys("AKIAIOSFODNN7EXAMPLE", "wrong", ""), map[string]string{
			"json": "UnrecognizedClientException", "query": "InvalidClientTokenId",
			"rest-json": "UnrecognizedClientException", "rest-xml": "InvalidAccessKeyId",
		}},
		{"token", keys(w.keys.AccessKeyID, w.keys.SecretAccessKey, "token"), map[string]string{
			"json": "UnrecognizedClientException", "query": "InvalidClientTokenId",
			"rest-json": "UnrecognizedClientException", "rest-xml": "InvalidToken",
		}},
		{"region", changed(func(cfg *aws.Config) { cfg.Region = "eu-central-1" }), map[string]string{
			"json": "InvalidSignatureException", "query": "SignatureDoesNotMatch",
			"rest-json": "InvalidSignatureException", "rest-xml": "AuthorizationHeaderMalformed",
		}},
		{"clock", skewed.cfg, map[string]string{
			"json": "InvalidSignatureException", "query": "SignatureDoesNotMatch",
			"rest-json": "InvalidSignatureException", "rest-xml": "RequestTimeTooSkewed",
		}},
	} {
		for protocol, want := range test.want {
			t.Run(test.name+"/"+protocol, func(t *testing.T) {
				if err := calls[protocol](test.cfg); code(err) != want {
					t.Errorf("got %v, want %s", err, want)
				}
			})
		}
	}
	// Global services are signed for one region, as the AWS CLI does.
	if _, err := sts.NewFromConfig(changed(func(cfg *aws.Config) { cfg.Region = "us-east-1" })).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
		t.Errorf("STS signed for us-east-1: %v", err)
	}
}

// TestGitWantsTheRightKey pushes with a wrong secret, and to nowhere.
func TestGitWantsTheRightKey(t *testing.T) {
	w, _ := newWorld(t, localaws.Options{})
	must(w.codecommit.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: aws.String("app")}))(t)
	git := newCheckout(t)
	git.commit("first")
	plain, err := url.Parse(w.remote("app", w.keys.SecretAccessKey))
	if err != nil {
		t.Fatal(err)
	}
	plain.User = nil
	for remote, want := range map[string]string{
		w.remote("app", "wrong"):                    "403",
		w.remote("nowhere", w.keys.SecretAccessKey): "repository 'nowhere' not found",
		plain.String():                              "could not read Username",
	} {
		if out, err := git.try("push", remote, "main"); err == nil || !strings.Contains(out, want) {
			t.Errorf("push to %s: %v\n%s", remote, err, out)
		}
	}
	if branches := must(w.codecommit.ListBranches(t.Context(), &codecommit.ListBranchesInput{RepositoryName: aws.String("app")}))(t).Branches; len(branches) != 0 {
		t.Errorf("there are branches: %v", branches)
	}
}

// TestMalformedRequests sends what is no HTTP of AWS's: an answer comes, and the server lives.
func TestMalformedRequests(t *testing.T) {
	w, _ := newWorld(t, localaws.Options{})
	for _, request := range []struct{ method, path, authorization string }{
		{"POST", "/", "AWS4-HMAC-SHA256 Credential=a/b/c/codecommit/aws4_request, SignedHeaders=host, Signature=00"},
		{"POST", "/", "AWS4-HMAC-SHA256 Credential="},
		{"POST", "/", "Basic YTpi"},
		{"GET", "/?X-Amz-Credential=a/b/c/s3/aws4_request", ""},
		{"DELETE", "/%00", ""},
		{"BREW", "/v1/repos/app/coffee", ""},
		{"GET", "/v1/repos/../../etc/passwd", ""},
		{"GET", "/lambda-url/", ""},
		{"GET", "/lambda-runtime/", ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), request.method, w.url+request.path, bytes.NewReader([]byte{0xff}))
		if err != nil {
			t.Fatal(err)
		}
		if request.authorization != "" {
			r.Header.Set("Authorization", request.authorization)
		}
		response, err := w.client.Do(r)
		if err != nil {
			t.Errorf("%s %s: %v", request.method, request.path, err)
			continue
		}
		response.Body.Close()
		if response.StatusCode < 400 || response.StatusCode >= 500 {
			t.Errorf("%s %s: %s", request.method, request.path, response.Status)
		}
	}
	must(w.codecommit.ListRepositories(t.Context(), &codecommit.ListRepositoriesInput{}))(t)
}
