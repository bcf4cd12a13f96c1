//go:build !unix

package terminal

import (
	"errors"
	"os"
)

// Keys takes single keys on Unix alone.
func Keys(*os.File, func(key rune)) (restore func(), err error) {
	return nil, errors.New("single keys are taken on Unix alone")
}
