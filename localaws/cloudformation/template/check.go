package template

import "slices"

// check holds every name in the template against what it declares.
func (t *Template) check() error {
	if err := t.checkConditions(); err != nil {
		return err
	}
	var found []Reference
	for _, id := range sortedKeys(t.Resources) {
		r := t.Resources[id]
		if err := checkFunctions(r.Properties, t.extensions); err != nil {
			return err
		}
		found = append(found, References(r.Properties, nil)...)
		found = append(found, References(r.Metadata, nil)...)
		for _, d := range r.DependsOn {
			found = append(found, Reference{Function: "DependsOn", Name: d})
		}
		if r.Condition != "" && t.Conditions[r.Condition] == nil {
			return errorf("Template format error: Unresolved condition dependency %s in the Resources block of the template", r.Condition)
		}
	}
	if err := t.checkReferences("Resources", found); err != nil {
		return err
	}
	if err := t.checkOutputs(); err != nil {
		return err
	}
	_, err := t.Graph(nil)
	return err
}

func (t *Template) checkOutputs() error {
	var found []Reference
	for _, id := range sortedKeys(t.Outputs) {
		o := t.Outputs[id]
		if err := checkFunctions([]any{o.Value, o.Export}, t.extensions); err != nil {
			return err
		}
		found = append(found, References([]any{o.Value, o.Export}, nil)...)
		if o.Condition != "" && t.Conditions[o.Condition] == nil {
			return errorf("Template format error: Unresolved condition dependency %s in the Outputs block of the template", o.Condition)
		}
	}
	return t.checkReferences("Outputs", found)
}

func (t *Template) checkReferences(block string, found []Reference) error {
	for _, r := range found {
		_, known := t.Resources[r.Name]
		switch {
		case r.Function == "Fn::GetAtt" && !known:
			return errorf("Template error: instance of Fn::GetAtt references undefined resource %s", r.Name)
		case r.Function == "Fn::Sub" && r.Attribute != "" && !known:
			return errorf("Template error: instance of Fn::Sub references invalid resource attribute %s.%s", r.Name, r.Attribute)
		case r.Function == "Fn::If" && t.Conditions[r.Name] == nil:
			return errorf("Template error: unresolved condition dependency %s in Fn::If", r.Name)
		}
	}
	unresolved := names(found, func(r Reference) bool {
		if r.Function == "Fn::If" || t.Resources[r.Name] != nil {
			return false
		}
		_, isParameter := t.Parameters[r.Name]
		return r.Function == "DependsOn" || !isParameter && !isPseudo(r.Name)
	})
	if unresolved != nil {
		return errorf("Template format error: Unresolved resource dependencies %s in the %s block of the template", list(unresolved), block)
	}
	return nil
}

func (t *Template) checkConditions() error {
	for _, id := range sortedKeys(t.Conditions) {
		if err := checkFunctions(t.Conditions[id], t.extensions); err != nil {
			return err
		}
		found := References(t.Conditions[id], nil)
		unresolved := names(found, func(r Reference) bool {
			_, isParameter := t.Parameters[r.Name]
			return r.Function != "Fn::If" && !isParameter && !isPseudo(r.Name)
		})
		if unresolved != nil {
			return errorf("Template format error: Unresolved dependencies %s. Cannot reference resources in the Conditions block of the template", list(unresolved))
		}
		if usesFunction(t.Conditions[id], "Fn::ImportValue") {
			return errorf("Template error: Cannot use Fn::ImportValue in Conditions.")
		}
	}
	return nil
}

func usesFunction(value any, name string) bool {
	switch v := value.(type) {
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return usesFunction(item, name) })
	case map[string]any:
		for key, item := range v {
			if key == name || usesFunction(item, name) {
				return true
			}
		}
	}
	return false
}
