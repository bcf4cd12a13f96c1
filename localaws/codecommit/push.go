package codecommit

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// commands are what a client asks git-receive-pack to do, before any object comes:
// https://git-scm.com/docs/pack-protocol#_reference_update_request_and_packfile_transfer
type commands struct {
	refs         []string
	capabilities []string
}

const (
	longestPacket = 65520
	maxCommands   = 8 << 20 // bytes, far more than anybody's references have
)

// readCommands reads the commands, and returns them with a reader of the whole
// body, they included. A body that ends before any command is a client's probe.
func readCommands(body io.Reader) (commands, io.Reader, error) {
	var c commands
	var seen bytes.Buffer
	in := bufio.NewReaderSize(body, longestPacket)
	from := io.TeeReader(in, &seen)
	for {
		line, end, err := readPacket(from)
		if err != nil || seen.Len() > maxCommands {
			return c, nil, &refusal{http.StatusBadRequest, "the body is not a request of git-receive-pack"}
		}
		if end {
			return c, io.MultiReader(&seen, in), nil
		}
		if strings.HasPrefix(line, "shallow ") {
			continue
		}
		command, capabilities, first := strings.Cut(strings.TrimSuffix(line, "\n"), "\x00")
		if first {
			c.capabilities = strings.Fields(capabilities)
		}
		// A signed push hides its commands in a certificate, which is not offered here.
		fields := strings.SplitN(command, " ", 3)
		if len(fields) != 3 || !objectID.MatchString(fields[0]) || !objectID.MatchString(fields[1]) {
			return c, nil, &refusal{http.StatusBadRequest, "only plain commands of git-receive-pack are served"}
		}
		c.refs = append(c.refs, fields[2])
	}
}

// readPacket reads one pkt-line; end says that it is the flush.
func readPacket(r io.Reader) (line string, end bool, err error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return "", false, err
	}
	n, err := strconv.ParseUint(string(size[:]), 16, 16)
	if err != nil || n != 0 && n < 4 || n > longestPacket {
		return "", false, fmt.Errorf("pkt-line of length %q", size)
	}
	if n == 0 {
		return "", true, nil
	}
	data := make([]byte, n-4)
	_, err = io.ReadFull(r, data)
	return string(data), false, err
}

// permitPush asks IAM once more, now that it is known which references change.
// The advertisement was asked for without them; this is why AWS's own example
// of a policy has "Null": {"codecommit:References": "false"}
// (user guide, "Limit pushes and merges to branches in AWS CodeCommit").
func (s *Service) permitPush(ctx context.Context, name string, c commands) error {
	if len(c.refs) == 0 {
		return nil
	}
	return s.env.Permit(ctx, policy.Access{
		Action: gitActions["git-receive-pack"], Resources: []string{s.arn(name)}, Keys: referencesOf(c.refs...),
	})
}

// reject answers a push that IAM denies in git's own form, so that the client
// shows the reason beside each reference:
// " ! [remote rejected] main -> main (User: ... is not authorized to perform: ...)".
// AWS's guide says only that one sees an error (the words are not confirmed).
func reject(w http.ResponseWriter, body io.Reader, c commands, why error) error {
	has := func(capability string) bool { return slices.Contains(c.capabilities, capability) }
	if !has("report-status") && !has("report-status-v2") {
		return &refusal{http.StatusForbidden, plain(why)}
	}
	_, _ = io.Copy(io.Discard, body) // a client that is cut off while it sends shows that instead
	var report bytes.Buffer
	report.WriteString(packet("unpack ok\n"))
	for _, ref := range c.refs {
		report.WriteString(packet("ng " + ref + " " + strings.ReplaceAll(plain(why), "\n", " ") + "\n"))
	}
	report.WriteString(flush)
	if has("side-band-64k") {
		chunks := slices.Collect(slices.Chunk(report.Bytes(), longestPacket-5))
		report = bytes.Buffer{}
		for _, chunk := range chunks {
			report.WriteString(packet("\x01" + string(chunk)))
		}
		report.WriteString(flush)
	}
	w.Header().Set("Content-Type", "application/x-git-receive-pack-result")
	_, _ = report.WriteTo(w) // a client that went away is no failure of ours
	return nil
}

const flush = "0000"

func packet(text string) string { return fmt.Sprintf("%04x%s", len(text)+4, text) }
