package codebuild

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// writers is how many files of a cache are written at a time: making a file
	// costs the kernel more than filling it.
	writers = 4
	// smallFile is the size up to which a file is handed to a writer; larger
	// ones are written as they come.
	smallFile = 4 << 20
)

// unpacker writes the entries of a cache below its roots. os.Root keeps each where it belongs.
type unpacker struct {
	roots   map[string]*os.Root
	writing errgroup.Group
	folder  *openFolder // the folder of the last entry; entries come sorted
	closing sync.WaitGroup
}

// openFolder is a folder that files are written into, which closes with the last of them.
type openFolder struct {
	name  string
	root  *os.Root
	files sync.WaitGroup
}

func newUnpacker(roots map[string]*os.Root) *unpacker {
	u := &unpacker{roots: roots}
	u.writing.SetLimit(writers)
	return u
}

// wait returns when everything is written, with the first error of the writers.
func (u *unpacker) wait() error {
	u.leave()
	err := u.writing.Wait()
	u.closing.Wait()
	return err
}

// enter opens the folder of an entry, unless it is the one that is open.
func (u *unpacker) enter(name string) (*openFolder, error) {
	if u.folder != nil && u.folder.name == name {
		return u.folder, nil
	}
	u.leave()
	top, inside, _ := strings.Cut(name, "/")
	root := u.roots[top]
	if root == nil {
		return nil, errors.New("it belongs neither into home nor into src")
	}
	if inside == "" {
		inside = "."
	}
	if err := root.MkdirAll(inside, 0o755); err != nil {
		return nil, err
	}
	opened, err := root.OpenRoot(inside)
	if err != nil {
		return nil, err
	}
	u.folder = &openFolder{name: name, root: opened}
	return u.folder, nil
}

// leave lets the folder close once its files are written.
func (u *unpacker) leave() {
	if left := u.folder; left != nil {
		u.folder = nil
		u.closing.Go(func() {
			left.files.Wait()
			_ = left.root.Close() // a folder
		})
	}
}

// unpack writes one entry, or hands it to a writer.
func (u *unpacker) unpack(content io.Reader, header *tar.Header) error {
	folder, err := u.enter(path.Dir(header.Name))
	if err != nil {
		return err
	}
	name, mode := path.Base(header.Name), fs.FileMode(header.Mode).Perm()
	switch header.Typeflag {
	case tar.TypeSymlink:
		_ = folder.root.Remove(name) // it may not be there
		return folder.root.Symlink(header.Linkname, name)
	case tar.TypeReg:
	default:
		return errors.New("it is neither a file nor a link")
	}
	if header.Size > smallFile {
		return writeCached(folder.root, name, mode, header.ModTime, func(w io.Writer) error {
			_, err := io.Copy(w, content)
			return err
		})
	}
	data := make([]byte, header.Size)
	if _, err := io.ReadFull(content, data); err != nil {
		return err
	}
	folder.files.Add(1)
	u.writing.Go(func() error {
		defer folder.files.Done()
		err := writeCached(folder.root, name, mode, header.ModTime, func(w io.Writer) error {
			_, err := w.Write(data)
			return err
		})
		if err != nil {
			return fmt.Errorf("unpack %s: %w", header.Name, err)
		}
		return nil
	})
	return nil
}

// writeCached writes a file. One that is there already, as in the source, gives way.
func writeCached(root *os.Root, name string, mode fs.FileMode, at time.Time, fill func(io.Writer) error) error {
	const flags = os.O_CREATE | os.O_WRONLY | os.O_EXCL
	f, err := root.OpenFile(name, flags, mode|0o200)
	if errors.Is(err, fs.ErrExist) {
		_ = root.Remove(name) // the second try says whether it went
		f, err = root.OpenFile(name, flags, mode|0o200)
	}
	if err != nil {
		return err
	}
	err = fill(f)
	if err = errors.Join(err, f.Chmod(mode), f.Close()); err != nil {
		return err
	}
	return root.Chtimes(name, at, at)
}
