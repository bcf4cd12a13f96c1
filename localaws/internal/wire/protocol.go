package wire

import (
	"maps"
	"net/http"
	"reflect"
	"strings"
)

// protocol is one of AWS's ways to write an operation as an HTTP request.
type protocol interface {
	// operation names the operation that a request is for. It may read the body
	// into the call. An error answers a request that is for no operation.
	operation(c *call) (string, error)
	// source gives the input of the call's operation; n is its plan.
	source(c *call, n *node) (source, error)
	// respond writes an output; v is invalid and n nil where the operation has none.
	respond(c *call, n *node, v reflect.Value)
	// fail writes an error.
	fail(c *call, f failure)
}

// protocols by the names that AWS's models have for them.
var protocols = map[string]protocol{
	"json": awsJSON{}, "query": awsQuery{}, "rest-json": restJSON{}, "rest-xml": restXML{}, rpcV2CBOR: rpcCBOR{},
}

// protocolOf returns the protocol of a request, of which the JSON services speak two.
func (s *service) protocolOf(r *http.Request) protocol {
	if s.protocol == "json" && r.Header.Get("Smithy-Protocol") == rpcV2CBOR {
		return protocols[rpcV2CBOR]
	}
	return protocols[s.protocol]
}

// awsJSON is awsJson 1.0 and 1.1: the operation in a header, a document in the body.
type awsJSON struct{}

func (awsJSON) operation(c *call) (string, error) {
	prefix, name, ok := strings.Cut(c.r.Header.Get("X-Amz-Target"), ".")
	if !ok || prefix != c.svc.prefix {
		return "", &noSuchOperationError{}
	}
	return name, nil
}

func (awsJSON) source(c *call, _ *node) (source, error) { return parseJSON(c.body) }

func (awsJSON) respond(c *call, n *node, v reflect.Value) {
	var body []byte
	if n != nil {
		body = appendJSON(c.buffer(), n, v)
	}
	c.write(http.StatusOK, "application/x-amz-json-"+orElse(c.svc.table.JSONVersion, "1.1"), body)
}

func (awsJSON) fail(c *call, f failure) {
	c.write(f.status, "application/x-amz-json-"+orElse(c.svc.table.JSONVersion, "1.1"), f.jsonBody(c.buffer()))
}

// awsQuery is a form in the body, or a query, and XML in the answer.
type awsQuery struct{}

func (awsQuery) operation(c *call) (string, error) {
	if err := c.readBody(); err != nil {
		return "", err
	}
	params := string(c.body)
	if c.r.Method == http.MethodGet {
		params = c.r.URL.RawQuery
	}
	form, err := parseForm(params)
	if err != nil {
		return "", err
	}
	c.form = form
	name := form.get("Action")
	if name == "" {
		return "", &noSuchOperationError{}
	}
	return name, nil
}

func (awsQuery) source(c *call, _ *node) (source, error) { return c.form, nil }

func (awsQuery) respond(c *call, n *node, v reflect.Value) {
	name := c.op.op.Name + "Response"
	b := append(c.buffer(), '<')
	b = append(b, name...)
	b = append(appendNamespace(b, namespace{URI: c.svc.table.XMLNamespace}), '>')
	wrapper := c.op.model.Wrapper
	if wrapper != "" {
		b = openTag(b, wrapper)
	}
	if n != nil {
		b = appendXMLMembers(b, n, v)
	}
	if wrapper != "" {
		b = closeTag(b, wrapper)
	}
	b = append(b, "<ResponseMetadata><RequestId>"+c.id+"</RequestId></ResponseMetadata>"...)
	c.write(http.StatusOK, "text/xml", closeTag(b, name))
}

func (awsQuery) fail(c *call, f failure) {
	b := append(c.buffer(), "<ErrorResponse"...)
	b = append(appendNamespace(b, namespace{URI: c.svc.table.XMLNamespace}), "><Error><Type>"...)
	if f.server() {
		b = append(b, "Receiver"...)
	} else {
		b = append(b, "Sender"...)
	}
	b = f.xmlMembers(append(b, "</Type>"...))
	b = append(b, "</Error><RequestId>"+c.id+"</RequestId></ErrorResponse>"...)
	c.write(f.status, "text/xml", b)
}

// rest is what restJson and restXml have in common.
type rest struct{}

func (rest) operation(c *call) (string, error) {
	c.query = c.r.URL.Query()
	name, labels := c.svc.table.find(c.r, c.path, c.query)
	if name == "" {
		return "", &noSuchOperationError{}
	}
	c.labels = labels
	return name, nil
}

// source gives the input; parse reads its body where that is a document.
func (rest) source(c *call, n *node, parse func([]byte) (source, error)) (source, error) {
	s := &restSource{
		request: c.r, labels: c.labels, query: c.query,
		length: c.length, raw: c.body, stream: c.stream, payload: n.payload,
	}
	if n.payload == nil || n.payload.kind < kindString {
		body, err := parse(c.body)
		if err != nil {
			return nil, err
		}
		s.body = body
	}
	return s, nil
}

// respond writes an output; document writes the part of it that is a document.
func (rest) respond(c *call, n *node, v reflect.Value, contentType string,
	document func(b []byte, n *node, v reflect.Value) []byte,
) {
	status := c.op.model.Status
	if status == 0 {
		status = http.StatusOK
	}
	if n == nil {
		c.write(status, "", nil)
		return
	}
	header := c.w.Header()
	if s := writeHeaders(header, n, v); s != 0 {
		status = s
	}
	if header.Get("Content-Range") != "" {
		status = http.StatusPartialContent
	}
	if n.payload == nil {
		var body []byte
		if hasBody(n) {
			body = document(c.buffer(), n, v)
		} else {
			contentType = ""
		}
		c.write(status, contentType, body)
		return
	}
	value, absent := indirect(v.Field(n.payload.index))
	switch {
	case absent:
		c.write(status, "", nil)
	case n.payload.kind == kindStream:
		c.copy(status, value.Interface())
	case n.payload.kind == kindBlob:
		c.write(status, header.Get("Content-Type"), value.Bytes())
	case n.payload.kind >= kindString:
		c.write(status, header.Get("Content-Type"), []byte(value.String()))
	default:
		c.write(status, contentType, document(c.buffer(), n, v))
	}
}

// hasBody answers whether any member of the output stands in the body.
func hasBody(n *node) bool {
	for _, f := range n.fields {
		if f.location == inBody {
			return true
		}
	}
	return false
}

// restJSON is Lambda's protocol.
type restJSON struct{ rest }

func (p restJSON) source(c *call, n *node) (source, error) {
	return p.rest.source(c, n, func(body []byte) (source, error) {
		if len(body) == 0 && n.payload != nil {
			return nil, nil
		}
		return parseJSON(body)
	})
}

func (p restJSON) respond(c *call, n *node, v reflect.Value) {
	p.rest.respond(c, n, v, "application/json", func(b []byte, n *node, v reflect.Value) []byte {
		if n.payload != nil {
			value, _ := indirect(v.Field(n.payload.index))
			return appendJSON(b, n.payload.node, value)
		}
		return appendJSON(b, n, v)
	})
}

func (restJSON) fail(c *call, f failure) {
	c.w.Header().Set("X-Amzn-Errortype", f.code)
	f.writeHeaders(c.w.Header())
	c.write(f.status, "application/json", f.jsonBody(c.buffer()))
}

// restXML is S3's protocol.
type restXML struct{ rest }

const xmlDeclaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// s3Namespace is on the root of every document of S3. (The model leaves it out.)
var s3Namespace = namespace{URI: "http://s3.amazonaws.com/doc/2006-03-01/"}

func (p restXML) source(c *call, n *node) (source, error) {
	return p.rest.source(c, n, func(body []byte) (source, error) {
		root, err := parseXML(body)
		if root == nil || err != nil {
			return nil, err
		}
		return xmlSource{root}, nil
	})
}

func (p restXML) respond(c *call, n *node, v reflect.Value) {
	name := c.op.op.Name
	p.rest.respond(c, n, v, "application/xml", func(b []byte, n *node, v reflect.Value) []byte {
		b = append(b, xmlDeclaration...)
		if n.payload != nil {
			value, _ := indirect(v.Field(n.payload.index))
			return appendXML(b, n.payload.wire, n.payload.node, value, s3Namespace)
		}
		root := orElse(resultNames[name], name+"Result")
		b = append(append(b, '<'), root...)
		b = append(appendNamespace(b, s3Namespace), '>')
		if name == "GetBucketLocation" { // the one document whose root is its only member
			return closeTag(appendEscaped(b, v.FieldByName("LocationConstraint").String()), root)
		}
		return closeTag(appendXMLMembers(b, n, v), root)
	})
}

// resultNames are the roots of S3's documents that do not follow the rule, from
// the examples in its API reference. Clients ignore them; people read them.
var resultNames = map[string]string{
	"GetBucketAcl":                       "AccessControlPolicy",
	"GetBucketCors":                      "CORSConfiguration",
	"GetBucketLifecycleConfiguration":    "LifecycleConfiguration",
	"GetBucketLocation":                  "LocationConstraint",
	"GetBucketLogging":                   "BucketLoggingStatus",
	"GetBucketRequestPayment":            "RequestPaymentConfiguration",
	"GetBucketTagging":                   "Tagging",
	"GetBucketVersioning":                "VersioningConfiguration",
	"GetBucketWebsite":                   "WebsiteConfiguration",
	"GetObjectAcl":                       "AccessControlPolicy",
	"GetObjectAttributes":                "GetObjectAttributesResponse",
	"GetObjectTagging":                   "Tagging",
	"CreateMultipartUpload":              "InitiateMultipartUploadResult",
	"DeleteObjects":                      "DeleteResult",
	"ListBuckets":                        "ListAllMyBucketsResult",
	"ListObjects":                        "ListBucketResult",
	"ListObjectsV2":                      "ListBucketResult",
	"ListObjectVersions":                 "ListVersionsResult",
	"ListMultipartUploads":               "ListMultipartUploadsResult",
	"ListParts":                          "ListPartsResult",
	"GetBucketNotificationConfiguration": "NotificationConfiguration",
}

func (restXML) fail(c *call, f failure) {
	maps.Copy(c.w.Header(), f.header)
	if c.r.Method == http.MethodHead || f.status == http.StatusNotModified {
		c.write(f.status, "", nil)
		return
	}
	b := append(c.buffer(), xmlDeclaration+"<Error>"...)
	b = f.xmlMembers(b)
	for _, m := range c.errorMembers(f) {
		b = closeTag(appendEscaped(openTag(b, m.name), m.text), m.name)
	}
	b = append(b, "<RequestId>"+c.id+"</RequestId><HostId>"+hostID+"</HostId></Error>"...)
	c.write(f.status, "application/xml", b)
}

// hostID is S3's x-amz-id-2, which only says which of its machines answered.
const hostID = "bG9jYWxhd3M="
