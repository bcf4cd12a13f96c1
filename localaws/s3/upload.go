package s3

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// upload is a row: a multipart upload in progress.
type upload struct {
	ID           string
	Key          string
	Initiated    time.Time
	InitiatorARN string
	// Algorithm is empty where the client asked for none; the object gets CRC64NVME.
	Algorithm types.ChecksumAlgorithm `json:",omitempty"`
	Type      types.ChecksumType      `json:",omitempty"`
	Tags      []types.Tag             `json:",omitempty"`
	headers
}

// part is a row: an uploaded part.
type part struct {
	blob
	Number   int32
	Modified time.Time
}

type uploadRow = store.Row[upload]

func partKey(uploadID string, number int32) string {
	return fmt.Sprintf("%s\x00%05d", uploadID, number)
}

// CreateMultipartUpload opens an upload in parts.
func (s *Service) CreateMultipartUpload(ctx context.Context, in *s3.CreateMultipartUploadInput) (*s3.CreateMultipartUploadOutput, error) {
	u, err := s.newUpload(ctx, in)
	if err != nil {
		return nil, err
	}
	u.InitiatorARN = identity.From(ctx).ARN
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.bucket(in.Bucket, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	n, err := s.uploads.Next()
	if err != nil {
		return nil, err
	}
	u.ID, u.Initiated = newID(n), s.now()
	if err := s.uploads.Put(keyPrefix(*in.Bucket, *in.Key)+oldestFirst(n), u); err != nil {
		return nil, err
	}
	return &s3.CreateMultipartUploadOutput{
		Bucket: in.Bucket, Key: in.Key, UploadId: &u.ID, ServerSideEncryption: encrypted,
		ChecksumAlgorithm: u.Algorithm, ChecksumType: u.Type,
	}, nil
}

// putOfUpload is as much of a PutObject as decides on access to it.
func putOfUpload(in *s3.CreateMultipartUploadInput) *s3.PutObjectInput {
	return &s3.PutObjectInput{
		Bucket: in.Bucket, Key: in.Key, Tagging: in.Tagging, StorageClass: in.StorageClass, WebsiteRedirectLocation: in.WebsiteRedirectLocation,
		ACL: in.ACL, GrantFullControl: in.GrantFullControl, GrantRead: in.GrantRead, GrantReadACP: in.GrantReadACP, GrantWriteACP: in.GrantWriteACP,
		ServerSideEncryption: in.ServerSideEncryption, SSECustomerAlgorithm: in.SSECustomerAlgorithm, SSEKMSKeyId: in.SSEKMSKeyId,
	}
}

func (s *Service) newUpload(ctx context.Context, in *s3.CreateMultipartUploadInput) (upload, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return upload{}, err
	}
	if err := checkKey(*in.Key); err != nil {
		return upload{}, err
	}
	if in.ObjectLockMode != "" || in.ObjectLockLegalHoldStatus != "" || in.ObjectLockEventHold != "" || in.ObjectLockRetainUntilDate != nil {
		return upload{}, notImplemented()
	}
	if err := checkEncryption(in.ServerSideEncryption, in.SSECustomerKey, in.SSEKMSKeyId); err != nil {
		return upload{}, err
	}
	if err := b.checkACL(ctx, *in.Key, in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWriteACP); err != nil {
		return upload{}, err
	}
	kind, err := uploadChecksum(in.ChecksumAlgorithm, in.ChecksumType)
	if err != nil {
		return upload{}, err
	}
	tags, err := headerTags(in.Tagging)
	if err != nil {
		return upload{}, err
	}
	u := upload{Key: *in.Key, Algorithm: in.ChecksumAlgorithm, Type: kind, Tags: tags, headers: headers{
		CacheControl: in.CacheControl, ContentDisposition: in.ContentDisposition, ContentEncoding: encoding(in.ContentEncoding),
		ContentLanguage: in.ContentLanguage, ContentType: in.ContentType, Expires: in.Expires,
		Redirect: in.WebsiteRedirectLocation, Metadata: in.Metadata, StorageClass: in.StorageClass,
	}}
	return u, u.check()
}

// uploadChecksum holds which type goes with which algorithm: "Checking object
// integrity" in the S3 user guide has the table.
func uploadChecksum(alg types.ChecksumAlgorithm, kind types.ChecksumType) (types.ChecksumType, error) {
	if alg == "" {
		if kind != "" {
			return "", fail("InvalidRequest", "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
		}
		return "", nil
	}
	if digests[alg] == nil {
		return "", notImplemented()
	}
	full := alg == types.ChecksumAlgorithmCrc64nvme
	linear := full || alg == types.ChecksumAlgorithmCrc32 || alg == types.ChecksumAlgorithmCrc32c
	switch {
	case kind == "" && full:
		return types.ChecksumTypeFullObject, nil
	case kind == "":
		return types.ChecksumTypeComposite, nil
	case kind == types.ChecksumTypeFullObject && !linear, kind == types.ChecksumTypeComposite && full:
		return "", fail("InvalidRequest", fmt.Sprintf("The %s checksum type cannot be used with the %s checksum algorithm.", kind, alg))
	}
	return kind, nil
}

// uploadOf returns the upload of a request. The caller holds mu.
func (s *Service) uploadOf(bucket, key, id string) (*uploadRow, error) {
	n, ok := numberOf(id)
	if !ok {
		return nil, noSuchUpload()
	}
	row := keyPrefix(bucket, key) + oldestFirst(n)
	u, ok, err := s.uploads.Get(row)
	switch {
	case err != nil:
		return nil, err
	case !ok || u.ID != id:
		return nil, noSuchUpload()
	case s.completing[id]:
		return nil, fail("OperationAborted",
			"A conflicting conditional operation is currently in progress against this resource. Please try again.")
	}
	return &uploadRow{Key: row, Value: u}, nil
}

// AbortMultipartUpload removes an upload with its parts.
func (s *Service) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput) (*s3.AbortMultipartUploadOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.bucket(in.Bucket, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	if in.IfMatchInitiatedTime != nil { // directory buckets
		return nil, notImplemented()
	}
	u, err := s.uploadOf(*in.Bucket, *in.Key, *in.UploadId)
	if err != nil {
		return nil, err
	}
	return &s3.AbortMultipartUploadOutput{}, s.dropUpload(ctx, *u)
}

// dropUpload removes an upload's row first, so that a kill in the middle leaves
// no upload with half of its parts. The caller holds mu.
func (s *Service) dropUpload(ctx context.Context, u uploadRow) error {
	if err := s.uploads.Delete(u.Key); err != nil {
		return err
	}
	parts, err := s.parts.List(u.Value.ID+"\x00", "", 0)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := s.parts.Delete(p.Key); err != nil {
			return err
		}
		if err := s.files.remove(p.Value.File); err != nil {
			s.env.Log.ErrorContext(ctx, "S3 left a part's file behind", "error", err)
		}
	}
	return nil
}

// initiator is who opened the upload.
func (u *upload) initiator() *types.Initiator {
	return &types.Initiator{ID: aws.String(u.InitiatorARN), DisplayName: aws.String(u.InitiatorARN)}
}
