package wire

import (
	"net/http"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
)

// invalid is how the service refuses an input that breaks its model. Most leave
// it to AWS's own framework, whose words describe has; the others are below.
func (s *service) invalid(op *codec, violations []violation) error {
	code := "ValidationException"
	switch {
	case s.name == "codecommit":
		if err := s.ownException(op, violations[0]); err != nil {
			return err
		}
	case s.name == "codebuild":
		return invalidCodeBuild(violations)
	case s.name == "codepipeline":
		redact(violations)
	case s.name == "iam":
		return invalidIAM(violations)
	case s.protocol == "rest-xml":
		return invalidS3(violations[0])
	case s.name == "logs":
		code = "InvalidParameterException"
	case s.protocol == "query":
		code = "ValidationError"
	}
	return &refusal{code: code, message: describe(violations), status: http.StatusBadRequest}
}

// ownException finds the exception that CodeCommit has for one member: a
// missing repositoryName is a RepositoryNameRequiredException, one that breaks
// the pattern an InvalidRepositoryNameException, if the operation has them.
func (s *service) ownException(op *codec, v violation) error {
	for _, name := range codecommitNames(v.member) {
		codes := []string{"Invalid" + name + "Exception", name + "InvalidIdException"}
		if v.value == "null" {
			codes = []string{name + "RequiredException"}
		}
		for _, code := range codes {
			if slices.Contains(op.model.Errors, code) {
				return &smithy.GenericAPIError{Code: code, Message: orElse(codecommitWords[code], s.table.shape(code).Doc)}
			}
		}
	}
	return nil
}

// codecommitNames are what CodeCommit's exceptions may call a member.
func codecommitNames(member string) []string {
	if member == "" {
		return nil
	}
	return append([]string{strings.ToUpper(member[:1]) + member[1:]}, codecommitAliases[member]...)
}

// codecommitAliases are the names, in the service's own model, of exceptions that
// are not called as the member is.
var codecommitAliases = map[string][]string{
	"afterCommitId":               {"CommitId", "Commit"},
	"afterCommitSpecifier":        {"Commit"},
	"beforeCommitId":              {"CommitId", "Commit"},
	"branches":                    {"RepositoryTriggerBranchNameList", "RepositoryTriggerBranchName"},
	"commitIds":                   {"CommitIdsList"},
	"commitSpecifier":             {"Commit"},
	"content":                     {"CommentContent", "ReplacementContent"},
	"customData":                  {"RepositoryTriggerCustomData"},
	"defaultBranchName":           {"BranchName"},
	"destinationArn":              {"RepositoryTriggerDestinationArn"},
	"destinationCommitSpecifier":  {"Commit"},
	"destinationReference":        {"ReferenceName"},
	"events":                      {"RepositoryTriggerEventsList", "RepositoryTriggerEvents"},
	"existingRuleContentSha256":   {"RuleContentSha256"},
	"filePath":                    {"Path"},
	"folderPath":                  {"Path"},
	"inReplyTo":                   {"CommentId"},
	"kmsKeyId":                    {"EncryptionKey"},
	"name":                        {"RepositoryTriggerName"},
	"newApprovalRuleTemplateName": {"ApprovalRuleTemplateName"},
	"newContent":                  {"ApprovalRuleTemplateContent"},
	"newName":                     {"RepositoryName"},
	"newRuleContent":              {"ApprovalRuleContent", "ApprovalRuleTemplateContent"},
	"nextToken":                   {"ContinuationToken"},
	"oldApprovalRuleTemplateName": {"ApprovalRuleTemplateName"},
	"oldName":                     {"RepositoryName"},
	"relativeFileVersion":         {"RelativeFileVersionEnum"},
	"repositoryNames":             {"RepositoryName"},
	"sourceCommitSpecifier":       {"Commit"},
	"sourceReference":             {"ReferenceName"},
	"tagKeys":                     {"TagKeysList"},
	"tags":                        {"TagsMap"},
	"triggers":                    {"RepositoryTriggersList"},
}

// codecommitWords are the service's words where they are known (moto's
// codecommit/exceptions.py); the others are its documentation's.
var codecommitWords = map[string]string{
	"InvalidRepositoryNameException": "The repository name is not valid. Repository names can be any valid combination of letters, numbers, " +
		"periods, underscores, and dashes between 1 and 100 characters in length. Names are case sensitive. " +
		"For more information, see Limits in the AWS CodeCommit User Guide. ",
}

// invalidCodeBuild has the one exception that the service's model has for all
// of its operations. Its words are known of a few members (moto's
// codebuild/responses.py); that the others are the framework's is not confirmed.
func invalidCodeBuild(violations []violation) error {
	const code, enum = "InvalidInputException", "Member must satisfy enum value set"
	first, message := violations[0], describe(violations)
	value := strings.Trim(first.value, "'")
	switch {
	case len(violations) > 1 || !strings.HasPrefix(first.constraint, enum):
	case first.path == "source.type":
		message = "Invalid type provided: Project source type"
	case first.path == "artifacts.type":
		message = "Invalid type provided: Artifact type"
	case first.path == "environment.type":
		message = "Invalid type provided: " + value
	case first.path == "environment.computeType":
		message = "Invalid compute type provided: " + value
	}
	return &smithy.GenericAPIError{Code: code, Message: message}
}

// redact leaves out the values of a pipeline's members, as CodePipeline does:
// "Value at 'pipeline.stages.1.member.actions.1.member.namespace' failed to
// satisfy constraint: ..." (awslabs/cloudfront-hosting-toolkit, issue 12).
func redact(violations []violation) {
	for i := range violations {
		if v := &violations[i]; strings.HasPrefix(v.path, "pipeline.") && v.value != "null" {
			v.value = ""
		}
	}
}

// iamWords are what IAM says of values that do not match these patterns, and
// only after its framework has nothing more to say: "The specified value for
// roleName is invalid. It must contain only ..." (aws-amplify/amplify-cli, issue
// 9120; for paths moto's iam/models.py).
var iamWords = map[string]string{
	`[\w+=,.@-]+`: "It must contain only alphanumeric characters and/or the following: +=,.@_-",
	`(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`: "It must begin and end with / and contain only alphanumeric characters and/or / characters.",
}

func invalidIAM(violations []violation) error {
	const pattern = "Member must satisfy regular expression pattern: "
	var message string
	framework := slices.DeleteFunc(slices.Clone(violations), func(v violation) bool {
		words := iamWords[strings.TrimPrefix(v.constraint, pattern)]
		if words != "" && message == "" {
			message = "The specified value for " + v.path + " is invalid. " + words
		}
		return words != ""
	})
	if len(framework) > 0 {
		message = describe(framework)
	}
	return &refusal{code: "ValidationError", message: message, status: http.StatusBadRequest}
}

// invalidS3 is S3's way: it knows no validation errors as the others do. The
// codes and words are from the list of error responses in its API reference;
// which of them an argument gets that has none of its own is not confirmed.
func invalidS3(v violation) error {
	refused := &smithy.GenericAPIError{Code: "InvalidArgument", Message: "Invalid argument: " + v.String()}
	switch {
	case v.path == "createBucketConfiguration.locationConstraint":
		refused.Code, refused.Message = "InvalidLocationConstraint", "The specified location-constraint is not valid"
	case v.path == "storageClass":
		refused.Code, refused.Message = "InvalidStorageClass", "The storage class you specified is not valid"
	case strings.Contains(v.path, "."):
		refused.Code = "MalformedXML"
		refused.Message = "The XML you provided was not well-formed or did not validate against our published schema"
	case v.value == "null" && v.body:
		refused.Code, refused.Message = "MissingRequestBodyError", "Request Body is empty"
	case v.value == "null":
		refused.Code, refused.Message = "InvalidRequest", "Missing required parameter: "+v.path
	}
	return refused
}
