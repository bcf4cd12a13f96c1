package workshop

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// Environment is one learner's workshop: what it is called, where its AWS is,
// and where the working copy is. It is written once and then only read.
type Environment struct {
	// Version is that of the file's format.
	Version int    `json:"version"`
	Name    string `json:"name"`
	// ID is random, made once, and tagged on everything.
	ID string `json:"id"`
	// Target is "local" or "aws".
	Target  string `json:"target"`
	Account string `json:"account"`
	Region  string `json:"region"`
	// WorkDir is the learner's working copy.
	WorkDir string `json:"workdir"`
	// Application is the sample application's language; ApplicationDir, where
	// it is set, is the folder of an application of the learner's own instead.
	Application    string    `json:"application,omitempty"`
	ApplicationDir string    `json:"applicationDir,omitempty"`
	Owner          string    `json:"owner"`
	Created        time.Time `json:"created"`
}

const (
	environmentVersion = 1
	environmentFile    = "environment.json"
)

// Names are the names of everything in the environment.
func (e Environment) Names() cloud.Names { return cloud.Names{Environment: e.Name, ID: e.ID} }

// lifetime is after how long a tag tells instructors that an environment may go.
const lifetime = 14 * 24 * time.Hour

// Tags are on everything that is made for the environment.
func (e Environment) Tags() map[string]string {
	return map[string]string{
		cloud.TagEnvironment: e.ID,
		cloud.TagOwner:       e.Owner,
		cloud.TagExpires:     e.Created.Add(lifetime).UTC().Format(time.DateOnly),
	}
}

// LoadEnvironment reads the environment kept in a folder. ok is false where there is none.
func LoadEnvironment(dir string) (e Environment, ok bool, err error) {
	name := filepath.Join(dir, environmentFile)
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return e, false, nil
	}
	err = readJSON(name, &e)
	switch {
	case err == nil && e.Version > environmentVersion:
		return e, false, fmt.Errorf("%s was written by a newer mayfly (format %d, this one knows %d): use that one", name, e.Version, environmentVersion)
	case err == nil && e.ID == "":
		err = fmt.Errorf("read the state: %s is %w: it names no environment", name, errDamaged)
	}
	if errors.Is(err, errDamaged) {
		err = fmt.Errorf("%w: to begin anew, move %s away", err, dir)
	}
	return e, err == nil, err
}

// Save keeps a new environment in a folder, which is made where it is missing.
func (e Environment) Save(dir string) error {
	e.Version = environmentVersion
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	return writeJSON(filepath.Join(dir, environmentFile), e)
}
