package wire

import (
	"context"
	"maps"
	"strconv"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// request is what the context of a handler knows of the request that it answers.
type request struct {
	id   string
	keys policy.Context
}

type requestKey struct{}

// RequestID returns the id of the request that a handler answers.
func RequestID(ctx context.Context) string {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r.id
	}
	return ""
}

// UserAgent returns the name that the client of the request gives itself.
func UserAgent(ctx context.Context) string {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		if agent := r.keys["aws:useragent"]; len(agent) > 0 {
			return agent[0]
		}
	}
	return ""
}

// InRequest adds to each access the condition keys that every access has of the
// request that the context belongs to, such as aws:UserAgent and s3:authType. A
// handler that asks IAM itself asks for these. What was given is left as it is.
func InRequest(ctx context.Context, needs []policy.Access) []policy.Access {
	r, ok := ctx.Value(requestKey{}).(*request)
	if !ok || len(r.keys) == 0 {
		return needs
	}
	all := make([]policy.Access, len(needs))
	for i, need := range needs {
		if len(need.Keys) == 0 {
			need.Keys = r.keys
		} else {
			keys := maps.Clone(r.keys)
			maps.Copy(keys, need.Keys)
			need.Keys = keys
		}
		all[i] = need
	}
	return all
}

// requestKeys are the condition keys that only the wire knows. (Their names are
// in lower case, as policy.Context has them, which is cheaper than making them.)
func (c *call) requestKeys() policy.Context {
	keys := policy.Context{}
	if agent := c.r.Header.Get("User-Agent"); agent != "" {
		keys["aws:useragent"] = []string{agent}
	}
	if referer := c.r.Header.Get("Referer"); referer != "" {
		keys["aws:referer"] = []string{referer}
	}
	if c.svc.name == "s3" && c.signature != nil {
		c.signatureKeys(keys)
	}
	return keys
}

// signatureKeys are S3's keys of how a request is signed; one that is not has none.
// https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
// (That the payload of a presigned URL is UNSIGNED-PAYLOAD for the key too, and
// that version 2 has neither an age nor a payload, is not confirmed.)
func (c *call) signatureKeys(keys policy.Context) {
	keys["s3:authtype"] = []string{"REST-HEADER"}
	if c.signature.Presigned {
		keys["s3:authtype"] = []string{"REST-QUERY-STRING"}
	}
	if c.signature.Version2 {
		keys["s3:signatureversion"] = []string{"AWS"}
		return
	}
	keys["s3:signatureversion"] = []string{"AWS4-HMAC-SHA256"}
	keys["s3:x-amz-content-sha256"] = []string{c.hash}
	if c.signature.Presigned {
		age := c.server.cfg.Now().Sub(c.signature.Time).Milliseconds()
		keys["s3:signatureage"] = []string{strconv.FormatInt(age, 10)}
	}
}
