package phases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
)

// ownGreeting is the file that holds the greeting of an application of one's own.
const ownGreeting = "greeting.json"

// literal is a string as Go, Python, JavaScript and JSON write it.
const literal = `([rRfFbBuU]{0,2}(?:"""(?s:.*?)"""|'''(?s:.*?)'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|` + "`[^`]*`))"

var (
	// textLiteral finds the string that the application calls Text, TEXT or text,
	// however the learner has written it; comments do not begin like that.
	textLiteral = regexp.MustCompile(`(?m)^[ \t]*(?:export[ \t]+)?(?:(?:const|var|let)[ \t]+)?(?:Text|TEXT|text)\b[^=\n"'` + "`" + `]*=[ \t]*` + literal)
	jsonLiteral = regexp.MustCompile(literal)
)

// GreetingFile is the file that holds the greeting, in the working copy.
func (a *Application) GreetingFile() string { return a.greeting }

// Greet returns the name and the new content of the file that holds the
// greeting. read returns files of the working copy, which the learner may have changed.
func (a *Application) Greet(read func(name string) ([]byte, error), greeting string) (name string, changed []byte, err error) {
	name = a.greeting
	data, err := read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, fmt.Errorf("the working copy has no %s: `git checkout HEAD -- %s` brings it back", name, name)
	}
	if err != nil {
		return "", nil, err
	}
	pattern := textLiteral
	if name == ownGreeting {
		pattern = jsonLiteral
	}
	at := pattern.FindSubmatchIndex(data)
	if at == nil {
		return "", nil, fmt.Errorf("%s has no greeting in quotes: `git checkout HEAD -- %s` brings back what was committed", name, name)
	}
	quoted, err := quote(greeting, path.Ext(name))
	if err != nil {
		return "", nil, fmt.Errorf("write the greeting %q: %w", greeting, err)
	}
	return name, fmt.Appendf(nil, "%s%s%s", data[:at[2]], quoted, data[at[3]:]), nil
}

// quote writes a greeting as a string of the language whose files end in ext.
// What JSON writes means the same in Python and JavaScript: it escapes no
// character as two surrogates. Go is stricter about some characters.
func quote(greeting, ext string) ([]byte, error) {
	if ext == ".go" {
		return []byte(strconv.Quote(greeting)), nil
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(greeting)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
