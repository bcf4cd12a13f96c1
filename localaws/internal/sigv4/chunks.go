package sigv4

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Errors of a Chunks reader.
var (
	ErrChunk          = errors.New("the chunk encoding is malformed")
	ErrChunkSignature = errors.New("the signature of a chunk does not match")
)

const (
	maxChunk       = 64 << 20
	maxChunkHeader = 4 << 10
	maxTrailers    = 32
)

// Chunks reads a body in the aws-chunked encoding, as the payload that is in
// it. Where chunks are signed it gives out nothing that it has not checked.
type Chunks struct {
	body    *bufio.Reader
	trailer http.Header
	sign    func(kind, rest string) string // nil where chunks are not signed
	last    string                         // the previous signature
	hasTail bool

	chunk     []byte // the verified rest of a signed chunk
	remaining int64  // what is left of an unsigned chunk
	err       error
}

// NewChunks reads body, whose encoding is that which payload, the value of
// X-Amz-Content-Sha256, names.
func NewChunks(body io.Reader, payload string, s *Signature, secret string) *Chunks {
	c := &Chunks{body: bufio.NewReader(body), trailer: http.Header{}}
	c.hasTail = strings.HasSuffix(payload, "-TRAILER")
	if payload == StreamingUnsigned {
		return c
	}
	key := Key(secret, s.Scope.Date, s.Scope.Region, s.Scope.Service)
	c.last = s.Value
	c.sign = func(kind, rest string) string {
		toSign := strings.Join([]string{kind, s.timestamp, s.Scope.String(), c.last, rest}, "\n")
		return hex.EncodeToString(HMAC(key, toSign))
	}
	return c
}

// Trailer returns the headers that follow the payload, after Read has returned io.EOF.
func (c *Chunks) Trailer() http.Header { return c.trailer }

// Read implements io.Reader.
func (c *Chunks) Read(p []byte) (int, error) {
	for c.err == nil && len(c.chunk) == 0 && c.remaining == 0 {
		c.err = c.next()
	}
	if len(c.chunk) > 0 {
		n := copy(p, c.chunk)
		c.chunk = c.chunk[n:]
		return n, nil
	}
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.body.Read(p[:min(int64(len(p)), c.remaining)])
	c.remaining -= int64(n)
	if c.remaining == 0 && n > 0 {
		err = c.crlf()
	}
	if err != nil {
		c.err = unexpected(err)
	}
	return n, c.err
}

// next reads the header of a chunk, and of a signed chunk all of it.
func (c *Chunks) next() error {
	line, err := c.line()
	if err != nil {
		return err
	}
	digits, extension, _ := strings.Cut(line, ";")
	size, err := strconv.ParseInt(digits, 16, 64)
	if err != nil || size < 0 || size > maxChunk {
		return ErrChunk
	}
	if c.sign != nil {
		return c.signed(size, strings.TrimPrefix(extension, "chunk-signature="))
	}
	if size == 0 {
		return c.end()
	}
	c.remaining = size
	return nil
}

func (c *Chunks) signed(size int64, signature string) error {
	var buffer bytes.Buffer // grows as bytes come: the size is only what the client says
	if _, err := io.CopyN(&buffer, c.body, size); err != nil {
		return unexpected(err)
	}
	data := buffer.Bytes()
	want := c.sign(Algorithm+"-PAYLOAD", EmptyHash+"\n"+HexSHA256(data))
	if !Equal(want, signature) {
		return ErrChunkSignature
	}
	c.last = signature
	if size == 0 {
		return c.end()
	}
	c.chunk = data
	return c.crlf()
}

// end reads the trailer, and returns io.EOF where all is well.
func (c *Chunks) end() error {
	var lines []string
	for range maxTrailers {
		line, err := c.line()
		if err == io.ErrUnexpectedEOF || line == "" && err == nil { //nolint:errorlint // our own value
			return c.checkTrailer(lines)
		}
		if err != nil {
			return err
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return ErrChunk
		}
		name = strings.ToLower(strings.TrimSpace(name))
		c.trailer.Set(name, strings.TrimSpace(value))
		if name != "x-amz-trailer-signature" {
			lines = append(lines, name+":"+strings.TrimSpace(value)+"\n")
		}
	}
	return ErrChunk
}

func (c *Chunks) checkTrailer(lines []string) error {
	if c.sign == nil || !c.hasTail {
		return io.EOF
	}
	slices.Sort(lines)
	want := c.sign(Algorithm+"-TRAILER", HexSHA256([]byte(strings.Join(lines, ""))))
	if !Equal(want, c.trailer.Get("x-amz-trailer-signature")) {
		return ErrChunkSignature
	}
	return io.EOF
}

func (c *Chunks) line() (string, error) {
	var line []byte
	for len(line) <= maxChunkHeader {
		part, err := c.body.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			return string(bytes.TrimRight(line, "\r\n")), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", unexpected(err)
		}
	}
	return "", ErrChunk
}

func (c *Chunks) crlf() error {
	line, err := c.line()
	if err == nil && line != "" {
		err = ErrChunk
	}
	return err
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
