package codebuild

import (
	"encoding/base64"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

type projectRow = store.Row[project]

// pageSize is AWS's: its lists have no other.
const pageSize = 100

// page cuts the part of a list of names that the token asks for. A token is the
// name that the page before ended with.
func page(all []string, token *string) (part []string, next *string, err error) {
	last, err := position(token)
	if err != nil {
		return nil, nil, err
	}
	start := 0
	if last != "" {
		start = slices.Index(all, last) + 1
		if start == 0 {
			return nil, nil, errToken()
		}
	}
	end := min(start+pageSize, len(all))
	if end < len(all) {
		next = nextToken(all[end-1])
	}
	return all[start:end], next, nil
}

func nextToken(last string) *string {
	return aws.String(base64.RawURLEncoding.EncodeToString([]byte(last)))
}

// position reads what nextToken wrote; it is empty where there is no token.
func position(token *string) (string, error) {
	text, err := base64.RawURLEncoding.DecodeString(aws.ToString(token))
	if err != nil || len(text) == 0 && token != nil {
		return "", errToken()
	}
	return string(text), nil
}

func errToken() error { return invalid("Invalid next token") }
