package cloudformation

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/sam"
	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
)

// GetTemplate returns the template of a stack or of a change set, as it was given or after the transforms.
func (s *Service) GetTemplate(_ context.Context, in *cloudformation.GetTemplateInput) (*cloudformation.GetTemplateOutput, error) {
	var key string
	if in.ChangeSetName != nil {
		if in.StackName == nil && !isARN(*in.ChangeSetName) {
			return nil, invalid("StackName is a required parameter.")
		}
		c, err := s.findChangeSet(in.ChangeSetName, in.StackName)
		if err != nil {
			return nil, err
		}
		key = c.Template
	} else {
		name := aws.ToString(in.StackName)
		st, ok, err := s.find(name)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, invalid("Stack with id %s does not exist", name)
		}
		key = st.Template
	}
	t, _, err := s.templates.Get(key)
	if err != nil {
		return nil, err
	}
	body := t.Original
	if in.TemplateStage == types.TemplateStageProcessed {
		body = t.Processed
	}
	return &cloudformation.GetTemplateOutput{
		TemplateBody: &body, StagesAvailable: []types.TemplateStage{types.TemplateStageOriginal, types.TemplateStageProcessed},
	}, nil
}

// outline is what can be said of a template without values for its parameters.
type outline struct {
	document    map[string]any
	description string
	parameters  map[string]template.Parameter
	types       []string
	transforms  []string
	required    []types.Capability
	reason      string
}

func (s *Service) outline(body string) (outline, error) {
	o := outline{}
	var err error
	if o.document, err = template.Parse(body); err != nil {
		return o, answer(err)
	}
	if o.transforms, err = template.Transforms(o.document); err != nil {
		return o, answer(err)
	}
	if o.parameters, err = template.Parameters(o.document); err != nil {
		return o, answer(err)
	}
	o.description, _ = o.document["Description"].(string)
	// A template with AWS::Serverless can only be checked once it is expanded, for which its parameters need values.
	if slices.Contains(o.transforms, sam.Transform) {
		o.types = rawTypes(o.document)
		o.required = []types.Capability{types.CapabilityCapabilityIam, types.CapabilityCapabilityAutoExpand}
		o.reason = "The following resource(s) require capabilities: [" + strings.Join(slices.Compact(slices.Clone(o.types)), ", ") + "]"
		return o, nil
	}
	t, err := template.New(o.document)
	if err != nil {
		return o, answer(err)
	}
	if err := s.checkTypes(t); err != nil {
		return o, err
	}
	o.types = rawTypes(o.document)
	if required, why := s.capabilities(t); required != "" {
		o.required = []types.Capability{required}
		o.reason = "The following resource(s) require capabilities: [" + strings.Join(why, ", ") + "]"
	}
	return o, nil
}

// rawTypes are the types of the resources, one for each, as GetTemplateSummary
// has them in the AWS CLI's example.
func rawTypes(document map[string]any) []string {
	resources, _ := document["Resources"].(map[string]any)
	var names []string
	for _, r := range resources {
		m, _ := r.(map[string]any)
		if name, ok := m["Type"].(string); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// ValidateTemplate checks a template as far as that goes without values for its parameters.
func (s *Service) ValidateTemplate(ctx context.Context, in *cloudformation.ValidateTemplateInput) (*cloudformation.ValidateTemplateOutput, error) {
	body, err := s.body(ctx, in.TemplateBody, in.TemplateURL)
	if err != nil {
		return nil, err
	}
	o, err := s.outline(body)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.ValidateTemplateOutput{
		Description: optional(o.description), Parameters: []types.TemplateParameter{}, Capabilities: o.required,
		CapabilitiesReason: optional(o.reason), DeclaredTransforms: o.transforms,
	}
	for _, name := range slices.Sorted(maps.Keys(o.parameters)) {
		p := o.parameters[name]
		out.Parameters = append(out.Parameters, types.TemplateParameter{
			ParameterKey: aws.String(name), DefaultValue: p.Default, NoEcho: aws.Bool(p.NoEcho), Description: optional(p.Description),
		})
	}
	return out, nil
}

// GetTemplateSummary says what a template declares.
func (s *Service) GetTemplateSummary(ctx context.Context, in *cloudformation.GetTemplateSummaryInput) (*cloudformation.GetTemplateSummaryOutput, error) {
	if in.StackSetName != nil {
		return nil, unserved(map[string]bool{"StackSetName": true})
	}
	var body string
	var err error
	if in.StackName != nil {
		if st, ok, err := s.find(*in.StackName); err == nil && ok && st.Status == types.StackStatusReviewInProgress {
			return nil, invalid("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
		}
		out, getErr := s.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: in.StackName})
		if getErr != nil {
			return nil, getErr
		}
		body = aws.ToString(out.TemplateBody)
	} else if body, err = s.body(ctx, in.TemplateBody, in.TemplateURL); err != nil {
		return nil, err
	}
	o, err := s.outline(body)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.GetTemplateSummaryOutput{
		Description: optional(o.description), ResourceTypes: o.types, Capabilities: o.required,
		CapabilitiesReason: optional(o.reason), DeclaredTransforms: o.transforms, Parameters: []types.ParameterDeclaration{},
	}
	if version, ok := o.document["AWSTemplateFormatVersion"].(string); ok {
		out.Version = &version
	}
	if metadata, ok := o.document["Metadata"]; ok {
		text, err := template.Encode(metadata)
		if err != nil {
			return nil, err
		}
		out.Metadata = &text
	}
	for _, name := range slices.Sorted(maps.Keys(o.parameters)) {
		p := o.parameters[name]
		declaration := types.ParameterDeclaration{
			ParameterKey: aws.String(name), ParameterType: aws.String(p.Type), DefaultValue: p.Default,
			NoEcho: aws.Bool(p.NoEcho), Description: optional(p.Description), ParameterConstraints: &types.ParameterConstraints{},
		}
		declaration.ParameterConstraints.AllowedValues = p.AllowedValues
		out.Parameters = append(out.Parameters, declaration)
	}
	return out, nil
}
