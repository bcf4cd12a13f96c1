package sam

import (
	"fmt"
	"maps"
	"slices"
)

// maxTargetID is EventBridge's limit for the id of a target.
const maxTargetID = 64

// eventSource is a kind of event that is expanded here.
type eventSource struct {
	properties map[string]shape
	required   string
	expand     func(f *function, id, name string, given map[string]any) error
}

var eventSources = map[string]eventSource{
	"Schedule": {
		map[string]shape{
			"Schedule": text, "RuleName": text, "Input": text, "Enabled": boolean, "State": text, "Name": text,
			"Description": text, "DeadLetterConfig": mapping, "RetryPolicy": mapping,
		}, "Schedule", (*function).schedule,
	},
	"CloudWatchEvent": {ruleProperties, "", (*function).rule},
	"EventBridgeRule": {ruleProperties, "", (*function).rule},
	"SNS": {
		map[string]shape{
			"Topic": text, "Region": text, "FilterPolicy": anything, "FilterPolicyScope": anything,
			"SqsSubscription": refused, "RedrivePolicy": mapping,
		}, "Topic", (*function).topic,
	},
}

var ruleProperties = map[string]shape{
	"EventBusName": text, "RuleName": text, "Pattern": mapping, "DeadLetterConfig": mapping, "RetryPolicy": mapping,
	"Input": text, "InputPath": text, "Target": mapping, "Enabled": boolean, "State": text, "InputTransformer": mapping,
}

func (f *function) makeEvents() error {
	events := mapOf(f.given["Events"])
	for _, name := range slices.Sorted(maps.Keys(events)) {
		event := mapOf(events[name])
		kind := stringOf(event["Type"])
		source, ok := eventSources[kind]
		if !ok {
			return f.eventError(name, "Event type '%s' is not supported by this AWS.", kind)
		}
		id := f.id + name
		given := mapOf(event["Properties"])
		for _, property := range slices.Sorted(maps.Keys(given)) {
			want, known := source.properties[property]
			switch {
			case !known:
				return resourceError(id, "property %s not defined for resource of type %s", property, kind)
			case want == refused && given[property] != nil:
				return f.eventError(name, "Property '%s' is not supported by this AWS.", property)
			}
			if err := checkShape(id, property, want, given[property]); err != nil {
				return err
			}
		}
		if source.required != "" && given[source.required] == nil {
			return resourceError(id, "Missing required property '%s'.", source.required)
		}
		if err := source.expand(f, id, name, given); err != nil {
			return err
		}
	}
	return nil
}

func (f *function) eventError(name, format string, args ...any) error {
	return f.fail("Event with id [%s] is invalid. %s", name, fmt.Sprintf(format, args...))
}

func (f *function) schedule(id, name string, given map[string]any) error {
	rule := pick(given, "Name", "Description")
	rule["ScheduleExpression"] = given["Schedule"]
	return f.makeRule(id, name, given, rule, f.ruleTarget(id, given, "Input", "RetryPolicy"))
}

func (f *function) rule(id, name string, given map[string]any) error {
	rule := pick(given, "EventBusName")
	for to, from := range map[string]string{"EventPattern": "Pattern", "Name": "RuleName"} {
		if given[from] != nil {
			rule[to] = given[from]
		}
	}
	target := f.ruleTarget(id, given, "Input", "InputPath", "RetryPolicy", "InputTransformer")
	if own := mapOf(given["Target"])["Id"]; own != nil {
		target["Id"] = own
	}
	return f.makeRule(id, name, given, rule, target)
}

func (f *function) ruleTarget(id string, given map[string]any, passed ...string) map[string]any {
	const suffix = "LambdaTarget"
	target := pick(given, passed...)
	target["Arn"] = f.targetARN()
	target["Id"] = id[:min(len(id), maxTargetID-len(suffix))] + suffix
	return target
}

func (f *function) makeRule(id, name string, given, rule, target map[string]any) error {
	if truthy(given["State"]) && given["Enabled"] != nil {
		return f.eventError(name, "State and Enabled Properties cannot both be specified.")
	}
	if truthy(given["State"]) {
		rule["State"] = given["State"]
	}
	if enabled := given["Enabled"]; enabled != nil {
		rule["State"] = "DISABLED"
		if truthy(enabled) {
			rule["State"] = "ENABLED"
		}
	}
	if queue, ok := given["DeadLetterConfig"].(map[string]any); ok {
		if queue["Arn"] == nil || queue["Type"] != nil {
			return f.eventError(name, "DeadLetterConfig without an 'Arn' of its own is not supported by this AWS.")
		}
		target["DeadLetterConfig"] = map[string]any{"Arn": queue["Arn"]}
	}
	rule["Targets"] = []any{target}
	if err := f.generate(id, "AWS::Events::Rule", rule); err != nil {
		return err
	}
	return f.permit(id, "events.amazonaws.com", getAtt(id, "Arn"))
}

func (f *function) topic(id, _ string, given map[string]any) error {
	subscription := pick(given, "Region", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy")
	subscription["Protocol"] = "lambda"
	subscription["Endpoint"] = f.targetARN()
	subscription["TopicArn"] = given["Topic"]
	if err := f.generate(id, "AWS::SNS::Subscription", subscription); err != nil {
		return err
	}
	return f.permit(id, "sns.amazonaws.com", given["Topic"])
}

// permit lets the principal call the function on behalf of the source.
func (f *function) permit(id, principal string, source any) error {
	return f.generate(id+"Permission", "AWS::Lambda::Permission", map[string]any{
		"Action": "lambda:InvokeFunction", "FunctionName": ref(f.target()), "Principal": principal, "SourceArn": source,
	})
}

// targetARN is the ARN of the alias, which Ref gives, or else of the function.
func (f *function) targetARN() map[string]any {
	if f.alias != "" {
		return ref(f.alias)
	}
	return getAtt(f.id, "Arn")
}
