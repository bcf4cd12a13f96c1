package cloudformation

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/sam"
	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// request is what the operations that take a template have in common.
type request struct {
	body, url    *string
	usePrevious  bool
	parameters   []types.Parameter
	capabilities []types.Capability
	tags         []types.Tag
	// previous is the stack that is updated, nil where one is created.
	previous *stack
	// direct says that no change set stands between the template and the
	// stack: then transforms need CAPABILITY_AUTO_EXPAND.
	direct bool
	// resourceTypes are those that the template may have, all where there are none.
	resourceTypes []string

	stackID, stackName string
}

// desired is a template that has been read, checked and bound to its parameters.
type desired struct {
	texts
	definition
	template *template.Template
	scope    *template.Scope
	// masked is scope with **** in place of the values of NoEcho parameters.
	masked *template.Scope
	// graph says for each resource that will exist what it depends on.
	graph map[string][]string
	// findings are what early validation has found; then nothing is made.
	findings []finding
	// policy is what an update to the goal must obey.
	policy stackPolicy
}

// transformError is a failure of a transform. It fails a change set rather than its creation.
type transformError struct{ message string }

func (e *transformError) Error() string { return e.message }

// prepare reads and checks a template. Every mistake comes back as CloudFormation's error.
func (s *Service) prepare(ctx context.Context, r request) (*desired, error) {
	d := &desired{definition: definition{Capabilities: r.capabilities}}
	var err error
	switch {
	case r.usePrevious && (r.body != nil || r.url != nil):
		return nil, invalid("You cannot specify both usePreviousTemplate and Template Body/Template URL.")
	case r.usePrevious && r.previous == nil:
		return nil, invalid("Either Template URL or Template Body must be specified.")
	case r.usePrevious:
		d.texts, _, err = s.templates.Get(r.previous.Template)
	default:
		d.Original, err = s.body(ctx, r.body, r.url)
	}
	if err != nil {
		return nil, err
	}
	if d.Tags, err = readTags(r); err != nil {
		return nil, err
	}
	return d, answer(s.bind(ctx, d, r))
}

// bind parses the template and resolves its parameters, transforms and conditions.
func (s *Service) bind(ctx context.Context, d *desired, r request) error {
	document, err := template.Parse(d.Original)
	if err != nil {
		return err
	}
	declared, err := template.Parameters(document)
	if err != nil {
		return err
	}
	values, err := readParameters(d, declared, r)
	if err != nil {
		return err
	}
	s.addPseudo(values, r)
	expanded, err := s.transform(ctx, document, values, r)
	if err != nil {
		return err
	}
	d.Processed = d.Original
	if expanded != nil {
		document = expanded
		if d.Processed, err = template.Encode(document); err != nil {
			return err
		}
	}
	if d.template, err = template.New(document); err != nil {
		return err
	}
	d.Description = d.template.Description
	if err := s.checkTypes(d.template); err != nil {
		return err
	}
	if err := checkAllowed(d.template, r.resourceTypes); err != nil {
		return err
	}
	if err := s.checkCapabilities(d.template, r.capabilities); err != nil {
		return err
	}
	return d.scopes(values)
}

// load prepares a definition that has been prepared before, as it was then.
func (s *Service) load(def definition, stackID, stackName string) (*desired, error) {
	d := &desired{definition: def}
	var err error
	if d.texts, _, err = s.templates.Get(def.Template); err != nil {
		return nil, err
	}
	document, err := template.Parse(d.Processed)
	if err != nil {
		return nil, err
	}
	if d.template, err = template.New(document); err != nil {
		return nil, err
	}
	values := map[string]any{}
	for _, p := range def.Parameters {
		if values[p.Key], err = d.template.Parameters[p.Key].Value(p.Key, p.Value); err != nil {
			return nil, err
		}
	}
	s.addPseudo(values, request{stackID: stackID, stackName: stackName})
	return d, d.scopes(values)
}

// keep stores the texts of a template and names them in the definition.
func (s *Service) keep(d *desired) error {
	d.Template = uuid.New()
	return s.templates.Put(d.Template, d.texts)
}

func (d *desired) scopes(values map[string]any) error {
	var err error
	if d.scope, err = template.NewScope(d.template, values); err != nil {
		return err
	}
	hidden := maps.Clone(values)
	for name, p := range d.template.Parameters {
		if p.NoEcho {
			hidden[name] = masked
		}
	}
	masks := *d.scope
	masks.Values = hidden
	d.masked = &masks
	d.graph, err = d.template.Graph(d.scope.Holds)
	return err
}

func (s *Service) addPseudo(values map[string]any, r request) {
	maps.Copy(values, map[string]any{
		"AWS::AccountId": s.env.Account, "AWS::Region": s.env.Region, "AWS::Partition": "aws",
		"AWS::URLSuffix": "amazonaws.com", "AWS::NotificationARNs": []any{},
		"AWS::StackId": r.stackID, "AWS::StackName": r.stackName,
	})
}

// transform expands AWS::Serverless and refuses every other transform by name.
// It returns nil where there is nothing to expand.
func (s *Service) transform(ctx context.Context, document, values map[string]any, r request) (map[string]any, error) {
	names, err := template.Transforms(document)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		switch {
		case name == sam.Transform, name == template.LanguageExtensions:
		case strings.HasPrefix(name, "AWS::"):
			return nil, invalid("Template error: the transform %s is not served by this AWS", name)
		default:
			return nil, invalid("No transform named %s found.", name)
		}
	}
	if len(names) > 0 && r.direct && !slices.Contains(r.capabilities, types.CapabilityCapabilityAutoExpand) {
		return nil, insufficient(types.CapabilityCapabilityAutoExpand)
	}
	if !slices.Contains(names, sam.Transform) {
		return nil, nil
	}
	if err := s.permitTransform(ctx, names); err != nil {
		return nil, err
	}
	expanded, err := s.expand(document, values)
	if err != nil {
		return nil, &transformError{"Transform " + sam.Transform + " failed with: " + err.Error()}
	}
	// What is left of the Transform section is what the engine still has to know.
	expanded = maps.Clone(expanded)
	delete(expanded, "Transform")
	if slices.Contains(names, template.LanguageExtensions) {
		expanded["Transform"] = template.LanguageExtensions
	}
	return expanded, nil
}

func readTags(r request) (map[string]string, error) {
	if r.tags == nil && r.previous != nil {
		return r.previous.Tags, nil
	}
	tags := make(map[string]string, len(r.tags))
	for _, t := range r.tags {
		key := aws.ToString(t.Key)
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, invalid("Tag keys starting with 'aws:' are reserved for internal use")
		}
		if _, twice := tags[key]; twice {
			return nil, invalid("Duplicate tag keys are not allowed: %s", key)
		}
		tags[key] = aws.ToString(t.Value)
	}
	if len(tags) > 50 {
		return nil, invalid("Number of tags, %d, is greater than maximum allowed, 50", len(tags))
	}
	return tags, nil
}
