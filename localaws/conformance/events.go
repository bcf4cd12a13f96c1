package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

const (
	ebAPI      = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_"
	ebGuide    = "https://docs.aws.amazon.com/eventbridge/latest/userguide/"
	ebRecorded = "recorded from AWS in LocalStack's snapshot tests: tests/aws/services/events/test_events.snapshot.json, "
	ebPatterns = ebGuide + "eb-create-pattern-operators.html"
)

// rule makes a rule on a pattern.
func (t *T) rule(pattern string) string {
	name := t.name()
	must(t.events.PutRule(t.ctx, &eventbridge.PutRuleInput{Name: &name, EventPattern: &pattern}))(t)
	t.cleanup("rule "+name, func(t *T) error {
		_, err := t.events.DeleteRule(t.ctx, &eventbridge.DeleteRuleInput{Name: &name})
		return err
	})
	return name
}

func (t *T) target1(rule string, target ebtypes.Target) {
	target.Id = aws.String("one")
	out := must(t.events.PutTargets(t.ctx, &eventbridge.PutTargetsInput{Rule: &rule, Targets: []ebtypes.Target{target}}))(t)
	if out.FailedEntryCount > 0 {
		t.Fatalf("the target is refused: %s", str(out.FailedEntries[0].ErrorMessage))
	}
	t.cleanup("target of "+rule, func(t *T) error {
		_, err := t.events.RemoveTargets(t.ctx, &eventbridge.RemoveTargetsInput{Rule: &rule, Ids: []string{"one"}})
		return err
	})
}

// listener is a function that a rule may invoke and that prints what it is given.
func (t *T) listener(rule string) string {
	name := t.function()
	must(t.lambda.AddPermission(t.ctx, &lambda.AddPermissionInput{
		FunctionName: &name, StatementId: aws.String("events"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("events.amazonaws.com"),
		SourceArn: aws.String(t.arn("events", "rule/"+rule)),
	}))(t)
	return name
}

// putEvent puts an event whose source is this run's prefix.
func (t *T) putEvent(detail string) {
	out := must(t.events.PutEvents(t.ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{
		Source: &t.prefix, DetailType: aws.String("test"), Detail: &detail,
	}}}))(t)
	equal(t, "FailedEntryCount", out.FailedEntryCount, 0)
}

// heard waits until the function has been given something with "say" in it, and
// has printed what that was.
func (t *T) heard(function, text string) {
	t.eventually("the function is given "+text, func() bool {
		out, err := t.logs.FilterLogEvents(t.ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/" + function)})
		if err != nil {
			return false
		}
		for _, event := range out.Events {
			if strings.Contains(str(event.Message), text) {
				return true
			}
		}
		return false
	})
}

func (t *T) putEntry(entry ebtypes.PutEventsRequestEntry) ebtypes.PutEventsResultEntry {
	out := must(t.events.PutEvents(t.ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{entry}}))(t)
	equal(t, "FailedEntryCount", out.FailedEntryCount, 1)
	return out.Entries[0]
}

// matches says whether a pattern of a detail matches a detail.
func (t *T) matches(pattern, detail string) bool {
	event := fmt.Sprintf(`{"id":"1","account":%q,"source":"test","time":"2026-01-01T00:00:00Z","region":%q,"resources":[],"detail-type":"test","detail":%s}`, t.target.Account, t.region(), detail)
	out := must(t.events.TestEventPattern(t.ctx, &eventbridge.TestEventPatternInput{EventPattern: aws.String(`{"detail":` + pattern + `}`), Event: &event}))(t)
	return out.Result
}

// matching is an assumption about what a pattern matches and what it does not.
func matching(number int, title, pattern, yes, no string) Assumption {
	return Assumption{Number: number, Title: title, Source: ebPatterns, Confirmed: true, Run: func(t *T) {
		if !t.matches(pattern, yes) {
			t.Errorf("%s does not match %s", pattern, yes)
		}
		if t.matches(pattern, no) {
			t.Errorf("%s matches %s", pattern, no)
		}
	}}
}

var eventsAssumptions = []Assumption{
	{Number: 771, Title: "EventBridge: an event without a source is refused alone", Source: ebRecorded + "test_put_events_without_source", Confirmed: true, Run: func(t *T) {
		got := t.putEntry(ebtypes.PutEventsRequestEntry{DetailType: aws.String("x"), Detail: aws.String("{}")})
		equal(t, "ErrorCode", str(got.ErrorCode), "InvalidArgument")
		equal(t, "ErrorMessage", str(got.ErrorMessage), "Parameter Source is not valid. Reason: Source is a required argument.")
	}},
	{Number: 772, Title: "EventBridge: an event without a detail is refused alone", Source: ebRecorded + "test_put_event_without_detail", Confirmed: true, Run: func(t *T) {
		got := t.putEntry(ebtypes.PutEventsRequestEntry{Source: &t.prefix, DetailType: aws.String("x")})
		equal(t, "ErrorMessage", str(got.ErrorMessage), "Parameter Detail is not valid. Reason: Detail is a required argument.")
	}},
	{Number: 773, Title: "EventBridge: an event without a detail type is refused alone", Source: ebRecorded + "test_put_event_without_detail_type", Confirmed: true, Run: func(t *T) {
		got := t.putEntry(ebtypes.PutEventsRequestEntry{Source: &t.prefix, Detail: aws.String("{}")})
		equal(t, "ErrorMessage", str(got.ErrorMessage), "Parameter DetailType is not valid. Reason: DetailType is a required argument.")
	}},
	{Number: 774, Title: "EventBridge: a detail is an object", Source: ebRecorded + "test_put_event_malformed_detail", Confirmed: true, Run: func(t *T) {
		for _, detail := range []string{"x", `"x"`, "[]", "{"} {
			got := t.putEntry(ebtypes.PutEventsRequestEntry{Source: &t.prefix, DetailType: aws.String("x"), Detail: &detail})
			equal(t, "ErrorCode of "+detail, str(got.ErrorCode), "MalformedDetail")
			equal(t, "ErrorMessage of "+detail, str(got.ErrorMessage), "Detail is malformed.")
		}
	}},
	{Number: 775, Title: "EventBridge: a request has at most ten events", Source: ebRecorded + "test_put_events_exceed_limit_ten_entries", Confirmed: true, Run: func(t *T) {
		_, err := t.events.PutEvents(t.ctx, &eventbridge.PutEventsInput{Entries: make([]ebtypes.PutEventsRequestEntry, 11)})
		t.wantError(err, "ValidationException", "at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10")
	}},
	{Number: 776, Title: "EventBridge: a rule that is not there says so", Source: ebAPI + "DescribeRule.html", Run: func(t *T) {
		name := t.name()
		_, err := t.events.DescribeRule(t.ctx, &eventbridge.DescribeRuleInput{Name: &name})
		t.wantError(err, "ResourceNotFoundException", "Rule "+name+" does not exist on EventBus default.")
		equal(t, "the status", status(err), http.StatusBadRequest)
	}},
	{Number: 777, Title: "EventBridge: a rule with targets is not deleted", Source: "https://github.com/getmoto/moto/pull/5056, which quotes EventBridge", Confirmed: true, Run: func(t *T) {
		rule := t.rule(`{"source":["x"]}`)
		t.target1(rule, ebtypes.Target{Arn: aws.String(t.topic())})
		_, err := t.events.DeleteRule(t.ctx, &eventbridge.DeleteRuleInput{Name: &rule})
		t.wantError(err, "ValidationException", "Rule can't be deleted since it has targets.")
	}},
	{Number: 778, Title: "EventBridge: deleting a rule that is not there succeeds", Source: ebAPI + "DeleteRule.html", Run: func(t *T) {
		must(t.events.DeleteRule(t.ctx, &eventbridge.DeleteRuleInput{Name: aws.String(t.name())}))(t)
	}},
	{Number: 779, Title: "EventBridge: a new rule is enabled and on the default bus", Source: ebAPI + "PutRule.html", Confirmed: true, Run: func(t *T) {
		rule := t.rule(`{"source":["x"]}`)
		got := must(t.events.DescribeRule(t.ctx, &eventbridge.DescribeRuleInput{Name: &rule}))(t)
		equal(t, "State", got.State, ebtypes.RuleStateEnabled)
		equal(t, "EventBusName", str(got.EventBusName), "default")
		equal(t, "Arn", str(got.Arn), t.arn("events", "rule/"+rule))
	}},
	{Number: 780, Title: "EventBridge: a pattern that is none is refused", Source: ebAPI + "PutRule.html", Run: func(t *T) {
		for _, wrong := range []string{`{"source":"x"}`, `{"source":[]}`, `{"source":[{"unheard-of":"x"}]}`, `x`} {
			_, err := t.events.PutRule(t.ctx, &eventbridge.PutRuleInput{Name: aws.String(t.name()), EventPattern: &wrong})
			t.wantError(err, "InvalidEventPatternException", "Event pattern is not valid. Reason: ")
		}
	}},
	{Number: 781, Title: "EventBridge: a rule has a pattern or a schedule", Source: ebAPI + "PutRule.html", Run: func(t *T) {
		_, err := t.events.PutRule(t.ctx, &eventbridge.PutRuleInput{Name: aws.String(t.name())})
		t.wantError(err, "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}},
	{Number: 782, Title: "EventBridge: a rule gives a function the event, in its envelope", Source: ebGuide + "eb-events-structure.html", Confirmed: true, Run: func(t *T) {
		rule := t.rule(`{"source":["` + t.prefix + `"]}`)
		function := t.listener(rule)
		t.target1(rule, ebtypes.Target{Arn: aws.String(t.arn("lambda", "function:"+function))})
		t.putEvent(`{"please":"say"}`)
		t.heard(function, `"detail-type":"test"`)
		t.heard(function, `"detail":{"please":"say"}`)
		t.heard(function, `"account":"`+t.target.Account+`"`)
	}},
	{Number: 783, Title: "EventBridge: an input transformer puts paths of the event into a template", Source: ebGuide + "eb-transform-target-input.html", Confirmed: true, Run: func(t *T) {
		rule := t.rule(`{"source":["` + t.prefix + `"]}`)
		function := t.listener(rule)
		t.target1(rule, ebtypes.Target{Arn: aws.String(t.arn("lambda", "function:"+function)), InputTransformer: &ebtypes.InputTransformer{
			InputPathsMap: map[string]string{"word": "$.detail.word"}, InputTemplate: aws.String(`{"say": <word>, "quoted": "it is <word>"}`),
		}})
		t.putEvent(`{"word":"hello"}`)
		t.heard(function, `{"say": "hello", "quoted": "it is hello"}`)
	}},
	{Number: 784, Title: "EventBridge: a constant input replaces the event", Source: ebAPI + "Target.html", Confirmed: true, Run: func(t *T) {
		rule := t.rule(`{"source":["` + t.prefix + `"]}`)
		function := t.listener(rule)
		t.target1(rule, ebtypes.Target{Arn: aws.String(t.arn("lambda", "function:"+function)), Input: aws.String(`{"say":"constant"}`)})
		t.putEvent(`{}`)
		t.heard(function, `{"say":"constant"}`)
	}},
	{Number: 785, Title: "EventBridge: an input path takes a part of the event", Source: ebAPI + "Target.html", Confirmed: true, Run: func(t *T) {
		rule := t.rule(`{"source":["` + t.prefix + `"]}`)
		function := t.listener(rule)
		t.target1(rule, ebtypes.Target{Arn: aws.String(t.arn("lambda", "function:"+function)), InputPath: aws.String("$.detail")})
		t.putEvent(`{"say":"detail"}`)
		t.heard(function, `{"say":"detail"}`)
	}},
	{Number: 786, Title: "EventBridge: a push to CodeCommit is an event with these members", Source: "https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html", Confirmed: true, Run: func(t *T) {
		repository := t.repository()
		rule := t.rule(`{"source":["aws.codecommit"],"detail-type":["CodeCommit Repository State Change"],"resources":["` + t.arn("codecommit", repository) + `"],"detail":{"event":["referenceCreated"],"referenceType":["branch"],"referenceName":["main"]}}`)
		function := t.listener(rule)
		t.target1(rule, ebtypes.Target{Arn: aws.String(t.arn("lambda", "function:"+function)), InputTransformer: &ebtypes.InputTransformer{
			InputPathsMap: map[string]string{"commit": "$.detail.commitId", "full": "$.detail.referenceFullName", "name": "$.detail.repositoryName"},
			InputTemplate: aws.String(`{"say": [<commit>, <full>, <name>]}`),
		}})
		commit := t.put(repository, "README.md", "hello", "")
		want, err := json.Marshal([]string{commit, "refs/heads/main", repository})
		if err != nil {
			t.Fatalf("%v", err)
		}
		t.heard(function, strings.ReplaceAll(string(want), ",", ", "))
	}},
	matching(790, "EventBridge: values are alternatives, and members are all wanted", `{"a":["x","y"],"b":["z"]}`, `{"a":"y","b":"z","c":1}`, `{"a":"y"}`),
	matching(791, "EventBridge: prefix", `{"a":[{"prefix":"ab"}]}`, `{"a":"abc"}`, `{"a":"bab"}`),
	matching(792, "EventBridge: suffix", `{"a":[{"suffix":"bc"}]}`, `{"a":"abc"}`, `{"a":"bcd"}`),
	matching(793, "EventBridge: anything-but", `{"a":[{"anything-but":["x","y"]}]}`, `{"a":"z"}`, `{"a":"x"}`),
	matching(794, "EventBridge: numeric", `{"a":[{"numeric":[">",0,"<=",5]}]}`, `{"a":5}`, `{"a":0}`),
	matching(795, "EventBridge: exists", `{"a":[{"exists":true}]}`, `{"a":1}`, `{"b":1}`),
	matching(796, "EventBridge: exists false", `{"a":[{"exists":false}]}`, `{"b":1}`, `{"a":1}`),
	matching(797, "EventBridge: equals-ignore-case", `{"a":[{"equals-ignore-case":"ABC"}]}`, `{"a":"aBc"}`, `{"a":"abcd"}`),
	matching(798, "EventBridge: wildcard", `{"a":[{"wildcard":"a*d"}]}`, `{"a":"abcd"}`, `{"a":"abcde"}`),
	matching(799, "EventBridge: $or", `{"$or":[{"a":["x"]},{"b":["y"]}]}`, `{"b":"y"}`, `{"a":"y"}`),
	matching(831, "EventBridge: cidr", `{"a":[{"cidr":"10.0.0.0/24"}]}`, `{"a":"10.0.0.9"}`, `{"a":"10.0.1.9"}`),
	matching(832, "EventBridge: an array matches where one of its values does", `{"a":["x"]}`, `{"a":["w","x"]}`, `{"a":["w"]}`),
	matching(833, "EventBridge: null is a value", `{"a":[null]}`, `{"a":null}`, `{"a":"x"}`),
}
