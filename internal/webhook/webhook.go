// Package webhook sends short texts to an address that takes them as JSON, as
// Slack's incoming webhooks and those that are compatible with them do. It
// never holds up who sends, and never says the address, which is a secret: who
// has it can write to the channel.
package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"
)

// message is what is sent. Slack's incoming webhooks take it as it is:
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
type message struct {
	// Text says everything: it is what notifications and plain clients show.
	Text string `json:"text"`
}

const (
	// attempts is how often a message is tried.
	attempts = 3
	// answerWithin bounds one attempt.
	answerWithin = 5 * time.Second
	// waiting is how many messages may wait to be sent; more are dropped, and that is told.
	waiting = 64
)

// Sender sends messages one after the other, in the background.
type Sender struct {
	address string
	client  *http.Client
	// backoff is the wait after the first failed attempt; it doubles.
	backoff time.Duration
	// trouble is told the first failure, and no other.
	trouble func(error)
	once    sync.Once
	queue   chan message
	done    chan struct{}
}

// Check says whether an address can be sent to. It does not repeat the address.
func Check(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("it is an address that begins with https:// or http://")
	}
	return nil
}

// New returns a sender to an address that passed [Check]. It sends until it is
// closed or the context ends. trouble is told once if messages do not arrive.
func New(ctx context.Context, address string, trouble func(error)) *Sender {
	s := &Sender{
		address: address, backoff: time.Second, trouble: trouble,
		queue: make(chan message, waiting), done: make(chan struct{}),
		client: &http.Client{
			Timeout: answerWithin,
			// What is meant for one address is not carried to another.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	go s.run(ctx)
	return s
}

// escaped are the characters with which receivers begin links and calls to
// everybody ("<!channel>"), as Slack wants them escaped. Whoever can commit can
// write a message's words.
var escaped = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Send takes a text and returns at once.
func (s *Sender) Send(text string) {
	select {
	case s.queue <- message{Text: escaped.Replace(text)}:
	default:
		s.tell(errors.New("the receiver is too slow: some messages were dropped"))
	}
}

// Close sends what waits and returns when that is done, or when the context has ended.
// Nothing is sent after it.
func (s *Sender) Close() {
	close(s.queue)
	<-s.done
}

func (s *Sender) run(ctx context.Context) {
	defer close(s.done)
	for m := range s.queue {
		if err := s.deliver(ctx, m); err != nil && ctx.Err() == nil {
			s.tell(err)
		}
	}
}

func (s *Sender) tell(err error) { s.once.Do(func() { s.trouble(err) }) }

// deliver tries a message until it arrives, three times at most.
func (s *Sender) deliver(ctx context.Context, m message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	wait := s.backoff
	for attempt := 1; ; attempt++ {
		again, err := s.post(ctx, body)
		if err == nil || !again || attempt == attempts {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
		wait *= 2
	}
}

// post makes one attempt. again says whether another may do better: a receiver
// that understood and refused will refuse again.
func (s *Sender) post(ctx context.Context, body []byte) (again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address, bytes.NewReader(body))
	if err != nil {
		return false, errors.New("the address cannot be used")
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return true, withoutAddress(err)
	}
	defer response.Body.Close()                                      //nolint:errcheck // a body that was read
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // so that the connection can be used again
	switch code := response.StatusCode; {
	case code >= 200 && code < 300:
		return false, nil
	default:
		again = code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout
		return again, fmt.Errorf("the receiver answers %d %s", code, http.StatusText(code))
	}
}

// withoutAddress is a failure of the client's in words that say nothing of the
// address, which the errors of net and net/http repeat in part or in whole.
func withoutAddress(err error) error {
	if timed, ok := errors.AsType[net.Error](err); ok && timed.Timeout() {
		return errors.New("the receiver does not answer in time")
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return errors.New("the receiver's name is not known")
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return errors.New("the receiver's certificate is not trusted")
	}
	if code, ok := errors.AsType[syscall.Errno](err); ok {
		return fmt.Errorf("the receiver cannot be reached: %w", code)
	}
	return errors.New("the receiver cannot be reached")
}
