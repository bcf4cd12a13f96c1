package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/terminal"
)

func (a *app) localEnvCommand() *cobra.Command {
	return &cobra.Command{
		Use: "env", Short: "Print the variables that point any AWS client, and git, at it", Args: noArguments,
		Long: "Env prints what `eval \"$(mayfly local env)\"` sets: where AWS is, its keys, and for git\n" +
			"that CodeCommit's address, https://git-codecommit.<region>.amazonaws.com, is here too.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := a.dir()
			if err != nil {
				return err
			}
			at, err := a.background(cmd.Context(), dir)
			if err != nil {
				return err
			}
			helper, err := a.credentialHelper(dir)
			if err != nil {
				return err
			}
			variables := append([][2]string{
				{"AWS_ENDPOINT_URL", at.URL},
				{"AWS_REGION", at.Region},
				{"AWS_DEFAULT_REGION", at.Region},
				{"AWS_ACCESS_KEY_ID", at.AccessKeyID},
				{"AWS_SECRET_ACCESS_KEY", at.SecretAccessKey},
			}, a.gitVariables(at, helper)...)
			if a.flags.json {
				object := map[string]string{}
				for _, v := range variables {
					object[v[0]] = v[1]
				}
				terminal.JSON(a.streams.Out, object)
				return nil
			}
			for _, v := range variables {
				a.answer("export %s=%s\n", v[0], shellQuote(v[1]))
			}
			a.answer("unset %s\n", strings.Join(a.contrary(), " "))
			a.answer("export NO_PROXY=\"127.0.0.1${NO_PROXY:+,$NO_PROXY}\"\n")
			return nil
		},
	}
}

// contrary are the variables that would take precedence over ours.
func (a *app) contrary() []string {
	names := []string{"AWS_SESSION_TOKEN", "AWS_PROFILE"}
	for _, v := range a.environ {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "AWS_ENDPOINT_URL_") || name == "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" || name == "AWS_DEFAULT_PROFILE" {
			names = append(names, name)
		}
	}
	return names
}

// gitVariables configure git for one shell: CodeCommit's own address leads
// here, and mayfly knows the password. They stand behind those that the shell
// has already; ours of an earlier time are written over.
func (a *app) gitVariables(at endpoint, helper string) [][2]string {
	codecommit := "https://git-codecommit." + at.Region + ".amazonaws.com/v1/repos/"
	settings := [][2]string{
		{"url." + at.URL + "/v1/repos/.insteadOf", codecommit},
		{"credential." + at.URL + ".helper", ""},
		{"credential." + at.URL + ".helper", helper},
		{"credential." + at.URL + ".useHttpPath", "true"},
		{"http." + at.URL + ".proxy", ""},
	}
	count, _ := strconv.Atoi(a.variable("GIT_CONFIG_COUNT")) // none is 0
	for i := range count {
		key, value := a.variable(fmt.Sprintf("GIT_CONFIG_KEY_%d", i)), a.variable(fmt.Sprintf("GIT_CONFIG_VALUE_%d", i))
		if strings.HasSuffix(strings.ToLower(key), ".insteadof") && strings.HasPrefix(value, "https://git-codecommit.") {
			count = i
			break
		}
	}
	variables := [][2]string{{"GIT_CONFIG_COUNT", strconv.Itoa(count + len(settings))}}
	for i, s := range settings {
		variables = append(variables,
			[2]string{fmt.Sprintf("GIT_CONFIG_KEY_%d", count+i), s[0]}, [2]string{fmt.Sprintf("GIT_CONFIG_VALUE_%d", count+i), s[1]})
	}
	return variables
}
