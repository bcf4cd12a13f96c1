package phases

import (
	"regexp"
	"strings"
)

// ours is a command of mayfly's in a line that a shell takes.
var ours = regexp.MustCompile(`(^|&& )mayfly( |$)`)

// Typed is a line as it is typed for an environment: its commands of mayfly
// name the environment where that is not the default one.
func Typed(environment, line string) string {
	if environment == "default" {
		return line
	}
	return ours.ReplaceAllString(line, "${1}mayfly --env "+environment+"${2}")
}

// quoted is a command of mayfly's in a sentence.
var quoted = regexp.MustCompile("`mayfly( --env [a-z0-9-]+)?([ `])")

// TypedIn is a sentence with the commands of mayfly in it as [Typed] has them.
func TypedIn(environment, sentence string) string {
	if environment == "default" {
		return sentence
	}
	return quoted.ReplaceAllString(sentence, "`mayfly --env "+environment+"$2")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+,-]+$`)

// ShellWord quotes a word for a POSIX shell where it needs it.
func ShellWord(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
