package resource

import (
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	logsclient "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	buildclient "github.com/aws/aws-sdk-go-v2/service/codebuild"
	pipelineclient "github.com/aws/aws-sdk-go-v2/service/codepipeline"
	eventsclient "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	iamclient "github.com/aws/aws-sdk-go-v2/service/iam"
	lambdaclient "github.com/aws/aws-sdk-go-v2/service/lambda"
	s3client "github.com/aws/aws-sdk-go-v2/service/s3"
)

const trust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":["lambda.amazonaws.com","codebuild.amazonaws.com","codepipeline.amazonaws.com","events.amazonaws.com"]}}}`

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestRole(t *testing.T) {
	w := newWorld(t)
	client := iamclient.NewFromConfig(w.config)
	x := w.create(t, "AWS::IAM::Role", "Role", `{"AssumeRolePolicyDocument": `+trust+`,
		"ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"], "MaxSessionDuration": "7200",
		"Policies": [{"PolicyName": "one", "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}],
		"Tags": [{"Key": "a", "Value": "b"}]}`)
	equal(t, "name", x.PhysicalID, "stk-Role-A1B2C3D4E5F6")
	equal(t, "arn", x.Attributes["Arn"], "arn:aws:iam::"+testAccount+":role/stk-Role-A1B2C3D4E5F6")
	role, err := client.GetRole(t.Context(), &iamclient.GetRoleInput{RoleName: &x.PhysicalID})
	must(t, err)
	equal(t, "duration", aws.ToInt32(role.Role.MaxSessionDuration), 7200)
	tags := map[string]string{}
	for _, tag := range role.Role.Tags {
		tags[*tag.Key] = *tag.Value
	}
	equal(t, "own tag", tags["a"], "b")
	equal(t, "stack's tag", tags["team"], "a")
	equal(t, "system tag, which roles do not carry", tags["aws:cloudformation:stack-name"], "")
	equal(t, "taken name", strings.Contains(w.fail(t, "AWS::IAM::Role", "Other", `{"RoleName": "stk-Role-A1B2C3D4E5F6", "AssumeRolePolicyDocument": `+trust+`}`), "already exists"), true)

	other := w.create(t, "AWS::IAM::ManagedPolicy", "Other", `{"ManagedPolicyName": "other",
		"PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}}`)
	x.update(`{"AssumeRolePolicyDocument": ` + trust + `, "Description": "other",
		"ManagedPolicyArns": ["` + other.PhysicalID + `"],
		"Policies": [{"PolicyName": "two", "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}}]}`)
	inline, err := client.ListRolePolicies(t.Context(), &iamclient.ListRolePoliciesInput{RoleName: &x.PhysicalID})
	must(t, err)
	equal(t, "inline", strings.Join(inline.PolicyNames, ","), "two")
	attached, err := client.ListAttachedRolePolicies(t.Context(), &iamclient.ListAttachedRolePoliciesInput{RoleName: &x.PhysicalID})
	must(t, err)
	if len(attached.AttachedPolicies) != 1 || *attached.AttachedPolicies[0].PolicyName != "other" {
		t.Errorf("attached: %v", attached.AttachedPolicies)
	}
	role, err = client.GetRole(t.Context(), &iamclient.GetRoleInput{RoleName: &x.PhysicalID})
	must(t, err)
	equal(t, "duration after", aws.ToInt32(role.Role.MaxSessionDuration), 3600)
	equal(t, "tags after", len(role.Role.Tags), 1)
	x.remove()
	other.remove()
}

func TestPolicies(t *testing.T) {
	w := newWorld(t)
	client := iamclient.NewFromConfig(w.config)
	one := w.create(t, "AWS::IAM::Role", "One", `{"AssumeRolePolicyDocument": `+trust+`}`)
	two := w.create(t, "AWS::IAM::Role", "Two", `{"AssumeRolePolicyDocument": `+trust+`}`)
	statement := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}`

	inline := w.create(t, "AWS::IAM::Policy", "Inline", `{"PolicyName": "p", "PolicyDocument": `+statement+`, "Roles": ["`+one.PhysicalID+`"]}`)
	inline.update(`{"PolicyName": "q", "PolicyDocument": ` + statement + `, "Roles": ["` + two.PhysicalID + `"]}`)
	for role, want := range map[string]string{one.PhysicalID: "", two.PhysicalID: "q"} {
		out, err := client.ListRolePolicies(t.Context(), &iamclient.ListRolePoliciesInput{RoleName: &role})
		must(t, err)
		equal(t, role, strings.Join(out.PolicyNames, ","), want)
	}
	policy, err := client.GetRolePolicy(t.Context(), &iamclient.GetRolePolicyInput{RoleName: &two.PhysicalID, PolicyName: aws.String("q")})
	must(t, err)
	text, err := url.QueryUnescape(*policy.PolicyDocument)
	must(t, err)
	equal(t, "document", strings.Contains(text, "s3:GetObject"), true)

	managed := w.create(t, "AWS::IAM::ManagedPolicy", "Managed", `{"PolicyDocument": `+statement+`, "Roles": ["`+one.PhysicalID+`"]}`)
	equal(t, "arn", managed.PhysicalID, "arn:aws:iam::"+testAccount+":policy/stk-Managed-A1B2C3D4E5F6")
	for range 3 {
		managed.update(`{"PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}, "Roles": ["` + two.PhysicalID + `"]}`)
		managed.update(`{"PolicyDocument": ` + statement + `, "Roles": ["` + two.PhysicalID + `"]}`)
	}
	versions, err := client.ListPolicyVersions(t.Context(), &iamclient.ListPolicyVersionsInput{PolicyArn: &managed.PhysicalID})
	must(t, err)
	equal(t, "versions", len(versions.Versions), 5)
	equal(t, "default", managed.Attributes["DefaultVersionId"], any("v7"))

	single := w.create(t, "AWS::IAM::RolePolicy", "Single", `{"PolicyName": "s", "RoleName": "`+one.PhysicalID+`", "PolicyDocument": `+statement+`}`)
	equal(t, "taken", w.fail(t, "AWS::IAM::RolePolicy", "Again", `{"PolicyName": "s", "RoleName": "`+one.PhysicalID+`", "PolicyDocument": `+statement+`}`), "s already exists")
	equal(t, "groups", w.fail(t, "AWS::IAM::Policy", "G", `{"PolicyName": "p", "PolicyDocument": {}, "Groups": ["g"]}`), "The property Groups is not served by this AWS")
	for _, x := range []*thing{single, managed, inline, two, one} {
		x.remove()
	}
}

func TestUser(t *testing.T) {
	w := newWorld(t)
	user := w.create(t, "AWS::IAM::User", "User", `{"Policies": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}}],
		"ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]}`)
	key := w.create(t, "AWS::IAM::AccessKey", "Key", `{"UserName": "`+user.PhysicalID+`", "Status": "Inactive"}`)
	keys, err := iamclient.NewFromConfig(w.config).ListAccessKeys(t.Context(), &iamclient.ListAccessKeysInput{UserName: &user.PhysicalID})
	must(t, err)
	equal(t, "key", *keys.AccessKeyMetadata[0].AccessKeyId, key.PhysicalID)
	equal(t, "status", string(keys.AccessKeyMetadata[0].Status), "Inactive")
	user.update(`{}`)
	key.remove()
	user.remove()
}

func TestBucket(t *testing.T) {
	w := newWorld(t)
	client := s3client.NewFromConfig(w.config)
	x := w.create(t, "AWS::S3::Bucket", "Artifacts", `{
		"VersioningConfiguration": {"Status": "Enabled"},
		"PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "BlockPublicPolicy": "true", "IgnorePublicAcls": true, "RestrictPublicBuckets": true},
		"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
		"BucketEncryption": {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
		"LifecycleConfiguration": {"Rules": [{"Id": "x", "Status": "Enabled", "ExpirationInDays": 30,
			"NoncurrentVersionExpiration": {"NoncurrentDays": 7}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}]},
		"NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": true}},
		"Tags": [{"Key": "a", "Value": "b"}]}`)
	name := x.PhysicalID
	equal(t, "name", name, "stk-artifacts-a1b2c3d4e5f6")
	equal(t, "arn", x.Attributes["Arn"], any("arn:aws:s3:::"+name))
	equal(t, "domain", x.Attributes["RegionalDomainName"], any(name+".s3.eu-west-1.amazonaws.com"))
	versioning, err := client.GetBucketVersioning(t.Context(), &s3client.GetBucketVersioningInput{Bucket: &name})
	must(t, err)
	equal(t, "versioning", string(versioning.Status), "Enabled")
	block, err := client.GetPublicAccessBlock(t.Context(), &s3client.GetPublicAccessBlockInput{Bucket: &name})
	must(t, err)
	equal(t, "block", *block.PublicAccessBlockConfiguration.BlockPublicPolicy, true)
	encrypted, err := client.GetBucketEncryption(t.Context(), &s3client.GetBucketEncryptionInput{Bucket: &name})
	must(t, err)
	equal(t, "encryption", string(encrypted.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm), "AES256")
	life, err := client.GetBucketLifecycleConfiguration(t.Context(), &s3client.GetBucketLifecycleConfigurationInput{Bucket: &name})
	must(t, err)
	equal(t, "lifecycle", *life.Rules[0].Expiration.Days, 30)
	tags, err := client.GetBucketTagging(t.Context(), &s3client.GetBucketTaggingInput{Bucket: &name})
	must(t, err)
	equal(t, "tags", len(tags.TagSet), 2)

	policy := w.create(t, "AWS::S3::BucketPolicy", "Policy", `{"Bucket": "`+name+`", "PolicyDocument": {"Version": "2012-10-17",
		"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::`+name+`", "arn:aws:s3:::`+name+`/*"],
		"Condition": {"Bool": {"aws:SecureTransport": false}}}}}`)
	equal(t, "second policy", w.fail(t, "AWS::S3::BucketPolicy", "P", `{"Bucket": "`+name+`", "PolicyDocument": {}}`), "The bucket policy already exists on bucket "+name+".")
	policy.remove()

	_, err = client.PutObject(t.Context(), &s3client.PutObjectInput{Bucket: &name, Key: aws.String("k"), Body: strings.NewReader("x")})
	must(t, err)
	err = x.kind.Delete(t.Context(), x.made)
	if err == nil || !strings.Contains(err.Error(), "The bucket you tried to delete is not empty. You must delete all versions in the bucket.") {
		t.Errorf("delete with an object: %v", err)
	}
	listed, err := client.ListObjectVersions(t.Context(), &s3client.ListObjectVersionsInput{Bucket: &name})
	must(t, err)
	_, err = client.DeleteObject(t.Context(), &s3client.DeleteObjectInput{Bucket: &name, Key: aws.String("k"), VersionId: listed.Versions[0].VersionId})
	must(t, err)

	x.update(`{}`)
	versioning, err = client.GetBucketVersioning(t.Context(), &s3client.GetBucketVersioningInput{Bucket: &name})
	must(t, err)
	equal(t, "versioning after", string(versioning.Status), "Suspended")
	equal(t, "taken", w.fail(t, "AWS::S3::Bucket", "Again", `{"BucketName": "`+name+`"}`), name+" already exists")
	equal(t, "website", w.fail(t, "AWS::S3::Bucket", "Site", `{"WebsiteConfiguration": {"IndexDocument": "i"}}`), "The property WebsiteConfiguration is not served by this AWS")
	x.remove()
}

func TestLogGroup(t *testing.T) {
	w := newWorld(t)
	x := w.create(t, "AWS::Logs::LogGroup", "Logs", `{"LogGroupName": "/app", "RetentionInDays": "30"}`)
	equal(t, "arn", x.Attributes["Arn"], any("arn:aws:logs:eu-west-1:"+testAccount+":log-group:/app:*"))
	retention := func() int32 {
		out, err := logsclient.NewFromConfig(w.config).DescribeLogGroups(t.Context(), &logsclient.DescribeLogGroupsInput{})
		must(t, err)
		return aws.ToInt32(out.LogGroups[0].RetentionInDays)
	}
	equal(t, "retention", retention(), 30)
	x.update(`{"LogGroupName": "/app", "RetentionInDays": 7, "Tags": [{"Key": "a", "Value": "b"}]}`)
	equal(t, "retention", retention(), 7)
	x.update(`{"LogGroupName": "/app"}`)
	equal(t, "retention", retention(), 0)
	equal(t, "taken", strings.Contains(w.fail(t, "AWS::Logs::LogGroup", "Again", `{"LogGroupName": "/app"}`), "already exists"), true)
	x.remove()
}

func TestRule(t *testing.T) {
	w := newWorld(t)
	client := eventsclient.NewFromConfig(w.config)
	target := `{"Id": "T", "Arn": "arn:aws:codepipeline:eu-west-1:` + testAccount + `:p", "RoleArn": "arn:aws:iam::` + testAccount + `:role/r",
		"InputTransformer": {"InputPathsMap": {"c": "$.detail.commitId"}, "InputTemplate": "{\"x\": <c>}"}}`
	x := w.create(t, "AWS::Events::Rule", "Push", `{"EventPattern": {"source": ["aws.codecommit"]}, "State": "ENABLED", "Targets": [`+target+`]}`)
	targets := func() []string {
		out, err := client.ListTargetsByRule(t.Context(), &eventsclient.ListTargetsByRuleInput{Rule: &x.PhysicalID})
		must(t, err)
		var ids []string
		for _, target := range out.Targets {
			ids = append(ids, *target.Id)
		}
		return ids
	}
	equal(t, "targets", strings.Join(targets(), ","), "T")
	equal(t, "taken", w.fail(t, "AWS::Events::Rule", "Again", `{"Name": "`+x.PhysicalID+`", "ScheduleExpression": "rate(1 day)"}`), x.PhysicalID+" already exists")
	x.update(`{"EventPattern": {"source": ["other"]}, "State": "DISABLED", "Targets": [` + strings.Replace(target, `"T"`, `"U"`, 1) + `]}`)
	equal(t, "targets", strings.Join(targets(), ","), "U")
	rule, err := client.DescribeRule(t.Context(), &eventsclient.DescribeRuleInput{Name: &x.PhysicalID})
	must(t, err)
	equal(t, "state", string(rule.State), "DISABLED")
	equal(t, "pattern", *rule.EventPattern, `{"source":["other"]}`)
	x.remove()
}

func TestFunction(t *testing.T) {
	w := newWorld(t)
	client := lambdaclient.NewFromConfig(w.config)
	role := w.create(t, "AWS::IAM::Role", "Role", `{"AssumeRolePolicyDocument": `+trust+`}`)
	head := `{"Handler": "index.handler", "Runtime": "python3.13", "Role": "` + role.Attributes["Arn"].(string) + `", `
	code := func(body string) string { return `"Code": {"ZipFile": "def handler(e, c): return '` + body + `'\n"}` }
	x := w.create(t, "AWS::Lambda::Function", "Hello", head+code("one")+`, "MemorySize": "256", "Environment": {"Variables": {"AA": 1}}}`)
	name := x.PhysicalID
	equal(t, "arn", x.Attributes["Arn"], any("arn:aws:lambda:eu-west-1:"+testAccount+":function:"+name))

	version := w.create(t, "AWS::Lambda::Version", "One", `{"FunctionName": "`+name+`"}`)
	equal(t, "version", version.Attributes["Version"], any("1"))
	equal(t, "version's arn", version.PhysicalID, x.Attributes["Arn"].(string)+":1")
	equal(t, "unchanged", w.fail(t, "AWS::Lambda::Version", "Two", `{"FunctionName": "`+name+`"}`),
		"A version for this Lambda function exists ( 1 ). Modify the function to create a new version.")

	x.update(head + code("two") + `}`)
	out, err := client.GetFunction(t.Context(), &lambdaclient.GetFunctionInput{FunctionName: &name})
	must(t, err)
	equal(t, "memory after", *out.Configuration.MemorySize, 128)
	second := w.create(t, "AWS::Lambda::Version", "Two", `{"FunctionName": "`+name+`"}`)
	equal(t, "version", second.Attributes["Version"], any("2"))

	alias := w.create(t, "AWS::Lambda::Alias", "Live", `{"FunctionName": "`+name+`", "Name": "live", "FunctionVersion": "1"}`)
	alias.update(`{"FunctionName": "` + name + `", "Name": "live", "FunctionVersion": 2}`)
	shown, err := client.GetAlias(t.Context(), &lambdaclient.GetAliasInput{FunctionName: &name, Name: aws.String("live")})
	must(t, err)
	equal(t, "alias", *shown.FunctionVersion, "2")

	link := w.create(t, "AWS::Lambda::Url", "Url", `{"TargetFunctionArn": "`+alias.PhysicalID+`", "AuthType": "NONE"}`)
	equal(t, "url", strings.HasPrefix(link.Attributes["FunctionUrl"].(string), "http"), true)
	equal(t, "url's function", link.PhysicalID, alias.PhysicalID)
	public := w.create(t, "AWS::Lambda::Permission", "Public", `{"FunctionName": "`+alias.PhysicalID+`", "Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"}`)
	invoke := w.create(t, "AWS::Lambda::Permission", "Invoke", `{"FunctionName": "`+alias.PhysicalID+`", "Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": true}`)
	policy, err := client.GetPolicy(t.Context(), &lambdaclient.GetPolicyInput{FunctionName: &name, Qualifier: aws.String("live")})
	must(t, err)
	equal(t, "statements", strings.Count(*policy.Policy, `"Sid"`), 2)
	link.update(`{"TargetFunctionArn": "` + alias.PhysicalID + `", "AuthType": "AWS_IAM", "Cors": {"AllowOrigins": ["*"]}}`)

	equal(t, "taken", strings.Contains(w.fail(t, "AWS::Lambda::Function", "Again", head+code("x")+`, "FunctionName": "`+name+`"}`), "already exist"), true)
	for _, gone := range []*thing{invoke, public, link, alias, second, version, x, role} {
		gone.remove()
	}
}

func TestProjectAndPipeline(t *testing.T) {
	w := newWorld(t)
	role := w.create(t, "AWS::IAM::Role", "Role", `{"AssumeRolePolicyDocument": `+trust+`}`)
	arn := role.Attributes["Arn"].(string)
	head := `{"ServiceRole": "` + arn + `", "Artifacts": {"Type": "CODEPIPELINE"}, "Source": {"Type": "CODEPIPELINE", "BuildSpec": "b.yml"},
		"Environment": {"Type": "LINUX_CONTAINER", "Image": "aws/codebuild/amazonlinux-x86_64-standard:6.0", "ComputeType": "BUILD_GENERAL1_SMALL"}`
	project := w.create(t, "AWS::CodeBuild::Project", "Build", head+`, "TimeoutInMinutes": "10", "Cache": {"Type": "S3", "Location": "b/p"}}`)
	project.update(head + `}`)
	built, err := buildclient.NewFromConfig(w.config).BatchGetProjects(t.Context(), &buildclient.BatchGetProjectsInput{Names: []string{project.PhysicalID}})
	must(t, err)
	equal(t, "cache after", string(built.Projects[0].Cache.Type), "NO_CACHE")
	equal(t, "timeout after", *built.Projects[0].TimeoutInMinutes, 60)
	equal(t, "buildspec", *built.Projects[0].Source.Buildspec, "b.yml")
	equal(t, "webhook", w.fail(t, "AWS::CodeBuild::Project", "Hook", head+`, "Triggers": {"Webhook": true}}`), "The property Triggers is not served by this AWS")

	stages := `"RoleArn": "` + arn + `", "PipelineType": "V2", "ArtifactStore": {"Type": "S3", "Location": "bkt"}, "Stages": [
		{"Name": "Source", "Actions": [{"Name": "Source", "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "CodeCommit", "Version": 1},
			"Configuration": {"RepositoryName": "app", "BranchName": "main", "PollForSourceChanges": false}, "OutputArtifacts": [{"Name": "Code"}]}]},
		{"Name": "Build", "Actions": [{"Name": "Build", "RunOrder": "1", "ActionTypeId": {"Category": "Build", "Owner": "AWS", "Provider": "CodeBuild", "Version": "1"},
			"Configuration": {"ProjectName": "` + project.PhysicalID + `"}, "InputArtifacts": [{"Name": "Code"}]}]}]`
	client := pipelineclient.NewFromConfig(w.config)
	pipe := w.create(t, "AWS::CodePipeline::Pipeline", "Pipe", `{`+stages+`, "DisableInboundStageTransitions": [{"StageName": "Build", "Reason": "not yet"}]}`)
	equal(t, "version", pipe.Attributes["Version"], any("1"))
	enabled := func() bool {
		state, err := client.GetPipelineState(t.Context(), &pipelineclient.GetPipelineStateInput{Name: &pipe.PhysicalID})
		must(t, err)
		return state.StageStates[1].InboundTransitionState.Enabled
	}
	equal(t, "transition", enabled(), false)
	pipe.update(`{` + stages + `}`)
	equal(t, "version", pipe.Attributes["Version"], any("2"))
	equal(t, "transition", enabled(), true)
	shown, err := client.GetPipeline(t.Context(), &pipelineclient.GetPipelineInput{Name: &pipe.PhysicalID})
	must(t, err)
	equal(t, "configuration", shown.Pipeline.Stages[0].Actions[0].Configuration["PollForSourceChanges"], "false")
	equal(t, "object", w.fail(t, "AWS::CodePipeline::Pipeline", "Bad", `{`+strings.Replace(stages, `"main"`, `{"a": "b"}`, 1)+`}`),
		"#/Stages/0/Actions/0/Configuration/BranchName: expected type: String, found: JSONObject")
	for _, x := range []*thing{pipe, project, role} {
		x.remove()
	}
}
