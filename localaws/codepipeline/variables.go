package codepipeline

import (
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// Namespaces that exist in every pipeline.
const (
	namespacePipeline  = "codepipeline"
	namespaceVariables = "variables"
)

var reference = regexp.MustCompile(`#\{([A-Za-z0-9@\-_]+)\.([A-Za-z0-9@\-_.]+)\}`)

func hasVariables(s string) bool { return reference.MatchString(s) }

// validateNamespaces checks that namespaces are unique and that references are
// to namespaces that exist.
func validateNamespaces(p *types.PipelineDeclaration) error {
	known := map[string]bool{namespacePipeline: true}
	if p.PipelineType == types.PipelineTypeV2 {
		known[namespaceVariables] = true
	}
	for _, st := range p.Stages {
		for _, a := range st.Actions {
			ns := aws.ToString(a.Namespace)
			if ns == "" {
				continue
			}
			if known[ns] || ns == namespaceVariables {
				return actionError("Namespace '%s' of action '%s' is reserved or used more than once in the pipeline", ns, aws.ToString(a.Name))
			}
			known[ns] = true
		}
	}
	for _, st := range p.Stages {
		for _, a := range st.Actions {
			for key, value := range a.Configuration {
				for _, m := range reference.FindAllStringSubmatch(value, -1) {
					if !known[m[1]] {
						return actionError("Configuration '%s' of action '%s' references namespace '%s', which no action declares",
							key, aws.ToString(a.Name), m[1])
					}
				}
			}
		}
	}
	return nil
}

// resolve replaces the variables in an action's configuration, as text: a
// commit message with a quote in it breaks a configuration that is JSON, here
// as on AWS (github.com/aws/aws-cdk/issues/8458).
func (e *execution) resolve(action string, configuration map[string]string) (map[string]string, error) {
	resolved := make(map[string]string, len(configuration))
	for key, value := range configuration {
		var missing string
		resolved[key] = reference.ReplaceAllStringFunc(value, func(ref string) string {
			m := reference.FindStringSubmatch(ref)
			v, ok := e.variable(m[1], m[2])
			if !ok {
				missing = ref
			}
			return v
		})
		if missing != "" {
			// AWS's words; the reference at the end is ours.
			return nil, &failure{
				code: codeConfiguration,
				message: fmt.Sprintf("An action in this pipeline failed because one or more variables could not be resolved: Action name=%s. "+
					"This can result when a variable is referenced that does not exist. Validate the pipeline configuration. (%s)", action, missing),
			}
		}
	}
	return resolved, nil
}

func (e *execution) variable(namespace, key string) (string, bool) {
	switch namespace {
	case namespacePipeline:
		return e.ID, key == "PipelineExecutionId"
	case namespaceVariables:
		v, ok := e.Variables[key]
		return v, ok
	}
	v, ok := e.Namespaces[namespace][key]
	return v, ok
}

// pipelineVariables gives the pipeline's variables their values for one execution.
func pipelineVariables(p *types.PipelineDeclaration, given []types.PipelineVariable) (map[string]string, error) {
	values := map[string]string{}
	for _, v := range p.Variables {
		if v.DefaultValue != nil {
			values[aws.ToString(v.Name)] = *v.DefaultValue
		}
	}
	declared := func(name string) bool {
		for _, v := range p.Variables {
			if aws.ToString(v.Name) == name {
				return true
			}
		}
		return false
	}
	for _, v := range given {
		if !declared(aws.ToString(v.Name)) {
			return nil, validationError("Variable %s is not declared in pipeline %s", aws.ToString(v.Name), aws.ToString(p.Name))
		}
		values[aws.ToString(v.Name)] = aws.ToString(v.Value)
	}
	for _, v := range p.Variables {
		if _, ok := values[aws.ToString(v.Name)]; !ok {
			return nil, validationError("Variable %s of pipeline %s has no default value and was not given one", aws.ToString(v.Name), aws.ToString(p.Name))
		}
	}
	return values, nil
}

func validationError(format string, args ...any) error {
	return &types.ValidationException{Message: aws.String(fmt.Sprintf(format, args...))}
}
