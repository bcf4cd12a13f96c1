package lambda

// PolicyOf returns the resource policy of what an ARN names: a function, or one
// of its versions or aliases, each of which has permissions of its own. It is
// empty where there are none.
func (s *Service) PolicyOf(arn string) string {
	f, ref := s.named(arn)
	statements := f.Policies[ref.qualifier].Statements
	if len(statements) == 0 {
		return ""
	}
	return document(statements)
}

// TagsOf returns the tags of a function, which its versions and aliases share.
func (s *Service) TagsOf(arn string) map[string]string {
	f, _ := s.named(arn)
	return f.Tags
}

// named returns the function that an ARN names; the zero one where there is none.
func (s *Service) named(arn string) (function, reference) {
	ref, err := s.refer(&arn, nil)
	if err != nil {
		return function{}, ref
	}
	f, _, err := s.functions.Get(ref.name)
	if err != nil {
		s.env.Log.Error("read a function's policy", "function", ref.name, "error", err)
	}
	return f, ref
}
