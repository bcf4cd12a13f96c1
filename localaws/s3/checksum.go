package s3

import (
	"crypto/md5"  //nolint:gosec // S3's ETags and Content-MD5 are MD5
	"crypto/sha1" //nolint:gosec // one of S3's checksums
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// crc64NVME is the table of CRC-64/NVME (the polynomial reversed, as hash/crc64
// takes it). The tables are made when first used, not at every start of the program.
var crc64NVME = sync.OnceValue(func() *crc64.Table { return crc64.MakeTable(0x9a6c_9329_ac4b_c9b5) })

var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

// digests are the checksums that are served; the XXHASH family is not.
var digests = map[types.ChecksumAlgorithm]func() hash.Hash{
	types.ChecksumAlgorithmCrc32:     func() hash.Hash { return crc32.NewIEEE() },
	types.ChecksumAlgorithmCrc32c:    func() hash.Hash { return crc32.New(castagnoli()) },
	types.ChecksumAlgorithmCrc64nvme: func() hash.Hash { return crc64.New(crc64NVME()) },
	types.ChecksumAlgorithmMd5:       md5.New,
	types.ChecksumAlgorithmSha1:      sha1.New,
	types.ChecksumAlgorithmSha256:    sha256.New,
	types.ChecksumAlgorithmSha512:    sha512.New,
}

// checksum is one checksum of an object or a part, in the form of its header.
type checksum struct {
	Algorithm types.ChecksumAlgorithm `json:",omitempty"`
	Type      types.ChecksumType      `json:",omitempty"`
	Value     string                  `json:",omitempty"` // base64; of a composite, with "-parts" after it
}

// checksumOf reads the checksum out of an SDK struct with members
// ChecksumCRC32, ChecksumSHA256 and so on; without one it is zero.
func checksumOf(from any) (checksum, error) {
	var sum checksum
	v := reflect.Indirect(reflect.ValueOf(from))
	for _, alg := range types.ChecksumAlgorithm("").Values() {
		value, _ := reflect.TypeAssert[*string](v.FieldByName("Checksum" + string(alg)))
		if value == nil {
			continue
		}
		if sum.Value != "" {
			return sum, fail("InvalidRequest",
				"Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
		}
		sum = checksum{Algorithm: alg, Value: *value}
		if !sum.wellFormed() {
			return sum, fail("InvalidRequest",
				"Value for x-amz-checksum-"+strings.ToLower(string(alg))+" header is invalid.")
		}
	}
	return sum, nil
}

// trailing reads the checksum out of the headers that followed a body.
func trailing(h http.Header) checksum {
	for _, alg := range types.ChecksumAlgorithm("").Values() {
		if value := h.Get("X-Amz-Checksum-" + string(alg)); value != "" {
			return checksum{Algorithm: alg, Value: value}
		}
	}
	return checksum{}
}

// wellFormed says whether the value has the length of its algorithm.
func (c checksum) wellFormed() bool {
	value, _, _ := strings.Cut(c.Value, "-")
	raw, err := base64.StdEncoding.DecodeString(value)
	newHash := digests[c.Algorithm]
	return err == nil && (newHash == nil || len(raw) == newHash().Size())
}

// fill writes the checksum into the members of an SDK struct of the same kind.
func (c checksum) fill(to any) {
	if c.Value == "" {
		return
	}
	v := reflect.Indirect(reflect.ValueOf(to))
	v.FieldByName("Checksum" + string(c.Algorithm)).Set(reflect.ValueOf(aws.String(c.Value)))
	if f := v.FieldByName("ChecksumType"); f.IsValid() {
		f.Set(reflect.ValueOf(c.Type))
	}
}

// algorithms is the list form that listings use.
func algorithms(alg types.ChecksumAlgorithm) []types.ChecksumAlgorithm {
	if alg == "" {
		return nil
	}
	return []types.ChecksumAlgorithm{alg}
}

// newDigest returns the hash of an algorithm, of CRC64NVME where none is asked
// for: S3 adds that to whatever comes without a checksum.
func newDigest(alg types.ChecksumAlgorithm) (types.ChecksumAlgorithm, hash.Hash, error) {
	if alg == "" {
		alg = types.ChecksumAlgorithmCrc64nvme
	}
	newHash, ok := digests[alg]
	if !ok {
		return alg, nil, notImplemented()
	}
	return alg, newHash(), nil
}

// composite is the checksum of checksums that a multipart object has.
func composite(alg types.ChecksumAlgorithm, parts []part) (checksum, error) {
	_, h, err := newDigest(alg)
	if err != nil {
		return checksum{}, err
	}
	for _, p := range parts {
		raw, err := base64.StdEncoding.DecodeString(p.Sum.Value)
		if err != nil {
			return checksum{}, fmt.Errorf("checksum of part %d: %w", p.Number, err)
		}
		h.Write(raw)
	}
	return checksum{
		Algorithm: alg, Type: types.ChecksumTypeComposite,
		Value: fmt.Sprintf("%s-%d", base64.StdEncoding.EncodeToString(h.Sum(nil)), len(parts)),
	}, nil
}

func mismatch(alg types.ChecksumAlgorithm) error {
	return fail("BadDigest", "The "+string(alg)+" you specified did not match the calculated checksum.")
}
