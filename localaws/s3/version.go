package s3

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// version is a row: one version of an object, or a delete marker.
type version struct {
	ID       string // "null" where versioning was off or suspended
	Marker   bool   `json:",omitempty"`
	Modified time.Time
	File     string `json:",omitempty"`
	Size     int64
	ETag     string      `json:",omitempty"` // without its quotes
	Sum      checksum    `json:",omitzero"`
	Parts    []partRange `json:",omitempty"`
	// Upload is the multipart upload that made the version: completing it again answers the same.
	Upload string      `json:",omitempty"`
	Tags   []types.Tag `json:",omitempty"`
	headers
}

// partRange is what remains of a part in the object it became a piece of.
type partRange struct {
	Number int32
	Size   int64
	Sum    checksum `json:",omitzero"`
}

// headers are what a client sets beside the body and gets back with it.
type headers struct {
	CacheControl       *string            `json:",omitempty"`
	ContentDisposition *string            `json:",omitempty"`
	ContentEncoding    *string            `json:",omitempty"`
	ContentLanguage    *string            `json:",omitempty"`
	ContentType        *string            `json:",omitempty"`
	Expires            *time.Time         `json:",omitempty"`
	Redirect           *string            `json:",omitempty"`
	Metadata           map[string]string  `json:",omitempty"`
	StorageClass       types.StorageClass `json:",omitempty"`
}

// maxMetadata is the limit of all user metadata together, names and values.
const maxMetadata = 2 << 10

// check holds the rules for what a client may set.
func (h *headers) check() error {
	size := 0
	for k, v := range h.Metadata {
		size += len(k) + len(v)
	}
	if size > maxMetadata {
		return fail("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
	}
	switch h.StorageClass {
	case "", types.StorageClassStandard, types.StorageClassReducedRedundancy, types.StorageClassStandardIa,
		types.StorageClassOnezoneIa, types.StorageClassIntelligentTiering, types.StorageClassGlacierIr:
		return nil
	case types.StorageClassGlacier, types.StorageClassDeepArchive: // they need a restore before a read
		return notImplemented()
	default:
		return fail("InvalidStorageClass", "The storage class you specified is not valid")
	}
}

// storageClass is the class as headers name it: the standard one by silence.
func (v *version) storageClass() types.StorageClass {
	if v.StorageClass == types.StorageClassStandard {
		return ""
	}
	return v.StorageClass
}

// listed is as much of a version's row as a listing shows.
type listed struct {
	Marker   bool
	Modified time.Time
	Size     int64
	ETag     string
	Sum      struct {
		Algorithm types.ChecksumAlgorithm
		Type      types.ChecksumType
	}
	StorageClass types.StorageClass
}

// classOf is a storage class as listings name it, the standard one too.
func classOf(class types.StorageClass) types.StorageClass {
	if class == "" {
		return types.StorageClassStandard
	}
	return class
}

// versionID is the id for an answer's header, which buckets that were never versioned leave out.
func (b *bucket) versionID(v *version) *string {
	if b.Versioning == "" {
		return nil
	}
	return &v.ID
}

type versionRow = store.Row[version]

// current returns the newest row of a key, which may be a delete marker; nil
// where the key has none. The caller holds mu.
func (s *Service) current(bucket, key string) (*versionRow, error) {
	rows, err := s.versions.List(keyPrefix(bucket, key), "", 1)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// row returns the row of a version id, or the newest one of the key where there
// is no id; nil where there is none. The caller holds mu.
func (s *Service) row(bucket, key string, id *string) (*versionRow, error) {
	if id != nil {
		return s.find(bucket, key, *id)
	}
	return s.current(bucket, key)
}

// find returns the row of a version id; nil where there is none. The caller holds mu.
func (s *Service) find(bucket, key, id string) (*versionRow, error) {
	prefix := keyPrefix(bucket, key)
	if id != nullVersion {
		n, ok := numberOf(id)
		if !ok {
			return nil, errVersionID
		}
		v, ok, err := s.versions.Get(prefix + newestFirst(n))
		if err == nil && (!ok || v.ID != id) && !isGenuine(id) {
			err = errVersionID
		}
		if err != nil || !ok || v.ID != id {
			return nil, err
		}
		return &versionRow{Key: prefix + newestFirst(n), Value: v}, nil
	}
	return s.firstVersion(prefix, func(v *version) bool { return v.ID == nullVersion })
}

// firstVersion returns the newest of a key's versions that is wanted.
func (s *Service) firstVersion(prefix string, wanted func(v *version) bool) (found *versionRow, err error) {
	err = s.versions.Walk(prefix, "", func(row store.Raw) (string, bool, error) {
		var v version
		if err := row.Decode(&v); err != nil {
			return "", false, err
		}
		if wanted(&v) {
			found = &versionRow{Key: row.Key, Value: v}
		}
		return "", found == nil, nil
	})
	return found, err
}

// lookup returns the row that a read of the key, or of one of its versions, is
// about. It is never a delete marker. The caller holds mu.
func (s *Service) lookup(b *bucket, key string, id *string) (*versionRow, error) {
	if id != nil {
		row, err := s.find(b.Name, key, *id)
		switch {
		case err != nil:
			return nil, err
		case row == nil:
			return nil, noSuchVersion()
		case row.Value.Marker:
			return nil, methodNotAllowed(&row.Value)
		}
		return row, nil
	}
	row, err := s.current(b.Name, key)
	switch {
	case err != nil:
		return nil, err
	case row == nil:
		return nil, noSuchKey()
	case row.Value.Marker:
		return nil, deletedKey(&row.Value)
	}
	return row, nil
}
