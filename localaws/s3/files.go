package s3

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

const (
	dataDir = "data"
	tempDir = "tmp"
)

// files holds the bytes of objects and parts under random names, fanned out
// over 256 folders. A key is never part of a path.
type files struct {
	root *os.Root
}

// openFiles opens the folder and removes the drafts of a process that was killed.
func openFiles(dir string) (*files, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	if err := root.RemoveAll(tempDir); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	for _, d := range []string{tempDir, dataDir} {
		if err := root.MkdirAll(d, 0o700); err != nil {
			return nil, errors.Join(err, root.Close())
		}
	}
	return &files{root: root}, nil
}

// draft is a file being written. It ends with keep or discard; discard after keep does nothing.
type draft struct {
	*os.File
	files *files
	name  string
	kept  bool
}

func (f *files) create() (*draft, error) {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails, see crypto/rand
	name := hex.EncodeToString(id[:])
	file, err := f.root.OpenFile(tempDir+"/"+name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create an object's file: %w", err)
	}
	return &draft{File: file, files: f, name: name}, nil
}

// keep moves the draft to its place and returns the name to open and remove it by.
func (d *draft) keep() (string, error) {
	if err := d.Close(); err != nil {
		return "", fmt.Errorf("write an object's file: %w", err)
	}
	to := fileOf(d.name)
	err := d.files.root.Rename(tempDir+"/"+d.name, to)
	if errors.Is(err, fs.ErrNotExist) { // the first file of its folder
		if err = d.files.root.MkdirAll(dataDir+"/"+d.name[:2], 0o700); err == nil {
			err = d.files.root.Rename(tempDir+"/"+d.name, to)
		}
	}
	if err != nil {
		return "", fmt.Errorf("keep an object's file: %w", err)
	}
	d.kept = true
	return d.name, nil
}

// discard removes the draft unless it was kept. An error leaves a file that
// the next start removes.
func (d *draft) discard() {
	if !d.kept {
		_ = d.Close()
		_ = d.files.root.Remove(tempDir + "/" + d.name)
	}
}

func (f *files) open(name string) (*os.File, error) { return f.root.Open(fileOf(name)) }

// remove removes the file; a name that is empty or gone is no error.
func (f *files) remove(name string) error {
	if name == "" {
		return nil
	}
	if err := f.root.Remove(fileOf(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove an object's file: %w", err)
	}
	return nil
}

func fileOf(name string) string { return dataDir + "/" + name[:2] + "/" + name }
