package sigv4

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the hash that AWS's version 2 has
	"encoding/base64"
	"errors"
	"math"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The errors of ParseVersion2.
var (
	// ErrVersion2Header is an Authorization header that is not "AWS <key>:<signature>".
	ErrVersion2Header = errors.New("the header of a signature of version 2 is malformed")
	// ErrVersion2Query is a presigned URL in which a part is missing.
	ErrVersion2Query = errors.New("the query of a signature of version 2 is incomplete")
	// ErrVersion2Date is a request without a date that can be read.
	ErrVersion2Date = errors.New("the date of a signature of version 2 cannot be read")
)

// Version2 answers whether a request is signed by the version before, of which
// S3 still takes presigned URLs in its old regions.
func Version2(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Authorization"), "AWS ") || presignedByVersion2(r)
}

func presignedByVersion2(r *http.Request) bool {
	return strings.Contains(r.URL.RawQuery, "AWSAccessKeyId=") && r.Header.Get("Authorization") == ""
}

// WithQueryHeaders returns the request with those headers that a URL presigned
// by version 2 carries in its query, which is where botocore puts the session
// token, the metadata, the type and all else that it signs. Another request is
// returned as it is. What stands in a header too is left as it stands.
func WithQueryHeaders(r *http.Request) *http.Request {
	if !presignedByVersion2(r) {
		return r
	}
	changed := r.WithContext(r.Context())
	changed.Header = r.Header.Clone()
	for name, values := range r.URL.Query() {
		lower := strings.ToLower(name)
		if !strings.HasPrefix(lower, "x-amz-") && lower != "content-type" && lower != "content-md5" {
			continue
		}
		if name = textproto.CanonicalMIMEHeaderKey(name); changed.Header[name] == nil {
			changed.Header[name] = values
		}
	}
	return changed
}

// ParseVersion2 reads a signature of version 2, which only S3 takes. resource is
// the path as it was sent, with the bucket before it where that stands in the Host.
// A presigned request must have been through [WithQueryHeaders].
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
func ParseVersion2(r *http.Request, resource string) (*Signature, error) {
	s := &Signature{Version2: true, Token: r.Header.Get("X-Amz-Security-Token"), resource: resource}
	if header := r.Header.Get("Authorization"); header != "" {
		rest, _ := strings.CutPrefix(header, "AWS ")
		key, value, _ := strings.Cut(rest, ":")
		if key == "" || value == "" {
			return nil, ErrVersion2Header
		}
		s.AccessKeyID, s.Value = key, value
		return s, s.dateVersion2(r)
	}
	q := r.URL.Query()
	s.Presigned, s.AccessKeyID, s.Value, s.timestamp = true, q.Get("AWSAccessKeyId"), q.Get("Signature"), q.Get("Expires")
	if s.AccessKeyID == "" || s.Value == "" || s.timestamp == "" {
		return nil, ErrVersion2Query
	}
	// A URL says until when it holds, and not since when. (The end of time is S3's.)
	seconds, err := strconv.ParseInt(s.timestamp, 10, 64)
	if err != nil || seconds > math.MaxInt32 {
		return nil, ErrVersion2Date
	}
	s.Time, s.Expires = time.Unix(0, 0), time.Duration(max(seconds, 0))*time.Second
	return s, nil
}

// dateVersion2 reads the date; x-amz-date replaces the Date, which is then empty
// in what is signed, as the documentation says in its section on time stamps and
// as clients do. (Its example "Delete" does otherwise.)
func (s *Signature) dateVersion2(r *http.Request) error {
	date := r.Header.Get("X-Amz-Date")
	if date == "" {
		date = r.Header.Get("Date")
		s.timestamp = date
	}
	for _, layout := range []string{http.TimeFormat, time.RFC1123Z, time.RFC850, time.ANSIC} {
		if t, err := time.Parse(layout, date); err == nil {
			s.Time = t
			return nil
		}
	}
	return ErrVersion2Date
}

// stringToSign2 is the string to sign of version 2.
func (s *Signature) stringToSign2(r *http.Request) string {
	var b strings.Builder
	for _, part := range []string{r.Method, r.Header.Get("Content-Md5"), r.Header.Get("Content-Type"), s.timestamp} {
		b.WriteString(part + "\n")
	}
	var names []string
	for name := range r.Header {
		// A presigned URL has its Expires instead of either date.
		if strings.HasPrefix(name, "X-Amz-") && (!s.Presigned || name != "X-Amz-Date") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		b.WriteString(strings.ToLower(name) + ":" + headerValue(r, name) + "\n")
	}
	b.WriteString(s.resource)
	separator := "?"
	for _, pair := range subresources(r.URL.RawQuery) {
		b.WriteString(separator + pair)
		separator = "&"
	}
	return b.String()
}

// subresources are the parameters of the query that are part of what is signed,
// by name, with their values unescaped. (That one with an empty value is
// signed without its "=" is not confirmed.)
func subresources(raw string) []string {
	var found [][2]string
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if !signedBy2[name] {
			continue
		}
		if unescaped, err := url.PathUnescape(value); err == nil {
			value = unescaped
		}
		found = append(found, [2]string{name, value})
	}
	slices.SortStableFunc(found, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	pairs := make([]string, len(found))
	for i, f := range found {
		pairs[i] = f[0]
		if f[1] != "" {
			pairs[i] += "=" + f[1]
		}
	}
	return pairs
}

// signedBy2 are the parameters that version 2 signs: those of the documentation,
// and what clients sign since; the list is botocore's (HmacV1Auth.QSAOfInterest).
var signedBy2 = func() map[string]bool {
	names := map[string]bool{}
	for name := range strings.FieldsSeq(`accelerate acl analytics cors defaultObjectAcl delete inventory lifecycle location
		logging metrics notification object-lock partNumber policy replication requestPayment restore select select-type
		storageClass tagging torrent uploadId uploads versionId versioning versions website response-content-type
		response-content-language response-expires response-cache-control response-content-disposition response-content-encoding`) {
		names[name] = true
	}
	return names
}()

// sign2 returns the signature of version 2, in base64.
func sign2(secret, stringToSign string) string {
	h := hmac.New(sha1.New, []byte(secret))
	h.Write([]byte(stringToSign))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}
