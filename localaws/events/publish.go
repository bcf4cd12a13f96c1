package events

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/pattern"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// event is the envelope in which every event travels.
type event struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       string          `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

const putEventsBytes = 1 << 20 // of all entries together (user guide, "Calculating PutEvents event entry size")

// Publish records an event that a service emits, for every rule that matches
// it; the targets are called afterwards, in the background.
func (s *Service) Publish(_ context.Context, source, detailType string, resources []string, detail any) error {
	data, err := marshal(detail)
	if err != nil {
		return fmt.Errorf("encode the event %q: %w", detailType, err)
	}
	_, err = s.publish(source, detailType, resources, data, s.env.Now()) //nolint:contextcheck // a delivery outlives its event's request
	return err
}

func (s *Service) publish(source, detailType string, resources []string, detail json.RawMessage, at time.Time) (id string, err error) {
	if resources == nil {
		resources = []string{}
	}
	id = uuid.New()
	data, err := marshal(event{
		Version: "0", ID: id, DetailType: detailType, Source: source, Account: s.env.Account,
		Time: at.UTC().Format("2006-01-02T15:04:05Z"), Region: s.env.Region, Resources: resources, Detail: detail,
	})
	if err != nil {
		return "", fmt.Errorf("encode the event %q: %w", detailType, err)
	}
	value, err := pattern.Decode(string(data))
	if err != nil {
		return "", fmt.Errorf("encode the event %q: %w", detailType, err)
	}
	rows, err := s.rules.List("", "", 0)
	if err != nil {
		return "", err
	}
	for _, row := range rows {
		if row.Value.Pattern == "" || row.Value.State == types.RuleStateDisabled || len(row.Value.Targets) == 0 {
			continue
		}
		wanted, err := compile(row.Value.Pattern)
		if err != nil {
			return "", fmt.Errorf("rule %s: %w", row.Key, err)
		}
		if !wanted.Match(value) {
			continue
		}
		if err := s.enqueue(row.Key, delivery{Event: data, Targets: row.Value.Targets}); err != nil {
			return "", err
		}
	}
	return id, nil
}

// PutEvents publishes the caller's own events.
func (s *Service) PutEvents(_ context.Context, in *eventbridge.PutEventsInput) (*eventbridge.PutEventsOutput, error) {
	size := 0
	for _, entry := range in.Entries {
		size += len(aws.ToString(entry.Source)) + len(aws.ToString(entry.DetailType)) + len(aws.ToString(entry.Detail)) + len(strings.Join(entry.Resources, ""))
	}
	if size > putEventsBytes {
		return nil, errValidation("Total size of the entries in the request is over the limit.")
	}
	out := &eventbridge.PutEventsOutput{Entries: []types.PutEventsResultEntry{}}
	for _, entry := range in.Entries {
		result, err := s.putEvent(entry) //nolint:contextcheck // as in Publish
		if err != nil {
			return nil, err
		}
		if result.ErrorCode != nil {
			out.FailedEntryCount++
		}
		out.Entries = append(out.Entries, result)
	}
	return out, nil
}

func (s *Service) putEvent(entry types.PutEventsRequestEntry) (types.PutEventsResultEntry, error) {
	refuse := func(code, message string) (types.PutEventsResultEntry, error) {
		return types.PutEventsResultEntry{ErrorCode: &code, ErrorMessage: &message}, nil
	}
	for _, required := range []struct {
		name  string
		value *string
	}{{"Source", entry.Source}, {"DetailType", entry.DetailType}, {"Detail", entry.Detail}} {
		if aws.ToString(required.value) == "" {
			return refuse("InvalidArgument", fmt.Sprintf("Parameter %[1]s is not valid. Reason: %[1]s is a required argument.", required.name))
		}
	}
	if strings.HasPrefix(*entry.Source, "aws.") {
		return refuse("NotAuthorizedForSourceException", "Not authorized for the source.")
	}
	detail, err := pattern.Decode(*entry.Detail)
	if _, ok := detail.(map[string]any); err != nil || !ok {
		return refuse("MalformedDetail", "Detail is malformed.")
	}
	if err := s.checkBus(entry.EventBusName); err != nil {
		// AWS takes events for a bus that does not exist and drops them; saying so is kinder.
		return refuse("ResourceNotFoundException", "Event bus "+*entry.EventBusName+" does not exist.")
	}
	at := s.env.Now()
	if entry.Time != nil {
		at = *entry.Time
	}
	id, err := s.publish(*entry.Source, *entry.DetailType, entry.Resources, json.RawMessage(*entry.Detail), at)
	return types.PutEventsResultEntry{EventId: &id}, err
}

// compile reads a rule's pattern. Its error is an InvalidEventPatternException.
func compile(text string) (*pattern.Pattern, error) {
	compiled, err := pattern.Compile(text)
	if err != nil {
		return nil, &types.InvalidEventPatternException{Message: aws.String("Event pattern is not valid. Reason: " + err.Error())}
	}
	return compiled, nil
}

// TestEventPattern says whether a pattern matches an event.
func (s *Service) TestEventPattern(_ context.Context, in *eventbridge.TestEventPatternInput) (*eventbridge.TestEventPatternOutput, error) {
	wanted, err := compile(*in.EventPattern)
	if err != nil {
		return nil, err
	}
	value, err := pattern.Decode(*in.Event)
	members, ok := value.(map[string]any)
	if err != nil || !ok {
		return nil, errValidation("Parameter Event is not valid.")
	}
	// All of these must be there (API reference, TestEventPattern).
	for _, name := range []string{"id", "account", "source", "time", "region", "resources", "detail-type"} {
		if _, ok := members[name]; !ok {
			return nil, errValidation("Parameter Event is not valid. Reason: %s is a required field.", name)
		}
	}
	return &eventbridge.TestEventPatternOutput{Result: wanted.Match(value)}, nil
}

// marshal writes JSON without the escapes that only HTML needs: people read it in messages.
func marshal(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
