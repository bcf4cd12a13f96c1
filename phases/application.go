package phases

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/mayfly-cd/mayfly/templates"
)

// Application is a sample application: its files as they stand in the repository.
type Application struct {
	// Language is its name: "go".
	Language string
	files    fs.FS
}

// Applications are the languages that there is a sample application in.
var Applications = []string{"go"}

// FindApplication returns the sample application in a language.
func FindApplication(language string) (*Application, error) {
	files, err := fs.Sub(templates.FS, "app/"+language)
	if err == nil {
		_, err = fs.Stat(files, "template.yaml")
	}
	if err != nil {
		return nil, fmt.Errorf("there is no sample application in %q; there is: %s", language, strings.Join(Applications, ", "))
	}
	return &Application{Language: language, files: files}, nil
}

// NewApplication takes an application from a folder of one's own. It needs a
// template.yaml with the parameters of the sample application's, a greeting.json
// that is a JSON string, and may bring its buildspecs as buildspecs/<phase>.yml.
func NewApplication(files fs.FS) *Application {
	return &Application{Language: "own", files: files}
}

// ApplicationFile is a file that every application has.
const ApplicationFile = "template.yaml"

// Check says what an application of one's own lacks.
func (a *Application) Check() error {
	for _, name := range []string{ApplicationFile, "greeting.json"} {
		if _, err := fs.Stat(a.files, name); err != nil {
			return fmt.Errorf("the application has no %s: %w", name, err)
		}
	}
	return nil
}

const buildspecs = "buildspecs/"

// Files are the files for the repository.
func (a *Application) Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(a.files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(name, buildspecs) {
			return err
		}
		data, err := fs.ReadFile(a.files, name)
		if err != nil {
			return err
		}
		files[repositoryName(name)] = data
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the sample application: %w", err)
	}
	return files, nil
}

// repositoryName undoes what embedding asks of names.
func repositoryName(name string) string {
	name = strings.TrimSuffix(name, ".txt")
	if name == "gitignore" || name == "gitattributes" {
		return "." + name
	}
	return name
}

// Buildspec is the buildspec.yml of a phase: the application's own, or the phase's.
func (a *Application) Buildspec(phase string) []byte {
	if data, err := fs.ReadFile(a.files, buildspecs+phase+".yml"); err == nil {
		return data
	}
	return material(phase + "/buildspec.yml")
}

var greetingText = regexp.MustCompile(`"[^"\n]*"`)

// Greet returns the name and the new content of the file that holds the
// greeting. read returns files of the working copy, which the learner may have changed.
func (a *Application) Greet(read func(name string) ([]byte, error), greeting string) (name string, changed []byte, err error) {
	for _, name := range []string{"greeting/greeting.go", "greeting.json"} {
		data, err := read(name)
		if err != nil {
			continue
		}
		at := greetingText.FindIndex(data)
		if at == nil {
			return "", nil, fmt.Errorf("%s has no greeting in double quotes", name)
		}
		return name, fmt.Appendf(nil, "%s%q%s", data[:at[0]], greeting, data[at[1]:]), nil
	}
	return "", nil, errors.New("the working copy has no greeting.go: `git checkout greeting` brings it back")
}
