package codecommit

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"
)

// pageOf cuts a page out of a list. most is the size of a page that was not asked for.
func pageOf[T any](all []T, size *int32, most int, token *string) (part []T, next *string, err error) {
	start := 0
	if token != nil {
		if start, err = strconv.Atoi(*token); err != nil || start < 0 {
			return nil, nil, errToken()
		}
	}
	n := most
	if size != nil {
		if n = int(*size); n < 1 {
			return nil, nil, &types.InvalidMaxResultsException{Message: aws.String("The specified number of maximum results is not valid.")}
		}
		n = min(n, most)
	}
	start = min(start, len(all))
	end := min(start+n, len(all))
	if end < len(all) {
		next = aws.String(strconv.Itoa(end))
	}
	return all[start:end], next, nil
}
