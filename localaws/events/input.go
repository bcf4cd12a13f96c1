package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/pattern"
)

// payload returns what the target gets of an event: a constant, a part of the
// event, a text made from it, or the event itself.
func (s *Service) payload(target types.Target, ruleName string, data []byte) ([]byte, error) {
	if target.Input != nil {
		return []byte(*target.Input), nil
	}
	if target.InputPath == nil && target.InputTransformer == nil {
		return data, nil
	}
	value, err := pattern.Decode(string(data))
	if err != nil {
		return nil, err
	}
	if target.InputPath != nil {
		found, err := lookup(value, *target.InputPath)
		if err != nil {
			return nil, err
		}
		return marshal(found)
	}
	variables := map[string]any{
		"aws.events.rule-name":            ruleName,
		"aws.events.rule-arn":             s.ruleARN(ruleName),
		"aws.events.event.ingestion-time": s.env.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		"aws.events.event.json":           value,
		"aws.events.event":                withoutDetail(value),
	}
	for name, path := range target.InputTransformer.InputPathsMap {
		found, err := lookup(value, path)
		if err != nil {
			return nil, err
		}
		if found == nil {
			found = "" // AWS makes no such variable, and nothing appears in its place
		}
		variables[name] = found
	}
	return []byte(fill(aws.ToString(target.InputTransformer.InputTemplate), variables)), nil
}

func withoutDetail(value any) map[string]any {
	event := map[string]any{}
	if members, ok := value.(map[string]any); ok {
		for name, member := range members {
			if name != "detail" {
				event[name] = member
			}
		}
	}
	return event
}

var placeholder = regexp.MustCompile(`^<[A-Za-z0-9_.-]+>`)

// fill replaces <name> in a template: within quotes by the bare text, elsewhere
// by JSON. Names that are not known stay as they are.
func fill(template string, variables map[string]any) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(template); i++ {
		c := template[i]
		if name := placeholder.FindString(template[i:]); c == '<' && name != "" {
			if value, ok := variables[name[1:len(name)-1]]; ok {
				b.WriteString(insert(value, quoted))
				i += len(name) - 1
				continue
			}
		}
		b.WriteByte(c)
		switch {
		case c == '\\' && quoted && i+1 < len(template):
			i++
			b.WriteByte(template[i])
		case c == '"':
			quoted = !quoted
		}
	}
	return b.String()
}

func insert(value any, quoted bool) string {
	data, err := marshal(value)
	if err != nil {
		return "" // values come from JSON, so they can be written as JSON
	}
	if !quoted {
		return string(data)
	}
	if _, ok := value.(string); !ok {
		if data, err = marshal(string(data)); err != nil {
			return ""
		}
	}
	return string(data[1 : len(data)-1])
}

// checkTemplate says whether a template gives JSON: one value, or one on each line.
func checkTemplate(t *types.InputTransformer) error {
	variables := map[string]any{
		"aws.events.rule-name": "", "aws.events.rule-arn": "", "aws.events.event.ingestion-time": "",
		"aws.events.event.json": map[string]any{}, "aws.events.event": map[string]any{},
	}
	for name, path := range t.InputPathsMap {
		if _, err := lookup(nil, path); err != nil {
			return err
		}
		variables[name] = ""
	}
	text := fill(aws.ToString(t.InputTemplate), variables)
	if json.Valid([]byte(text)) {
		return nil
	}
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" && !json.Valid([]byte(line)) {
			return fmt.Errorf("%q is not JSON once its variables are filled in; quote it if it is a text", strings.TrimSpace(line))
		}
	}
	return nil
}

var pathStep = regexp.MustCompile(`^(?:\.([A-Za-z0-9_-]+)|\['([^']+)'\]|\["([^"]+)"\]|\[(\d+)\])`)

// lookup returns the value at a path such as $.detail.items[0]['x-y'], nil where there is none.
func lookup(value any, path string) (any, error) {
	rest, ok := strings.CutPrefix(path, "$")
	if !ok {
		return nil, errors.New("a path begins with $: " + path)
	}
	for rest != "" {
		step := pathStep.FindStringSubmatch(rest)
		if step == nil {
			return nil, errors.New("this path is not served: " + path)
		}
		rest = rest[len(step[0]):]
		if step[4] != "" {
			list, _ := value.([]any)
			index, err := strconv.Atoi(step[4])
			if err != nil {
				return nil, fmt.Errorf("the path %s: %w", path, err)
			}
			value = nil
			if index < len(list) {
				value = list[index]
			}
			continue
		}
		members, _ := value.(map[string]any)
		value = members[step[1]+step[2]+step[3]]
	}
	return value, nil
}
