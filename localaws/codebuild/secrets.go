package codebuild

import (
	"bytes"
	"regexp"
	"sync"
)

// secrets are the texts that a build's log must not show. CodeBuild puts ***
// in the place of access key ids and of the values that it keeps secret ("Data
// protection in AWS CodeBuild" in AWS's guide; that the keys of the build's own
// role are among those values is not confirmed).
type secrets struct {
	mu     sync.Mutex // guards values
	values [][]byte
}

var (
	masked      = []byte("***")
	keyPrefixes = [][]byte{[]byte("AKIA"), []byte("ASIA")}
	accessKeyID = regexp.MustCompile(`(?:AKIA|ASIA)[A-Z0-9]{16}`)
)

// longestSecret is more than the length of any value, a session token's included.
const longestSecret = 4 << 10

// add adds values; empty ones and those that are there already are passed over.
func (s *secrets) add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
next:
	for _, value := range values {
		if value == "" {
			continue
		}
		for _, known := range s.values {
			if string(known) == value {
				continue next
			}
		}
		s.values = append(s.values, []byte(value))
	}
}

// mask returns the text without secrets; it is the text itself where it has none.
func (s *secrets) mask(text []byte) []byte {
	s.mu.Lock()
	values := s.values
	s.mu.Unlock()
	for _, value := range values {
		if bytes.Contains(text, value) {
			text = bytes.ReplaceAll(text, value, masked)
		}
	}
	for _, prefix := range keyPrefixes {
		if bytes.Contains(text, prefix) {
			text = accessKeyID.ReplaceAll(text, masked)
		}
	}
	return text
}

func (s *secrets) maskText(text string) string { return string(s.mask([]byte(text))) }
