package phases

import (
	"regexp"
	"strings"
)

// Typed is a command of mayfly as it is typed for an environment.
func Typed(environment, command string) string {
	rest, ours := strings.CutPrefix(command, "mayfly")
	if !ours || environment == "default" {
		return command
	}
	return "mayfly --env " + environment + rest
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
