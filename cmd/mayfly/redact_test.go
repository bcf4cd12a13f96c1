package main

import "testing"

func TestReportsHaveNoSecrets(t *testing.T) {
	t.Parallel()
	socket := t.TempDir()
	a := &app{environ: []string{
		"HOME=/home/ada",
		"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"GITHUB_TOKEN=ghp_short", "LONG_TOKEN=ghp_short_and_more",
		"SLACK_WEBHOOK=https://hooks.slack.com/services/T0/B0/XYZ",
		"SSH_AUTH_SOCK=" + socket, "PATH=/usr/bin", "TINY_TOKEN=on",
	}}
	for text, want := range map[string]string{
		"a key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY of AKIAIOSFODNN7EXAMPLE": "a key [AWS_SECRET_ACCESS_KEY] of [access key]",
		"ghp_short_and_more, ghp_short":                                          "[LONG_TOKEN], [GITHUB_TOKEN]",
		"to https://hooks.slack.com/services/T0/B0/XYZ":                          "to [SLACK_WEBHOOK]",
		"the socket is " + socket + ", on":                                       "the socket is " + socket + ", on",
		"origin https://joe:secret@example.com/x.git":                            "origin https://[sign-in]@example.com/x.git",
		"Authorization: AWS4-HMAC-SHA256 Credential=A/1, Signature=2":            "Authorization: [sign-in]",
		"with Bearer eyJ.eyJ.abc":                                                "with Bearer [sign-in]",
		"GET /k?X-Amz-Credential=A%2F1&X-Amz-Signature=0123&x-id=GetObject":      "GET /k?X-Amz-Credential=[sign-in]&X-Amz-Signature=[sign-in]&x-id=GetObject",
		`"secretAccessKey": "abc", aws_session_token = def`:                      `"secretAccessKey": [secret], aws_session_token = [secret]`,
		"password=20260101T000000Z" + zeros:                                      "password=[secret]",
		"/home/ada/mayfly in account 123456789012":                               "~/mayfly in account [account …9012]",
	} {
		if got := a.redact(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"
