package localaws_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws"
)

func TestFaultsHappenOnceAndAfterTheEffect(t *testing.T) {
	server, err := localaws.Start(localaws.Options{Faults: []string{
		"operation=codecommit:ListRepositories,kind=throttle,nth=2,times=1",
		"operation=codecommit:CreateRepository,kind=fail,times=1,after",
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	client := codecommit.NewFromConfig(server.Config(), func(o *codecommit.Options) { o.Retryer = aws.NopRetryer{} })
	count := func() (int, error) {
		out, err := client.ListRepositories(t.Context(), &codecommit.ListRepositoriesInput{})
		if err != nil {
			return 0, err
		}
		return len(out.Repositories), nil
	}
	if n, err := count(); n != 0 || err != nil {
		t.Fatalf("the first call: %d %v", n, err)
	}
	_, err = count()
	if api, ok := errors.AsType[smithy.APIError](err); !ok || !strings.HasPrefix(api.ErrorCode(), "Throttling") {
		t.Errorf("the second call is to be throttled: %v", err)
	}
	_, err = client.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: aws.String("made")})
	if err == nil {
		t.Error("the creation is to fail")
	}
	if n, err := count(); n != 1 || err != nil {
		t.Errorf("after its effect: %d %v, want the repository", n, err)
	}
}

func TestABadFaultIsRefused(t *testing.T) {
	_, err := localaws.Start(localaws.Options{Faults: []string{"operation=s3:*,kind=explode"}})
	if err == nil || !strings.Contains(err.Error(), "kind must be one of") {
		t.Errorf("got %v", err)
	}
}
