// Package sigv4 checks AWS Signature Version 4, in the forms that reach
// localaws: a request's Authorization header, a presigned URL, the chunks of a
// streamed body, and the password of a git request to CodeCommit; and S3's
// version 2, by which old clients presign.
//
// Goals: exactly AWS's canonical forms, comparisons in constant time, no state.
// Non-goals: signing requests (the SDK does) and finding keys (the caller does).
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
)

const (
	// Algorithm is the only one that AWS's clients use for these services.
	Algorithm = "AWS4-HMAC-SHA256"
	// TimeFormat is the form of X-Amz-Date.
	TimeFormat = "20060102T150405Z"
	terminator = "aws4_request"
)

// HMAC returns the HMAC-SHA256 of data.
func HMAC(key []byte, data string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	return h.Sum(nil)
}

// Key derives the signing key; date has the form 20060102.
func Key(secret, date, region, service string) []byte {
	return HMAC(HMAC(HMAC(HMAC([]byte("AWS4"+secret), date), region), service), terminator)
}

// HexSHA256 returns the hash of data in lower-case hexadecimal.
func HexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Scope is what a signing key is good for.
type Scope struct {
	// Date has the form 20060102.
	Date, Region, Service string
}

// String returns the scope as it stands in a string to sign.
func (s Scope) String() string {
	return s.Date + "/" + s.Region + "/" + s.Service + "/" + terminator
}

// Sign returns the signature, in hexadecimal, of a canonical request;
// timestamp is written as the client wrote it.
func Sign(secret string, scope Scope, timestamp, canonicalRequest string) string {
	toSign := stringToSign4(scope, timestamp, canonicalRequest)
	return hex.EncodeToString(HMAC(Key(secret, scope.Date, scope.Region, scope.Service), toSign))
}

func stringToSign4(scope Scope, timestamp, canonicalRequest string) string {
	return strings.Join([]string{Algorithm, timestamp, scope.String(), HexSHA256([]byte(canonicalRequest))}, "\n")
}

// Equal compares two signatures in constant time.
func Equal(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
