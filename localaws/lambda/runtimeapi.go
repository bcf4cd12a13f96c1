package lambda

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// runtimePrefix is where the Runtime API stands on this AWS's listener. A
// process's own secret follows it, then what AWS documents:
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
const runtimePrefix = "/lambda-runtime/"

// maxPayload is what an invocation may carry each way.
const maxPayload = 6291556

// ServeRuntime answers the processes that run functions.
func (s *Service) ServeRuntime(w http.ResponseWriter, r *http.Request) {
	secret, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, runtimePrefix), "/")
	sb, ok := s.pool.byToken(secret)
	rest, api := strings.CutPrefix(rest, "2018-06-01/runtime/")
	if !ok || !api {
		http.NotFound(w, r)
		return
	}
	id, what, _ := strings.Cut(strings.TrimPrefix(rest, "invocation/"), "/")
	switch {
	case r.Method == http.MethodGet && rest == "invocation/next":
		sb.serveNext(w, r)
	case r.Method == http.MethodPost && rest == "init/error":
		sb.serveInitError(w, r)
	case r.Method == http.MethodPost && what == "response":
		sb.serveResult(w, r, id, false)
	case r.Method == http.MethodPost && what == "error":
		sb.serveResult(w, r, id, true)
	default:
		http.NotFound(w, r)
	}
}

// serveNext waits for work and hands it over.
func (sb *sandbox) serveNext(w http.ResponseWriter, r *http.Request) {
	sb.once.Do(func() { close(sb.ready) })
	select {
	case inv := <-sb.next:
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", inv.arn)
		h.Set("Lambda-Runtime-Trace-Id", "Root="+traceID(inv.deadline)+";Sampled=0")
		if inv.clientContext != "" {
			h.Set("Lambda-Runtime-Client-Context", inv.clientContext)
		}
		h.Set("Content-Length", strconv.Itoa(len(inv.payload)))
		_, _ = w.Write(inv.payload) // a process that is gone is seen by its end
	case <-r.Context().Done():
	case <-sb.dead:
	}
}

func (sb *sandbox) serveInitError(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	if err != nil {
		runtimeError(w, http.StatusBadRequest, "InvalidRequest", err.Error())
		return
	}
	sb.mu.Lock()
	sb.initFail = body
	sb.mu.Unlock()
	accepted(w)
}

// serveResult takes the answer to the invocation that runs.
func (sb *sandbox) serveResult(w http.ResponseWriter, r *http.Request, id string, failed bool) {
	sb.mu.Lock()
	inv := sb.current
	sb.mu.Unlock()
	if inv == nil || inv.id != id {
		runtimeError(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	out := outcome{payload: body, failed: failed}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		out = outcome{failed: true, payload: failure("Function.ResponseSizeTooLarge",
			"Response payload size exceeded maximum allowed payload size ("+strconv.Itoa(maxPayload)+" bytes).")}
	} else if err != nil {
		runtimeError(w, http.StatusBadRequest, "InvalidRequest", err.Error())
		return
	}
	// A runtime that streams its answer tells of a failure in the middle by trailers.
	if kind := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); kind != "" {
		out.failed = true
		if text, err := base64.StdEncoding.DecodeString(r.Trailer.Get("Lambda-Runtime-Function-Error-Body")); err == nil && json.Valid(text) {
			out.payload = text
		}
	}
	select {
	case inv.result <- out:
		accepted(w)
	default:
		runtimeError(w, http.StatusForbidden, "InvalidStateTransition", "Transition is not allowed")
	}
}

func accepted(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func runtimeError(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(failure(kind, message))
}
