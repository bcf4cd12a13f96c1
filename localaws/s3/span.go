package s3

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// span is the piece of a body that is answered with.
type span struct {
	start, length int64
	partial       bool // answered with 206 and Content-Range
}

// body is a span of a file that closes the file.
type body struct {
	io.Reader
	io.Closer
}

// of returns the span of a file; the whole of it remains a file, so that the
// kernel may send it.
func (s span) of(file *os.File) io.ReadCloser {
	if !s.partial {
		return file
	}
	return body{io.NewSectionReader(file, s.start, s.length), file}
}

func (s span) header(size int64) *string {
	if !s.partial {
		return nil
	}
	return aws.String(fmt.Sprintf("bytes %d-%d/%d", s.start, s.start+s.length-1, size))
}

// parseRange reads a Range header. One that S3 does not understand, such as
// several ranges, asks for everything.
func parseRange(header string, size int64) (span, error) {
	all := span{length: size}
	set, ok := strings.CutPrefix(header, "bytes=")
	if !ok {
		return all, nil
	}
	from, to, ok := strings.Cut(set, "-")
	if !ok {
		return all, nil
	}
	start, hasStart := offset(from)
	end, hasEnd := offset(to)
	switch {
	case from == "" && hasEnd: // the last bytes
		start, end = size-min(end, size), size-1
	case !hasStart, to != "" && !hasEnd, to != "" && end < start:
		return all, nil
	case to == "":
		end = size - 1
	}
	if start >= size {
		return span{}, fail("InvalidRange", "The requested range is not satisfiable")
	}
	return span{start: start, length: min(end, size-1) - start + 1, partial: true}, nil
}

// offset reads a place in an object: digits alone, of at most 63 bits.
func offset(digits string) (int64, bool) {
	n, err := strconv.ParseUint(digits, 10, 63)
	return int64(n), err == nil
}

// partSpan is the piece that a part of a multipart upload became; any other object is its own part 1.
func (v *version) partSpan(number int32) (span, error) {
	if len(v.Parts) == 0 && number == 1 {
		return span{length: v.Size, partial: v.Size > 0}, nil
	}
	start := int64(0)
	for _, p := range v.Parts {
		if p.Number == number {
			return span{start: start, length: p.Size, partial: true}, nil
		}
		start += p.Size
	}
	return span{}, fail("InvalidPartNumber", "The requested partnumber is not satisfiable")
}
