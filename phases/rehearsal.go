package phases

import (
	"io/fs"

	"github.com/mayfly-cd/mayfly/templates"
)

// RehearsalName stands for the application of the rehearsal where one is named.
const RehearsalName = "rehearsal"

// Rehearsal is an application that is built in no time and needs no toolchain:
// its function is a program that is here, called with the argument
// "rehearsal-function". With it push, build, pipeline and function can be
// tried in seconds.
func Rehearsal(program string) (*Application, error) {
	files, err := fs.Sub(templates.FS, "rehearsal")
	if err != nil {
		return nil, err
	}
	return &Application{
		Language: RehearsalName, files: files, greeting: ownGreeting, program: program,
		added: map[string][]byte{"template.yaml": material("app/go/template.yaml")},
	}, nil
}
