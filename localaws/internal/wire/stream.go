package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"os"
	"strconv"

	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
)

// payloadReader is a streamed payload as a handler reads it: free of its
// transfer encoding, and checked against the hash that was signed. A handler
// that keeps what it read before Read has returned io.EOF keeps what nobody
// has signed. Every error is a [smithy.APIError] to be returned as it is.
type payloadReader struct {
	reader io.Reader
	closer io.Closer
	hash   hash.Hash // nil where the payload has no hash of its own
	wanted string
}

func (p *payloadReader) want(hash string) { p.hash, p.wanted = sha256.New(), hash }

// Read implements io.Reader.
func (p *payloadReader) Read(b []byte) (int, error) {
	n, err := p.reader.Read(b)
	if p.hash != nil {
		p.hash.Write(b[:n])
	}
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return n, asAPIError(err)
	case p.hash != nil && !sigv4.Equal(hex.EncodeToString(p.hash.Sum(nil)), p.wanted):
		return n, errPayloadHash
	}
	return n, io.EOF
}

// Close implements io.Closer.
func (p *payloadReader) Close() error { return p.closer.Close() }

// Trailer returns the headers that followed the payload, once it has been read:
// S3's clients send the checksum so. A handler asks for it by
//
//	if t, ok := in.Body.(interface{ Trailer() http.Header }); ok { ... }
func (p *payloadReader) Trailer() http.Header {
	if chunks, ok := p.reader.(*sigv4.Chunks); ok {
		return chunks.Trailer()
	}
	return nil
}

// asAPIError puts an error of reading a body in AWS's terms.
func asAPIError(err error) error {
	switch {
	case errors.Is(err, sigv4.ErrChunkSignature):
		return &smithy.GenericAPIError{Code: "SignatureDoesNotMatch", Message: "The request signature we calculated does not match the signature you provided. Check your key and signing method."}
	case errors.Is(err, sigv4.ErrChunk):
		return &smithy.GenericAPIError{Code: "InvalidRequest", Message: "The body is not in the encoding that its headers name: " + err.Error()}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errTimeout
	}
	return errIncomplete
}

var (
	errIncomplete = &smithy.GenericAPIError{Code: "IncompleteBody", Message: "The request body terminated unexpectedly"}
	// errTimeout is in S3's words, from the list of error responses in its API reference.
	errTimeout = &smithy.GenericAPIError{
		Code:    "RequestTimeout",
		Message: "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.",
	}
)

// decodedLength is the length of a payload that is sent in chunks.
func decodedLength(r *http.Request) int64 {
	n, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}
