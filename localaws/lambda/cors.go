package lambda

import (
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// preflight answers a browser's question, which never reaches the function.
func preflight(w http.ResponseWriter, r *http.Request, c *types.Cors) bool {
	method := r.Header.Get("Access-Control-Request-Method")
	if r.Method != http.MethodOptions || method == "" {
		return false
	}
	if corsHeaders(w.Header(), r, c) && (slices.Contains(c.AllowMethods, "*") || slices.Contains(c.AllowMethods, method)) {
		h := w.Header()
		h.Set("Access-Control-Allow-Methods", strings.Join(c.AllowMethods, ","))
		if len(c.AllowHeaders) > 0 {
			h.Set("Access-Control-Allow-Headers", strings.Join(c.AllowHeaders, ","))
		}
		if c.MaxAge != nil {
			h.Set("Access-Control-Max-Age", strconv.Itoa(int(*c.MaxAge)))
		}
	}
	w.WriteHeader(http.StatusOK)
	return true
}

// corsHeaders sets the headers for an origin that is allowed, in place of the function's own.
func corsHeaders(h http.Header, r *http.Request, c *types.Cors) bool {
	origin := r.Header.Get("Origin")
	allowed := slices.ContainsFunc(c.AllowOrigins, func(pattern string) bool {
		if pattern == "*" {
			return true
		}
		match, err := path.Match(pattern, origin)
		return err == nil && match
	})
	if origin == "" || !allowed {
		return false
	}
	if slices.Contains(c.AllowOrigins, "*") && !aws.ToBool(c.AllowCredentials) {
		origin = "*"
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Add("Vary", "Origin")
	if aws.ToBool(c.AllowCredentials) {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if len(c.ExposeHeaders) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(c.ExposeHeaders, ","))
	}
	return true
}
