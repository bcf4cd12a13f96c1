package conformance

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	cbtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

var codebuildAPIAssumptions = []Assumption{
	{Number: 130, Title: "CodeBuild: a build's id is the project's name and a uuid, and so is its ARN", Source: "awscli/examples/codebuild/batch-get-builds.rst", Confirmed: true, Run: func(t *T) {
		project := t.project(spec("true"))
		build := must(t.codebuild.StartBuild(t.ctx, &codebuild.StartBuildInput{ProjectName: &project}))(t).Build
		t.built(str(build.Id))
		if !regexp.MustCompile("^" + project + `:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`).MatchString(str(build.Id)) {
			t.Errorf("the id is %s", str(build.Id))
		}
		equal(t, "Arn", str(build.Arn), t.arn("codebuild", "build/"+str(build.Id)))
		equal(t, "BuildStatus", build.BuildStatus, cbtypes.StatusTypeInProgress)
		equal(t, "BuildNumber", aws.ToInt64(build.BuildNumber), 1)
	}},
	{Number: 131, Title: "CodeBuild: a project's name is given once", Source: "botocore model: CreateProject, ResourceAlreadyExistsException", Run: func(t *T) {
		project := t.project(spec("true"))
		role := t.role(trustService("codebuild.amazonaws.com"), "")
		_, err := t.codebuild.CreateProject(t.ctx, t.projectInput(project, role, spec("true")))
		t.wantError(err, "ResourceAlreadyExistsException", "Project already exists: "+t.arn("codebuild", "project/"+project))
	}},
	{Number: 132, Title: "CodeBuild: a project that is not there is not built", Source: cbGuide + "troubleshooting.html", Run: func(t *T) {
		name := t.name()
		_, err := t.codebuild.StartBuild(t.ctx, &codebuild.StartBuildInput{ProjectName: &name})
		t.wantError(err, "ResourceNotFoundException", "Project cannot be found: "+t.arn("codebuild", "project/"+name))
	}},
	{Number: 133, Title: "CodeBuild: deleting a project that is not there succeeds", Source: cbAPI + "DeleteProject.html", Run: func(t *T) {
		must(t.codebuild.DeleteProject(t.ctx, &codebuild.DeleteProjectInput{Name: aws.String(t.name())}))(t)
	}},
	{Number: 134, Title: "CodeBuild: BatchGetProjects lists what it does not find", Source: cbAPI + "BatchGetProjects.html", Confirmed: true, Run: func(t *T) {
		project, missing := t.project(spec("true")), t.name()
		out := must(t.codebuild.BatchGetProjects(t.ctx, &codebuild.BatchGetProjectsInput{Names: []string{project, missing}}))(t)
		if len(out.Projects) != 1 || len(out.ProjectsNotFound) != 1 || out.ProjectsNotFound[0] != missing {
			t.Errorf("found %d, not found %v", len(out.Projects), out.ProjectsNotFound)
		}
	}},
	{Number: 135, Title: "CodeBuild: a project times out after an hour and waits eight, unless told otherwise", Source: cbAPI + "CreateProject.html", Run: func(t *T) {
		got := must(t.codebuild.BatchGetProjects(t.ctx, &codebuild.BatchGetProjectsInput{Names: []string{t.project(spec("true"))}}))(t).Projects[0]
		equal(t, "TimeoutInMinutes", aws.ToInt32(got.TimeoutInMinutes), 60)
		equal(t, "QueuedTimeoutInMinutes", aws.ToInt32(got.QueuedTimeoutInMinutes), 480)
		if !strings.HasSuffix(str(got.EncryptionKey), ":alias/aws/s3") {
			t.Errorf("EncryptionKey is %s", str(got.EncryptionKey))
		}
	}},
	{Number: 136, Title: "CodeBuild: a build that is stopped is STOPPED", Source: cbAPI + "StopBuild.html", Confirmed: true, Run: func(t *T) {
		id := t.startBuild(t.project(spec("sleep 300")))
		t.eventually("the build is under way", func() bool { return str(t.lookBuild(id).CurrentPhase) == "BUILD" })
		must(t.codebuild.StopBuild(t.ctx, &codebuild.StopBuildInput{Id: &id}))(t)
		equal(t, "BuildStatus", t.built(id).BuildStatus, cbtypes.StatusTypeStopped)
	}},
	{Number: 137, Title: "CodeBuild: a build that is retried is another build of the project", Source: cbAPI + "RetryBuild.html", Confirmed: true, Run: func(t *T) {
		first := t.build(t.project(spec("exit 1")))
		again := must(t.codebuild.RetryBuild(t.ctx, &codebuild.RetryBuildInput{Id: first.Id}))(t).Build
		t.built(str(again.Id))
		equal(t, "BuildNumber", aws.ToInt64(again.BuildNumber), 2)
		if str(again.Id) == str(first.Id) {
			t.Errorf("both builds are %s", str(again.Id))
		}
	}},
	{Number: 138, Title: "CodeBuild: builds are listed the newest first", Source: cbAPI + "ListBuildsForProject.html", Confirmed: true, Run: func(t *T) {
		project := t.project(spec("true"))
		first, second := str(t.build(project).Id), str(t.build(project).Id)
		out := must(t.codebuild.ListBuildsForProject(t.ctx, &codebuild.ListBuildsForProjectInput{ProjectName: &project}))(t)
		if len(out.Ids) != 2 || out.Ids[0] != second || out.Ids[1] != first {
			t.Errorf("the builds are %v", out.Ids)
		}
	}},
	{Number: 139, Title: "CodeBuild: a build may bring a buildspec of its own", Source: cbAPI + "StartBuild.html", Confirmed: true, Run: func(t *T) {
		build := t.build(t.project(spec("exit 1")), func(in *codebuild.StartBuildInput) { in.BuildspecOverride = aws.String(spec("true")) })
		equal(t, "BuildStatus", build.BuildStatus, cbtypes.StatusTypeSucceeded)
	}},
	{Number: 140, Title: "CodeBuild: a repository is built at a branch, and the build says at which commit", Source: cbAPI + "Build.html", Confirmed: true, Run: func(t *T) {
		repository := t.repository()
		head := t.put(repository, "buildspec.yml", exporting([]string{"COMMIT"}, "export COMMIT=$CODEBUILD_RESOLVED_SOURCE_VERSION"), "")
		clone := t.cloneURL(repository)
		project := t.project("", func(in *codebuild.CreateProjectInput) {
			in.Source = &cbtypes.ProjectSource{Type: cbtypes.SourceTypeCodecommit, Location: &clone}
			in.SourceVersion = aws.String("refs/heads/main")
		})
		build := t.build(project)
		equal(t, "BuildStatus", build.BuildStatus, cbtypes.StatusTypeSucceeded)
		equal(t, "ResolvedSourceVersion", str(build.ResolvedSourceVersion), head)
		equal(t, "CODEBUILD_RESOLVED_SOURCE_VERSION", t.says(build, "COMMIT"), head)
	}},
	{Number: 141, Title: "CodeBuild: a repository without a buildspec fails the download of the source", Source: "https://github.com/aws-samples/mlops-e2e/issues/68, which quotes CodeBuild", Confirmed: true, Run: func(t *T) {
		repository := t.repository()
		t.put(repository, "README.md", "hello", "")
		clone := t.cloneURL(repository)
		build := t.build(t.project("", func(in *codebuild.CreateProjectInput) {
			in.Source = &cbtypes.ProjectSource{Type: cbtypes.SourceTypeCodecommit, Location: &clone}
		}))
		equal(t, "BuildStatus", build.BuildStatus, cbtypes.StatusTypeFailed)
		t.wantPhase(build, cbtypes.BuildPhaseTypeDownloadSource, cbtypes.StatusTypeFailed, "YAML_FILE_ERROR", "stat")
	}},
	{Number: 142, Title: "CodeBuild: a project allows at least five minutes", Source: "botocore model: BuildTimeOut, at least 5", Confirmed: true, Run: func(t *T) {
		input := t.projectInput(t.name(), t.role(trustService("codebuild.amazonaws.com"), ""), spec("true"))
		input.TimeoutInMinutes = aws.Int32(4)
		_, err := t.codebuild.CreateProject(t.ctx, input)
		t.wantError(err, "InvalidInputException", "imeout")
	}},
	{Number: 143, Title: "CodeBuild: files are made into one hash for cache keys", Source: cbGuide + "build-spec-ref.html", Run: func(t *T) {
		build := t.build(t.project(exporting([]string{"SUM"}, "echo hello > a.txt", "export SUM=$(codebuild-hash-files a.txt)")))
		if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(t.says(build, "SUM")) {
			t.Errorf("the hash is %q", t.says(build, "SUM"))
		}
	}},
	{Number: 144, Title: "CodeBuild: variables that begin with CODEBUILD_ are refused", Source: "not confirmed; reserved by " + cbGuide + "build-env-ref-env-vars.html", Run: func(t *T) {
		project := t.project(spec("true"))
		_, err := t.codebuild.StartBuild(t.ctx, &codebuild.StartBuildInput{
			ProjectName: &project, EnvironmentVariablesOverride: []cbtypes.EnvironmentVariable{{Name: aws.String("CODEBUILD_BUILD_ID"), Value: aws.String("mine")}},
		})
		t.wantError(err, "InvalidInputException", "CODEBUILD_")
	}},
	{Number: 145, Title: "CodeBuild: BatchGetBuilds lists what it does not find", Source: cbAPI + "BatchGetBuilds.html", Confirmed: true, Run: func(t *T) {
		missing := t.name() + ":11111111-1111-1111-1111-111111111111"
		out := must(t.codebuild.BatchGetBuilds(t.ctx, &codebuild.BatchGetBuildsInput{Ids: []string{missing}}))(t)
		if len(out.Builds) != 0 || len(out.BuildsNotFound) != 1 || out.BuildsNotFound[0] != missing {
			t.Errorf("found %d, not found %v", len(out.Builds), out.BuildsNotFound)
		}
	}},
	{Number: 146, Title: "CodeBuild: a build's end is told on the bus", Source: cbGuide + "sample-build-notifications.html", Run: func(t *T) {
		project := t.project(spec("true"))
		rule := t.rule(`{"source":["aws.codebuild"],"detail-type":["CodeBuild Build State Change"],"detail":{"project-name":["` + project + `"],"build-status":["SUCCEEDED"]}}`)
		function := t.listener(rule)
		t.target1(rule, ebtypes.Target{Arn: aws.String(t.arn("lambda", "function:"+function)), InputTransformer: &ebtypes.InputTransformer{
			InputPathsMap: map[string]string{"id": "$.detail.build-id", "phase": "$.detail.current-phase"}, InputTemplate: aws.String(`{"say": <id>, "phase": <phase>}`),
		}})
		build := t.build(project)
		t.heard(function, `{"say": "`+str(build.Arn)+`", "phase": "COMPLETED"}`)
	}},
	{Number: 147, Title: "CodeBuild: a role that does not trust codebuild.amazonaws.com is refused", Source: cbGuide + "troubleshooting.html", Run: func(t *T) {
		role := t.role(trustService("ec2.amazonaws.com"), "")
		_, err := t.codebuild.CreateProject(t.ctx, t.projectInput(t.name(), role, spec("true")))
		t.wantError(err, "InvalidInputException", "CodeBuild is not authorized to perform: sts:AssumeRole on")
	}},
	{Number: 148, Title: "CodeBuild: its role may be trusted for one account alone", Source: cbGuide + "cross-service-confused-deputy-prevention.html", Confirmed: true, Run: func(t *T) {
		trust := document(statement{
			Effect: "Allow", Action: []string{"sts:AssumeRole"}, Principal: map[string]any{"Service": "codebuild.amazonaws.com"},
			Condition: map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": t.target.Account}},
		})
		role := t.role(trust, allow("logs:*"))
		build := t.build(t.project(spec("true"), func(in *codebuild.CreateProjectInput) { in.ServiceRole = &role }))
		equal(t, "BuildStatus", build.BuildStatus, cbtypes.StatusTypeSucceeded)
	}},
	{Number: 149, Title: "CodeBuild: builds of a project are numbered from 1", Source: cbAPI + "Build.html", Confirmed: true, Run: func(t *T) {
		project := t.project(spec("true"))
		equal(t, "the first", aws.ToInt64(t.build(project).BuildNumber), 1)
		equal(t, "the second", aws.ToInt64(t.build(project).BuildNumber), 2)
	}},
	{Number: 150, Title: "CodeBuild: with git-credential-helper, git in a build clones as the build's role", Source: cbGuide + "build-spec-ref.html and " + cpGuide + "tutorials-codecommit-gitclone.html", Confirmed: true, Run: func(t *T) {
		repository := t.repository()
		head := t.put(repository, "README.md", "hello", "")
		clone := strings.Replace(exporting([]string{"COMMIT", "FILES"}, "git clone --quiet "+t.cloneURL(repository)+" copy",
			"export COMMIT=$(git -C copy log -1 --format=%H) FILES=$(ls copy)"), "env: {", "env: {git-credential-helper: yes, ", 1)
		build := t.build(t.project(clone))
		equal(t, "BuildStatus", build.BuildStatus, cbtypes.StatusTypeSucceeded)
		equal(t, "the commit", t.says(build, "COMMIT"), head)
		equal(t, "the files", t.says(build, "FILES"), "README.md")
	}},
	{Number: 151, Title: "CodeBuild: git in a build needs its role's codecommit:GitPull", Source: cpGuide + "tutorials-codecommit-gitclone.html", Run: func(t *T) {
		repository := t.repository()
		t.put(repository, "README.md", "hello", "")
		role := t.role(trustService("codebuild.amazonaws.com"), allow("logs:*"))
		helped := strings.Replace(spec("git ls-remote "+t.cloneURL(repository)), "phases:", "env: {git-credential-helper: yes}\nphases:", 1)
		build := t.build(t.project(helped, func(in *codebuild.CreateProjectInput) { in.ServiceRole = &role }))
		t.wantPhase(build, cbtypes.BuildPhaseTypeBuild, cbtypes.StatusTypeFailed, "COMMAND_EXECUTION_ERROR", "exit status 128")
	}},
}
