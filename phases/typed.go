package phases

import (
	"regexp"
	"strings"
)

var (
	typed    = regexp.MustCompile("(^|&& |`)mayfly( --env [a-z0-9-]+)?( |$)")
	inQuotes = regexp.MustCompile("`mayfly( --env [a-z0-9-]+)?([ `])")
	plain    = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+,-]+$`)
)

// Typed is a line as it is typed for an environment: its commands of mayfly
// name the environment where that is not the default one.
func Typed(environment, line string) string {
	if environment == "default" {
		return line
	}
	return typed.ReplaceAllString(line, "${1}mayfly --env "+environment+"${3}")
}

// TypedIn is a sentence with the commands of mayfly that it quotes as [Typed] has them.
func TypedIn(environment, sentence string) string {
	if environment == "default" {
		return sentence
	}
	return inQuotes.ReplaceAllString(sentence, "`mayfly --env "+environment+"$2")
}

// ShellWord quotes a word for a POSIX shell where it needs it.
func ShellWord(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
