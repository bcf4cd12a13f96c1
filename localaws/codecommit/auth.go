package codecommit

import (
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
)

// passwordLife is how far a password's time may be from ours, either way: a
// credential helper that keeps it longer gets a 403, as on AWS.
const passwordLife = 15 * time.Minute

// gitCredentials finds service-specific credentials: the user names and
// passwords that iam:CreateServiceSpecificCredential makes for Git. An
// [identity.Keys] that has them implements it.
type gitCredentials interface {
	// GitCredential answers false where no active credential has that user name and password.
	GitCredential(userName, password string) (identity.Key, bool)
}

// authenticate finds out who signed the request's password. The user name is
// an access key id, "%" and the session token following where there is one;
// the password is a time and a signature over host and path. Or both are a
// service-specific credential.
func (s *Service) authenticate(r *http.Request, name string) (identity.Principal, error) {
	user, password, ok := r.BasicAuth()
	if !ok {
		return identity.Principal{}, &refusal{http.StatusUnauthorized, "credentials are required: git needs a credential helper that signs for CodeCommit, with credential.useHttpPath=true"}
	}
	if credentials, ok := s.keys.(gitCredentials); ok {
		if key, ok := credentials.GitCredential(user, password); ok {
			return key.Principal, nil
		}
	}
	id, token, _ := strings.Cut(user, "%")
	key, ok := s.keys.Key(id)
	if !ok {
		return identity.Principal{}, &refusal{http.StatusForbidden, "the access key id that git sent does not exist, or is a user name with another password"}
	}
	now := s.env.Now()
	if subtle.ConstantTimeCompare([]byte(token), []byte(key.SessionToken)) != 1 {
		return identity.Principal{}, &refusal{http.StatusForbidden, "the session token that git sent does not belong to its access key"}
	}
	if !key.Expires.IsZero() && !now.Before(key.Expires) {
		return identity.Principal{}, &refusal{http.StatusForbidden, "the session that git's credentials belong to has expired"}
	}
	timestamp, _, ok := strings.Cut(password, "Z")
	at, err := time.Parse(sigv4.GitTimeFormat, timestamp)
	if !ok || err != nil {
		return identity.Principal{}, &refusal{http.StatusForbidden, "the password that git sent is not a signature for CodeCommit"}
	}
	if age := now.Sub(at); age > passwordLife || age < -passwordLife {
		return identity.Principal{}, &refusal{http.StatusForbidden, "the password that git sent has expired: is a credential helper keeping it?"}
	}
	matched := 0
	for _, host := range hostsOf(r) {
		for _, path := range []string{reposPath + name, reposPath + name + "/"} {
			want := sigv4.GitPassword(key.SecretAccessKey, s.env.Region, host, path, timestamp)
			matched |= subtle.ConstantTimeCompare([]byte(want), []byte(password))
		}
	}
	if matched != 1 {
		return identity.Principal{}, &refusal{http.StatusForbidden, "the signature that git sent is wrong: another secret key, region, host or path was signed"}
	}
	return key.Principal, nil
}

// hostsOf returns the host without its port, as the credential helper signs
// it, and with it, as git-remote-codecommit does.
func hostsOf(r *http.Request) []string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		return []string{r.Host}
	}
	return []string{host, r.Host}
}

// plain is an error's message without its code.
func plain(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorMessage()
	}
	return err.Error()
}
