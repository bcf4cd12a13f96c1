//go:build !linux

package lambda

// plainStarter is a starter for systems that do not tie a child to a thread.
func plainStarter() *starter {
	st := &starter{jobs: make(chan func()), done: make(chan struct{})}
	go func() {
		defer close(st.done)
		for job := range st.jobs {
			job()
		}
	}()
	return st
}
