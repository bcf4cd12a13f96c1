// Package logs is CloudWatch Logs: groups and streams as rows, the lines of
// each stream as one file that is only ever appended to.
//
// Filter patterns are served as far as terms and phrases go; the other kinds
// (JSON, space-delimited, regular expressions) are refused by name.
package logs

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// Service is CloudWatch Logs. It is safe for concurrent use.
type Service struct {
	env     service.Env
	files   *os.Root
	groups  *store.Table[group]
	streams *store.Table[stream] // by group name, a colon, and stream name

	mu      sync.Mutex // serializes everything that writes, and guards what follows
	recency recency
}

// New returns the service over its stored state.
func New(env service.Env) (*Service, error) {
	files, err := os.OpenRoot(env.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of the logs: %w", err)
	}
	groups, err := store.NewTable[group](env.DB, "logs/groups")
	if err != nil {
		return nil, err
	}
	streams, err := store.NewTable[stream](env.DB, "logs/streams")
	if err != nil {
		return nil, err
	}
	return &Service{env: env, files: files, groups: groups, streams: streams, recency: recency{}}, nil
}

// Close releases the folder of the logs.
func (s *Service) Close() error { return s.files.Close() }

// groupResource and streamResource name what an action is on as AWS's own
// denials do: a group is "log-group:NAME:log-stream:", so that a policy's
// usual "log-group:NAME:*" covers group and streams alike.
func (s *Service) groupResource(name, identifier *string) []string {
	return s.streamResource(name, identifier, nil)
}

func (s *Service) streamResource(name, identifier, stream *string) []string {
	return []string{s.groupARN(groupName(name, identifier)) + ":log-stream:" + aws.ToString(stream)}
}

// TagsOf returns the tags of the group that the ARN is of, or that the ARN's
// stream is in; nil where there is none.
func (s *Service) TagsOf(arn string) map[string]string {
	name, ok := strings.CutPrefix(arn, s.groupARN(""))
	if !ok {
		return nil
	}
	name, _, _ = strings.Cut(name, ":") // no group's name has a colon
	row, _, err := s.groups.Get(name)
	if err != nil {
		s.env.Log.Error("the tags of a log group cannot be read", "group", name, "error", err)
	}
	return row.Tags
}

func (s *Service) groupARN(name string) string { return s.env.ARN("logs", "log-group:"+name) }

func (s *Service) now() int64 { return s.env.Now().UnixMilli() }

func errNoGroup() error {
	return &types.ResourceNotFoundException{Message: aws.String("The specified log group does not exist.")}
}

func errNoStream() error {
	return &types.ResourceNotFoundException{Message: aws.String("The specified log stream does not exist.")}
}

func errParameter(format string, args ...any) error {
	return &types.InvalidParameterException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func errToken() error { return errParameter("The specified nextToken is invalid.") }
