package phases

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/mayfly-cd/mayfly/templates"
)

// Application is a sample application: its files as they stand in the repository.
type Application struct {
	// Language is its name: "go".
	Language string
	files    fs.FS
	// added are files that are not among those; program is written where the files say PROGRAM.
	added   map[string][]byte
	program string
	// greeting is the file that holds the greeting, page where the page goes
	// that the sample applications share.
	greeting, page string
	toolchain      []Tool
}

// samples are the sample applications, in the order in which they are offered.
var samples = []Application{
	{Language: "go", greeting: "greeting/greeting.go", page: "greeting/page.html", toolchain: []Tool{golang}},
	{Language: "python", greeting: "greeting.py", page: "page.html", toolchain: []Tool{python}},
	{Language: "node", greeting: "greeting.mjs", page: "page.html", toolchain: []Tool{node, npm}},
}

// Applications are the languages that there is a sample application in.
var Applications = func() (languages []string) {
	for _, a := range samples {
		languages = append(languages, a.Language)
	}
	return languages
}()

// SortApplications returns the languages that there is a sample application
// in, those first whose toolchain is here, and how many those are.
func SortApplications(has func(Tool) bool) (languages []string, here int) {
	var missing []string
	for _, a := range samples {
		if len(a.Missing(has)) == 0 {
			languages = append(languages, a.Language)
		} else {
			missing = append(missing, a.Language)
		}
	}
	return append(languages, missing...), len(languages)
}

// FindApplication returns the sample application in a language.
func FindApplication(language string) (*Application, error) {
	i := slices.Index(Applications, language)
	if i < 0 {
		return nil, fmt.Errorf("there is no sample application in %q; there is: %s", language, strings.Join(Applications, ", "))
	}
	found := samples[i]
	files, err := fs.Sub(templates.FS, sampleFolder+language)
	found.files = files
	return &found, err
}

// NewApplication takes an application from a folder of one's own. It needs a
// template.yaml with the parameters of the sample application's, a greeting.json
// that is a JSON string, and may bring its buildspecs as buildspecs/<phase>.yml;
// without them it is built as the sample application in Go is.
func NewApplication(files fs.FS) *Application {
	return &Application{Language: "own", files: files, greeting: ownGreeting}
}

// ApplicationFile is a file that every application has.
const ApplicationFile = "template.yaml"

// Check says what an application of one's own lacks.
func (a *Application) Check() error {
	for _, name := range []string{ApplicationFile, a.greeting} {
		if _, err := fs.Stat(a.files, name); err != nil {
			return fmt.Errorf("the application has no %s: %w", name, err)
		}
	}
	return nil
}

// Toolchain are the programs that the application is built, tested and run
// with, beside git and a shell. An application of one's own does not say.
func (a *Application) Toolchain() []Tool { return a.toolchain }

// Missing are the programs of the toolchain that are not here.
func (a *Application) Missing(has func(Tool) bool) (missing []Tool) {
	for _, t := range a.toolchain {
		if !has(t) {
			missing = append(missing, t)
		}
	}
	return missing
}

const (
	sampleFolder = "app/"
	buildspecs   = "buildspecs/"
)

// Files are the files for the repository.
func (a *Application) Files() (map[string][]byte, error) {
	files := maps.Clone(a.added)
	if files == nil {
		files = map[string][]byte{}
	}
	err := fs.WalkDir(a.files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(name, buildspecs) {
			return err
		}
		data, err := fs.ReadFile(a.files, name)
		if err != nil {
			return err
		}
		if a.program != "" {
			data = bytes.ReplaceAll(data, []byte("PROGRAM"), []byte(a.program))
		}
		files[repositoryName(name)] = data
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the sample application: %w", err)
	}
	if a.page != "" {
		files[a.page] = material(sampleFolder + "page.html")
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

// Buildspec is the buildspec.yml of a phase.
func (a *Application) Buildspec(phase string) []byte {
	data, err := fs.ReadFile(a.files, buildspecs+phase+".yml")
	if errors.Is(err, fs.ErrNotExist) {
		return material(sampleFolder + "go/" + buildspecs + phase + ".yml")
	}
	return data
}
