package codebuild

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// ListCuratedEnvironmentImages names the current images of AWS for Linux.
// Projects may name any image: builds run on this machine, whose toolchains they use.
func (s *Service) ListCuratedEnvironmentImages(context.Context, *codebuild.ListCuratedEnvironmentImagesInput) (*codebuild.ListCuratedEnvironmentImagesOutput, error) {
	image := func(name, description string) types.EnvironmentImage {
		return types.EnvironmentImage{Name: aws.String(name), Description: aws.String(description), Versions: []string{name}}
	}
	return &codebuild.ListCuratedEnvironmentImagesOutput{Platforms: []types.EnvironmentPlatform{
		{Platform: types.PlatformTypeAmazonLinux, Languages: []types.EnvironmentLanguage{{
			Language: types.LanguageTypeBase,
			Images: []types.EnvironmentImage{
				image("aws/codebuild/amazonlinux-x86_64-standard:6.0", "AWS CodeBuild - Amazon Linux, x86_64, standard 6.0"),
				image("aws/codebuild/amazonlinux-aarch64-standard:4.0", "AWS CodeBuild - Amazon Linux, aarch64, standard 4.0"),
			},
		}}},
		{Platform: types.PlatformTypeUbuntu, Languages: []types.EnvironmentLanguage{{
			Language: types.LanguageTypeBase,
			Images:   []types.EnvironmentImage{image("aws/codebuild/standard:8.0", "AWS CodeBuild - Ubuntu, standard 8.0")},
		}}},
	}}, nil
}
