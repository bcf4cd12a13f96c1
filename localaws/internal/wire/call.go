package wire

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
)

// call is one request on its way through.
type call struct {
	server *Server
	svc    *service
	w      http.ResponseWriter
	r      *http.Request
	id     string
	path   string // escaped, as it would be without a virtual host

	protocol  protocol
	op        *codec
	principal identity.Principal
	signature *sigv4.Signature // nil where the request is anonymous
	hash      string           // of the payload, as it was signed

	form     *form             // of a query request
	query    url.Values        // of a REST request
	labels   map[string]string // of a REST request's path
	incoming io.ReadCloser     // the request's own body; net/http looks at what r has, so it stays there
	raw      []byte            // the same, read; nil before that and for a stream
	body     []byte            // the same, free of its content encoding
	stream   io.Reader
	length   int64

	code   string
	status int
}

// newCall finds out which service a request is for; nil where that is none.
func (s *Server) newCall(w http.ResponseWriter, r *http.Request, bucket string) *call {
	svc := s.services[serviceName(r)]
	if svc == nil {
		return nil
	}
	if svc.name == "s3" {
		r = sigv4.WithQueryHeaders(r)
	}
	c := &call{
		server: s, svc: svc, protocol: svc.protocolOf(r), w: w, r: r, id: requestID(),
		path: r.URL.EscapedPath(), length: r.ContentLength, incoming: http.NoBody,
	}
	if r.Body != nil && r.Body != http.NoBody { // nil where a request never went over a network
		c.incoming = newPatientBody(w, r.Body, s.cfg.Patience)
	}
	if bucket != "" && svc.name == "s3" {
		c.path = "/" + bucket + c.path
	}
	return c
}

// serviceName reads the service from the scope of the signature, and for an
// unsigned request from the target of the JSON and CBOR protocols; what is left
// is S3's.
func serviceName(r *http.Request) string {
	if _, after, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		return scopedService(after)
	}
	if strings.Contains(r.URL.RawQuery, "X-Amz-Credential=") {
		return scopedService(r.URL.Query().Get("X-Amz-Credential"))
	}
	if sigv4.Version2(r) {
		return "s3"
	}
	if prefix := targetPrefix(r); prefix != "" {
		for name, service := range index().Services {
			if service.TargetPrefix == prefix {
				return name
			}
		}
	}
	switch {
	case strings.HasPrefix(r.URL.Path, "/2015-03-31/"):
		return "lambda"
	case r.Method == http.MethodPost && r.URL.Path == "/":
		return "sts" // an unsigned query request: which service it is for makes no difference to the answer
	}
	return "s3"
}

func targetPrefix(r *http.Request) string {
	target := r.Header.Get("X-Amz-Target")
	if r.Header.Get("Smithy-Protocol") == rpcV2CBOR {
		target, _ = strings.CutPrefix(r.URL.Path, "/service/")
		target = strings.Replace(target, "/", ".", 1)
	}
	prefix, _, _ := strings.Cut(target, ".")
	return prefix
}

func scopedService(credential string) string {
	parts := strings.SplitN(credential, "/", 5)
	if len(parts) < 5 {
		return "s3"
	}
	return parts[3]
}

func (c *call) serve() {
	began := c.server.cfg.Now()
	c.setHeaders()
	if err := c.svc.load(); err != nil {
		c.server.cfg.Log.Error("wire: table", "error", err)
		http.Error(c.w, "internal error", http.StatusInternalServerError)
		return
	}
	c.answer()
	if c.server.cfg.Observe != nil {
		name := ""
		if c.op != nil {
			name = c.op.op.Name
		}
		c.server.cfg.Observe(c.r.Context(), Answered{
			Operation: c.svc.name + ":" + name, RequestID: c.id, Principal: c.principal,
			Code: c.code, Status: c.status, Duration: c.server.cfg.Now().Sub(began),
		})
	}
}

func (c *call) setHeaders() {
	header := c.w.Header()
	// Clients correct their clocks by it, so it must be the clock that judged them.
	header.Set("Date", c.server.cfg.Now().UTC().Format(http.TimeFormat))
	if c.svc.name == "s3" {
		header.Set("X-Amz-Request-Id", c.id)
		header.Set("X-Amz-Id-2", hostID)
		header.Set("Server", "AmazonS3")
		return
	}
	header.Set("X-Amzn-Requestid", c.id)
}

// answer takes the request through every stage, and writes what comes out.
func (c *call) answer() {
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			c.fail(fmt.Errorf("panic: %v", p))
		}
	}()
	name, unknown := c.protocol.operation(c)
	if unknown == nil {
		c.op, unknown = c.svc.operation(name)
	}
	ctx, err := c.authenticate(unknown != nil && c.svc.protocol == "rest-xml" || c.op != nil && c.op.streaming())
	if err == nil {
		err = unknown
	}
	if err != nil {
		c.fail(err)
		return
	}
	about := &request{id: c.id}
	if c.server.cfg.Authorize != nil {
		about.keys = c.requestKeys()
	}
	out, err := c.run(context.WithValue(ctx, requestKey{}, about))
	if err != nil {
		c.fail(err)
		return
	}
	c.status = http.StatusOK
	if c.op.out == nil {
		c.protocol.respond(c, nil, reflect.Value{})
		return
	}
	c.protocol.respond(c, c.op.out, reflect.ValueOf(out).Elem())
}

// run decodes and validates the input, asks for permission and calls the handler.
func (c *call) run(ctx context.Context) (any, error) {
	in := reflect.New(c.op.op.in)
	if c.op.in != nil {
		src, err := c.protocol.source(c, c.op.in)
		if err != nil {
			return nil, err
		}
		d := decoder{newToken: newToken}
		if err := d.structure(c.op.in, src, in.Elem()); err != nil {
			return nil, err
		}
		if len(d.violations) > 0 {
			return nil, c.svc.invalid(c.op, d.violations)
		}
	}
	if err := c.authorize(ctx, in.Interface()); err != nil {
		return nil, err
	}
	return c.handle(ctx, in.Interface())
}

func (c *call) authorize(ctx context.Context, in any) error {
	if c.server.cfg.Authorize == nil {
		return nil
	}
	return c.server.cfg.Authorize(ctx, c.principal, InRequest(ctx, c.op.op.access(in))...)
}

func (c *call) handle(ctx context.Context, in any) (any, error) {
	return c.server.cfg.Faults.around(ctx, c, func() (any, error) { return c.op.op.handle(ctx, in) })
}

// fail answers with an error.
func (c *call) fail(err error) {
	var f failure
	if e, ok := errors.AsType[*refusal](err); ok {
		f = failure{code: e.code, message: e.message, status: e.status}
	} else {
		f = c.svc.failureOf(err)
	}
	if e, ok := errors.AsType[*detailed](err); ok {
		f.members = e.members
	}
	if f.cause != nil {
		c.server.cfg.Log.Error("wire: internal failure", slog.String("service", c.svc.name), slog.String("request", c.id), slog.Any("error", f.cause))
	}
	c.code = f.code
	c.protocol.fail(c, f)
}

// write sends the answer.
func (c *call) write(status int, contentType string, body []byte) {
	c.status = status
	header := c.w.Header()
	if contentType != "" {
		header.Set("Content-Type", contentType)
	} else if len(body) == 0 && header.Get("Content-Type") == "" {
		header["Content-Type"] = nil // or net/http would guess
	}
	if c.r.Method != http.MethodHead && status != http.StatusNoContent && status != http.StatusNotModified {
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	c.w.WriteHeader(status)
	if c.r.Method == http.MethodHead || len(body) == 0 {
		return
	}
	if _, err := c.w.Write(body); err != nil { //nolint:gosec // XML or JSON, with what a client said escaped; Guard keeps browsers out
		c.server.cfg.Log.Debug("wire: the client went away", slog.Any("error", err))
	}
}

// copy sends a streamed answer and closes its source.
func (c *call) copy(status int, body any) {
	c.status = status
	reader, _ := body.(io.Reader)
	if closer, ok := body.(io.Closer); ok {
		defer closer.Close() //nolint:errcheck // a source that was only read
	}
	if c.w.Header().Get("Content-Type") == "" {
		c.w.Header()["Content-Type"] = nil // or net/http would guess
	}
	c.w.WriteHeader(status)
	if _, err := io.Copy(c.w, reader); err != nil {
		// Half an answer must not look like a whole one.
		panic(http.ErrAbortHandler)
	}
}

// buffer returns an empty buffer that is large enough for most answers.
func (c *call) buffer() []byte { return make([]byte, 0, 1024) }

// requestID makes a random UUID.
func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

func newToken() string { return requestID() }
