package webhook

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// receiver answers with the statuses given, then with 200, and keeps the texts that it was sent.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex // guards statuses and texts
	statuses []int
	texts    []string
}

func newReceiver(t *testing.T, statuses ...int) *receiver {
	t.Helper()
	r := &receiver{statuses: statuses}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		var m message
		if err := json.NewDecoder(request.Body).Decode(&m); err != nil || request.Method != http.MethodPost ||
			request.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %v", request.Method, request.Header.Get("Content-Type"), err)
		}
		r.texts = append(r.texts, m.Text)
		if len(r.statuses) > 0 {
			if r.statuses[0] == http.StatusFound {
				w.Header().Set("Location", "/elsewhere")
			}
			w.WriteHeader(r.statuses[0])
			r.statuses = r.statuses[1:]
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// send sends texts to an address and returns what trouble was told.
func send(t *testing.T, address string, texts ...string) []string {
	t.Helper()
	var told []string
	s := New(t.Context(), address, func(err error) { told = append(told, err.Error()) })
	s.backoff = time.Millisecond
	for _, text := range texts {
		s.Send(text)
	}
	s.Close()
	for _, text := range told {
		if strings.Contains(text, "secret") || strings.Contains(text, "http://") {
			t.Errorf("the address is told: %s", text)
		}
	}
	return told
}

func TestSend(t *testing.T) {
	for _, test := range []struct {
		name     string
		statuses []int
		attempts int
		told     string
	}{
		{"arrives", nil, 1, ""},
		{"at the third attempt", []int{500, 429}, 3, ""},
		{"not at all", []int{500, 503, 502}, 3, "the receiver answers 502 Bad Gateway"},
		{"refused", []int{403}, 1, "the receiver answers 403 Forbidden"},
		{"sent elsewhere", []int{302}, 1, "the receiver answers 302 Found"},
	} {
		r := newReceiver(t, test.statuses...)
		told := send(t, r.URL+"/secret", "hello")
		if len(r.texts) != test.attempts || strings.Join(told, "; ") != test.told {
			t.Errorf("%s: %d attempts, told %q; want %d, %q", test.name, len(r.texts), told, test.attempts, test.told)
		}
	}
}

// TestTroubleIsToldOnce keeps on sending, and does not keep on complaining.
func TestTroubleIsToldOnce(t *testing.T) {
	r := newReceiver(t, 404, 404)
	if told := send(t, r.URL+"/secret", "one", "two", "three"); len(told) != 1 {
		t.Errorf("told %q", told)
	}
	if want := []string{"one", "two", "three"}; !slices.Equal(r.texts, want) {
		t.Errorf("sent %q, want %q", r.texts, want)
	}
	if told := send(t, "http://127.0.0.1:1/secret", "one", "two"); len(told) != 1 || !strings.HasPrefix(told[0], "the receiver cannot be reached: ") {
		t.Errorf("nobody listens: %q", told)
	}
	if told := send(t, "http://nowhere.invalid/secret", "one"); len(told) != 1 {
		t.Errorf("no such name: %q", told)
	}
}

// TestNobodyIsCalled escapes what would call everybody in a channel.
func TestNobodyIsCalled(t *testing.T) {
	r := newReceiver(t)
	send(t, r.URL, "<!channel> & co")
	if len(r.texts) != 1 || r.texts[0] != "&lt;!channel&gt; &amp; co" {
		t.Errorf("sent %q", r.texts)
	}
}

// TestSendNeverBlocks drops what a receiver that hangs does not take, and ends with the context.
func TestSendNeverBlocks(t *testing.T) {
	hangs := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hangs:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(hangs)
	ctx, cancel := context.WithCancel(t.Context())
	var told []string
	s := New(ctx, server.URL, func(err error) { told = append(told, err.Error()) })
	for range waiting + 10 {
		s.Send("hello")
	}
	cancel()
	s.Close()
	if len(told) != 1 || !strings.Contains(told[0], "some messages were dropped") {
		t.Errorf("told %q", told)
	}
}

func TestCheck(t *testing.T) {
	for address, good := range map[string]bool{
		"https://hooks.example.com/services/secret": true, "http://127.0.0.1:80/secret": true,
		"": false, "secret": false, "ftp://example.com/secret": false, "https:///secret": false, "https://%zz/secret": false,
	} {
		err := Check(address)
		if (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the address is told: %v", err)
		}
	}
}
