package localaws

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
)

// inProcess carries requests from services to the API without a socket. They
// are signed, validated and authorized as all others.
type inProcess struct {
	handler atomic.Pointer[http.Handler]
}

var (
	errNotReady = errors.New("the local AWS is still starting")
	errAborted  = errors.New("the local AWS cut the connection")
)

// aborted is the status of an answer that was cut off before it began.
const aborted = 0

func (t *inProcess) set(h http.Handler) { t.handler.Store(&h) }

// RoundTrip implements http.RoundTripper. The response's body streams.
func (t *inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	handler := t.handler.Load()
	if handler == nil {
		return nil, errNotReady
	}
	in := r.Clone(r.Context())
	in.Host = r.URL.Host
	if r.Host != "" {
		in.Host = r.Host
	}
	in.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	in.RequestURI = in.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:0"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	body, answer := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: answer, started: make(chan struct{})}
	go w.serve(*handler, in)
	select {
	case <-w.started:
	case <-r.Context().Done():
		return nil, errors.Join(r.Context().Err(), body.Close())
	}
	if w.status == aborted {
		return nil, errAborted
	}
	length := int64(-1)
	if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil {
		length = n
	}
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: body, ContentLength: length, Request: r,
	}, nil
}

// pipeWriter is the handler's end.
type pipeWriter struct {
	header  http.Header
	body    *io.PipeWriter
	once    sync.Once // guards what follows
	started chan struct{}
	status  int
	sent    http.Header
}

// serve runs the handler. One that panics, as http.ErrAbortHandler is made
// for, cuts its answer off, as net/http's server does.
func (w *pipeWriter) serve(handler http.Handler, r *http.Request) {
	defer r.Body.Close() //nolint:errcheck // a body that was read
	defer func() {
		if recover() != nil {
			w.WriteHeader(aborted)
			_ = w.body.CloseWithError(errAborted) // never fails
			return
		}
		w.WriteHeader(http.StatusOK)
		_ = w.body.Close() // never fails
	}()
	handler.ServeHTTP(w, r)
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.started)
	})
}

func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}
