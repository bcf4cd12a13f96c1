package localaws

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/sandbox"
)

// Isolation tries what holds the processes of a build on this machine, such as
// "Landlock" and "PID namespace", and names it. It fails where builds cannot
// run at all.
func Isolation(ctx context.Context) (layers []string, err error) {
	dir, err := os.MkdirTemp("", "localaws-")
	if err != nil {
		return nil, fmt.Errorf("make a folder to try builds in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	box, err := sandbox.Open(ctx, sandbox.Options{ID: "try", Dir: filepath.Join(dir, "box"), Line: func([]byte) {}})
	if err != nil {
		return nil, err
	}
	layers = box.Layers()
	if _, err := box.Close(); err != nil {
		return nil, fmt.Errorf("remove the folder of a build: %w", err)
	}
	return layers, nil
}
