package codebuild

import (
	"encoding/base64"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

type projectRow = store.Row[project]

// pageSize is AWS's: its lists have no other.
const pageSize = 100

// page cuts the part of a list that the token asks for.
func page(all []string, token *string) (part []string, next *string, err error) {
	start := 0
	if t := aws.ToString(token); t != "" {
		text, decodeErr := base64.RawURLEncoding.DecodeString(t)
		start, err = strconv.Atoi(string(text))
		if decodeErr != nil || err != nil || start < 0 {
			return nil, nil, invalid("Invalid next token")
		}
	}
	start = min(start, len(all))
	end := min(start+pageSize, len(all))
	if end < len(all) {
		next = aws.String(base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(end))))
	}
	return all[start:end], next, nil
}
