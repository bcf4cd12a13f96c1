package resource

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	commitclient "github.com/aws/aws-sdk-go-v2/service/codecommit"
)

func TestRepository(t *testing.T) {
	w := newWorld(t)
	client := commitclient.NewFromConfig(w.config)
	x := w.create(t, "AWS::CodeCommit::Repository", "Repo", `{"RepositoryName": "app", "RepositoryDescription": "an app", "Tags": [{"Key": "a", "Value": "b"}]}`)
	equal(t, "name", x.Attributes["Name"], any("app"))
	equal(t, "arn", x.Attributes["Arn"], any("arn:aws:codecommit:eu-west-1:"+testAccount+":app"))
	equal(t, "clone", strings.HasSuffix(x.Attributes["CloneUrlHttp"].(string), "/v1/repos/app"), true)
	tags, err := client.ListTagsForResource(t.Context(), &commitclient.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:codecommit:eu-west-1:" + testAccount + ":app")})
	must(t, err)
	equal(t, "system tag", tags.Tags["aws:cloudformation:stack-name"], "stk")
	equal(t, "own tag", tags.Tags["a"], "b")
	id := x.PhysicalID
	x.update(`{"RepositoryName": "renamed"}`)
	equal(t, "id", x.PhysicalID, id)
	equal(t, "name", x.Attributes["Name"], any("renamed"))
	shown, err := client.GetRepository(t.Context(), &commitclient.GetRepositoryInput{RepositoryName: aws.String("renamed")})
	must(t, err)
	equal(t, "description", aws.ToString(shown.RepositoryMetadata.RepositoryDescription), "")
	equal(t, "taken", strings.Contains(w.fail(t, "AWS::CodeCommit::Repository", "Again", `{"RepositoryName": "renamed"}`), "already exists"), true)
	equal(t, "code", w.fail(t, "AWS::CodeCommit::Repository", "Code", `{"RepositoryName": "c", "Code": {"S3": {"Bucket": "b", "Key": "k"}}}`), "The property Code is not served by this AWS")
	x.remove()
}
