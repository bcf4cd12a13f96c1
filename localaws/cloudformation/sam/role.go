package sam

import (
	_ "embed"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// managedPolicies are AWS's managed policies: their paths and names after
// arn:aws:iam::aws:policy/, as AWS's translator lists them.
//
//go:embed managed-policies.txt
var managedPolicies string

const awsPolicy = "arn:aws:iam::aws:policy/"

// managedPolicyPaths finds the path of a managed policy by its name.
var managedPolicyPaths = sync.OnceValue(func() map[string]string {
	paths := map[string]string{}
	for path := range strings.Lines(managedPolicies) {
		path = strings.TrimSpace(path)
		paths[path[strings.LastIndex(path, "/")+1:]] = path
	}
	return paths
})

var deadLetterActions = map[string]string{"SQS": "sqs:SendMessage", "SNS": "sns:Publish"}

// makeRole makes the function's role unless it brings one; where Role is an
// Fn::If with AWS::NoValue on one side, that side gets the made one.
func (f *function) makeRole() error {
	given := f.made["Role"]
	items, isIf := ifBranches(given)
	if given != nil && !isIf {
		return nil
	}
	id := f.id + "Role"
	properties, err := f.roleProperties(id)
	if err != nil {
		return err
	}
	made := getAtt(id, "Arn")
	condition := ""
	if isIf {
		if items == nil {
			return f.fail("Malformed 'Role' property: Fn::If requires 3 arguments.")
		}
		resolved := f.resolve(items).([]any) //nolint:forcetypeassert // resolving a list gives a list
		name := stringOf(resolved[0])
		switch {
		case isNoValue(resolved[1]) && isNoValue(resolved[2]):
			f.made["Role"] = made
		case isNoValue(resolved[1]):
			condition = name
			f.made["Role"] = map[string]any{"Fn::If": []any{name, made, resolved[2]}}
		case isNoValue(resolved[2]):
			condition = "NOT" + name
			f.conditions[condition] = map[string]any{"Fn::Not": []any{map[string]any{"Condition": name}}}
			f.made["Role"] = map[string]any{"Fn::If": []any{name, resolved[1], made}}
		default:
			return nil
		}
	} else {
		f.made["Role"] = made
	}
	if err := f.generate(id, "AWS::IAM::Role", properties); err != nil {
		return err
	}
	if condition != "" {
		mapOf(f.out[id])["Condition"] = condition
	}
	return nil
}

func (f *function) roleProperties(id string) (map[string]any, error) {
	managed := []any{awsPolicy + "service-role/AWSLambdaBasicExecutionRole"}
	if f.traced() {
		managed = append(managed, awsPolicy+"AWSXrayWriteOnlyAccess")
	}
	if truthy(f.given["VpcConfig"]) {
		managed = append(managed, awsPolicy+"service-role/AWSLambdaVPCAccessExecutionRole")
	}
	var inline []any
	if queue := mapOf(f.given["DeadLetterQueue"]); len(queue) > 0 {
		inline = append(inline, policy("DeadLetterQueuePolicy", map[string]any{
			"Version": "2012-10-17",
			"Statement": []any{map[string]any{
				"Action": deadLetterActions[stringOf(queue["Type"])], "Resource": queue["TargetArn"], "Effect": "Allow",
			}},
		}))
	}
	managed, inline, err := f.addPolicies(id, managed, inline)
	if err != nil {
		return nil, err
	}
	properties := map[string]any{
		"AssumeRolePolicyDocument": f.trust(), "ManagedPolicyArns": managed, "Tags": f.tags(),
	}
	if len(inline) > 0 {
		properties["Policies"] = inline
	}
	if path := f.given["RolePath"]; path != nil {
		properties["Path"] = path
	}
	if boundary := f.given["PermissionsBoundary"]; boundary != nil {
		properties["PermissionsBoundary"] = boundary
	}
	return properties, nil
}

func (f *function) trust() any {
	if document := f.given["AssumeRolePolicyDocument"]; document != nil {
		return document
	}
	return map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Action": []any{"sts:AssumeRole"}, "Effect": "Allow",
		"Principal": map[string]any{"Service": []any{"lambda.amazonaws.com"}},
	}}}
}

// addPolicies sorts the function's policies into the managed and the inline ones.
func (f *function) addPolicies(role string, managed, inline []any) (allManaged, allInline []any, err error) {
	for i, entry := range f.policies() {
		kind, err := policyKindOf(entry)
		if err != nil {
			return nil, nil, err
		}
		name := role + "Policy" + strconv.Itoa(i)
		switch kind {
		case statementPolicy:
			inline = append(inline, onBranches(entry, func(document any) any { return policy(name, document) }))
		case managedPolicy:
			arn := onBranches(entry, managedARN)
			if !slices.ContainsFunc(managed, func(other any) bool { return sameValue(other, arn) }) {
				managed = append(managed, arn)
			}
		default:
			return nil, nil, f.fail("Policy at index %d in the 'Policies' property is not valid", i)
		}
	}
	return managed, inline, nil
}

// policies is the property as a list.
func (f *function) policies() []any {
	switch given := f.given["Policies"]; {
	case !truthy(given):
		return nil
	default:
		if list, ok := given.([]any); ok {
			return list
		}
		return []any{given}
	}
}

func policy(name string, document any) map[string]any {
	return map[string]any{"PolicyName": name, "PolicyDocument": document}
}

// managedARN turns the name of one of AWS's managed policies into its ARN and leaves the rest alone.
func managedARN(value any) any {
	if path, ok := managedPolicyPaths()[stringOf(value)]; ok {
		return awsPolicy + path
	}
	return value
}

// onBranches applies change to the value, or to both sides of an Fn::If except for AWS::NoValue.
func onBranches(value any, change func(any) any) any {
	items, isIf := ifBranches(value)
	if !isIf {
		return change(value)
	}
	items = slices.Clone(items)
	for i := 1; i < len(items); i++ {
		if !isNoValue(items[i]) {
			items[i] = change(items[i])
		}
	}
	return map[string]any{"Fn::If": items}
}

func sameValue(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		other, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, other, sameValue)
	case []any:
		other, ok := b.([]any)
		return ok && slices.EqualFunc(a, other, sameValue)
	default:
		switch b.(type) {
		case map[string]any, []any:
			return false
		}
		return a == b
	}
}
