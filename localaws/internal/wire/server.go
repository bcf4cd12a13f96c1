// Package wire speaks AWS's protocols, so that the services of localaws are
// plain Go: a handler takes and returns the SDK's own types.
//
// One walker goes over those types by reflection; what they do not hold (names
// on the wire, HTTP bindings, constraints, statuses) stands in a table made
// from AWS's service models. Around it: routing by signature scope, SigV4,
// validation, authorization, faults on demand, and errors in AWS's form.
//
// Non-goals: what a service does, and which operations it has. Those are
// registered, one by one.
package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// Service is a service with the operations that are served.
type Service struct {
	// Name is the one that signatures carry, such as "codecommit", "events" or "logs".
	Name       string
	Operations []Operation
}

// Config says where a Server stands and whom it asks.
type Config struct {
	Account, Region string
	// Keys finds the secret of an access key.
	Keys identity.Keys
	// Now is the clock; nil means the system's.
	Now func() time.Time
	// Hosts are the values of the Host header that are answered, with the port,
	// such as 127.0.0.1:4242 and localhost:4242; for the latter also
	// <bucket>.localhost:4242. It is asked for every request, since a port may
	// be known only after the server is made.
	Hosts func() []string
	// Authorize decides on every request, after its signature and its input are
	// found good: an error where the principal may not do all of what the
	// operation needs, which is nothing where a handler asks by itself (see [As]
	// and [InRequest]); nil allows. An AccessDenied error is given the code that
	// the service's protocol has for it.
	Authorize func(ctx context.Context, principal identity.Principal, needs ...policy.Access) error
	// Anonymous lets requests to S3 that carry no signature through to Authorize,
	// with the zero [identity.Principal], instead of refusing them: for buckets
	// whose policies are public. It needs an Authorize, which must refuse that
	// principal whatever no policy grants to everybody. The default is to refuse.
	Anonymous bool
	// Faults are injected before and after handlers; nil means none.
	Faults *Faults
	// Observe is told of every operation that was answered; nil means nobody is.
	Observe func(ctx context.Context, answered Answered)
	// Log is for defects; nil means the default logger.
	Log *slog.Logger
	// MaxBody caps bodies that are not streamed; 0 means 10 MiB. Lambda and
	// CodeCommit, which take code in documents, have larger caps of their own.
	MaxBody int64
	// Patience is how long a client may keep the server waiting for the next
	// bytes of a body; 0 means 20 seconds.
	Patience time.Duration
}

// Answered describes an operation that was answered.
type Answered struct {
	// Operation is such as "codebuild:StartBuild", with the service's and the operation's names.
	Operation string
	RequestID string
	Principal identity.Principal
	// Code is the error's code, empty for success.
	Code     string
	Status   int
	Duration time.Duration
}

// Server answers AWS's API. It is an [http.Handler], which must get the path
// as the client wrote it: a multiplexer that cleans paths breaks S3's keys.
type Server struct {
	cfg      Config
	services map[string]*service
}

// New returns a server for the services. An operation that AWS does not have,
// or that is registered twice, is an error.
func New(cfg Config, services ...Service) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now //nolint:forbidigo // the default of the clock
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Keys == nil || cfg.Hosts == nil || cfg.Region == "" {
		return nil, errors.New("wire: Region, Keys and Hosts must be given")
	}
	if cfg.Anonymous && cfg.Authorize == nil {
		return nil, errors.New("wire: Anonymous needs an Authorize")
	}
	cfg.Patience = cmp.Or(cfg.Patience, bodyPatience)
	s := &Server{cfg: cfg, services: map[string]*service{}}
	for _, registered := range services {
		if s.services[registered.Name] != nil {
			return nil, fmt.Errorf("wire: service %s is registered twice", registered.Name)
		}
		svc, err := newService(cfg.Region, registered)
		if err != nil {
			return nil, err
		}
		s.services[registered.Name] = svc
	}
	return s, nil
}

// bodyCaps are AWS's own limits, where they are larger than the default:
// Lambda's for a function's code, CodeCommit's for a commit's files, in base64.
var bodyCaps = map[string]int64{"lambda": 70_167_211, "codecommit": 30 << 20}

func (s *Server) maxBody(service string) int64 {
	return cmp.Or(bodyCaps[service], s.cfg.MaxBody, 10<<20)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bucket, ok := Guard(w, r, s.cfg.Hosts())
	if !ok {
		return
	}
	c := s.newCall(w, r, bucket)
	if c == nil {
		notServed(w, r)
		return
	}
	c.serve() //nolint:contextcheck // the call carries the request, and with it the context
}

// notServed answers a request for a service that is not served, in the form
// that its clients read: AWS itself would have it under another host name.
func notServed(w http.ResponseWriter, r *http.Request) {
	message := "The service " + serviceName(r) + " is not served here."
	contentType, body := "text/xml", []byte("<ErrorResponse><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>")
	if r.Header.Get("X-Amz-Target") != "" {
		contentType = "application/x-amz-json-1.1"
		body = append(appendJSONString([]byte(`{"__type":"UnknownOperationException","message":`), message), '}')
	} else {
		body = append(appendEscaped(body, message), "</Message></Error></ErrorResponse>"...)
	}
	w.Header().Set("X-Amzn-Requestid", requestID())
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write(body) //nolint:gosec // the message is escaped; a client that went away has no use for it
}
