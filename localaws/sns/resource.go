package sns

import "strings"

// PolicyOf returns the access policy of the topic with that ARN: the one that
// was set, or that which every topic is made with. The latter has a condition
// on aws:SourceOwner, a key that only some services of AWS send, none of which
// is served here; so it gives nothing to the principals of the account, nor to
// EventBridge.
// https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
func (s *Service) PolicyOf(arn string) string {
	t, ok := s.named(arn)
	if !ok {
		return ""
	}
	if set := t.Attributes["Policy"]; set != "" {
		return set
	}
	return s.defaultPolicy(s.topicARN(t.Name))
}

// TagsOf returns the tags of the topic with that ARN.
func (s *Service) TagsOf(arn string) map[string]string {
	t, _ := s.named(arn)
	return t.Tags
}

// named returns the topic with that ARN, or of the subscription with that ARN.
func (s *Service) named(arn string) (topic, bool) {
	rest, ok := strings.CutPrefix(arn, s.topicARN(""))
	if !ok {
		return topic{}, false
	}
	name, _, _ := strings.Cut(rest, ":")
	t, ok, err := s.topics.Get(name)
	if err != nil {
		s.env.Log.Error("read a topic's policy", "topic", name, "error", err)
	}
	return t, ok && err == nil
}
