package codebuild

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

func TestSecretsInLog(t *testing.T) {
	w := newWorld(t, Host{})
	// The last line is so long that it comes in parts, with the secret across the border.
	w.create(head + `phases:
  build:
    commands:
      - echo "[$AWS_SECRET_ACCESS_KEY] [$AWS_SESSION_TOKEN] [$AWS_ACCESS_KEY_ID] [ASIA""ABCDEFGHIJKLMNOP] [AKIA""1234]"
      - for i in $(seq 32760 32775); do head -c $i /dev/zero | tr '\0' x; printf '%s' "$AWS_SECRET_ACCESS_KEY"; head -c 9000 /dev/zero | tr '\0' y; echo; done
      - echo AKIAABCDEFGHIJKLMNOP; exit 1
`)
	b := w.run()
	text := w.text(aws.ToString(b.Id))
	if want := "[***] [***] [ASIATEST] [***] [AKIA1234]\n"; !strings.Contains(text, want) {
		t.Errorf("no %q in:\n%s", want, text[:min(len(text), 4000)])
	}
	if strings.Contains(strings.ReplaceAll(w.output(aws.ToString(b.Id)), "\n", ""), "wJalrXUtnFEMI") || strings.Contains(text, "AKIAABCDEFGHIJKLMNOP") {
		t.Error("the log shows a secret")
	}
	if context := b.Phases[6].Contexts[0]; !strings.HasPrefix(*context.Message, "Error while executing command: echo ***; exit 1") {
		t.Errorf("context %s", *context.Message)
	}
}

func TestVariablesKeptElsewhere(t *testing.T) {
	variable := func(kind types.EnvironmentVariableType) func(*codebuild.CreateProjectInput) {
		return func(in *codebuild.CreateProjectInput) {
			in.Environment.EnvironmentVariables = []types.EnvironmentVariable{{Name: aws.String("X"), Value: aws.String("/app/x"), Type: kind}}
		}
	}
	parameter := "DOWNLOAD_SOURCE FAILED Decrypted Variables Error: parameter does not exist: /app/x (this local AWS has no Parameter Store)"
	secret := "DOWNLOAD_SOURCE FAILED Secrets Manager Error: ResourceNotFoundException: Secrets Manager can't find the specified secret. (/app/x: this local AWS has no Secrets Manager)"
	for _, c := range []struct {
		name, env, want string
		change          func(*codebuild.CreateProjectInput)
	}{
		{"project's parameter", "", parameter, variable(types.EnvironmentVariableTypeParameterStore)},
		{"project's secret", "", secret, variable(types.EnvironmentVariableTypeSecretsManager)},
		{"buildspec's parameter", "env: {parameter-store: {X: /app/x}}\n", parameter, func(*codebuild.CreateProjectInput) {}},
		{"buildspec's secret", "env: {secrets-manager: {X: /app/x}}\n", secret, func(*codebuild.CreateProjectInput) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Host{})
			w.create(head+c.env+"phases: {build: {commands: ['true']}}", c.change)
			if got := phases(w.run()); got[3] != c.want {
				t.Errorf("phases %q\nwant %q", got, c.want)
			}
		})
	}
}
