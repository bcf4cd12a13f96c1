package phases

import (
	"regexp"
	"strings"
)

var (
	mayflyCommand = regexp.MustCompile("(^|&& |`)mayfly( |$)")
	plainWord     = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+,-]+$`)
)

// Typed is a line as it is typed for an environment: its commands of mayfly
// name the environment where that is not the default one.
func Typed(environment, line string) string {
	if environment == "default" {
		return line
	}
	return mayflyCommand.ReplaceAllString(line, "${1}mayfly --env "+environment+"${2}")
}

// ShellWord quotes a word for a POSIX shell where it needs it.
func ShellWord(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
