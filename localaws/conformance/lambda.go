package conformance

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

const (
	lambdaAPI      = "https://docs.aws.amazon.com/lambda/latest/api/API_"
	lambdaGuide    = "https://docs.aws.amazon.com/lambda/latest/dg/"
	lambdaRecorded = "recorded from AWS in LocalStack's snapshot tests: tests/aws/services/lambda_/test_lambda_api.snapshot.json, "
)

var lambdaAssumptions = []Assumption{
	{Number: 601, Title: "Lambda: a new function is Pending, with the reason Creating, and then Active", Source: lambdaRecorded + "test_function_lifecycle", Confirmed: true, Run: func(t *T) {
		name, role := t.functionName(), t.role(trustService("lambda.amazonaws.com"), "")
		out := settled(t, func() (*lambda.CreateFunctionOutput, error) {
			return t.lambda.CreateFunction(t.ctx, t.functionInput(name, role))
		})
		equal(t, "State", out.State, lambdatypes.StatePending)
		equal(t, "StateReason", str(out.StateReason), "The function is being created.")
		equal(t, "StateReasonCode", out.StateReasonCode, lambdatypes.StateReasonCodeCreating)
		t.eventually("the function is active", func() bool { return t.configuration(name).State == lambdatypes.StateActive })
	}},
	{Number: 602, Title: "Lambda: a function has 128 MB and 3 seconds unless told otherwise", Source: lambdaGuide + "configuration-function-common.html", Confirmed: true, Run: func(t *T) {
		got := t.configuration(t.function())
		equal(t, "MemorySize", aws.ToInt32(got.MemorySize), 128)
		equal(t, "Timeout", aws.ToInt32(got.Timeout), 3)
		equal(t, "Version", str(got.Version), "$LATEST")
		equal(t, "PackageType", got.PackageType, lambdatypes.PackageTypeZip)
	}},
	{Number: 603, Title: "Lambda: its log group is /aws/lambda/ and its name, unless told otherwise", Source: lambdaRecorded + "test_function_lifecycle", Confirmed: true, Run: func(t *T) {
		name := t.function()
		got := t.configuration(name).LoggingConfig
		if got == nil || str(got.LogGroup) != "/aws/lambda/"+name || got.LogFormat != lambdatypes.LogFormatText {
			t.Errorf("LoggingConfig is %+v", got)
		}
	}},
	{Number: 604, Title: "Lambda: a function that is not there is named by its ARN", Source: lambdaRecorded + "test_function_lifecycle", Confirmed: true, Run: func(t *T) {
		name := t.name()
		_, err := t.lambda.GetFunction(t.ctx, &lambda.GetFunctionInput{FunctionName: &name})
		t.wantError(err, "ResourceNotFoundException", "Function not found: "+t.arn("lambda", "function:"+name))
		equal(t, "the status", status(err), http.StatusNotFound)
	}},
	{Number: 605, Title: "Lambda: a function's name is given once", Source: lambdaAPI + "CreateFunction.html", Run: func(t *T) {
		name := t.function()
		_, err := t.lambda.CreateFunction(t.ctx, t.functionInput(name, str(t.configuration(name).Role)))
		t.wantError(err, "ResourceConflictException", "Function already exist: "+name)
		equal(t, "the status", status(err), http.StatusConflict)
	}},
	{Number: 606, Title: "Lambda: a function answers what it was given", Source: lambdaAPI + "Invoke.html", Confirmed: true, Run: func(t *T) {
		out := t.invoke(t.function(), `{"hello":"world"}`)
		equal(t, "StatusCode", out.StatusCode, http.StatusOK)
		equal(t, "the payload", string(out.Payload), `{"hello":"world"}`)
		equal(t, "ExecutedVersion", str(out.ExecutedVersion), "$LATEST")
		if out.FunctionError != nil {
			t.Errorf("FunctionError is %s", *out.FunctionError)
		}
	}},
	{Number: 607, Title: "Lambda: a function that fails is a success with X-Amz-Function-Error", Source: lambdaAPI + "Invoke.html", Confirmed: true, Run: func(t *T) {
		out := t.invoke(t.function(), `"fail"`)
		equal(t, "StatusCode", out.StatusCode, http.StatusOK)
		equal(t, "FunctionError", str(out.FunctionError), "Unhandled")
		var said struct{ ErrorType, ErrorMessage string }
		if err := json.Unmarshal(out.Payload, &said); err != nil || said.ErrorType != "Refusal" || said.ErrorMessage != "no" {
			t.Errorf("the payload is %s", out.Payload)
		}
	}},
	{Number: 608, Title: "Lambda: a runtime that leaves is Runtime.ExitError", Source: lambdaGuide + "troubleshooting-invocation.html", Run: func(t *T) {
		out := t.invoke(t.function(), `"exit"`)
		equal(t, "FunctionError", str(out.FunctionError), "Unhandled")
		for _, want := range []string{`"errorType":"Runtime.ExitError"`, "Runtime exited with error: exit status 3"} {
			if !strings.Contains(strings.ReplaceAll(string(out.Payload), `": "`, `":"`), want) {
				t.Errorf("the payload is %s, want %s in it", out.Payload, want)
			}
		}
	}},
	{Number: 609, Title: "Lambda: an event that is invoked is accepted with 202 and no payload", Source: lambdaAPI + "Invoke.html", Confirmed: true, Run: func(t *T) {
		name := t.function()
		out := must(t.lambda.Invoke(t.ctx, &lambda.InvokeInput{FunctionName: &name, Payload: []byte(`{}`), InvocationType: lambdatypes.InvocationTypeEvent}))(t)
		equal(t, "StatusCode", out.StatusCode, http.StatusAccepted)
		equal(t, "the payload", string(out.Payload), "")
	}},
	{Number: 610, Title: "Lambda: a dry run is answered with 204", Source: lambdaAPI + "Invoke.html", Confirmed: true, Run: func(t *T) {
		name := t.function()
		out := must(t.lambda.Invoke(t.ctx, &lambda.InvokeInput{FunctionName: &name, InvocationType: lambdatypes.InvocationTypeDryRun}))(t)
		equal(t, "StatusCode", out.StatusCode, http.StatusNoContent)
	}},
	{Number: 611, Title: "Lambda: a payload that is no JSON is refused", Source: lambdaAPI + "Invoke.html", Run: func(t *T) {
		name := t.function()
		_, err := t.lambda.Invoke(t.ctx, &lambda.InvokeInput{FunctionName: &name, Payload: []byte(`{`)})
		t.wantError(err, "InvalidRequestContentException", "Could not parse request body into json")
	}},
	{Number: 612, Title: "Lambda: the log's tail is given on request, from START to REPORT", Source: lambdaAPI + "Invoke.html", Run: func(t *T) {
		name := t.function()
		out := must(t.lambda.Invoke(t.ctx, &lambda.InvokeInput{FunctionName: &name, Payload: []byte(`"say"`), LogType: lambdatypes.LogTypeTail}))(t)
		tail, err := base64.StdEncoding.DecodeString(str(out.LogResult))
		for _, want := range []string{"START RequestId: ", "Version: $LATEST", "I was asked", "END RequestId: ", "REPORT RequestId: ", "Billed Duration: ", "Memory Size: 128 MB"} {
			if err != nil || !strings.Contains(string(tail), want) {
				t.Errorf("the tail is %q, want %q in it", tail, want)
			}
		}
	}},
	{Number: 613, Title: "Lambda: what a function prints is in its log group", Source: lambdaGuide + "monitoring-cloudwatchlogs.html", Run: func(t *T) {
		name := t.function()
		t.invoke(name, `"say"`)
		t.eventually("the log says it", func() bool {
			out, err := t.logs.FilterLogEvents(t.ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/" + name), FilterPattern: aws.String(`"I was asked"`)})
			return err == nil && len(out.Events) == 1
		})
	}},
	{Number: 614, Title: "Lambda: versions are numbered from 1", Source: lambdaGuide + "configuration-versions.html", Run: func(t *T) {
		name := t.function()
		out := must(t.lambda.PublishVersion(t.ctx, &lambda.PublishVersionInput{FunctionName: &name}))(t)
		equal(t, "Version", str(out.Version), "1")
		equal(t, "FunctionArn", str(out.FunctionArn), t.arn("lambda", "function:"+name+":1"))
	}},
	{Number: 615, Title: "Lambda: nothing that has not changed is published: the last version is answered", Source: lambdaAPI + "PublishVersion.html", Confirmed: true, Run: func(t *T) {
		name := t.function()
		must(t.lambda.PublishVersion(t.ctx, &lambda.PublishVersionInput{FunctionName: &name}))(t)
		out := must(t.lambda.PublishVersion(t.ctx, &lambda.PublishVersionInput{FunctionName: &name}))(t)
		equal(t, "Version", str(out.Version), "1")
	}},
	{Number: 616, Title: "Lambda: new code makes a new version, and old ones stay as they are", Source: lambdaGuide + "configuration-versions.html", Run: func(t *T) {
		name := t.function()
		first := must(t.lambda.PublishVersion(t.ctx, &lambda.PublishVersionInput{FunctionName: &name}))(t)
		must(t.lambda.UpdateFunctionCode(t.ctx, &lambda.UpdateFunctionCodeInput{FunctionName: &name, ZipFile: functionZip("two")}))(t)
		t.updated(name)
		second := must(t.lambda.PublishVersion(t.ctx, &lambda.PublishVersionInput{FunctionName: &name}))(t)
		equal(t, "Version", str(second.Version), "2")
		if str(first.CodeSha256) == str(second.CodeSha256) {
			t.Errorf("both versions have the code %s", str(first.CodeSha256))
		}
		got := must(t.lambda.GetFunctionConfiguration(t.ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name, Qualifier: aws.String("1")}))(t)
		equal(t, "the code of the first", str(got.CodeSha256), str(first.CodeSha256))
	}},
	{Number: 617, Title: "Lambda: an alias runs the version that it points to", Source: lambdaGuide + "configuration-aliases.html", Run: func(t *T) {
		name := t.function()
		must(t.lambda.PublishVersion(t.ctx, &lambda.PublishVersionInput{FunctionName: &name}))(t)
		alias := must(t.lambda.CreateAlias(t.ctx, &lambda.CreateAliasInput{FunctionName: &name, Name: aws.String("live"), FunctionVersion: aws.String("1")}))(t)
		equal(t, "AliasArn", str(alias.AliasArn), t.arn("lambda", "function:"+name+":live"))
		out := must(t.lambda.Invoke(t.ctx, &lambda.InvokeInput{FunctionName: &name, Qualifier: aws.String("live"), Payload: []byte(`"version"`)}))(t)
		equal(t, "ExecutedVersion", str(out.ExecutedVersion), "1")
		equal(t, "what the function knows", string(out.Payload), `"1"`)
	}},
	{Number: 618, Title: "Lambda: a version that an alias points to is not deleted", Source: lambdaAPI + "DeleteFunction.html", Run: func(t *T) {
		name := t.function()
		must(t.lambda.PublishVersion(t.ctx, &lambda.PublishVersionInput{FunctionName: &name}))(t)
		must(t.lambda.CreateAlias(t.ctx, &lambda.CreateAliasInput{FunctionName: &name, Name: aws.String("live"), FunctionVersion: aws.String("1")}))(t)
		_, err := t.lambda.DeleteFunction(t.ctx, &lambda.DeleteFunctionInput{FunctionName: &name, Qualifier: aws.String("1")})
		t.wantError(err, "ResourceConflictException")
	}},
	{Number: 619, Title: "Lambda: an alias's name is given once, and is no number", Source: lambdaAPI + "CreateAlias.html", Run: func(t *T) {
		name := t.function()
		must(t.lambda.PublishVersion(t.ctx, &lambda.PublishVersionInput{FunctionName: &name}))(t)
		input := &lambda.CreateAliasInput{FunctionName: &name, Name: aws.String("live"), FunctionVersion: aws.String("1")}
		must(t.lambda.CreateAlias(t.ctx, input))(t)
		_, err := t.lambda.CreateAlias(t.ctx, input)
		t.wantError(err, "ResourceConflictException", "Alias already exists: ")
	}},
	{Number: 620, Title: "Lambda: an alias that is not there is named by its ARN", Source: lambdaAPI + "GetAlias.html", Run: func(t *T) {
		name := t.function()
		_, err := t.lambda.GetAlias(t.ctx, &lambda.GetAliasInput{FunctionName: &name, Name: aws.String("live")})
		t.wantError(err, "ResourceNotFoundException", "Cannot find alias arn: "+t.arn("lambda", "function:"+name+":live"))
	}},
	{Number: 621, Title: "Lambda: a statement's id is given once in a function's policy", Source: lambdaAPI + "AddPermission.html", Run: func(t *T) {
		name := t.function()
		input := &lambda.AddPermissionInput{FunctionName: &name, StatementId: aws.String("one"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("sns.amazonaws.com")}
		must(t.lambda.AddPermission(t.ctx, input))(t)
		_, err := t.lambda.AddPermission(t.ctx, input)
		t.wantError(err, "ResourceConflictException", "The statement id (one) provided already exists. Please provide a new statement id, or remove the existing statement.")
	}},
	{Number: 622, Title: "Lambda: a function without a policy says ResourceNotFoundException", Source: lambdaAPI + "GetPolicy.html", Run: func(t *T) {
		name := t.function()
		_, err := t.lambda.GetPolicy(t.ctx, &lambda.GetPolicyInput{FunctionName: &name})
		t.wantError(err, "ResourceNotFoundException", "The resource you requested does not exist.")
	}},
	{Number: 623, Title: "Lambda: a role that does not trust lambda.amazonaws.com is refused", Source: "https://github.com/pdomala/LambdaCDDemo/issues/1, which quotes Lambda", Confirmed: true, Run: func(t *T) {
		_, err := t.lambda.CreateFunction(t.ctx, t.functionInput(t.functionName(), t.role(trustService("ec2.amazonaws.com"), "")))
		t.wantError(err, "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.")
	}},
	{Number: 624, Title: "Lambda: a change of configuration is in progress before it is done", Source: lambdaRecorded + "test_function_lifecycle", Confirmed: true, Run: func(t *T) {
		name := t.function()
		out := must(t.lambda.UpdateFunctionConfiguration(t.ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: &name, Timeout: aws.Int32(10)}))(t)
		equal(t, "Timeout", aws.ToInt32(out.Timeout), 10)
		equal(t, "LastUpdateStatus", out.LastUpdateStatus, lambdatypes.LastUpdateStatusInProgress)
		t.updated(name)
	}},
	{Number: 625, Title: "Lambda: a name of a version that is none is not found", Source: lambdaAPI + "Invoke.html", Run: func(t *T) {
		name := t.function()
		_, err := t.lambda.Invoke(t.ctx, &lambda.InvokeInput{FunctionName: &name, Qualifier: aws.String("7")})
		t.wantError(err, "ResourceNotFoundException", "Function not found: "+t.arn("lambda", "function:"+name+":7"))
	}},
	{Number: 626, Title: "Lambda: a function is also named by its ARN, whole or in part", Source: lambdaAPI + "GetFunctionConfiguration.html", Confirmed: true, Run: func(t *T) {
		name := t.function()
		for _, alias := range []string{t.arn("lambda", "function:"+name), t.target.Account + ":function:" + name} {
			equal(t, "the name", str(t.configuration(alias).FunctionName), name)
		}
	}},
}
