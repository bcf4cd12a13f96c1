package s3

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

const maxPage = 1000

// query is what the two listings of objects have in common.
type query struct {
	bucket, prefix, delimiter, after string
	limit                            int
}

// page is one page of a listing: objects and common prefixes in one order.
type page struct {
	objects   []listedObject
	prefixes  []string
	last      string // the last key or common prefix; where the next page starts
	truncated bool
}

type listedObject struct {
	key string
	listed
}

// pageSize reads MaxKeys and its kin.
func pageSize(asked *int32, name string) (int, error) {
	if asked == nil {
		return maxPage, nil
	}
	if *asked < 0 {
		return 0, fail("InvalidArgument", "Argument "+name+" must be an integer between 0 and 2147483647")
	}
	return min(int(*asked), maxPage), nil
}

// commonPrefix is what a key is listed under; false where it is listed itself.
func commonPrefix(key, prefix, delimiter string) (string, bool) {
	if delimiter == "" {
		return "", false
	}
	i := strings.Index(key[len(prefix):], delimiter)
	if i < 0 {
		return "", false
	}
	return key[:len(prefix)+i+len(delimiter)], true
}

// startRow is the row to list after, where a listing starts after a key. A key
// within a common prefix leaves that prefix behind.
func (q *query) startRow() string {
	if q.after == "" {
		return ""
	}
	if strings.HasPrefix(q.after, q.prefix) {
		if p, ok := commonPrefix(q.after, q.prefix, q.delimiter); ok {
			return listPrefix(q.bucket, p) + pastAll
		}
	}
	return keyPrefix(q.bucket, q.after) + pastAll
}

// list reads one page of current objects.
func (s *Service) list(q query) (*page, error) {
	p := &page{}
	if q.limit == 0 {
		return p, nil
	}
	count := 0
	last := "" // the last key seen, whose older versions are passed over
	err := s.versions.Walk(listPrefix(q.bucket, q.prefix), q.startRow(), func(row store.Raw) (string, bool, error) {
		key := splitRow(q.bucket, row.Key)
		if key == last {
			return keyPrefix(q.bucket, key) + pastAll, true, nil
		}
		last = key
		var v listed
		if err := row.Decode(&v); err != nil || v.Marker {
			return "", true, err
		}
		if count == q.limit {
			p.truncated = true
			return "", false, nil
		}
		count++
		if prefix, ok := commonPrefix(key, q.prefix, q.delimiter); ok {
			p.prefixes, p.last = append(p.prefixes, prefix), prefix
			return listPrefix(q.bucket, prefix) + pastAll, true, nil
		}
		p.objects, p.last = append(p.objects, listedObject{key, v}), key
		return "", true, nil
	})
	return p, err
}

// ListObjectsV2 lists current objects.
func (s *Service) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Input) (*s3.ListObjectsV2Output, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	limit, err := pageSize(in.MaxKeys, "maxKeys")
	if err != nil {
		return nil, err
	}
	after := aws.ToString(in.StartAfter)
	if in.ContinuationToken != nil {
		if after, err = fromToken(*in.ContinuationToken); err != nil {
			return nil, err
		}
	}
	p, err := s.list(query{b.Name, aws.ToString(in.Prefix), aws.ToString(in.Delimiter), after, limit})
	if err != nil {
		return nil, err
	}
	code := coder(in.EncodingType)
	var owner *types.Owner
	if aws.ToBool(in.FetchOwner) {
		owner = s.owner()
	}
	out := &s3.ListObjectsV2Output{
		Name: in.Bucket, Prefix: code(aws.String(aws.ToString(in.Prefix))), Delimiter: code(in.Delimiter),
		StartAfter: code(in.StartAfter), ContinuationToken: in.ContinuationToken, EncodingType: in.EncodingType,
		MaxKeys: aws.Int32(int32(limit)), KeyCount: aws.Int32(int32(len(p.objects) + len(p.prefixes))),
		IsTruncated: &p.truncated, Contents: p.contents(code, owner), CommonPrefixes: p.commonPrefixes(code),
	}
	if p.truncated {
		out.NextContinuationToken = toToken(p.last)
	}
	return out, nil
}

// ListObjects lists current objects in the manner of before 2016.
func (s *Service) ListObjects(_ context.Context, in *s3.ListObjectsInput) (*s3.ListObjectsOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	limit, err := pageSize(in.MaxKeys, "maxKeys")
	if err != nil {
		return nil, err
	}
	p, err := s.list(query{b.Name, aws.ToString(in.Prefix), aws.ToString(in.Delimiter), aws.ToString(in.Marker), limit})
	if err != nil {
		return nil, err
	}
	code := coder(in.EncodingType)
	out := &s3.ListObjectsOutput{
		Name: in.Bucket, Prefix: code(aws.String(aws.ToString(in.Prefix))), Delimiter: code(in.Delimiter),
		Marker: code(aws.String(aws.ToString(in.Marker))), EncodingType: in.EncodingType,
		MaxKeys: aws.Int32(int32(limit)), IsTruncated: &p.truncated,
		Contents: p.contents(code, s.owner()), CommonPrefixes: p.commonPrefixes(code),
	}
	if p.truncated && aws.ToString(in.Delimiter) != "" { // without a delimiter the last key is the marker
		out.NextMarker = code(&p.last)
	}
	return out, nil
}

func (p *page) contents(code func(*string) *string, owner *types.Owner) []types.Object {
	list := make([]types.Object, 0, len(p.objects))
	for i := range p.objects {
		o := &p.objects[i]
		list = append(list, types.Object{
			Key: code(&o.key), ETag: quote(o.ETag), Size: &o.Size, LastModified: &o.Modified, Owner: owner,
			StorageClass:      types.ObjectStorageClass(classOf(o.StorageClass)),
			ChecksumAlgorithm: algorithms(o.Sum.Algorithm), ChecksumType: o.Sum.Type,
		})
	}
	return list
}

func (p *page) commonPrefixes(code func(*string) *string) []types.CommonPrefix {
	list := make([]types.CommonPrefix, 0, len(p.prefixes))
	for i := range p.prefixes {
		list = append(list, types.CommonPrefix{Prefix: code(&p.prefixes[i])})
	}
	return list
}

// coder returns what turns keys into the form that the request asks for. URL
// encoding leaves the slash and makes a space a plus sign.
func coder(encoding types.EncodingType) func(*string) *string {
	if encoding != types.EncodingTypeUrl {
		return func(s *string) *string { return s }
	}
	return func(s *string) *string {
		if s == nil {
			return nil
		}
		return aws.String(strings.ReplaceAll(url.QueryEscape(*s), "%2F", "/"))
	}
}
