package sigv4

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Values of X-Amz-Content-Sha256 that are no hash.
const (
	UnsignedPayload   = "UNSIGNED-PAYLOAD"
	StreamingPrefix   = "STREAMING-"
	StreamingSigned   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	StreamingTrailer  = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	StreamingUnsigned = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// EmptyHash is the hash of no payload.
const EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

var (
	// ErrUnsigned is returned by Parse for a request that carries no signature at all.
	ErrUnsigned = errors.New("the request is not signed")
	// ErrMalformed is returned by Parse for a signature that cannot be read.
	ErrMalformed = errors.New("the signature is malformed")
)

// Signature is what a request says about its own signature.
type Signature struct {
	AccessKeyID string
	Scope       Scope
	// Presigned tells a signature in the query from one in the header.
	Presigned bool
	// Time is when it was signed; for a presigned request it holds for Expires.
	Time    time.Time
	Expires time.Duration
	// Token is the session token, empty where there is none.
	Token string
	// Value is the signature, in hexadecimal, or in base64 by version 2.
	Value string
	// Version2 tells a signature of S3's version 2, which has no Scope and does
	// not sign the payload.
	Version2 bool

	headers   []string
	timestamp string
	resource  string // of version 2
}

// Signed answers whether a request carries a signature, good or bad: one that
// does not is anonymous.
func Signed(r *http.Request) bool {
	return r.Header.Get("Authorization") != "" || strings.Contains(r.URL.RawQuery, "X-Amz-Algorithm=") || Version2(r)
}

// Parse reads the signature of a request, from its Authorization header or its query.
func Parse(r *http.Request) (*Signature, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		return parseHeader(r, header)
	}
	if strings.Contains(r.URL.RawQuery, "X-Amz-Algorithm=") {
		return parseQuery(r.URL.Query())
	}
	if Version2(r) {
		return nil, ErrMalformed
	}
	return nil, ErrUnsigned
}

func parseHeader(r *http.Request, header string) (*Signature, error) {
	rest, ok := strings.CutPrefix(header, Algorithm)
	if !ok {
		return nil, ErrMalformed
	}
	s := &Signature{Token: r.Header.Get("X-Amz-Security-Token")}
	var credential, headers string
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			credential = value
		case "SignedHeaders":
			headers = value
		case "Signature":
			s.Value = value
		}
	}
	return s, s.fill(credential, headers, dateOf(r))
}

// dateOf returns the time of signing as the client wrote it.
func dateOf(r *http.Request) string {
	if date := r.Header.Get("X-Amz-Date"); date != "" {
		return date
	}
	t, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		return ""
	}
	return t.UTC().Format(TimeFormat)
}

func parseQuery(q url.Values) (*Signature, error) {
	if q.Get("X-Amz-Algorithm") != Algorithm {
		return nil, ErrMalformed
	}
	s := &Signature{Presigned: true, Token: q.Get("X-Amz-Security-Token"), Value: q.Get("X-Amz-Signature")}
	const longest = 7 * 24 * 60 * 60
	seconds, err := strconv.Atoi(orElse(q.Get("X-Amz-Expires"), "900"))
	if err != nil || seconds < 0 || seconds > longest {
		return nil, ErrMalformed
	}
	s.Expires = time.Duration(seconds) * time.Second
	return s, s.fill(q.Get("X-Amz-Credential"), q.Get("X-Amz-SignedHeaders"), q.Get("X-Amz-Date"))
}

func (s *Signature) fill(credential, headers, date string) error {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || parts[4] != terminator || slices.Contains(parts, "") {
		return ErrMalformed
	}
	s.AccessKeyID, s.Scope = parts[0], Scope{Date: parts[1], Region: parts[2], Service: parts[3]}
	s.headers = strings.Split(headers, ";")
	s.timestamp = date
	t, err := time.Parse(TimeFormat, date)
	if err != nil || !strings.HasPrefix(date, s.Scope.Date) || len(s.Value) != 64 {
		return ErrMalformed
	}
	// An unsigned Host would let a signature serve another endpoint.
	if !slices.Contains(s.headers, "host") {
		return ErrMalformed
	}
	s.Time = t
	return nil
}

// Verify answers whether the signature is the one that the secret makes of the
// request. payloadHash is the payload's own, or one of the constants above as
// the client wrote it.
func (s *Signature) Verify(r *http.Request, secret, payloadHash string) bool {
	if s.Version2 {
		return Equal(sign2(secret, s.stringToSign2(r)), s.Value)
	}
	want := Sign(secret, s.Scope, s.timestamp, s.canonical(r, payloadHash))
	return Equal(want, s.Value)
}

// StringsToSign are what the signature should have been made of, as S3 tells it
// to those whose signature is another: the string to sign, and the canonical
// request that it is of, which version 2 does not have.
func (s *Signature) StringsToSign(r *http.Request, payloadHash string) (stringToSign, canonicalRequest string) {
	if s.Version2 {
		return s.stringToSign2(r), ""
	}
	canonicalRequest = s.canonical(r, payloadHash)
	return stringToSign4(s.Scope, s.timestamp, canonicalRequest), canonicalRequest
}

func (s *Signature) canonical(r *http.Request, payloadHash string) string {
	var b strings.Builder
	b.WriteString(r.Method + "\n")
	b.WriteString(canonicalPath(r, s.Scope.Service) + "\n")
	b.WriteString(canonicalQuery(r.URL.RawQuery, s.Presigned) + "\n")
	for _, name := range s.headers {
		b.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	b.WriteString("\n" + strings.Join(s.headers, ";") + "\n" + payloadHash)
	return b.String()
}

// canonicalPath escapes the path as it was sent once more, except for S3,
// which signs it as it was sent.
func canonicalPath(r *http.Request, service string) string {
	path := orElse(r.URL.EscapedPath(), "/")
	if service == "s3" {
		return path
	}
	return escape(path, true)
}

// canonicalQuery sorts and escapes the parameters, without the signature itself.
func canonicalQuery(raw string, presigned bool) string {
	if raw == "" {
		return ""
	}
	var params []string
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if pair == "" || presigned && name == "X-Amz-Signature" {
			continue
		}
		params = append(params, reescape(name)+"="+reescape(value))
	}
	// By name, then by value: "=" would sort wrongly against "-" and digits.
	slices.SortFunc(params, func(a, b string) int {
		nameA, valueA, _ := strings.Cut(a, "=")
		nameB, valueB, _ := strings.Cut(b, "=")
		if c := strings.Compare(nameA, nameB); c != 0 {
			return c
		}
		return strings.Compare(valueA, valueB)
	})
	return strings.Join(params, "&")
}

func reescape(s string) string {
	decoded, err := url.QueryUnescape(s)
	if err != nil {
		return s
	}
	return escape(decoded, false)
}

const upperHex = "0123456789ABCDEF"

// escape is AWS's URI encoding: everything but the unreserved characters.
func escape(s string, keepSlash bool) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '.', c == '_', c == '~', c == '/' && keepSlash:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
		}
	}
	return b.String()
}

// headerValue returns a header as it is signed. Go's server keeps Host, and its
// client Content-Length, outside the map of headers.
func headerValue(r *http.Request, name string) string {
	values := r.Header.Values(name)
	switch {
	case name == "host":
		return r.Host
	case name == "content-length" && len(values) == 0:
		return strconv.FormatInt(r.ContentLength, 10)
	}
	trimmed := make([]string, len(values))
	for i, value := range values {
		trimmed[i] = strings.Join(strings.Fields(value), " ")
	}
	return strings.Join(trimmed, ",")
}

func orElse(s, fallback string) string {
	if s != "" {
		return s
	}
	return fallback
}
