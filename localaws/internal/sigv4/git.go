package sigv4

// GitTimeFormat is the form of the timestamp that a git password starts with,
// followed there by a Z that is not signed.
const GitTimeFormat = "20060102T150405"

// GitPassword returns the password that CodeCommit expects of git for a
// request to host and path, made at timestamp (see GitTimeFormat):
// the timestamp, Z, and a signature. The user name is the access key id,
// followed by "%" and the session token where there is one.
//
// It is what "aws codecommit credential-helper get" computes: the canonical
// request has the method GIT, no query, the header host (without a port: strip
// it before calling) and, unlike every other canonical request, no payload hash.
func GitPassword(secret, region, host, path, timestamp string) string {
	canonical := "GIT\n" + path + "\n\nhost:" + host + "\n\nhost\n"
	date := timestamp[:min(len(timestamp), len("20060102"))]
	scope := Scope{Date: date, Region: region, Service: "codecommit"}
	return timestamp + "Z" + Sign(secret, scope, timestamp, canonical)
}
