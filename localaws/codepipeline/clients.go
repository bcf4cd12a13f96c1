package codepipeline

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// clients makes the clients of the other services, with the keys of a role.
type clients struct {
	sts            func(aws.Config) roleAPI
	s3             func(aws.Config) objectAPI
	codecommit     func(aws.Config) commitAPI
	codebuild      func(aws.Config) buildAPI
	cloudformation func(aws.Config) stackAPI
	sns            func(aws.Config) topicAPI
	lambda         func(aws.Config) functionAPI
}

func sdkClients() clients {
	return clients{
		sts:            func(c aws.Config) roleAPI { return sts.NewFromConfig(c) },
		s3:             func(c aws.Config) objectAPI { return s3.NewFromConfig(c) },
		codecommit:     func(c aws.Config) commitAPI { return codecommit.NewFromConfig(c) },
		codebuild:      func(c aws.Config) buildAPI { return codebuild.NewFromConfig(c) },
		cloudformation: func(c aws.Config) stackAPI { return cloudformation.NewFromConfig(c) },
		sns:            func(c aws.Config) topicAPI { return sns.NewFromConfig(c) },
		lambda:         func(c aws.Config) functionAPI { return lambda.NewFromConfig(c) },
	}
}

// builtin lists who does the work of each type of action.
func (s *Service) builtin() map[string]actor {
	return map[string]actor{
		"Source/CodeCommit":     s.runCodeCommit,
		"Source/S3":             s.runS3,
		"Build/CodeBuild":       s.runCodeBuild,
		"Test/CodeBuild":        s.runCodeBuild,
		"Deploy/CloudFormation": s.runCloudFormation,
		"Approval/Manual":       s.runApproval,
		"Invoke/Lambda":         s.runLambda,
	}
}
