package codepipeline

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/smithy-go"
)

// console is a link into AWS's console, as AWS puts it into states and
// histories. This AWS has no console: the links have AWS's form, and no page.
func (s *Service) console(path string) string {
	return "https://" + s.env.Region + ".console.aws.amazon.com/" + path + "?region=" + s.env.Region
}

// entityURL links to what an action works on.
func (s *Service) entityURL(id *types.ActionTypeId, configuration map[string]string) string {
	switch aws.ToString(id.Provider) {
	case "CodeCommit":
		return s.console("codesuite/codecommit/repositories/" + configuration["RepositoryName"] + "/browse/refs/heads/" + configuration["BranchName"] + "/--/")
	case "S3":
		return s.console("s3/buckets/" + configuration["S3Bucket"])
	case "Lambda":
		return s.console("lambda/home") + "#/functions/" + configuration["FunctionName"]
	case "CodeBuild":
		return s.console("codesuite/codebuild/projects/" + configuration["ProjectName"])
	case "CloudFormation":
		return s.console("cloudformation/home") + "#/stacks?filteringText=" + configuration["StackName"]
	case "Manual":
		return configuration["ExternalEntityLink"]
	}
	return ""
}

// apiMessage is the message of an API's error, without the SDK's wrapping.
func apiMessage(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorMessage()
	}
	return err.Error()
}
