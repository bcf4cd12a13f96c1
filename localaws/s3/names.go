package s3

import (
	"net/netip"
	"regexp"
	"strings"
)

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// reserved are the beginnings and ends that AWS keeps for itself.
var reserved = struct{ prefixes, suffixes []string }{
	prefixes: []string{"xn--", "sthree-", "amzn-s3-demo-"},
	suffixes: []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"},
}

// validBucketName holds the rules of "General purpose bucket naming rules" in the S3 user guide.
func validBucketName(name string) bool {
	if !bucketName.MatchString(name) || strings.Contains(name, "..") {
		return false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return false
	}
	for _, p := range reserved.prefixes {
		if strings.HasPrefix(name, p) {
			return false
		}
	}
	for _, p := range reserved.suffixes {
		if strings.HasSuffix(name, p) {
			return false
		}
	}
	return true
}
