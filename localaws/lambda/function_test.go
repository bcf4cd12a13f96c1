package lambda_test

import (
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func TestCreateFunction(t *testing.T) {
	c := start(t)
	zip := program(t, "")
	out, err := c.CreateFunction(t.Context(), &awslambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String(role), Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Code: &types.FunctionCode{ZipFile: zip}, Tags: map[string]string{"a": "b"}, Publish: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if *out.FunctionArn != arnOfF+":1" || *out.Version != "1" || out.State != types.StatePending || out.StateReasonCode != types.StateReasonCodeCreating {
		t.Errorf("got %s, version %s, %s, %s", *out.FunctionArn, *out.Version, out.State, out.StateReasonCode)
	}
	c.settled(t, "f")
	first, err := c.GetFunctionConfiguration(t.Context(), &awslambda.GetFunctionConfigurationInput{FunctionName: aws.String("f"), Qualifier: aws.String("1")})
	if err != nil || first.State != types.StateActive || first.LastUpdateStatus != types.LastUpdateStatusSuccessful || first.StateReason != nil {
		t.Errorf("version 1: %v, %+v", err, first)
	}
	if out.CodeSize != int64(len(zip)) || len(*out.CodeSha256) != 44 || *out.Timeout != 3 || *out.MemorySize != 128 {
		t.Errorf("size %d, SHA %s, timeout %d, memory %d", out.CodeSize, *out.CodeSha256, *out.Timeout, *out.MemorySize)
	}
	if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$`).MatchString(*out.LastModified) {
		t.Errorf("LastModified %s", *out.LastModified)
	}
	got, err := c.GetFunction(t.Context(), &awslambda.GetFunctionInput{FunctionName: aws.String("f")})
	if err != nil {
		t.Fatal(err)
	}
	if *got.Configuration.FunctionArn != arnOfF || *got.Configuration.Version != "$LATEST" || got.Tags["a"] != "b" {
		t.Errorf("got %s, %s, %v", *got.Configuration.FunctionArn, *got.Configuration.Version, got.Tags)
	}
	list, err := c.ListFunctions(t.Context(), &awslambda.ListFunctionsInput{})
	if err != nil || len(list.Functions) != 1 {
		t.Errorf("ListFunctions: %v, %d", err, len(list.Functions))
	}
	if _, err := c.DeleteFunction(t.Context(), &awslambda.DeleteFunctionInput{FunctionName: aws.String("f")}); err != nil {
		t.Fatal(err)
	}
	_, err = c.GetFunction(t.Context(), &awslambda.GetFunctionInput{FunctionName: aws.String("f")})
	wantError(t, err, "ResourceNotFoundException", "Function not found: "+arnOfF)
}

func TestRefusedFunctions(t *testing.T) {
	c := start(t)
	c.create(t)
	foreign := [2]string{"linux", "arm64"}
	if runtime.GOOS == "linux" && runtime.GOARCH == "arm64" {
		foreign[1] = "amd64"
	}
	bad := program(t, "")[:100]
	script := pack(t, file{"bootstrap", 0o755, []byte("#!/bin/sh\n")})
	elf := func(machine byte) []byte {
		head := make([]byte, 64)
		copy(head, "\x7fELF\x02\x01\x01")
		head[18] = machine
		return pack(t, file{"bootstrap", 0o755, head})
	}
	machine := map[string]byte{"amd64": 62, "arm64": 183}[foreign[1]]
	machO := pack(t, file{"bootstrap", 0o755, []byte("\xcf\xfa\xed\xfe\x0c\x00\x00\x01\x00\x00\x00\x00")})
	windows := make([]byte, 0x90)
	copy(windows, "MZ")
	windows[0x3c], windows[0x84], windows[0x85] = 0x80, 0x64, 0x86
	for _, test := range []struct {
		name   string
		change func(in *awslambda.CreateFunctionInput)
		code   string
		words  string
	}{
		{"exists", func(in *awslambda.CreateFunctionInput) { in.FunctionName = aws.String("f") }, "ResourceConflictException", "Function already exist: f"},
		{"no runtime", func(in *awslambda.CreateFunctionInput) { in.Runtime = "" }, "InvalidParameterValueException", "Runtime and Handler are mandatory parameters"},
		{"ruby", func(in *awslambda.CreateFunctionInput) { in.Runtime = types.RuntimeRuby34 }, "InvalidParameterValueException", "The runtime ruby3.4 is not supported by this local Lambda."},
		{"role", func(in *awslambda.CreateFunctionInput) {
			in.Role = aws.String("arn:aws:iam::123456789012:role/distrusting")
		}, "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."},
		{"no code", func(in *awslambda.CreateFunctionInput) { in.Code = &types.FunctionCode{} }, "InvalidParameterValueException", "Please provide a source for function code."},
		{"not a zip", func(in *awslambda.CreateFunctionInput) { in.Code = &types.FunctionCode{ZipFile: bad} }, "InvalidParameterValueException", "Could not unzip uploaded file. Please check your file, then try to upload again."},
		{"no object", func(in *awslambda.CreateFunctionInput) {
			in.Code = &types.FunctionCode{S3Bucket: aws.String("bucket"), S3Key: aws.String("key")}
		}, "InvalidParameterValueException", "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."},
		{"zip slip", func(in *awslambda.CreateFunctionInput) {
			in.Code = &types.FunctionCode{ZipFile: pack(t, file{"../out", 0o644, nil})}
		}, "InvalidParameterValueException", "../out is a link or lies outside the package."},
		{"link", func(in *awslambda.CreateFunctionInput) {
			in.Code = &types.FunctionCode{ZipFile: pack(t, file{"link", os.ModeSymlink | 0o777, []byte("/etc/passwd")})}
		}, "InvalidParameterValueException", "link is a link or lies outside the package."},
		{
			"other processor", func(in *awslambda.CreateFunctionInput) { in.Code = &types.FunctionCode{ZipFile: elf(machine)} }, "InvalidParameterValueException",
			"The bootstrap in the package is built for linux/" + foreign[1] + ", this machine runs " + runtime.GOOS + "/" + runtime.GOARCH + ": build without GOOS and GOARCH.",
		},
		{"text", func(in *awslambda.CreateFunctionInput) {
			in.Code = &types.FunctionCode{ZipFile: pack(t, file{"bootstrap", 0o755, []byte("echo hello")})}
		}, "InvalidParameterValueException", "neither an executable nor a script"},
		{"layers", func(in *awslambda.CreateFunctionInput) {
			in.Layers = []string{"arn:aws:lambda:eu-central-1:123456789012:layer:x:1"}
		}, "InvalidParameterValueException", "Layers is not supported by this local Lambda."},
		{"macOS", func(in *awslambda.CreateFunctionInput) { in.Code = &types.FunctionCode{ZipFile: machO} }, "InvalidParameterValueException", "built for darwin/arm64"},
		{"Windows", func(in *awslambda.CreateFunctionInput) {
			in.Code = &types.FunctionCode{ZipFile: pack(t, file{"bootstrap", 0o755, windows})}
		}, "InvalidParameterValueException", "built for windows/amd64"},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := &awslambda.CreateFunctionInput{
				FunctionName: aws.String("g"), Role: aws.String(role), Runtime: types.RuntimeProvidedal2023,
				Handler: aws.String("x"), Code: &types.FunctionCode{ZipFile: script},
			}
			test.change(in)
			_, err := c.CreateFunction(t.Context(), in)
			wantError(t, err, test.code, test.words)
		})
	}
	// The same at an update: the old code stays.
	_, err := c.UpdateFunctionCode(t.Context(), &awslambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: elf(machine)})
	wantError(t, err, "InvalidParameterValueException", "build without GOOS and GOARCH")
	if out := c.invoke(t, `{"still":"here"}`); string(out.Payload) != `{"still":"here"}` {
		t.Errorf("after a refused update: %s", out.Payload)
	}
}

func TestMissingInterpreter(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	c := start(t)
	for rt, words := range map[types.Runtime]string{
		types.RuntimePython313: "The runtime python3.13 needs Python on this machine: no python3.13 or python3 or python was found in PATH",
		types.RuntimeJava21:    "The runtime java21 needs a JDK, version 21 or later on this machine: none was found in JAVA_HOME or PATH",
		types.RuntimeNodejs22x: "The runtime nodejs22.x needs Node.js on this machine: no node was found in PATH",
	} {
		_, err := c.CreateFunction(t.Context(), &awslambda.CreateFunctionInput{
			FunctionName: aws.String("g"), Role: aws.String(role), Runtime: rt, Handler: aws.String("app.handler"),
			Code: &types.FunctionCode{ZipFile: pack(t, file{"app.py", 0o644, nil})},
		})
		wantError(t, err, "InvalidParameterValueException", words)
	}
}

func TestCodeFromS3(t *testing.T) {
	c := start(t)
	c.objects["bucket/some/key"] = program(t, "")
	c.create(t, func(in *awslambda.CreateFunctionInput) {
		in.Code = &types.FunctionCode{S3Bucket: aws.String("bucket"), S3Key: aws.String("some/key")}
	})
	if out := c.invoke(t, `{"from":"S3"}`); string(out.Payload) != `{"from":"S3"}` {
		t.Errorf("got %s", out.Payload)
	}
}

func TestVersionsAndAliases(t *testing.T) {
	c, ctx := start(t), t.Context()
	c.create(t)
	f := aws.String("f")
	publish := func() string {
		t.Helper()
		out, err := c.PublishVersion(ctx, &awslambda.PublishVersionInput{FunctionName: f})
		if err != nil {
			t.Fatal(err)
		}
		if *out.FunctionArn != arnOfF+":"+*out.Version {
			t.Errorf("ARN %s of version %s", *out.FunctionArn, *out.Version)
		}
		return *out.Version
	}
	if v := publish(); v != "1" {
		t.Errorf("first version %s", v)
	}
	if v := publish(); v != "1" {
		t.Errorf("unchanged code and configuration made version %s", v)
	}
	update := func(note string) {
		t.Helper()
		if _, err := c.UpdateFunctionCode(t.Context(), &awslambda.UpdateFunctionCodeInput{FunctionName: f, ZipFile: program(t, note)}); err != nil {
			t.Fatal(err)
		}
		c.settled(t, "f")
	}
	update("") // the same bytes again
	if v := publish(); v != "1" {
		t.Errorf("the same code uploaded again made version %s", v)
	}
	update("changed")
	if v := publish(); v != "2" {
		t.Errorf("changed code made version %s", v)
	}
	_, err := c.UpdateFunctionConfiguration(ctx, &awslambda.UpdateFunctionConfigurationInput{FunctionName: f, MemorySize: aws.Int32(256)})
	if err != nil {
		t.Fatal(err)
	}
	c.settled(t, "f")
	if v := publish(); v != "3" {
		t.Errorf("changed configuration made version %s", v)
	}
	a, err := c.CreateAlias(ctx, &awslambda.CreateAliasInput{FunctionName: f, Name: aws.String("live"), FunctionVersion: aws.String("1")})
	if err != nil || *a.AliasArn != arnOfF+":live" {
		t.Fatalf("CreateAlias: %v, %s", err, aws.ToString(a.AliasArn))
	}
	live := func(in *awslambda.InvokeInput) { in.Qualifier = aws.String("live") }
	if out := c.invoke(t, "{}", live); *out.ExecutedVersion != "1" {
		t.Errorf("the alias executed version %s", *out.ExecutedVersion)
	}
	if _, err := c.UpdateAlias(ctx, &awslambda.UpdateAliasInput{FunctionName: f, Name: aws.String("live"), FunctionVersion: aws.String("3")}); err != nil {
		t.Fatal(err)
	}
	out := c.invoke(t, `{"do":"environ"}`, live)
	if *out.ExecutedVersion != "3" || !strings.Contains(string(out.Payload), "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256") {
		t.Errorf("the alias executed version %s: %s", *out.ExecutedVersion, out.Payload)
	}
	_, err = c.DeleteFunction(ctx, &awslambda.DeleteFunctionInput{FunctionName: f, Qualifier: aws.String("3")})
	wantError(t, err, "ResourceConflictException", "is used by the alias live")
	_, err = c.CreateAlias(ctx, &awslambda.CreateAliasInput{FunctionName: f, Name: aws.String("live"), FunctionVersion: aws.String("1")})
	wantError(t, err, "ResourceConflictException", "Alias already exists: "+arnOfF+":live")
	_, err = c.CreateAlias(ctx, &awslambda.CreateAliasInput{FunctionName: f, Name: aws.String("dead"), FunctionVersion: aws.String("9")})
	wantError(t, err, "ResourceNotFoundException", "Function not found: "+arnOfF+":9")
	_, err = c.GetAlias(ctx, &awslambda.GetAliasInput{FunctionName: f, Name: aws.String("dead")})
	wantError(t, err, "ResourceNotFoundException", "Cannot find alias arn: "+arnOfF+":dead")
	_, err = c.UpdateFunctionCode(ctx, &awslambda.UpdateFunctionCodeInput{FunctionName: f, ZipFile: program(t, "x"), RevisionId: aws.String("old")})
	wantError(t, err, "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id.")
	_, err = c.PublishVersion(ctx, &awslambda.PublishVersionInput{FunctionName: f, CodeSha256: aws.String("other")})
	wantError(t, err, "InvalidParameterValueException", "CodeSHA256 (other) is different from current CodeSHA256 in $LATEST")
	versions, err := c.ListVersionsByFunction(ctx, &awslambda.ListVersionsByFunctionInput{FunctionName: f})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range versions.Versions {
		names = append(names, *v.Version)
	}
	if got := strings.Join(names, " "); got != "$LATEST 1 2 3" {
		t.Errorf("versions %s", got)
	}
	if _, err := c.DeleteFunction(ctx, &awslambda.DeleteFunctionInput{FunctionName: f, Qualifier: aws.String("2")}); err != nil {
		t.Error(err)
	}
}

func TestUpdateReplacesTheProcess(t *testing.T) {
	c := start(t)
	c.create(t)
	before := decode[int](t, c.invoke(t, `{"do":"pid"}`).Payload)
	if _, err := c.UpdateFunctionCode(t.Context(), &awslambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: program(t, "new")}); err != nil {
		t.Fatal(err)
	}
	if after := decode[int](t, c.invoke(t, `{"do":"pid"}`).Payload); after == before {
		t.Error("the old process answers for the new code")
	}
}

func TestPermissions(t *testing.T) {
	c, ctx, f := start(t), t.Context(), aws.String("f")
	c.create(t)
	_, err := c.GetPolicy(ctx, &awslambda.GetPolicyInput{FunctionName: f})
	wantError(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
	in := &awslambda.AddPermissionInput{
		FunctionName: f, StatementId: aws.String("events"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("events.amazonaws.com"),
		SourceArn: aws.String("arn:aws:events:eu-central-1:123456789012:rule/r"),
	}
	if _, err := c.AddPermission(ctx, in); err != nil {
		t.Fatal(err)
	}
	_, err = c.AddPermission(ctx, in)
	wantError(t, err, "ResourceConflictException", "The statement id (events) provided already exists.")
	got, err := c.GetPolicy(ctx, &awslambda.GetPolicyInput{FunctionName: f})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"events","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},` +
		`"Action":"lambda:InvokeFunction","Resource":"` + arnOfF + `","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:events:eu-central-1:123456789012:rule/r"}}}]}`
	if *got.Policy != want {
		t.Errorf("got  %s\nwant %s", *got.Policy, want)
	}
	_, err = c.RemovePermission(ctx, &awslambda.RemovePermissionInput{FunctionName: f, StatementId: aws.String("other")})
	wantError(t, err, "ResourceNotFoundException", "Statement other is not found in resource policy.")
	if _, err := c.RemovePermission(ctx, &awslambda.RemovePermissionInput{FunctionName: f, StatementId: aws.String("events")}); err != nil {
		t.Error(err)
	}
}

func TestTags(t *testing.T) {
	c, ctx := start(t), t.Context()
	c.create(t)
	if _, err := c.TagResource(ctx, &awslambda.TagResourceInput{Resource: aws.String(arnOfF), Tags: map[string]string{"a": "1", "b": "2"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.UntagResource(ctx, &awslambda.UntagResourceInput{Resource: aws.String(arnOfF), TagKeys: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	out, err := c.ListTags(ctx, &awslambda.ListTagsInput{Resource: aws.String(arnOfF)})
	if err != nil || len(out.Tags) != 1 || out.Tags["b"] != "2" {
		t.Errorf("got %v, %v", out, err)
	}
}
