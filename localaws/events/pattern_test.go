package events

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

func testService(t *testing.T, roles service.Roles) *Service {
	t.Helper()
	db, err := store.Open(filepath.Join(t.TempDir(), "state.db"))
	check(t, err)
	s, err := New(testEnv(db, roles))
	check(t, err)
	t.Cleanup(func() {
		check(t, s.Close())
		check(t, db.Close())
	})
	return s
}

func testEnv(db *store.DB, roles service.Roles) service.Env {
	return service.Env{
		Account: "123456789012", Region: "eu-west-1", DB: db, Roles: roles, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) },
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError requires an API error of that code and message.
func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("got %v\nwant %s: %s", err, code, message)
	}
}

const pushed = `{"version":"0","id":"1","detail-type":"CodeCommit Repository State Change","source":"aws.codecommit",
"account":"123456789012","time":"2026-11-23T12:00:00Z","region":"eu-west-1",
"resources":["arn:aws:codecommit:eu-west-1:123456789012:app"],
"detail":{"event":"referenceUpdated","referenceName":"main","n":3.5,"ok":true,"nothing":null,"empty":[],
"ip":"10.1.2.3","list":[{"a":1},{"b":"x"}]}}`

func TestPatterns(t *testing.T) {
	s := testService(t, nil)
	for _, test := range []struct {
		pattern string
		want    bool
	}{
		{`{"source":["aws.codecommit"],"detail-type":["CodeCommit Repository State Change"],"resources":["arn:aws:codecommit:eu-west-1:123456789012:app"],"detail":{"event":["referenceCreated","referenceUpdated"],"referenceName":["main"]}}`, true},
		{`{"source":["aws.codecommit"],"detail":{"referenceName":["master"]}}`, false},
		{`{"source":[{"prefix":"aws."}]}`, true},
		{`{"source":[{"prefix":"AWS."}]}`, false},
		{`{"source":[{"prefix":{"equals-ignore-case":"AWS."}}]}`, true},
		{`{"source":[{"suffix":".codecommit"}]}`, true},
		{`{"source":[{"suffix":{"equals-ignore-case":".CodeCommit"}}]}`, true},
		{`{"source":[{"equals-ignore-case":"AWS.CodeCommit"}]}`, true},
		{`{"source":[{"wildcard":"aws.*commit"}]}`, true},
		{`{"source":[{"wildcard":"*code*it"}]}`, true},
		{`{"source":[{"wildcard":"aws.*code"}]}`, false},
		{`{"source":[{"wildcard":"aws\\*"}]}`, false},
		{`{"source":[{"anything-but":"aws.s3"}]}`, true},
		{`{"source":[{"anything-but":["aws.s3","aws.codecommit"]}]}`, false},
		{`{"source":[{"anything-but":{"prefix":"aws."}}]}`, false},
		{`{"source":[{"anything-but":{"suffix":["x","y"]}}]}`, true},
		{`{"source":[{"anything-but":{"wildcard":"*x*"}}]}`, true},
		{`{"detail":{"none":[{"anything-but":"x"}]}}`, false},
		{`{"detail":{"n":[3.50]}}`, true},
		{`{"detail":{"n":["3.5"]}}`, false},
		{`{"detail":{"n":[{"numeric":[">",3,"<=",3.5]}]}}`, true},
		{`{"detail":{"n":[{"numeric":["=",3]}]}}`, false},
		{`{"detail":{"ok":[true]}}`, true},
		{`{"detail":{"nothing":[null]}}`, true},
		{`{"detail":{"missing":[null]}}`, false},
		{`{"detail":{"missing":[{"exists":false}]}}`, true},
		{`{"detail":{"missing":{"deeper":[{"exists":false}]}}}`, true},
		{`{"detail":{"event":[{"exists":true}]}}`, true},
		{`{"detail":{"event":[{"exists":false}]}}`, false},
		{`{"detail":{"empty":[{"exists":false}]}}`, true},
		{`{"detail":{"ip":[{"cidr":"10.0.0.0/8"}]}}`, true},
		{`{"detail":{"ip":[{"cidr":"192.168.0.0/16"}]}}`, false},
		{`{"detail":{"list":{"b":["x"]}}}`, true},
		{`{"detail":{"list":{"b":["y"]}}}`, false},
		{`{"$or":[{"source":["x"]},{"detail":{"event":["referenceUpdated"]}}],"region":["eu-west-1"]}`, true},
		{`{"$or":[{"source":["x"]},{"source":["y"]}]}`, false},
	} {
		t.Run(test.pattern, func(t *testing.T) {
			out, err := s.TestEventPattern(t.Context(), &eventbridge.TestEventPatternInput{EventPattern: &test.pattern, Event: new(pushed)})
			check(t, err)
			if out.Result != test.want {
				t.Errorf("matches: %v, want %v", out.Result, test.want)
			}
		})
	}
}

func TestInvalidPatterns(t *testing.T) {
	s := testService(t, nil)
	for pattern, reason := range map[string]string{
		`{`:                           "Invalid JSON",
		`{} x`:                        "Invalid JSON",
		`["a"]`:                       "Filter is not an object",
		`{}`:                          "Empty objects are not allowed",
		`{"source":"a"}`:              `"source" must be an object or an array`,
		`{"source":[]}`:               "Empty arrays are not allowed",
		`{"source":[["a"]]}`:          "Match value must be String, number, true, false, or null",
		`{"source":[{"starts":"a"}]}`: "Unrecognized match type starts",
		`{"source":[{"prefix":1}]}`:   "prefix match pattern must be a string",
		`{"source":[{"prefix":"a","suffix":"b"}]}`: "Only one key allowed in match expression",
		`{"source":[{"exists":"a"}]}`:              "exists match pattern must be either true or false.",
		`{"source":[{"wildcard":"a**"}]}`:          "Consecutive wildcard characters at pos 1",
		`{"source":[{"wildcard":"a\\b"}]}`:         "Invalid escape character at pos 1",
		`{"source":[{"numeric":5}]}`:               "Value of numeric must be an array.",
		`{"source":[{"numeric":["<","a"]}]}`:       "Value of < must be numeric",
		`{"source":[{"numeric":["~",1]}]}`:         "Unrecognized numeric range operator: ~",
		`{"source":[{"anything-but":["a",1]}]}`:    "Inside anything but list, either all values are number or string, mixed type is not supported",
		`{"source":[{"cidr":"10.0.0.1"}]}`:         "Malformed CIDR, one '/' required: 10.0.0.1",
		`{"$or":[{"source":["a"]}]}`:               "There must have at least 2 Objects in $or relationship.",
	} {
		t.Run(pattern, func(t *testing.T) {
			_, err := s.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: new("r"), EventPattern: &pattern})
			wantError(t, err, "InvalidEventPatternException", "Event pattern is not valid. Reason: "+reason)
		})
	}
}
