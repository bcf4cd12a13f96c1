package codepipeline

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// template is what a stack is made from, out of the action's artifacts.
type template struct {
	body, policy string
	parameters   []cfntypes.Parameter
	tags         []cfntypes.Tag
}

// templateConfiguration is the file TemplateConfiguration names
// (docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html).
type templateConfiguration struct {
	Parameters  map[string]string
	Tags        map[string]string
	StackPolicy json.RawMessage
}

// readTemplate reads template and configuration and resolves the overrides,
// which win over the configuration's parameters.
func (d *deployment) readTemplate(ctx context.Context) (*template, error) {
	body, err := d.readPath(ctx, d.configuration["TemplatePath"])
	if err != nil {
		return nil, err
	}
	t := &template{body: string(body)}
	var c templateConfiguration
	if path := d.configuration["TemplateConfiguration"]; path != "" {
		data, err := d.readPath(ctx, path)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, &c); err != nil {
			return nil, failed(codeConfiguration, "TemplateConfiguration %s is not valid: %s", path, err.Error())
		}
	}
	if len(c.StackPolicy) > 0 && string(c.StackPolicy) != "null" {
		t.policy = string(c.StackPolicy)
	}
	overrides, err := d.overrides(ctx)
	if err != nil {
		return nil, err
	}
	parameters := maps.Clone(c.Parameters)
	if parameters == nil {
		parameters = map[string]string{}
	}
	maps.Copy(parameters, overrides)
	for _, key := range slices.Sorted(maps.Keys(parameters)) {
		t.parameters = append(t.parameters, cfntypes.Parameter{ParameterKey: aws.String(key), ParameterValue: aws.String(parameters[key])})
	}
	for _, key := range slices.Sorted(maps.Keys(c.Tags)) {
		t.tags = append(t.tags, cfntypes.Tag{Key: aws.String(key), Value: aws.String(c.Tags[key])})
	}
	return t, nil
}

// readPath reads what ArtifactName::FileName names.
func (d *deployment) readPath(ctx context.Context, path string) ([]byte, error) {
	name, file, ok := strings.Cut(path, "::")
	if !ok {
		return nil, failed(codeConfiguration, "'%s' must have the form ArtifactName::FileName", path)
	}
	from, err := d.input(name)
	if err != nil {
		return nil, err
	}
	return d.service.readFile(ctx, d.cfg, from, file)
}

func (d *deployment) input(name string) (artifact, error) {
	for _, in := range d.inputs {
		if in.Name == name {
			return in, nil
		}
	}
	return artifact{}, failed(codeConfiguration, "Artifact [%s] is not one of the action's input artifacts", name)
}
