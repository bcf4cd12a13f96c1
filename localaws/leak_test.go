package localaws_test

import (
	"runtime"
	"testing"

	cptypes "github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws"
)

// TestCloseLeavesNothing deploys an application, closes the server, and looks
// for goroutines and memory that have stayed.
func TestCloseLeavesNothing(t *testing.T) {
	work := func(t *testing.T) {
		t.Helper()
		w, s := newWorld(t, localaws.Options{})
		g := newGate(t)
		l := newLine(w, "line", lineOptions{})
		git := application(t, g)
		want := git.commit("first")
		git.push(w, l.repository)
		g.await(t)
		g.pass(t)
		w.awaitExecution(l.pipeline, l.started(1), cptypes.PipelineExecutionStatusSucceeded)
		if _, body := w.get(w.outputs("line-live")["Url"]); body != want {
			t.Errorf("the URL answered %q", body)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Run("first", work) // caches that live as long as the process are filled
	goroutines, memory := runtime.NumGoroutine(), heap()
	t.Run("second", work)
	t.Run("third", work)
	const most = 2 // the testing package's own come and go
	eventually(t, "the goroutines end", func() bool {
		return runtime.NumGoroutine() <= goroutines+most
	})
	const megabytes = 8
	if now := heap(); now > memory+megabytes<<20 {
		t.Errorf("the heap was %d KB after one server and is %d KB after three", memory>>10, now>>10)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
