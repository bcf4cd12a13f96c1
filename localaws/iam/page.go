package iam

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const pageSize = 100

// page cuts one page out of all, which must be in the order of their keys. The
// marker is the key of the last item of the page before.
func page[T any](all []T, key func(T) string, marker *string, maxItems *int32) (items []T, truncated bool, next *string) {
	limit := pageSize
	if maxItems != nil {
		limit = int(*maxItems)
	}
	start := 0
	if marker != nil {
		start = len(all)
		if i := slices.IndexFunc(all, func(item T) bool { return key(item) > *marker }); i >= 0 {
			start = i
		}
	}
	all = all[start:len(all):len(all)]
	if all == nil {
		all = []T{} // AWS answers an empty list, not none
	}
	if len(all) <= limit {
		return all, false, nil
	}
	return all[:limit], true, aws.String(key(all[limit-1]))
}

func self(s string) string { return s }
