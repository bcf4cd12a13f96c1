package git

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Pushes are the moments at which the commits that were pushed to main had
// been pushed from this working copy, by whomever, as its reflog of
// refs/remotes/origin/main has them: `git push` moves that when the remote has
// answered. The reflog has whole seconds: a moment is the end of its second, so
// that nothing seems to have taken longer than it has. That of the last push is
// exact where the reflog's file still has the time at which it was written;
// exact tells that commit, or "".
func (c *Checkout) Pushes(ctx context.Context) (moments map[string]time.Time, exact string, err error) {
	const tracking = "refs/remotes/origin/" + Branch
	log, err := c.run(ctx, "log", "--walk-reflogs", "--date=raw", "--format=%H %gd %gs", tracking, "--")
	if err != nil {
		return nil, "", err
	}
	moments = map[string]time.Time{}
	newest := true
	for line := range strings.Lines(log) {
		// 5f0c...e1 refs/remotes/origin/main@{1764108000 +0000} update by push
		commit, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		_, rest, _ = strings.Cut(rest, "@{")
		date, what, _ := strings.Cut(rest, "} ")
		seconds, err := strconv.ParseInt(strings.Fields(date + " ")[0], 10, 64)
		if err == nil && what == "update by push" {
			at := time.Unix(seconds, 0)
			moments[commit] = at.Add(time.Second) // the first push of a commit comes last
			if written := c.written(tracking); newest && !written.Before(at) && written.Before(moments[commit].Add(writing)) {
				moments[commit], exact = written, commit
			}
		}
		newest = false
	}
	return moments, exact, nil
}

// writing is how long the reflog's line takes to come into its file.
const writing = 100 * time.Millisecond

// written is when a reflog's file was written last; zero where it has none of
// its own, or the file system counts whole seconds too.
func (c *Checkout) written(ref string) time.Time {
	info, err := os.Stat(filepath.Join(c.Dir, ".git", "logs", filepath.FromSlash(ref)))
	if err != nil || info.ModTime().Nanosecond() == 0 {
		return time.Time{}
	}
	return info.ModTime()
}
