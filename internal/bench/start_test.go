package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// BenchmarkVersion is how long the shortest command takes, as a process.
func BenchmarkVersion(b *testing.B) {
	w := newWorld(b)
	w.run("version")
	peer := func() time.Duration {
		return clock(func() {
			if err := exec.Command("git", "version").Run(); err != nil {
				b.Fatal(err)
			}
		})
	}
	for b.Loop() {
		var ours, git []time.Duration
		for range 31 { // in turns, so that noise meets both
			ours = append(ours, clock(func() { w.run("version") }))
			git = append(git, peer())
		}
		within(b, "mayfly version, whole process", median(ours), 20*time.Millisecond,
			"git version "+round(median(git))+"; "+spread(ours))
	}
}

// who asks an endpoint who is calling; it is the first API answer.
func who(ctx context.Context, e endpoint) error {
	client := sts.New(sts.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(e.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(e.AccessKeyID, e.SecretAccessKey, ""),
	})
	_, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	return err
}

// serve starts a local AWS and returns how it is reached, once it answers.
func (w *world) serve(name string) (at endpoint, stop func()) {
	w.b.Helper()
	cmd := w.command("local", "serve", "--announce", "--env", name)
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &at)
	}
	if err == nil {
		err = who(w.b.Context(), at)
	}
	if err != nil {
		w.b.Fatal(err)
	}
	return at, func() {
		_ = cmd.Process.Signal(interrupt)
		_ = cmd.Wait() // it was told to end
	}
}

// moto starts moto_server and returns how it is reached, once it answers; ok
// is false where there is none.
func moto(b *testing.B) (at endpoint, stop func(), ok bool) {
	b.Helper()
	program, err := exec.LookPath("moto_server")
	if err != nil {
		return at, nil, false
	}
	port := freePort(b)
	cmd := exec.CommandContext(b.Context(), program, "-H", "127.0.0.1", "-p", strconv.Itoa(port))
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	at = endpoint{URL: "http://127.0.0.1:" + strconv.Itoa(port), Region: "us-east-1", AccessKeyID: "AKIAAAAAAAAAAAAAAAAA", SecretAccessKey: "secret"}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for who(ctx, at) != nil {
		select {
		case <-ctx.Done():
			stop()
			b.Fatal("moto_server does not answer")
		case <-tick.C:
		}
	}
	return at, stop, true
}

func freePort(b *testing.B) int {
	b.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// BenchmarkStart is how long it takes from nothing to the first API answer.
func BenchmarkStart(b *testing.B) {
	w := newWorld(b)
	run := 0
	for b.Loop() {
		ours := sample(11, func() time.Duration {
			run++
			var stop func()
			took := clock(func() { _, stop = w.serve("s" + strconv.Itoa(run)) })
			stop()
			return took
		})
		within(b, "localaws, process start to first API answer", median(ours), 60*time.Millisecond, spread(ours))
		const what = "the same, against moto_server"
		if _, stop, ok := moto(b); ok {
			stop() // the first one filled the machine's cache
			theirs := sample(3, func() time.Duration {
				var stop func()
				took := clock(func() { _, stop, _ = moto(b) })
				stop()
				return took
			})
			faster(b, what, median(ours), median(theirs), 8, "moto_server")
		} else {
			record(b, row{what, notHere, "at least 8 times faster", "", ""})
		}
	}
}
