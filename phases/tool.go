package phases

import (
	"fmt"
	"regexp"
	"strconv"
)

// Tool is a program that an application is built with.
type Tool struct {
	// Program is what is typed.
	Program string
	// Version are the arguments that make it print its version.
	Version []string
	// Major and Minor are the least version that will do.
	Major, Minor int
	// Install says how it comes to be here.
	Install string
}

var (
	golang = Tool{Program: "go", Version: []string{"version"}, Major: 1, Minor: 24, Install: "Install Go 1.24 or newer: https://go.dev/dl/"}
	python = Tool{Program: "python3", Version: []string{"--version"}, Major: 3, Minor: 9, Install: "Install Python 3.9 or newer: https://www.python.org/downloads/"}
	node   = Tool{Program: "node", Version: []string{"--version"}, Major: 20, Install: "Install Node.js 20 or newer, which brings npm: https://nodejs.org/"}
	npm    = Tool{Program: "npm", Version: []string{"--version"}, Major: 9, Install: "Install npm 9 or newer; Node.js from https://nodejs.org/ brings it."}
)

var versionNumber = regexp.MustCompile(`(\d+)\.(\d+)`)

// Suits says whether a program that prints this as its version will do.
func (t Tool) Suits(printed string) error {
	found := versionNumber.FindStringSubmatch(printed)
	if found == nil {
		return fmt.Errorf("%s does not say which version it is", t.Program)
	}
	major, errMajor := strconv.Atoi(found[1])
	minor, errMinor := strconv.Atoi(found[2])
	if errMajor != nil || errMinor != nil || major < t.Major || major == t.Major && minor < t.Minor {
		return fmt.Errorf("%s is version %s, and %d.%d or newer is needed", t.Program, found[0], t.Major, t.Minor)
	}
	return nil
}
