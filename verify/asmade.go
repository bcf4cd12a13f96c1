package verify

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"go.yaml.in/yaml/v3"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// made is a stack as its own template made it: what a check compares with. It
// costs three calls, and four for each role that is looked at.
// CloudFormation's own drift detection compares everything and takes its time:
// it is left to what mends.
type made struct {
	stack    *types.Stack
	template struct {
		Resources map[string]struct {
			Type       string    `yaml:"Type"`
			Properties yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	resources map[string]types.StackResourceSummary
	// own are the policies that are resources of their own.
	own cloud.StackPolicies
	// of is where the stack is.
	of *cloud.Cloud
}

// asMade reads a stack; nil where there is none.
func (s *Scene) asMade(ctx context.Context, name string) (*made, error) {
	stack, err := s.FindStack(ctx, name)
	if err != nil || stack == nil {
		return nil, err
	}
	out, err := s.CloudFormation.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: stack.StackId, TemplateStage: types.TemplateStageOriginal})
	if err != nil {
		return nil, fmt.Errorf("read the template of stack %s: %w", name, err)
	}
	m := &made{stack: stack, of: s.Cloud, resources: map[string]types.StackResourceSummary{}}
	if err := yaml.Unmarshal([]byte(aws.ToString(out.TemplateBody)), &m.template); err != nil {
		return nil, fmt.Errorf("read the template of stack %s: %w", name, err)
	}
	resources, err := s.StackResources(ctx, aws.ToString(stack.StackId))
	for _, r := range resources {
		m.resources[aws.ToString(r.LogicalResourceId)] = r
	}
	m.own = cloud.OwnPolicies(resources)
	return m, err
}

// id is the physical id of a resource, or "".
func (m *made) id(logical string) string {
	return aws.ToString(m.resources[logical].PhysicalResourceId)
}

// gone finds the first of some resources that is not there any more, or "".
func (s *Scene) gone(ctx context.Context, m *made, logical ...string) (string, error) {
	for _, l := range logical {
		r, ok := m.resources[l]
		if !ok {
			continue
		}
		there, known, err := s.Exists(ctx, aws.ToString(r.ResourceType), m.id(l))
		if err != nil {
			return "", err
		}
		if known && !there {
			kind := aws.ToString(r.ResourceType)
			kind = kind[strings.LastIndex(kind, ":")+1:]
			return fmt.Sprintf("%s (%s, the stack's %s) was deleted", m.id(l), kind, l), nil
		}
	}
	return "", nil
}
