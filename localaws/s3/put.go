package s3

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// PutObject stores an object, as a new version where the bucket keeps versions.
func (s *Service) PutObject(ctx context.Context, in *s3.PutObjectInput) (*s3.PutObjectOutput, error) {
	v, err := s.checkPut(ctx, in)
	if err != nil {
		return nil, err
	}
	claimed, err := checksumOf(in)
	if err != nil {
		return nil, err
	}
	got, err := s.receive(ctx, in.Body, claims{
		algorithm: in.ChecksumAlgorithm, sum: claimed, md5: in.ContentMD5, length: in.ContentLength,
	})
	if err != nil {
		return nil, err
	}
	v.take(got)
	b, err := s.commit(*in.Bucket, *in.Key, &v, ifMatches(in.IfMatch, in.IfNoneMatch))
	if err != nil {
		return nil, err
	}
	s.created(ctx, b, *in.Key, &v, "PutObject")
	out := &s3.PutObjectOutput{
		ETag: quote(v.ETag), VersionId: b.versionID(&v), ServerSideEncryption: encrypted,
	}
	v.Sum.fill(out)
	return out, nil
}

// checkPut refuses what it can before the body is read, and makes the version without its body.
func (s *Service) checkPut(ctx context.Context, in *s3.PutObjectInput) (version, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return version{}, err
	}
	if err := checkKey(*in.Key); err != nil {
		return version{}, err
	}
	if in.WriteOffsetBytes != nil || in.ObjectLockMode != "" || in.ObjectLockLegalHoldStatus != "" ||
		in.ObjectLockEventHold != "" || in.ObjectLockRetainUntilDate != nil {
		return version{}, notImplemented()
	}
	if err := checkEncryption(in.ServerSideEncryption, in.SSECustomerKey, in.SSEKMSKeyId); err != nil {
		return version{}, err
	}
	if err := b.checkACL(ctx, *in.Key, in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWriteACP); err != nil {
		return version{}, err
	}
	if err := checkIfNoneMatch(in.IfNoneMatch); err != nil {
		return version{}, err
	}
	tags, err := headerTags(in.Tagging)
	if err != nil {
		return version{}, err
	}
	v := version{Tags: tags, headers: headers{
		CacheControl: in.CacheControl, ContentDisposition: in.ContentDisposition, ContentEncoding: encoding(in.ContentEncoding),
		ContentLanguage: in.ContentLanguage, ContentType: in.ContentType, Expires: in.Expires,
		Redirect: in.WebsiteRedirectLocation, Metadata: in.Metadata, StorageClass: in.StorageClass,
	}}
	return v, v.check()
}

// encoding is a Content-Encoding without aws-chunked, which names the form of the upload only.
func encoding(value *string) *string {
	if value == nil {
		return nil
	}
	var kept []string
	for e := range strings.SplitSeq(*value, ",") {
		if e = strings.TrimSpace(e); e != "" && e != "aws-chunked" {
			kept = append(kept, e)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return aws.String(strings.Join(kept, ", "))
}

// take gives the version its body.
func (v *version) take(b blob) {
	v.File, v.Size, v.ETag, v.Sum = b.File, b.Size, b.ETag, b.Sum
}

// commit makes v the newest version of the key, and gives it its id and its
// time. check sees what was current before (nil: nothing) and may refuse. The
// version's file belongs to the row afterwards, or is removed.
func (s *Service) commit(name, key string, v *version, check func(old *version) error) (*bucket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.commitLocked(name, key, v, check)
	if err != nil {
		if gone := s.files.remove(v.File); gone != nil {
			s.env.Log.Error("S3 left a file behind", "error", gone)
		}
		return nil, err
	}
	return b, nil
}

func (s *Service) commitLocked(name, key string, v *version, check func(old *version) error) (*bucket, error) {
	b, err := s.bucket(&name, nil)
	if err != nil {
		return nil, err
	}
	newest, err := s.current(name, key)
	if err != nil {
		return nil, err
	}
	if check != nil {
		var old *version
		if newest != nil && !newest.Value.Marker {
			old = &newest.Value
		}
		if err := check(old); err != nil {
			return nil, err
		}
	}
	v.Modified = s.now()
	return b, s.place(b, key, v, newest)
}

// place writes the row of a new version or delete marker. A bucket that does
// not version at present has one null version of each key, which it replaces:
// in its place where it is the newest, so that a kill between two writes
// cannot show both.
func (s *Service) place(b *bucket, key string, v *version, newest *versionRow) error {
	var replaced *versionRow
	if b.Versioning != types.BucketVersioningStatusEnabled {
		v.ID = nullVersion
		if newest != nil && newest.Value.ID == nullVersion {
			if err := s.versions.Put(newest.Key, *v); err != nil {
				return err
			}
			return s.files.remove(newest.Value.File)
		}
		if newest != nil {
			var err error
			if replaced, err = s.find(b.Name, key, nullVersion); err != nil {
				return err
			}
		}
	}
	n, err := s.versions.Next()
	if err != nil {
		return err
	}
	if v.ID == "" {
		v.ID = newID(n)
	}
	if err := s.versions.Put(keyPrefix(b.Name, key)+newestFirst(n), *v); err != nil {
		return err
	}
	if replaced != nil {
		return s.drop(replaced)
	}
	return nil
}

// drop deletes a version's row, then its file. The caller holds mu.
func (s *Service) drop(row *versionRow) error {
	if err := s.versions.Delete(row.Key); err != nil {
		return err
	}
	return s.files.remove(row.Value.File)
}
