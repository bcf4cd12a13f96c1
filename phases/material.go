package phases

import "fmt"

// Configuration is what the pipeline gives CloudFormation beside the
// application's template, as the file deploy.json: the environment's tags.
func (p *Phase) Configuration(tags map[string]string) ([]byte, error) {
	if p != CloudFormation {
		return nil, fmt.Errorf("phase %s has no template configuration; cloudformation has", p.Name)
	}
	return deployConfiguration(tags)
}
