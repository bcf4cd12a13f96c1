package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// ListObjectVersions lists every version and delete marker, of a key the newest first.
func (s *Service) ListObjectVersions(_ context.Context, in *s3.ListObjectVersionsInput) (*s3.ListObjectVersionsOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	limit, err := pageSize(in.MaxKeys, "maxKeys")
	if err != nil {
		return nil, err
	}
	code := coder(in.EncodingType)
	out := &s3.ListObjectVersionsOutput{
		Name: in.Bucket, Prefix: code(aws.String(aws.ToString(in.Prefix))), Delimiter: code(in.Delimiter),
		KeyMarker: code(aws.String(aws.ToString(in.KeyMarker))), VersionIdMarker: in.VersionIdMarker,
		EncodingType: in.EncodingType, MaxKeys: aws.Int32(int32(limit)), IsTruncated: aws.Bool(false),
	}
	l := versionLister{
		s: s, b: b, out: out, limit: limit, code: code,
		q: query{bucket: b.Name, prefix: aws.ToString(in.Prefix), delimiter: aws.ToString(in.Delimiter), after: aws.ToString(in.KeyMarker)},
	}
	start, err := l.start(in.KeyMarker, in.VersionIdMarker)
	if err != nil || limit == 0 {
		return out, err
	}
	return out, s.versions.Walk(listPrefix(b.Name, l.q.prefix), start, l.visit)
}

// versionLister fills one page of versions.
type versionLister struct {
	s     *Service
	b     *bucket
	q     query
	out   *s3.ListObjectVersionsOutput
	limit int
	code  func(*string) *string

	count int
	// newestOf is the key whose newest version has passed.
	newestOf    string
	lastKey     string
	lastVersion *string
}

// start finds the row to list after. It holds the rules of the markers, which
// gofakes3's assumption 4 found out by asking S3.
func (l *versionLister) start(keyMarker, idMarker *string) (string, error) {
	switch {
	case idMarker != nil && *idMarker == "":
		return "", fail("InvalidArgument", "A version-id marker cannot be empty.")
	case idMarker != nil && keyMarker == nil:
		return "", fail("InvalidArgument", "A version-id marker cannot be specified without a key marker.")
	case idMarker == nil || *keyMarker == "":
		return l.q.startRow(), nil
	}
	start, err := l.rowOf(*keyMarker, *idMarker)
	if err != nil {
		return "", err
	}
	newest, err := l.s.current(l.b.Name, *keyMarker)
	if err == nil && newest != nil && newest.Key <= start {
		l.newestOf = *keyMarker
	}
	return start, err
}

// rowOf is the place of a version, which may be deleted meanwhile.
func (l *versionLister) rowOf(key, id string) (string, error) {
	prefix := keyPrefix(l.b.Name, key)
	if id != nullVersion {
		n, ok := numberOf(id)
		if !ok {
			return "", fail("InvalidArgument", "Invalid version id specified")
		}
		return prefix + newestFirst(n), nil
	}
	row, err := l.s.find(l.b.Name, key, nullVersion)
	if err != nil || row == nil { // a null version's place is gone with it: what the key still has comes again
		return prefix, err
	}
	return row.Key, nil
}

func (l *versionLister) visit(row store.Raw) (skipTo string, more bool, err error) {
	if l.count == l.limit {
		l.out.IsTruncated = aws.Bool(true)
		l.out.NextKeyMarker, l.out.NextVersionIdMarker = l.code(&l.lastKey), l.lastVersion
		return "", false, nil
	}
	l.count++
	key := splitRow(l.q.bucket, row.Key)
	if prefix, ok := commonPrefix(key, l.q.prefix, l.q.delimiter); ok {
		l.out.CommonPrefixes = append(l.out.CommonPrefixes, types.CommonPrefix{Prefix: l.code(&prefix)})
		l.lastKey, l.lastVersion = prefix, nil
		return listPrefix(l.q.bucket, prefix) + pastAll, true, nil
	}
	var v version
	if err := row.Decode(&v); err != nil {
		return "", false, err
	}
	l.add(key, &v)
	l.lastKey, l.lastVersion = key, &v.ID
	return "", true, nil
}

func (l *versionLister) add(key string, v *version) {
	latest := l.newestOf != key
	l.newestOf = key
	if v.Marker {
		l.out.DeleteMarkers = append(l.out.DeleteMarkers, types.DeleteMarkerEntry{
			Key: l.code(&key), VersionId: &v.ID, IsLatest: &latest, LastModified: &v.Modified, Owner: l.s.owner(),
		})
		return
	}
	l.out.Versions = append(l.out.Versions, types.ObjectVersion{
		Key: l.code(&key), VersionId: &v.ID, IsLatest: &latest, LastModified: &v.Modified, Owner: l.s.owner(),
		ETag: quote(v.ETag), Size: &v.Size, StorageClass: types.ObjectVersionStorageClass(classOf(v.StorageClass)),
		ChecksumAlgorithm: algorithms(v.Sum.Algorithm), ChecksumType: v.Sum.Type,
	})
}
