package conformance

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	cbtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

const (
	cbAPI   = "https://docs.aws.amazon.com/codebuild/latest/APIReference/API_"
	cbGuide = "https://docs.aws.amazon.com/codebuild/latest/userguide/"
)

// exporting is a buildspec that exports variables after its commands.
func exporting(names []string, commands ...string) string {
	return strings.Replace(spec(commands...), "phases:", "env: {exported-variables: ["+strings.Join(names, ", ")+"]}\nphases:", 1)
}

var codebuildAssumptions = []Assumption{
	{Number: 101, Title: "CodeBuild: a build goes through these phases, and the last has a start alone", Source: "awscli/examples/codebuild/batch-get-builds.rst", Confirmed: true, Run: func(t *T) {
		build := t.build(t.project(spec("echo hello")))
		var phases []string
		for _, p := range build.Phases {
			phases = append(phases, string(p.PhaseType))
		}
		want := []string{"SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED"}
		if !slices.Equal(phases, want) {
			t.Errorf("the phases are %v, want %v", phases, want)
		}
		last := build.Phases[len(build.Phases)-1]
		if last.StartTime == nil || last.EndTime != nil || last.PhaseStatus != "" {
			t.Errorf("the last phase is %+v", last)
		}
		equal(t, "BuildStatus", build.BuildStatus, cbtypes.StatusTypeSucceeded)
		equal(t, "CurrentPhase", str(build.CurrentPhase), "COMPLETED")
	}},
	{Number: 102, Title: "CodeBuild: a command that fails is quoted with its exit status", Source: "https://github.com/aws/copilot-cli/issues/2780, which quotes CodeBuild", Confirmed: true, Run: func(t *T) {
		build := t.build(t.project(spec("echo before", "exit 3")))
		equal(t, "BuildStatus", build.BuildStatus, cbtypes.StatusTypeFailed)
		t.wantPhase(build, cbtypes.BuildPhaseTypeBuild, cbtypes.StatusTypeFailed, "COMMAND_EXECUTION_ERROR", "Error while executing command: exit 3. Reason: exit status 3")
	}},
	{Number: 103, Title: "CodeBuild: after a failed BUILD comes POST_BUILD", Source: cbGuide + "view-build-details-phases.html", Confirmed: true, Run: func(t *T) {
		build := t.build(t.project(spec("exit 1") + "  post_build: {commands: [echo after]}\n"))
		t.wantPhase(build, cbtypes.BuildPhaseTypePostBuild, cbtypes.StatusTypeSucceeded, "", "")
		equal(t, "BuildStatus", build.BuildStatus, cbtypes.StatusTypeFailed)
	}},
	{Number: 104, Title: "CodeBuild: after a failed INSTALL comes FINALIZING", Source: cbGuide + "view-build-details-phases.html", Run: func(t *T) {
		build := t.build(t.project("version: 0.2\nphases: {install: {commands: [exit 1]}, build: {commands: [echo never]}}"))
		t.wantPhase(build, cbtypes.BuildPhaseTypeInstall, cbtypes.StatusTypeFailed, "COMMAND_EXECUTION_ERROR", "")
		if _, ok := phase(build, cbtypes.BuildPhaseTypeBuild); ok {
			t.Errorf("BUILD was entered")
		}
		if _, ok := phase(build, cbtypes.BuildPhaseTypeFinalizing); !ok {
			t.Errorf("FINALIZING was not entered")
		}
	}},
	{Number: 105, Title: "CodeBuild: after a failed PRE_BUILD comes FINALIZING", Source: cbGuide + "view-build-details-phases.html", Run: func(t *T) {
		build := t.build(t.project("version: 0.2\nphases: {pre_build: {commands: [exit 1]}, build: {commands: [echo never]}}"))
		t.wantPhase(build, cbtypes.BuildPhaseTypePreBuild, cbtypes.StatusTypeFailed, "COMMAND_EXECUTION_ERROR", "")
		if _, ok := phase(build, cbtypes.BuildPhaseTypeBuild); ok {
			t.Errorf("BUILD was entered")
		}
	}},
	{Number: 106, Title: "CodeBuild: what follows a command that fails is not run, but finally is", Source: cbGuide + "build-spec-ref.html", Confirmed: true, Run: func(t *T) {
		build := t.build(t.project(spec("exit 1", "echo NEVER-SAID") + "    finally:\n      - echo AT-LAST\n"))
		log := t.log(build)
		if strings.Contains(log, "\nNEVER-SAID") || !strings.Contains(log, "\nAT-LAST") {
			t.Errorf("the log is\n%s", log)
		}
	}},
	{Number: 107, Title: "CodeBuild: on-failure CONTINUE goes on to the next phase", Source: cbGuide + "build-spec-ref.html", Run: func(t *T) {
		build := t.build(t.project("version: 0.2\nphases: {install: {on-failure: CONTINUE, commands: [exit 1]}, build: {commands: [echo on]}}"))
		t.wantPhase(build, cbtypes.BuildPhaseTypeInstall, cbtypes.StatusTypeFailed, "", "")
		t.wantPhase(build, cbtypes.BuildPhaseTypeBuild, cbtypes.StatusTypeSucceeded, "", "")
	}},
	{Number: 108, Title: "CodeBuild: a variable that one command exports is there for the next", Source: cbGuide + "build-spec-ref.html", Run: func(t *T) {
		build := t.build(t.project(exporting([]string{"WORD"}, "export WORD=hello", "export WORD=$WORD-again")))
		equal(t, "the variable", t.says(build, "WORD"), "hello-again")
	}},
	{Number: 109, Title: "CodeBuild: the folder that one command goes to is where the next begins", Source: cbGuide + "build-env-ref-background.html", Run: func(t *T) {
		build := t.build(t.project(exporting([]string{"WHERE"}, "mkdir -p below", "cd below", "export WHERE=$(basename $PWD)")))
		equal(t, "the folder", t.says(build, "WHERE"), "below")
	}},
	{Number: 110, Title: "CodeBuild: StartBuild's variables win over the project's, and those over the buildspec's", Source: cbGuide + "build-env-ref-env-vars.html", Confirmed: true, Run: func(t *T) {
		buildspec := strings.Replace(exporting([]string{"A", "B", "C"}, "true"), "env: {", "env: {variables: {A: spec, B: spec, C: spec}, ", 1)
		project := t.project(buildspec, func(in *codebuild.CreateProjectInput) {
			in.Environment.EnvironmentVariables = []cbtypes.EnvironmentVariable{{Name: aws.String("A"), Value: aws.String("project")}, {Name: aws.String("B"), Value: aws.String("project")}}
		})
		build := t.build(project, func(in *codebuild.StartBuildInput) {
			in.EnvironmentVariablesOverride = []cbtypes.EnvironmentVariable{{Name: aws.String("A"), Value: aws.String("start")}}
		})
		equal(t, "A", t.says(build, "A"), "start")
		equal(t, "B", t.says(build, "B"), "project")
		equal(t, "C", t.says(build, "C"), "spec")
	}},
	{Number: 111, Title: "CodeBuild: a build knows its id, ARN, number, log path, region and folder", Source: cbGuide + "build-env-ref-env-vars.html", Confirmed: true, Run: func(t *T) {
		names := []string{"ID", "ARN", "NUMBER", "LOG", "REGION", "OK", "INITIATOR", "START", "SRC"}
		build := t.build(t.project(exporting(names,
			"export ID=$CODEBUILD_BUILD_ID ARN=$CODEBUILD_BUILD_ARN NUMBER=$CODEBUILD_BUILD_NUMBER LOG=$CODEBUILD_LOG_PATH REGION=$AWS_REGION",
			"export OK=$CODEBUILD_BUILD_SUCCEEDING INITIATOR=$CODEBUILD_INITIATOR START=$CODEBUILD_START_TIME SRC=$CODEBUILD_SRC_DIR")))
		equal(t, "CODEBUILD_BUILD_ID", t.says(build, "ID"), str(build.Id))
		equal(t, "CODEBUILD_BUILD_ARN", t.says(build, "ARN"), str(build.Arn))
		equal(t, "CODEBUILD_BUILD_NUMBER", t.says(build, "NUMBER"), "1")
		equal(t, "CODEBUILD_LOG_PATH", t.says(build, "LOG"), str(build.Logs.StreamName))
		equal(t, "AWS_REGION", t.says(build, "REGION"), t.region())
		equal(t, "CODEBUILD_BUILD_SUCCEEDING", t.says(build, "OK"), "1")
		equal(t, "CODEBUILD_INITIATOR", t.says(build, "INITIATOR"), str(build.Initiator))
		if !regexp.MustCompile(`^\d{13}$`).MatchString(t.says(build, "START")) {
			t.Errorf("CODEBUILD_START_TIME is %s", t.says(build, "START"))
		}
		if !strings.Contains(t.says(build, "SRC"), "/src") {
			t.Errorf("CODEBUILD_SRC_DIR is %s", t.says(build, "SRC"))
		}
	}},
	{Number: 112, Title: "CodeBuild: CODEBUILD_BUILD_SUCCEEDING is 0 after a failure", Source: cbGuide + "build-env-ref-env-vars.html", Confirmed: true, Run: func(t *T) {
		build := t.build(t.project(strings.Replace(spec("exit 1"), "phases:", "env: {exported-variables: [OK]}\nphases:", 1) + "  post_build: {commands: ['export OK=$CODEBUILD_BUILD_SUCCEEDING']}\n"))
		equal(t, "CODEBUILD_BUILD_SUCCEEDING", t.says(build, "OK"), "0")
	}},
	{Number: 113, Title: "CodeBuild: the log is in /aws/codebuild/ and the project's name, in a stream of the build's uuid", Source: "awscli/examples/codebuild/batch-get-builds.rst", Confirmed: true, Run: func(t *T) {
		project := t.project(spec("echo hello"))
		build := t.build(project)
		_, id, _ := strings.Cut(str(build.Id), ":")
		equal(t, "GroupName", str(build.Logs.GroupName), "/aws/codebuild/"+project)
		equal(t, "StreamName", str(build.Logs.StreamName), id)
	}},
	{Number: 114, Title: "CodeBuild: the log says which phase is entered, which command runs and how phases end", Source: "https://github.com/aws/copilot-cli/issues/5788, which quotes CodeBuild", Confirmed: true, Run: func(t *T) {
		log := t.log(t.build(t.project(spec("echo hello"))))
		for _, want := range []string{
			`\[Container\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} Entering phase BUILD`, `Running command echo hello`, `(?m)^hello$`,
			`Phase complete: BUILD State: SUCCEEDED`, `Phase context status code:  Message: `,
		} {
			if !regexp.MustCompile(want).MatchString(log) {
				t.Errorf("there is no %s in the log\n%s", want, log)
			}
		}
	}},
	{Number: 115, Title: "CodeBuild: the log quotes the command that failed", Source: "https://github.com/aws/copilot-cli/issues/2780, which quotes CodeBuild", Confirmed: true, Run: func(t *T) {
		log := t.log(t.build(t.project(spec("exit 3"))))
		for _, want := range []string{"Command did not exit successfully exit 3 exit status 3", "Phase complete: BUILD State: FAILED", "Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: exit 3. Reason: exit status 3"} {
			if !strings.Contains(log, want) {
				t.Errorf("there is no %q in the log\n%s", want, log)
			}
		}
	}},
	{Number: 116, Title: "CodeBuild: a buildspec that is no YAML fails the download of the source", Source: cbGuide + "troubleshooting.html", Run: func(t *T) {
		build := t.build(t.project("version: 0.2\nphases:\n\tbuild: x"))
		equal(t, "BuildStatus", build.BuildStatus, cbtypes.StatusTypeFailed)
		t.wantPhase(build, cbtypes.BuildPhaseTypeDownloadSource, cbtypes.StatusTypeFailed, "YAML_FILE_ERROR", "")
	}},
	{Number: 117, Title: "CodeBuild: artifacts that are not there fail their upload", Source: "https://github.com/aws/copilot-cli/issues/5788, which quotes CodeBuild", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		build := t.build(t.project(spec("true")+"artifacts: {files: [nothing.txt]}\n", toS3(bucket)))
		equal(t, "BuildStatus", build.BuildStatus, cbtypes.StatusTypeFailed)
		t.wantPhase(build, cbtypes.BuildPhaseTypeUploadArtifacts, cbtypes.StatusTypeFailed, "CLIENT_ERROR", "no matching artifact paths found")
	}},
	{Number: 118, Title: "CodeBuild: artifacts are put where the project says, and the build says where", Source: "awscli/examples/codebuild/batch-get-builds.rst", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		build := t.build(t.project(spec("echo hello > out.txt")+"artifacts: {files: [out.txt]}\n", toS3(bucket)))
		equal(t, "BuildStatus", build.BuildStatus, cbtypes.StatusTypeSucceeded)
		if got := t.keys(bucket); len(got) != 1 || !strings.HasSuffix(got[0], "out.txt") {
			t.Errorf("the bucket has %v", got)
		}
		if got := str(build.Artifacts.Location); !strings.HasPrefix(got, "arn:aws:s3:::"+bucket) {
			t.Errorf("the location is %s", got)
		}
	}},
	{Number: 119, Title: "CodeBuild: artifacts are uploaded also where BUILD failed", Source: cbGuide + "view-build-details-phases.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		build := t.build(t.project(spec("echo hello > out.txt", "exit 1")+"artifacts: {files: [out.txt]}\n", toS3(bucket)))
		equal(t, "BuildStatus", build.BuildStatus, cbtypes.StatusTypeFailed)
		t.wantPhase(build, cbtypes.BuildPhaseTypeUploadArtifacts, cbtypes.StatusTypeSucceeded, "", "")
		equal(t, "the number of objects", len(t.keys(bucket)), 1)
	}},
	{Number: 120, Title: "CodeBuild: a cache in S3 brings back what the last build left", Source: cbGuide + "caching-s3.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		project := t.project(exporting([]string{"FOUND"}, "export FOUND=$(cat kept/word || echo nothing)", "mkdir -p kept", "echo hello > kept/word")+"cache: {paths: ['kept/**/*']}\n", func(in *codebuild.CreateProjectInput) {
			in.Cache = &cbtypes.ProjectCache{Type: cbtypes.CacheTypeS3, Location: aws.String(bucket + "/cache")}
		})
		equal(t, "the first build finds", t.says(t.build(project), "FOUND"), "nothing")
		equal(t, "the second build finds", t.says(t.build(project), "FOUND"), "hello")
		for _, key := range t.keys(bucket) {
			if !strings.HasPrefix(key, "cache/") {
				t.Errorf("the cache has the key %s", key)
			}
		}
	}},
}

// toS3 has a project put its artifacts into a bucket.
func toS3(bucket string) func(*codebuild.CreateProjectInput) {
	return func(in *codebuild.CreateProjectInput) {
		in.Artifacts = &cbtypes.ProjectArtifacts{Type: cbtypes.ArtifactsTypeS3, Location: &bucket, Packaging: cbtypes.ArtifactPackagingNone, Name: aws.String("out")}
	}
}
