package lambda

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const pageSize = 50

// page cuts one page out of all, which are ordered by key. The marker is the
// key of the last item before the page.
func page[T any](all []T, key func(T) string, marker *string, maxItems *int32) ([]T, *string) {
	limit := pageSize
	if maxItems != nil {
		limit = min(int(*maxItems), pageSize)
	}
	if marker != nil {
		start := slices.IndexFunc(all, func(item T) bool { return key(item) > *marker })
		if start < 0 {
			return []T{}, nil
		}
		all = all[start:]
	}
	if len(all) <= limit {
		return all, nil
	}
	return all[:limit], aws.String(key(all[limit-1]))
}
