package s3

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"strings"
	"unicode/utf8"
)

// Rows of versions and uploads lie under bucket, NUL, key, NUL, order. So the
// rows of a bucket are in the order of S3's listings (UTF-8 bytes), and the
// rows of one key stand together, newest version first: the current version
// is the first row of its key.

// escaper keeps a NUL within a key apart from the NUL that ends it, preserving order and prefixes.
var (
	escaper   = strings.NewReplacer("\x00", "\x01\x01", "\x01", "\x01\x02")
	unescaper = strings.NewReplacer("\x01\x01", "\x00", "\x01\x02", "\x01")
)

const (
	nullVersion = "null"
	// pastAll sorts after every continuation of a key: UTF-8 has no such byte.
	pastAll    = "\xff"
	maxKeySize = 1024
)

// listPrefix is the prefix of the rows of all keys that start with prefix.
func listPrefix(bucket, prefix string) string { return bucket + "\x00" + escaper.Replace(prefix) }

// keyPrefix is the prefix of the rows of one key.
func keyPrefix(bucket, key string) string { return listPrefix(bucket, key) + "\x00" }

// newestFirst makes a row's order from its number, so that later numbers sort first.
func newestFirst(n uint64) string { return fmt.Sprintf("%016x", ^n) }

// oldestFirst makes a row's order from its number.
func oldestFirst(n uint64) string { return fmt.Sprintf("%016x", n) }

// splitRow returns the key of a row of that bucket.
func splitRow(bucket, row string) string {
	rest := row[len(bucket)+1:]
	return unescaper.Replace(rest[:strings.IndexByte(rest, 0)])
}

func checkKey(key string) error {
	if len(key) > maxKeySize {
		return fail("KeyTooLongError", "Your key is too long")
	}
	if !utf8.ValidString(key) {
		return fail("InvalidURI", "Couldn't parse the specified URI.")
	}
	return nil
}

// ids is base64 in the letters of AWS's version ids.
var ids = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._").WithPadding(base64.NoPadding)

// newID makes an opaque id of 32 letters which holds the number, so that a
// version is found by its id in one read.
func newID(n uint64) string {
	var b [24]byte
	_, _ = rand.Read(b[8:16]) // never fails, see crypto/rand
	binary.BigEndian.PutUint64(b[:8], n^binary.BigEndian.Uint64(b[8:16]))
	binary.BigEndian.PutUint64(b[16:], seal(b[:16]))
	return ids.EncodeToString(b[:])
}

// isGenuine tells the ids of newID from those that somebody made up.
func isGenuine(id string) bool {
	b, ok := bytesOf(id)
	return ok && binary.BigEndian.Uint64(b[16:]) == seal(b[:16])
}

// bytesOf decodes an id. The decoder passes over ends of lines, which an id has not.
func bytesOf(id string) ([]byte, bool) {
	const size = 24
	b, err := ids.DecodeString(id)
	return b, err == nil && len(b) == size && len(id) == ids.EncodedLen(size)
}

func seal(b []byte) uint64 {
	hash := fnv.New64a()
	_, _ = hash.Write(b) // never fails, see hash.Hash
	return hash.Sum64()
}

// numberOf returns the number within an id made by newID; false where it cannot be one.
func numberOf(id string) (uint64, bool) {
	b, ok := bytesOf(id)
	if !ok {
		return 0, false
	}
	return binary.BigEndian.Uint64(b[:8]) ^ binary.BigEndian.Uint64(b[8:16]), true
}
