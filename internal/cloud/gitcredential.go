package cloud

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// GitCredential returns the user name and the password for a Git URL of
// CodeCommit: a signature of this very URL that CodeCommit takes for fifteen
// minutes. The recipe is that of `aws codecommit credential-helper`.
func GitCredential(keys aws.Credentials, region string, repository *url.URL, now time.Time) (user, password string) {
	const date, clock = "20060102", "20060102T150405"
	at := now.UTC()
	request := "GIT\n" + repository.EscapedPath() + "\n\nhost:" + repository.Hostname() + "\n\nhost\n"
	scope := at.Format(date) + "/" + region + "/codecommit/aws4_request"
	hash := sha256.Sum256([]byte(request))
	toSign := strings.Join([]string{"AWS4-HMAC-SHA256", at.Format(clock), scope, hex.EncodeToString(hash[:])}, "\n")

	key := []byte("AWS4" + keys.SecretAccessKey)
	for _, part := range []string{at.Format(date), region, "codecommit", "aws4_request", toSign} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	user = keys.AccessKeyID
	if keys.SessionToken != "" {
		user += "%" + keys.SessionToken
	}
	return user, at.Format(clock) + "Z" + hex.EncodeToString(key)
}
