package sns

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

func TestFilters(t *testing.T) {
	n := &notification{
		Bodies: map[string]string{"default": `{"store":"a","item":{"price":7},"list":[{"b":"x"}]}`},
		Attributes: map[string]attribute{
			"store": {"String", "example_corp"}, "price": {"Number", "210.75"},
			"interests": {"String.Array", `["rugby","soccer",3,null]`}, "blob": {"Binary", "YQ=="},
		},
	}
	for _, test := range []struct {
		policy, scope string
		want          bool
	}{
		{``, "", true},
		{`{}`, "", true},
		{`{"store":["example_corp"]}`, "", true},
		{`{"store":["other"]}`, "", false},
		{`{"store":["other",{"prefix":"example"}],"price":[{"numeric":[">",200,"<=",300]}]}`, "", true},
		{`{"store":["example_corp"],"price":[1]}`, "", false},
		{`{"price":[210.750]}`, "", true},
		{`{"price":["210.75"]}`, "", false},
		{`{"interests":["rugby","hockey"]}`, "", true},
		{`{"interests":[3]}`, "", true},
		{`{"interests":["hockey"]}`, "", false},
		{`{"store":[{"anything-but":["example_corp"]}]}`, "", false},
		{`{"store":[{"anything-but":{"prefix":"x"}}]}`, "", true},
		{`{"none":[{"exists":false}]}`, "", true},
		{`{"store":[{"exists":true}]}`, "", true},
		{`{"blob":[{"exists":true}]}`, "", false},
		{`{"$or":[{"store":["x"]},{"price":[{"numeric":["<",300]}]}]}`, "", true},
		{`{"store":["a"],"item":{"price":[7]}}`, "MessageBody", true},
		{`{"item":{"price":[8]}}`, "MessageBody", false},
		{`{"list":{"b":["x"]}}`, "MessageBody", true},
	} {
		sub := &subscription{Protocol: "email", Attributes: map[string]string{"FilterPolicy": test.policy, "FilterPolicyScope": test.scope}}
		if test.policy != "" {
			if err := checkFilter(test.policy, sub.scope()); err != nil {
				t.Errorf("%s: %v", test.policy, err)
			}
		}
		if got := sub.wants(n); got != test.want {
			t.Errorf("%s wants it: %t", test.policy, got)
		}
	}
}

func TestBadFilters(t *testing.T) {
	for _, test := range []struct{ policy, scope, words string }{
		{`{`, scopeAttributes, "failed to parse JSON"},
		{`["a"]`, scopeAttributes, "Filter is not an object"},
		{`{"a":"x"}`, scopeAttributes, `"a" must be an object or an array`},
		{`{"a":{"b":["x"]}}`, scopeAttributes, "Filter policy scope MessageAttributes does not support nested filter policy"},
		{`{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}`, scopeAttributes, "Filter policy can not have more than 5 keys"},
		{`{"a":{"b":{"c":[1,2,3,4,5,6,7,8]}},"d":{"e":[1,2,3,4]}}`, scopeBody, "Filter policy is too complex"},
		{`{"a":[{"starts":"x"}]}`, scopeAttributes, "Unrecognized match type starts"},
		{`{"a":[{"exists":"x"}]}`, scopeAttributes, "exists match pattern must be either true or false."},
	} {
		if err := checkFilter(test.policy, test.scope); err == nil || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: %v, want %s", test.policy, err, test.words)
		}
	}
}

// TestFilteredSubscription sets and changes the filter of an address.
func TestFilteredSubscription(t *testing.T) {
	s, c := serve(t)
	ctx := t.Context()
	sub := must(c.Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: aws.String(topicARN), Protocol: aws.String("email"), Endpoint: aws.String("ann@example.com"), ReturnSubscriptionArn: true,
		Attributes: map[string]string{"FilterPolicy": `{"stage":["Prod"]}`},
	}))(t).SubscriptionArn
	must(c.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: aws.String(topicARN), Token: &must(s.Inbox())(t)[0].Token}))(t)
	reached := func(message string, attributes map[string]types.MessageAttributeValue) bool {
		t.Helper()
		must(c.Publish(ctx, &sns.PublishInput{TopicArn: aws.String(topicARN), Message: &message, MessageAttributes: attributes}))(t)
		inbox := must(s.Inbox())(t)
		return len(inbox[len(inbox)-1].To) == 1
	}
	prod := map[string]types.MessageAttributeValue{"stage": {DataType: aws.String("String"), StringValue: aws.String("Prod")}}
	if reached("x", nil) || !reached("x", prod) {
		t.Error("the filter does not hold")
	}
	set := func(name, value string) error {
		_, err := c.SetSubscriptionAttributes(ctx, &sns.SetSubscriptionAttributesInput{SubscriptionArn: sub, AttributeName: &name, AttributeValue: &value})
		return err
	}
	if err := set("FilterPolicyScope", "MessageBody"); err != nil {
		t.Fatal(err)
	}
	if reached("x", prod) || !reached(`{"stage":"Prod"}`, nil) {
		t.Error("the filter on the body does not hold")
	}
	got := must(c.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: sub}))(t).Attributes
	if got["FilterPolicy"] != `{"stage":["Prod"]}` || got["FilterPolicyScope"] != "MessageBody" {
		t.Errorf("attributes %v", got)
	}
	wantError(t, set("FilterPolicy", `{"a":1}`), "InvalidParameter", `FilterPolicy: "a" must be an object or an array`)
	if err := set("FilterPolicy", `{"stage":{"name":["x"]}}`); err != nil {
		t.Fatal(err)
	}
	wantError(t, set("FilterPolicyScope", "MessageAttributes"), "InvalidParameter", "does not support nested filter policy")
	if err := set("FilterPolicy", ""); err != nil || !reached("x", nil) {
		t.Errorf("without a filter: %v", err)
	}
	_, err := c.Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: aws.String(topicARN), Protocol: aws.String("email"), Endpoint: aws.String("ann@example.com"),
		Attributes: map[string]string{"FilterPolicy": `{"stage":["Beta"]}`},
	})
	wantError(t, err, "InvalidParameter", "Subscription already exists with different attributes")
}

func FuzzFilter(f *testing.F) {
	f.Add(`{"a":["x",{"anything-but":[1]}],"$or":[{"b":[1]},{"c":[{"exists":false}]}]}`, `["x",2]`, true)
	f.Add(`{"a":{"b":[{"numeric":["<",1]}]}}`, `{"a":[{"b":0}]}`, false)
	f.Fuzz(func(t *testing.T, policy, text string, attributes bool) {
		scope := scopeBody
		if attributes {
			scope = scopeAttributes
		}
		if checkFilter(policy, scope) != nil {
			return
		}
		sub := &subscription{Protocol: "email", Attributes: map[string]string{"FilterPolicy": policy, "FilterPolicyScope": scope}}
		n := &notification{Bodies: map[string]string{"default": text}, Attributes: map[string]attribute{"a": {"String.Array", text}, "b": {"Number", "1"}}}
		first := sub.wants(n)
		if again := sub.wants(n); again != first {
			t.Errorf("first %t, then %t", first, again)
		}
	})
}
