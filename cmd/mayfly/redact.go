package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
)

// secretName matches the names of variables whose values nobody should see.
var secretName = regexp.MustCompile(`(?i)(secret|token|passw|credential|api_?key|access_key|private|auth|cookie|session|webhook)`)

// secretForms are what secrets look like wherever they stand: AWS's access keys
// and session tokens, credentials within a URL, the signature of a presigned
// one, a git password made by SigV4, and the sign-in of a header.
var secretForms = []struct {
	form *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\b(AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}\b`), "[access key]"},
	{regexp.MustCompile(`://[^/\s:@]+:[^/\s@]+@`), "://[sign-in]@"},
	{regexp.MustCompile(`\b\d{8}T\d{6}Z[0-9a-f]{64}\b`), "[password]"},
	{regexp.MustCompile(`(?i)(authorization: *)\S.*`), "${1}[sign-in]"},
	{regexp.MustCompile(`(?i)(\bbearer +)\S+`), "${1}[sign-in]"},
	{regexp.MustCompile(`(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s"]+`), "${1}[sign-in]"},
	{regexp.MustCompile(`(?i)("?(secret_?access_?key|session_?token|password)"? *[:=] *)"?[^\s",]+"?`), "${1}[secret]"},
	{regexp.MustCompile(`\b(\d{8})(\d{4})\b`), "[account …$2]"},
}

// shortestSecret is the least length of a value that is looked for in a text;
// a shorter one would take common words with it.
const shortestSecret = 6

// redact takes secrets out of a text that will be pasted somewhere: the values
// of variables that are named as secrets are, whatever looks like one, and the
// name of the person's home folder.
func (a *app) redact(text string) string {
	type secret struct{ name, value string }
	var secrets []secret
	for _, v := range a.environ {
		name, value, _ := strings.Cut(v, "=")
		if secretName.MatchString(name) && len(value) >= shortestSecret && !isPath(value) {
			secrets = append(secrets, secret{name, value})
		}
	}
	// The longest first: what another begins with would leave its end.
	slices.SortFunc(secrets, func(a, b secret) int { return len(b.value) - len(a.value) })
	for _, s := range secrets {
		text = strings.ReplaceAll(text, s.value, "["+s.name+"]")
	}
	if home := a.variable("HOME"); len(home) > 1 {
		text = strings.ReplaceAll(text, home, "~")
	}
	for _, s := range secretForms {
		text = s.form.ReplaceAllString(text, s.with)
	}
	return text
}

// isPath tells whether a value names something on this machine, as those of
// SSH_AUTH_SOCK and XAUTHORITY do. A secret may have slashes too.
func isPath(value string) bool {
	_, err := os.Lstat(value)
	return err == nil
}
