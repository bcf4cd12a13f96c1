package codepipeline

import (
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// A token is the key after which the next page starts.

func encodeToken(key string) *string {
	return aws.String(base64.RawURLEncoding.EncodeToString([]byte(key)))
}

func decodeToken(token *string) (string, error) {
	if token == nil {
		return "", nil
	}
	key, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil || len(key) == 0 {
		return "", invalidToken()
	}
	return string(key), nil
}

func invalidToken() error {
	return &types.InvalidNextTokenException{Message: aws.String("The next token was specified in an invalid format.")}
}

func pageSize(asked *int32, most int) int {
	if asked == nil || *asked <= 0 {
		return most
	}
	return min(int(*asked), most)
}

func deleteAll[T any](t *store.Table[T], prefix string) error {
	keys, err := t.Keys(prefix, "", 0)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := t.Delete(key); err != nil {
			return err
		}
	}
	return nil
}
