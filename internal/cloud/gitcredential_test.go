package cloud

import (
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The passwords are what `aws codecommit credential-helper --ignore-host-check get`
// of AWS CLI 1.45 answered at those moments.
func TestGitCredential(t *testing.T) {
	keys := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
	for _, test := range []struct{ url, token, user, password string }{
		{"https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/hello", "", "AKIDEXAMPLE", "20261123T044933Z7fa7c5cfbf10bcde0adb57ed7c309052ebb3d6933f52f459a3b51c66d0851799"},
		{"https://127.0.0.1:4242/v1/repos/hello", "", "AKIDEXAMPLE", "20261123T045029Za6ccc0a1573a5bee6458706a9587fbe4faa36e97db45e2f78e1a8518f09bc306"},
	} {
		at, err := time.Parse("20060102T150405Z", test.password[:16])
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(test.url)
		if err != nil {
			t.Fatal(err)
		}
		keys.SessionToken = test.token
		user, password := GitCredential(keys, "eu-west-1", u, at)
		if user != test.user || password != test.password {
			t.Errorf("%s: got %s %s, want %s %s", test.url, user, password, test.user, test.password)
		}
	}
}

func TestGitCredentialCarriesTheSessionToken(t *testing.T) {
	u := &url.URL{Scheme: "https", Host: "git-codecommit.eu-west-1.amazonaws.com", Path: "/v1/repos/hello"}
	keys := aws.Credentials{AccessKeyID: "ASIA", SecretAccessKey: "secret", SessionToken: "token=="}
	if user, _ := GitCredential(keys, "eu-west-1", u, time.Unix(0, 0)); user != "ASIA%token==" {
		t.Errorf("got %s", user)
	}
}
