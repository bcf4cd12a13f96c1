package bench

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

var quickClient = &http.Client{Timeout: 5 * time.Second}

// BenchmarkTeardown takes a hundred environments down, eight at a time, as an
// instructor's script would: one `mayfly teardown --yes` each, which starts
// that environment's own local AWS, deletes its stacks, looks again and stops
// it. Each has its repository stack and a pushed application. The time for all
// is that of the slowest chain; what one costs does not grow with the others,
// since none shares a local AWS.
func BenchmarkTeardown(b *testing.B) {
	n := 100
	if text := os.Getenv("MAYFLY_BENCH_ENVIRONMENTS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	w := newWorld(b)
	application := w.application()
	for b.Loop() {
		w.each(n, func(env string) error {
			_, err := w.try("run", "codecommit", "--env", env, "--app-dir", application, "--json")
			if err == nil {
				_, err = w.try("local", "stop", "--env", env)
			}
			return err
		})
		took := clock(func() {
			w.each(n, func(env string) error {
				_, err := w.try("teardown", "--env", env, "--yes", "--json")
				return err
			})
		})
		within(b, fmt.Sprintf("teardown of %d local environments, eight at a time", n), took, 20*time.Second,
			round(took/time.Duration(n))+" each")
	}
}

// each does something for n environments, eight at a time.
func (w *world) each(n int, do func(env string) error) {
	w.b.Helper()
	next := make(chan string)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for env := range next {
				if err := do(env); err != nil {
					w.b.Error(err)
				}
			}
		})
	}
	for i := range n {
		next <- "e" + strconv.Itoa(i)
	}
	close(next)
	all.Wait()
	if w.b.Failed() {
		w.b.FailNow()
	}
}
