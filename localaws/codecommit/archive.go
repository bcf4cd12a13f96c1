package codecommit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"
)

// Archive writes the files of a commit as a zip, each as it was committed. It
// is what CodePipeline's source action gets by the IAM-only UploadArchive.
func (s *Service) Archive(ctx context.Context, repositoryName, commitID string, w io.Writer) error {
	row, err := s.find(&repositoryName)
	if err != nil {
		return err
	}
	if err := s.requireCommit(ctx, row.ID, commitID); err != nil {
		if _, invalid := errors.AsType[*types.InvalidCommitIdException](err); invalid {
			return &types.CommitDoesNotExistException{Message: aws.String("The specified commit does not exist: " + commitID)}
		}
		return err
	}
	cmd := s.command(ctx, row.ID, "archive", "--format=zip", "-1", commitID)
	var stderr bytes.Buffer
	cmd.Stderr = &limited{&stderr}
	if err := stream(cmd, w); err != nil {
		return &gitError{"archive", strings.TrimSpace(stderr.String()), err}
	}
	return nil
}
