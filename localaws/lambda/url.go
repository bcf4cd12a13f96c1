package lambda

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// urlPrefix is where function URLs stand: /lambda-url/<id>/...
const urlPrefix = "/lambda-url/"

// ServeURL answers the requests to function URLs:
// https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
func (s *Service) ServeURL(w http.ResponseWriter, r *http.Request) {
	id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), urlPrefix), "/")
	u, ok, err := s.urls.Get(id)
	if err != nil {
		s.env.Log.Error("find function URL", "error", err)
	}
	if err != nil || !ok {
		urlError(w, http.StatusNotFound, "ResourceNotFoundException", `{"Message":null}`)
		return
	}
	if u.Cors != nil && preflight(w, r, u.Cors) {
		return
	}
	f, rev, err := s.find(reference{u.Function, u.Qualifier})
	if err == nil {
		err = checkReady(rev)
	}
	if err != nil {
		s.env.Log.Debug("find the function of a URL", "error", err)
		urlError(w, http.StatusBadGateway, "InternalServerErrorException", "Internal Server Error")
		return
	}
	requestID := uuid.New()
	w.Header().Set("X-Amzn-Requestid", requestID)
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxRequest))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		urlError(w, http.StatusRequestEntityTooLarge, "RequestTooLargeException", `{"Message":"Request Too Large"}`)
		return
	}
	if err != nil {
		urlError(w, http.StatusBadRequest, "BadRequestException", `{"Message":"Bad Request"}`)
		return
	}
	caller, err := s.admit(r, f, u, body)
	if refused, ok := errors.AsType[*urlRefusalError](err); ok {
		text, _ := json.Marshal(map[string]string{"Message": refused.message}) //nolint:errchkjson // strings always have a JSON form
		urlError(w, http.StatusForbidden, "AccessDeniedException", string(text))
		return
	}
	if err != nil {
		s.env.Log.Error("decide on a function URL", "function", u.Function, "error", err)
		urlError(w, http.StatusBadGateway, "InternalServerErrorException", "Internal Server Error")
		return
	}
	payload, err := s.urlRequest(r, caller, u, requestID, body)
	if err != nil {
		urlError(w, http.StatusBadRequest, "BadRequestException", `{"Message":"Bad Request"}`)
		return
	}
	inv := s.newInvocation(reference{u.Function, u.Qualifier}, payload, "")
	inv.id = requestID
	s.answerURL(w, r, u, f, rev, inv)
}

func (s *Service) answerURL(w http.ResponseWriter, r *http.Request, u functionURL, f function, rev revision, inv *invocation) {
	out, err := s.call(r.Context(), f, rev, inv)
	if errors.Is(err, context.Canceled) {
		return // the browser has gone
	}
	if _, throttled := errors.AsType[*types.TooManyRequestsException](err); throttled {
		urlError(w, http.StatusTooManyRequests, "TooManyRequestsException", `{"Message":"Too Many Requests"}`)
		return
	}
	var answer *events.LambdaFunctionURLResponse
	if err == nil && !out.failed {
		answer, err = urlResponse(out.payload)
	}
	if err != nil || answer == nil {
		s.env.Log.Debug("function URL", "function", u.Function, "error", err)
		urlError(w, http.StatusBadGateway, "InternalServerErrorException", "Internal Server Error")
		return
	}
	copyHeaders(w.Header(), answer)
	if u.Cors != nil {
		corsHeaders(w.Header(), r, u.Cors)
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.WriteString(w, answer.Body)
}

// urlRequest is the request as the function sees it, payload format 2.0.
func (s *Service) urlRequest(r *http.Request, caller identity.Principal, u functionURL, requestID string, body []byte) ([]byte, error) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), urlPrefix+u.ID)
	if path == "" {
		path = "/"
	}
	source, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		source = r.RemoteAddr
	}
	now := s.env.Now().UTC()
	request := events.LambdaFunctionURLRequest{
		Version: "2.0", RawPath: path, RawQueryString: r.URL.RawQuery,
		Headers: headers(r, source, traceID(now)), QueryStringParameters: query(r),
		RequestContext: events.LambdaFunctionURLRequestContext{
			AccountID: cmp.Or(caller.Account, "anonymous"), RequestID: requestID, Authorizer: authorizer(caller), APIID: u.ID, DomainName: r.Host, DomainPrefix: u.ID,
			Time: now.Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: events.LambdaFunctionURLRequestContextHTTPDescription{
				Method: r.Method, Path: path, Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent(),
			},
		},
	}
	for _, line := range r.Header.Values("Cookie") {
		for cookie := range strings.SplitSeq(line, ";") {
			request.Cookies = append(request.Cookies, strings.TrimSpace(cookie))
		}
	}
	request.Body, request.IsBase64Encoded = string(body), false
	if len(body) > 0 && !isText(r.Header.Get("Content-Type")) {
		request.Body, request.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return json.Marshal(struct {
		events.LambdaFunctionURLRequest
		RouteKey string `json:"routeKey"` // AWS sends it, the Go type does not have it
	}{request, "$default"})
}

func headers(r *http.Request, source, trace string) map[string]string {
	list := map[string]string{
		"host": r.Host, "x-forwarded-for": source, "x-forwarded-proto": "http", "x-amzn-trace-id": "Root=" + trace,
	}
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		list["x-forwarded-port"] = port
	}
	for name, values := range r.Header {
		if name != "Cookie" {
			list[strings.ToLower(name)] = strings.Join(values, ",")
		}
	}
	return list
}

func query(r *http.Request) map[string]string {
	list := map[string]string{}
	for name, values := range r.URL.Query() {
		list[name] = strings.Join(values, ",")
	}
	return list
}

// isText reports whether a body of that type reaches the function as text.
func isText(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch kind {
	case "application/json", "application/javascript", "application/xml":
		return true
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml")
}

// urlResponse reads the function's result. A result without a status code is the body itself.
func urlResponse(payload []byte) (*events.LambdaFunctionURLResponse, error) {
	var shape struct {
		StatusCode json.RawMessage `json:"statusCode"`
	}
	if err := json.Unmarshal(payload, &shape); err != nil || shape.StatusCode == nil {
		if !json.Valid(payload) {
			return nil, errors.New("the function's result is not JSON")
		}
		return &events.LambdaFunctionURLResponse{
			StatusCode: http.StatusOK, Headers: map[string]string{"Content-Type": "application/json"}, Body: string(payload),
		}, nil
	}
	answer := &events.LambdaFunctionURLResponse{}
	if err := json.Unmarshal(payload, answer); err != nil {
		return nil, err
	}
	if answer.StatusCode < 200 || answer.StatusCode > 599 {
		return nil, errors.New("the function's status code is out of range")
	}
	if answer.IsBase64Encoded {
		body, err := base64.StdEncoding.DecodeString(answer.Body)
		if err != nil {
			return nil, err
		}
		answer.Body = string(body)
	}
	return answer, nil
}

func copyHeaders(h http.Header, answer *events.LambdaFunctionURLResponse) {
	h.Set("Content-Type", "application/json")
	for name, value := range answer.Headers {
		h.Set(name, value)
	}
	for _, cookie := range answer.Cookies {
		h.Add("Set-Cookie", cookie)
	}
	h.Del("Content-Length") // the body decides
}

func urlError(w http.ResponseWriter, status int, kind, body string) {
	w.Header().Set("X-Amzn-Errortype", kind)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}
