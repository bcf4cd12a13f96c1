package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"time"
)

// The bounds on how long a client may take over a request's body.
const (
	bodyPatience = 20 * time.Second // for the next bytes, as S3 has it
	bodyTime     = 2 * time.Minute  // for the whole, where it is buffered
)

// maxGrowth is how much memory a client gets for what it says of its body's
// length. The rest it gets for bytes that it sends.
const maxGrowth = 1 << 20

// patientBody is a request's body whose client must not keep us waiting.
type patientBody struct {
	io.ReadCloser
	conn *http.ResponseController
	wait time.Duration
	end  time.Time // of all waiting; zero where there is none
}

func newPatientBody(w http.ResponseWriter, body io.ReadCloser, wait time.Duration) *patientBody {
	return &patientBody{ReadCloser: body, conn: http.NewResponseController(w), wait: wait}
}

// Read implements io.Reader. A request that never went over a network has no
// deadlines, and needs none.
func (p *patientBody) Read(b []byte) (int, error) {
	deadline := time.Now().Add(p.wait) //nolint:forbidigo // deadlines of connections are the system clock's
	if !p.end.IsZero() && deadline.After(p.end) {
		deadline = p.end
	}
	_ = p.conn.SetReadDeadline(deadline)
	n, err := p.ReadCloser.Read(b)
	if errors.Is(err, io.EOF) { // or the deadline would end the request while its handler works
		_ = p.conn.SetReadDeadline(time.Time{})
	}
	return n, err
}

// readBody buffers the body once, within the service's cap.
func (c *call) readBody() error {
	if c.raw != nil {
		return nil
	}
	return c.readFrom(c.incoming)
}

func (c *call) readFrom(body io.Reader) error {
	if patient, ok := c.incoming.(*patientBody); ok {
		patient.end = time.Now().Add(bodyTime) //nolint:forbidigo // as above
	}
	limit := c.server.maxBody(c.svc.name)
	raw, err := c.readAll(body, c.r.ContentLength, limit)
	if err != nil {
		return err
	}
	c.raw, c.body = raw, raw
	// What the SDKs' request compression makes. The signature is over the body as
	// it was sent; in the REST protocols the header belongs to the payload.
	if (c.svc.protocol == "json" || c.svc.protocol == "query") && c.r.Header.Get("Content-Encoding") == "gzip" {
		return c.unzip(limit)
	}
	return nil
}

func (c *call) unzip(limit int64) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(c.raw))
	if err != nil {
		return &malformed{"The request body is not in the encoding that its headers name"}
	}
	if c.body, err = c.readAll(unzipped, 0, limit); errors.Is(err, errIncomplete) {
		return &malformed{"The request body is not in the encoding that its headers name"}
	}
	return err
}

// readAll reads to the end, and no more than the limit. It never returns a nil slice without an error.
func (c *call) readAll(body io.Reader, length, limit int64) ([]byte, error) {
	buffer := bytes.NewBuffer(make([]byte, 0, max(0, min(length, limit, maxGrowth))+bytes.MinRead))
	n, err := buffer.ReadFrom(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, asAPIError(err)
	}
	if n > limit {
		return nil, c.svc.tooLarge(limit)
	}
	return buffer.Bytes(), nil
}
