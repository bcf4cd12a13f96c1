package codebuild

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithy "github.com/aws/smithy-go"
)

// cacheState is what a build knows of its cache.
type cacheState struct {
	bucket, prefix string
	key            string // of the object that the build saves to
	restored       string // the key of the object that it got
	print          string // the fingerprint of what it got
}

// restoreCache gets the cache. One that is not there, or cannot be read, never
// fails a build: it makes it slower. The log tells.
func (r *run) restoreCache(ctx context.Context) error {
	switch {
	case r.spec.Cache == nil || len(r.spec.Cache.Paths) == 0:
		r.log.container("Skip cache due to: no paths specified to be cached")
		return nil
	case r.row.Cache.Type != types.CacheTypeS3:
		r.log.container("Skip cache due to: the project has no cache")
		return nil
	}
	if err := r.nameCache(ctx); err != nil || !r.spec.Cache.Restore {
		return err
	}
	r.log.container("Downloading S3 cache...")
	started := r.s.env.Now()
	candidates, err := r.cacheCandidates(ctx)
	if err != nil {
		r.log.container("Unable to look for the cache: %s", transfer(err))
		return ctx.Err()
	}
	for _, key := range candidates {
		used, err := r.downloadCache(ctx, key)
		if hasCode(err, "NoSuchKey") {
			continue
		}
		if err != nil {
			r.log.container("Unable to download cache: %s", transfer(err))
			if hasCode(err, "AccessDenied") { // or no such object: S3 does not tell whoever must not list the bucket
				continue
			}
			return ctx.Err()
		}
		r.log.container("Cache restored: %d files, %d bytes, in %.2fs", used.Files, used.Bytes, r.s.env.Now().Sub(started).Seconds())
		return nil
	}
	r.log.container("Cache is not found")
	return nil
}

func hasCode(err error, code string) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorCode() == code
}

// nameCache finds the name of the cache's object: one for the project, or one
// for each key.
func (r *run) nameCache(ctx context.Context) error {
	location := strings.TrimPrefix(aws.ToString(r.row.Cache.Location), s3ARNPrefix)
	bucket, prefix, _ := strings.Cut(location, "/")
	owner := r.row.CacheID
	if namespace := aws.ToString(r.row.Cache.CacheNamespace); namespace != "" {
		owner = namespace // projects that name the same one share their cache
	}
	r.cache.bucket, r.cache.prefix = bucket, path.Join(prefix, owner)
	r.cache.key = r.cache.prefix
	if r.spec.Cache.Key == "" {
		return nil
	}
	key, err := r.cacheKey(ctx, r.spec.Cache.Key)
	r.cache.key = key
	return err
}

func (r *run) cacheKey(ctx context.Context, text string) (string, error) {
	key, status, err := r.expand(ctx, text)
	if err == nil && (status != 0 || key == "") {
		err = fail(codeClient, "the cache key %q cannot be expanded: exit status %d", text, status)
	}
	return r.cache.prefix + "/" + url.PathEscape(key), err
}

// cacheCandidates are the objects to try, in order: the key's own, and for each
// fallback key the newest object whose key starts with it, or the one of that
// very key where the role must not list the bucket.
func (r *run) cacheCandidates(ctx context.Context) ([]string, error) {
	keys := []string{r.cache.key}
	for _, fallback := range r.spec.Cache.FallbackKeys {
		prefix, err := r.cacheKey(ctx, fallback)
		if err != nil {
			return nil, err
		}
		out, err := r.s3().ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &r.cache.bucket, Prefix: &prefix})
		switch {
		case hasCode(err, "AccessDenied"):
			keys = append(keys, prefix)
		case err != nil:
			return nil, fmt.Errorf("list the keys that start with %s: %w", prefix, err)
		case len(out.Contents) > 0:
			newest := slices.MaxFunc(out.Contents, func(a, b s3types.Object) int {
				return aws.ToTime(a.LastModified).Compare(aws.ToTime(b.LastModified))
			})
			keys = append(keys, aws.ToString(newest.Key))
		}
	}
	return keys, nil
}

// saveCache uploads the cache, unless it is what the build got.
func (r *run) saveCache(ctx context.Context) error {
	if r.cache.bucket == "" || !r.spec.Cache.Save {
		return nil
	}
	if r.spec.Cache.Key != "" && r.cache.restored == r.cache.key {
		r.log.container("Cache with this key exists: not uploaded")
		return nil
	}
	entries, err := r.cacheEntries()
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		r.log.container("Skip cache due to: no files match the paths to be cached")
		return nil
	}
	current := fingerprintOf(entries)
	if r.cache.restored == r.cache.key && current == r.cache.print {
		r.log.container("Cache is unchanged: not uploaded")
		return nil
	}
	r.log.container("Uploading S3 cache...")
	started := r.s.env.Now()
	used, err := r.uploadCache(ctx, entries)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.log.container("Unable to upload cache: %s", transfer(err))
		return nil
	}
	r.log.container("Cache saved: %d files, %d bytes, in %.2fs", used.Files, used.Bytes, r.s.env.Now().Sub(started).Seconds())
	return nil
}
