package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/localaws"
	"github.com/mayfly-cd/mayfly/localaws/sns"
)

func (a *app) localInboxCommand() *cobra.Command {
	return &cobra.Command{
		Use: "inbox", Short: "Show what SNS topics have sent; here no message leaves", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := a.dir()
			if err != nil {
				return err
			}
			at, err := a.background(cmd.Context(), dir)
			if err != nil {
				return err
			}
			credentials := aws.Credentials{AccessKeyID: at.AccessKeyID, SecretAccessKey: at.SecretAccessKey}
			inbox, err := localaws.ReadInbox(cmd.Context(), at.URL, at.Region, credentials, a.now())
			if err != nil {
				return err
			}
			if a.flags.json {
				terminal.JSON(a.streams.Out, map[string]any{"messages": inboxJSON(inbox)})
				return nil
			}
			if len(inbox) == 0 {
				a.answer("The inbox is empty. What is published to an SNS topic arrives here.\n")
			}
			for _, m := range inbox {
				a.showMessage(m)
			}
			return nil
		},
	}
}

func (a *app) showMessage(m sns.Message) {
	style := a.streams.OutStyle()
	a.answer("%s\n", style.Bold(terminal.Clean(cmp.Or(m.Subject, "(no subject)"))))
	a.answer("  %s\n", style.Faint(m.Time.Local().Format(time.DateTime)+", from "+m.TopicARN))
	if len(m.To) > 0 {
		a.answer("  %s\n", style.Faint("AWS would have sent it to "+terminal.Clean(strings.Join(m.To, ", "))))
	}
	body := m.Body
	var indented bytes.Buffer
	if json.Indent(&indented, []byte(body), "", "  ") == nil {
		body = indented.String()
	}
	for line := range strings.Lines(terminal.Clean(body) + "\n") {
		a.answer("  %s", line)
	}
	if m.Token != "" {
		a.answer("  To confirm it: %s\n", style.Command("aws sns confirm-subscription --topic-arn "+m.TopicARN+" --token "+m.Token))
	}
	a.answer("\n")
}

// inboxMessage is a message as --json shows it.
type inboxMessage struct {
	ID       string    `json:"id"`
	Time     time.Time `json:"time"`
	TopicARN string    `json:"topicArn"`
	Subject  string    `json:"subject"`
	Body     string    `json:"body"`
	To       []string  `json:"to,omitempty"`
	Token    string    `json:"token,omitempty"`
}

func inboxJSON(inbox []sns.Message) []inboxMessage {
	all := make([]inboxMessage, 0, len(inbox))
	for _, m := range inbox {
		all = append(all, inboxMessage{m.ID, m.Time, m.TopicARN, m.Subject, m.Body, m.To, m.Token})
	}
	return all
}
