package policy

// Access is something that IAM must allow before a request is served.
type Access struct {
	// Action is such as "codecommit:CreateRepository".
	Action string
	// Resources are ARNs; none means "*", as AWS has it for actions without a resource.
	Resources []string
	// Keys are the condition keys of the action and of its resources, beyond
	// those that every request has; see [Keys].
	Keys Context
}

// Keys makes condition keys of names and values in turn; a name may come more
// than once. A value that is empty leaves its key out, as AWS does for what a
// request does not say.
func Keys(namesAndValues ...string) Context {
	c := Context{}
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if name, value := namesAndValues[i], namesAndValues[i+1]; value != "" {
			c.Set(name, append(c.get(name), value)...)
		}
	}
	return c
}

// RequestTags are the condition keys of tags that a request sets:
// aws:RequestTag/<key> and aws:TagKeys. The result is c with them, or a new
// Context where c is nil.
func (c Context) RequestTags(tags map[string]string) Context {
	if c == nil {
		c = Context{}
	}
	for key, value := range tags {
		c.Set("aws:RequestTag/"+key, value)
		c.Set("aws:TagKeys", append(c.get("aws:TagKeys"), key)...)
	}
	return c
}

// TagKeys is the condition key of the tags that a request removes: aws:TagKeys.
func TagKeys(keys []string) Context {
	c := Context{}
	c.Set("aws:TagKeys", keys...)
	return c
}

// PassRole is what a request needs that hands a role to a service such as
// "codebuild.amazonaws.com"; nothing where it names no role. associated is the
// ARN of the resource that gets the role, where the service tells it to IAM, or
// empty.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
func PassRole(roleARN *string, service, associated string) []Access {
	if roleARN == nil || *roleARN == "" {
		return nil
	}
	return []Access{{
		Action: "iam:PassRole", Resources: []string{*roleARN},
		Keys: Keys("iam:PassedToService", service, "iam:AssociatedResourceArn", associated),
	}}
}
