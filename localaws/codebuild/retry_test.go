package codebuild

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

var anyBuild = regexp.MustCompile(`p:[0-9a-f-]{36}`)

// retryBuild is CodeBuild as CodeBuild itself calls it, in either of its protocols.
func (c *cloud) retryBuild(w *httptest.ResponseRecorder, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	id := string(anyBuild.Find(body))
	ctx := identity.With(r.Context(), identity.Principal{Service: codebuildService})
	var arn string
	c.mu.Lock()
	denied := c.denied["RetryBuild"]
	c.mu.Unlock()
	if out, err := c.service.RetryBuild(ctx, &codebuild.RetryBuildInput{Id: &id}); err == nil && !denied {
		arn = aws.ToString(out.Build.Arn)
	} else {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if strings.Contains(r.Header.Get("Content-Type"), "cbor") {
		w.Header().Set("Content-Type", "application/cbor")
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		_, _ = fmt.Fprintf(w, "\xa1\x65build\xa1\x63arn\x78%c%s", len(arn), arn)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"build": map[string]any{"arn": arn}})
}

// series runs a build to its end, and all that are started because of it.
func (w *world) series(changes ...func(*codebuild.StartBuildInput)) (all []types.Build) {
	w.t.Helper()
	w.begin(changes...)
	for {
		id := <-w.ended
		w.wait.Wait() // the retry is started after the end
		row, err := w.build(id)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, row.Build)
		if row.AutoRetryConfig == nil || row.AutoRetryConfig.NextAutoRetry == nil {
			return all
		}
	}
}

func TestRetryOnFailure(t *testing.T) {
	for _, c := range []struct {
		name, mode string
		limit      *int32
		builds     int
		phases     []string // after BUILD
	}{
		{"thrice", "RETRY", nil, 4, []string{"FINALIZING", "COMPLETED"}},
		{"once", "RETRY-1", nil, 2, []string{"FINALIZING", "COMPLETED"}},
		{"for a message", "RETRY-2-exit status [57]", nil, 3, []string{"FINALIZING", "COMPLETED"}},
		{"for another message", "RETRY-2-connection reset", nil, 1, []string{"POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED"}},
		{"by the project", "CONTINUE", aws.Int32(1), 2, []string{"POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Host{})
			w.create(head+"phases: {build: {commands: [exit 7], on-failure: '"+c.mode+"'}}", func(in *codebuild.CreateProjectInput) {
				in.AutoRetryLimit, in.ConcurrentBuildLimit = c.limit, aws.Int32(1)
			})
			all := w.series()
			if len(all) != c.builds {
				t.Fatalf("%d builds, want %d", len(all), c.builds)
			}
			got := phases(all[0])
			if rest := got[slices.IndexFunc(got, func(p string) bool { return strings.HasPrefix(p, "BUILD ") })+1:]; !slices.Equal(rest, c.phases) {
				t.Errorf("after BUILD: %q, want %q", rest, c.phases)
			}
			for i, b := range all[1:] {
				if auto := b.AutoRetryConfig; *auto.AutoRetryNumber != int32(i+1) || *auto.PreviousAutoRetry != *all[i].Arn || *all[i].AutoRetryConfig.NextAutoRetry != *b.Arn {
					t.Errorf("build %d: %+v", i+1, auto)
				}
			}
		})
	}
}

func TestNoRetryWithoutPermission(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(head + "phases: {build: {commands: [exit 7], on-failure: RETRY}}")
	w.deny("RetryBuild")
	w.begin()
	<-w.ended
	w.wait.Wait()
	if len(w.retrying) != 0 {
		t.Errorf("%d retries are still expected", len(w.retrying))
	}
}
