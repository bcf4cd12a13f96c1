package events

// TagsOf returns the tags of the rule with that ARN.
func (s *Service) TagsOf(arn string) map[string]string {
	name, err := s.ruleOf(&arn)
	if err != nil {
		return nil
	}
	row, _, err := s.rules.Get(*name)
	if err != nil {
		s.env.Log.Error("read a rule's tags", "rule", *name, "error", err)
	}
	return row.Tags
}
