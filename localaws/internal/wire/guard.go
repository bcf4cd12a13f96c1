package wire

import (
	"net/http"
	"strings"
)

// Guard keeps browsers out: it answers a request that carries an Origin or
// comes from another site, and one for a host that is not in the list (DNS
// rebinding), with an error, and then returns false. It comes before all
// routing, for git's requests as for AWS's.
//
// bucket is the one in a Host of the form <bucket>.localhost:<port>, which the
// list allows by localhost:<port>.
func Guard(w http.ResponseWriter, r *http.Request, hosts []string) (bucket string, ok bool) {
	site := r.Header.Get("Sec-Fetch-Site")
	if r.Header.Get("Origin") != "" || site != "" && site != "same-origin" && site != "none" {
		http.Error(w, "Requests from web pages are not answered here.", http.StatusForbidden)
		return "", false
	}
	for _, host := range hosts {
		if strings.EqualFold(r.Host, host) {
			return "", true
		}
		if !strings.HasPrefix(host, "localhost:") {
			continue
		}
		if name, found := strings.CutSuffix(r.Host, "."+host); found && isBucketName(name) {
			return name, true
		}
	}
	http.Error(w, "This host name is not served here.", http.StatusMisdirectedRequest)
	return "", false
}

func isBucketName(s string) bool {
	if len(s) < 3 || len(s) > 63 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return true
}
