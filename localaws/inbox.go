package localaws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
	"github.com/mayfly-cd/mayfly/localaws/sns"
)

// inboxPath is where the inbox is read. AWS has no such thing: there, messages leave.
const inboxPath = "/mayfly/inbox"

// inboxScope is the service in the scope of the signatures for it, which no service of AWS has.
const inboxScope = "mayfly"

// inboxTimeout bounds the reading of an inbox on this machine.
const inboxTimeout = 10 * time.Second

// ReadInbox returns the messages that topics have delivered in the local AWS
// at that endpoint, the oldest first. The credentials are those of the account.
func ReadInbox(ctx context.Context, endpoint, region string, credentials aws.Credentials, now time.Time) ([]sns.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, inboxTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+inboxPath, nil)
	if err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	if err := v4.NewSigner().SignHTTP(ctx, credentials, r, sigv4.EmptyHash, inboxScope, region, now); err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // and no proxy
	answer, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<10)) // what it says of itself, if it does
		return nil, fmt.Errorf("read the inbox: %s: %s", answer.Status, text)
	}
	var inbox []sns.Message
	if err := json.NewDecoder(answer.Body).Decode(&inbox); err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	return inbox, nil
}

// serveInbox answers ReadInbox.
func (s *Server) serveInbox(w http.ResponseWriter, r *http.Request) {
	if _, ok := wire.Guard(w, r, s.hosts()); !ok {
		return
	}
	if err := s.admit(r); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	inbox, err := s.services.sns.Inbox()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(inbox) // a client that went away has no use for it
}

// admit lets in who holds the account's own key.
func (s *Server) admit(r *http.Request) error {
	signature, err := sigv4.Parse(r)
	if err != nil {
		return fmt.Errorf("the inbox is read with a signature: %w", err)
	}
	age := s.now().Sub(signature.Time).Abs()
	known := sigv4.Equal(signature.AccessKeyID, s.key.AccessKeyID) && signature.Scope.Service == inboxScope
	if r.Method != http.MethodGet || !known || age > maxInboxSkew || !signature.Verify(r, s.key.SecretAccessKey, sigv4.EmptyHash) {
		return errors.New("the inbox is read with the account's own key")
	}
	return nil
}

// maxInboxSkew is how old a signature may be, as elsewhere.
const maxInboxSkew = 15 * time.Minute
