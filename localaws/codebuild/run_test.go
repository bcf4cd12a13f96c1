package codebuild

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/google/go-cmp/cmp"
)

const head = "version: 0.2\n"

var (
	upToBuild = []string{"SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD"}
	toTheEnd  = []string{"POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED"}
)

func join(parts ...[]string) (all []string) {
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

func TestBuildPhases(t *testing.T) {
	const failed = " FAILED COMMAND_EXECUTION_ERROR: Error while executing command: "
	for _, c := range []struct {
		name, spec, output string
		status             types.StatusType
		phases             []string
	}{
		{
			"all succeed",
			"phases: {install: {commands: [echo 1]}, pre_build: {commands: [echo 2]}, build: {commands: [echo 3]}, post_build: {commands: [echo 4], finally: [echo 5]}}",
			"1\n2\n3\n4\n5\n", types.StatusTypeSucceeded, join(upToBuild, []string{"BUILD"}, toTheEnd),
		},
		{
			"build fails, post_build runs",
			"phases: {build: {commands: [echo 1, exit 3, echo 2], finally: [echo f]}, post_build: {commands: [echo $CODEBUILD_BUILD_SUCCEEDING]}}",
			"1\nf\n0\n", types.StatusTypeFailed,
			join(upToBuild, []string{"BUILD" + failed + "exit 3. Reason: exit status 3"}, toTheEnd),
		},
		{
			"install fails",
			"phases: {install: {commands: [false], finally: [echo f]}, build: {commands: [echo no]}}",
			"f\n", types.StatusTypeFailed,
			[]string{
				"SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE",
				"INSTALL" + failed + "false. Reason: exit status 1", "FINALIZING", "COMPLETED",
			},
		},
		{
			"pre_build fails and goes on",
			"phases: {pre_build: {on-failure: CONTINUE, commands: [false]}, build: {commands: [echo 1]}}",
			"1\n", types.StatusTypeFailed,
			join(upToBuild[:5], []string{"PRE_BUILD" + failed + "false. Reason: exit status 1", "BUILD"}, toTheEnd),
		},
		{
			"build aborts",
			"phases: {build: {on-failure: ABORT, commands: [false]}, post_build: {commands: [echo no]}}",
			"", types.StatusTypeFailed,
			join(upToBuild, []string{"BUILD" + failed + "false. Reason: exit status 1", "FINALIZING", "COMPLETED"}),
		},
		{
			"finally fails",
			"phases: {build: {commands: ['true'], finally: [exit 2, echo no]}}",
			"", types.StatusTypeFailed,
			join(upToBuild, []string{"BUILD" + failed + "exit 2. Reason: exit status 2"}, toTheEnd),
		},
		{
			"surroundings carry over",
			"env: {shell: bash, variables: {A: one}}\nphases: {install: {commands: [mkdir x, cd x, export B=two, C=lost]}, build: {commands: ['echo $A $B $C $(basename $PWD)']}}",
			"one two x\n", types.StatusTypeSucceeded, join(upToBuild, []string{"BUILD"}, toTheEnd),
		},
		{
			"not YAML",
			"phases: [", "", types.StatusTypeFailed,
			[]string{
				"SUBMITTED", "QUEUED", "PROVISIONING",
				"DOWNLOAD_SOURCE FAILED YAML_FILE_ERROR: the buildspec is not YAML: line 2: did not find expected node content",
				"FINALIZING", "COMPLETED",
			},
		},
		{
			"unserved",
			"phases: {build: {commands: [a]}}\nreports: {r: {files: [x]}}", "", types.StatusTypeFailed,
			[]string{
				"SUBMITTED", "QUEUED", "PROVISIONING",
				"DOWNLOAD_SOURCE FAILED YAML_FILE_ERROR: this local AWS does not serve what the buildspec asks for: reports (line 3)",
				"FINALIZING", "COMPLETED",
			},
		},
		{
			"unknown runtime",
			"phases: {install: {runtime-versions: {cobol: 1}}}", "", types.StatusTypeFailed,
			[]string{
				"SUBMITTED", "QUEUED", "PROVISIONING",
				"DOWNLOAD_SOURCE FAILED YAML_FILE_ERROR: Unknown runtime named 'cobol'", "FINALIZING", "COMPLETED",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Host{})
			w.create(head + c.spec)
			b := w.run()
			if diff := cmp.Diff(c.phases, phases(b)); diff != "" {
				t.Errorf("phases (-want +got):\n%s\nlog:\n%s", diff, w.text(aws.ToString(b.Id)))
			}
			if b.BuildStatus != c.status || !b.BuildComplete || b.EndTime == nil {
				t.Errorf("status %s, complete %v", b.BuildStatus, b.BuildComplete)
			}
			if got := w.output(aws.ToString(b.Id)); got != c.output {
				t.Errorf("output %q, want %q", got, c.output)
			}
		})
	}
}

func TestBuildLog(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(head + "phases:\n  build:\n    commands:\n      - echo hello; touch f; head -c 10 /dev/zero >$HOME/g\n      - exit 1\n")
	b := w.run()
	text := w.text(aws.ToString(b.Id))
	for _, want := range []string{
		`^\[Container\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} Running on this machine, not in a container of aws/codebuild/standard:8.0; held by: .*process group`,
		`Entering phase BUILD\n`,
		`Running command echo hello; touch f; .*\nhello\n\[Container\]`,
		`Command did not exit successfully exit 1 exit status 1\n`,
		`Phase complete: BUILD State: FAILED\n`,
		`Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: exit 1. Reason: exit status 1\n`,
		`Phase complete: FINALIZING State: SUCCEEDED\n.*Phase context status code:  Message: \n`,
		`Container removed: 2 files, 10 bytes, lived \d+\.\ds\n$`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("the log has no %s:\n%s", want, text)
		}
	}
	logs := b.Logs
	if aws.ToString(logs.GroupName) != "/aws/codebuild/p" || "p:"+aws.ToString(logs.StreamName) != aws.ToString(b.Id) {
		t.Errorf("logs in %s, %s", aws.ToString(logs.GroupName), aws.ToString(logs.StreamName))
	}
}

func TestBuildEnvironment(t *testing.T) {
	w := newWorld(t, Host{Extra: map[string]string{"GOPROXY": "file:///cache"}})
	w.create(head+"env: {variables: {A: spec, B: spec, C: spec}, exported-variables: [D, NOT_THERE]}\nphases: {build: {commands: [export D=made, env]}}",
		func(in *codebuild.CreateProjectInput) {
			in.Environment.EnvironmentVariables = []types.EnvironmentVariable{
				{Name: aws.String("B"), Value: aws.String("project")}, {Name: aws.String("C"), Value: aws.String("project")},
			}
		})
	b := w.run(func(in *codebuild.StartBuildInput) {
		in.EnvironmentVariablesOverride = []types.EnvironmentVariable{{Name: aws.String("C"), Value: aws.String("start")}}
		in.SourceVersion = aws.String("v7")
	})
	env := map[string]string{}
	for line := range strings.SplitSeq(w.output(aws.ToString(b.Id)), "\n") {
		name, value, _ := strings.Cut(line, "=")
		env[name] = value
	}
	for name, want := range map[string]string{
		"A": "spec", "B": "project", "C": "start", "D": "made", "GOPROXY": "file:///cache",
		"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
		"AWS_ACCESS_KEY_ID": "ASIATEST", "AWS_SECRET_ACCESS_KEY": "***", "AWS_SESSION_TOKEN": "***",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"CODEBUILD_BUILD_ID": aws.ToString(b.Id), "CODEBUILD_BUILD_ARN": aws.ToString(b.Arn), "CODEBUILD_BUILD_NUMBER": "1",
		"CODEBUILD_BUILD_IMAGE": "aws/codebuild/standard:8.0", "CODEBUILD_BUILD_SUCCEEDING": "1", "CODEBUILD_SOURCE_VERSION": "v7",
		"CODEBUILD_KMS_KEY_ID": "arn:aws:kms:eu-west-1:123456789012:alias/aws/s3", "CODEBUILD_LOG_PATH": aws.ToString(b.Logs.StreamName),
	} {
		if env[name] != want {
			t.Errorf("%s is %q, want %q", name, env[name], want)
		}
	}
	if !strings.HasPrefix(env["TMPDIR"], env["HOME"]+"/") || env["PWD"] != env["CODEBUILD_SRC_DIR"] {
		t.Errorf("TMPDIR %s, HOME %s, PWD %s", env["TMPDIR"], env["HOME"], env["PWD"])
	}
	if !strings.HasSuffix(env["NO_PROXY"], "127.0.0.1,localhost") {
		t.Errorf("NO_PROXY is %q", env["NO_PROXY"])
	}
	for _, name := range []string{"AWS_PROFILE", "GITHUB_TOKEN", "SSH_AUTH_SOCK"} {
		if value, ok := env[name]; ok {
			t.Errorf("%s=%s leaked into the build", name, value)
		}
	}
	want := []types.ExportedEnvironmentVariable{{Name: aws.String("D"), Value: aws.String("made")}}
	if len(b.ExportedEnvironmentVariables) != 1 || *b.ExportedEnvironmentVariables[0].Value != *want[0].Value {
		t.Errorf("exported %v", b.ExportedEnvironmentVariables)
	}
	session := w.session
	if session.Service != "codebuild.amazonaws.com" || session.SourceARN != "arn:aws:codebuild:eu-west-1:123456789012:project/p" ||
		"p:"+strings.TrimPrefix(session.Name, "AWSCodeBuild-") != aws.ToString(b.Id) {
		t.Errorf("session %+v", session)
	}
}

func TestRuntime(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(head + "phases: {install: {runtime-versions: {golang: 1.24}}, build: {commands: [go version]}}")
	b := w.run()
	want := "Selecting 'golang' runtime: the buildspec asks for version '1.24', this machine has '" + strings.TrimSpace(w.output(aws.ToString(b.Id))) + "', which is used"
	if text := w.text(aws.ToString(b.Id)); b.BuildStatus != types.StatusTypeSucceeded || !strings.Contains(text, want) {
		t.Errorf("no %q in:\n%s", want, text)
	}
}

func TestMissingRuntime(t *testing.T) {
	w := newWorld(t, Host{Environ: []string{"PATH=/nowhere"}})
	w.create(head + "phases: {install: {runtime-versions: {ruby: 3.x}}}")
	b := w.run()
	want := "DOWNLOAD_SOURCE FAILED YAML_FILE_ERROR: the buildspec asks for the runtime ruby 3.x, and this machine has no `ruby` in its PATH"
	if got := phases(b); got[3] != want {
		t.Errorf("phases %q, want %q", got, want)
	}
}

func TestDeniedRole(t *testing.T) {
	for _, c := range []struct{ operation, want string }{
		{"AssumeRole", "CodeBuild is not authorized to perform: sts:AssumeRole on arn:aws:iam::123456789012:role/build. Error message: AccessDenied: not authorized to perform: sts:AssumeRole"},
		{"CreateLogStream", "Service role arn:aws:iam::123456789012:role/build does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams for build %s. Error message: not allowed: logs:CreateLogStream"},
	} {
		t.Run(c.operation, func(t *testing.T) {
			w := newWorld(t, Host{})
			w.create(head + "phases: {build: {commands: [a]}}")
			w.deny(c.operation)
			b := w.run()
			want := []string{"SUBMITTED", "QUEUED FAILED ACCESS_DENIED: " + strings.ReplaceAll(c.want, "%s", aws.ToString(b.Arn)), "COMPLETED"}
			if diff := cmp.Diff(want, phases(b)); diff != "" || b.BuildStatus != types.StatusTypeFailed {
				t.Errorf("%s, phases (-want +got):\n%s", b.BuildStatus, diff)
			}
		})
	}
}

func TestEvents(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(head + "phases: {build: {commands: [exit 1]}}")
	b := w.run()
	var states, phases []string
	for _, event := range w.events {
		if event["project-name"] != "p" || event["build-id"] != *b.Arn || event["version"] != "1" {
			t.Errorf("event %v", event)
		}
		if status, ok := event["build-status"].(string); ok {
			states = append(states, status)
			continue
		}
		phases = append(phases, event["completed-phase"].(string)+" "+event["completed-phase-status"].(string)+" "+event["completed-phase-context"].(string))
	}
	if diff := cmp.Diff([]string{"IN_PROGRESS", "FAILED"}, states); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	want := []string{
		"SUBMITTED SUCCEEDED []", "QUEUED SUCCEEDED []", "PROVISIONING SUCCEEDED []", "DOWNLOAD_SOURCE SUCCEEDED []", "INSTALL SUCCEEDED []",
		"PRE_BUILD SUCCEEDED []", "BUILD FAILED [COMMAND_EXECUTION_ERROR: Error while executing command: exit 1. Reason: exit status 1]",
		"POST_BUILD SUCCEEDED []", "UPLOAD_ARTIFACTS SUCCEEDED []", "FINALIZING SUCCEEDED []",
	}
	if diff := cmp.Diff(want, phases); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
}
