package sam

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // AWS's translator names versions so; nothing is protected by it
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"strings"
)

var (
	dynamicReference = regexp.MustCompile(`\{\{resolve:(ssm|ssm-secure|secretsmanager):[a-zA-Z0-9_.\-/]+(:\d+)?\}\}`)
	aliasName        = regexp.MustCompile(`^[a-zA-Z0-9\-_]+$`)
	digits           = regexp.MustCompile(`^[0-9]+$`)
)

// code returns the Code property: inline, or where in S3 it lies.
func (f *function) code() (map[string]any, error) {
	var code map[string]any
	switch inline, uri := f.given["InlineCode"], f.given["CodeUri"]; {
	case inline != nil:
		code = map[string]any{"ZipFile": inline}
	case uri != nil:
		var err error
		if code, err = f.location(uri); err != nil {
			return nil, err
		}
	default:
		return nil, f.fail("Only one of 'InlineCode' or 'CodeUri' can be set.")
	}
	if key := f.given["SourceKMSKeyArn"]; truthy(key) {
		code["SourceKMSKeyArn"] = key
	}
	return code, nil
}

func (f *function) location(uri any) (map[string]any, error) {
	switch uri := uri.(type) {
	case map[string]any:
		if !truthy(uri["Bucket"]) || !truthy(uri["Key"]) {
			return nil, f.fail("'CodeUri' requires Bucket and Key properties to be specified.")
		}
		code := map[string]any{"S3Bucket": uri["Bucket"], "S3Key": uri["Key"]}
		if version, ok := uri["Version"]; ok {
			code["S3ObjectVersion"] = version
		}
		return code, nil
	case string:
		if strings.Contains(dynamicReference.FindString(uri), "/") {
			return nil, f.fail("Unsupported dynamic reference detected in 'CodeUri'. " +
				"Please consider using alternative 'FunctionCode' object format.")
		}
		parsed, err := url.Parse(uri)
		if err != nil || parsed.Scheme != "s3" || parsed.Host == "" || parsed.Path == "" {
			return nil, f.fail("'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.")
		}
		code := map[string]any{"S3Bucket": parsed.Host, "S3Key": strings.TrimLeft(parsed.EscapedPath(), "/")}
		if versions := parsed.Query()["versionId"]; len(versions) == 1 && versions[0] != "" {
			code["S3ObjectVersion"] = versions[0]
		}
		return code, nil
	default:
		return nil, f.fail("'CodeUri' must be of type dict or string.")
	}
}

// makeVersionAndAlias publishes the function under AutoPublishAlias. The
// version's logical id carries a hash of the code's location, so that another
// location makes another version.
func (f *function) makeVersionAndAlias() error {
	if !truthy(f.given["AutoPublishAlias"]) {
		return nil
	}
	name, ok := f.resolve(f.given["AutoPublishAlias"]).(string)
	if !ok {
		return f.fail("'AutoPublishAlias' must be a string or a Ref to a template parameter")
	}
	sha, err := f.codeSHA256()
	if err != nil {
		return err
	}
	// The translator resolves in place, so the function's own Code shows the parameters' values too.
	f.made["Code"] = f.resolve(f.made["Code"])
	hash, err := f.versionHash(sha)
	if err != nil {
		return err
	}
	version := f.id + "Version" + hash
	if err := f.makeVersion(version); err != nil {
		return err
	}
	return f.makeAlias(name, version)
}

// codeSHA256 returns AutoPublishCodeSha256 and notes it in the function's description.
func (f *function) codeSHA256() (string, error) {
	if !truthy(f.given["AutoPublishCodeSha256"]) {
		return "", nil
	}
	sha, ok := f.resolve(f.given["AutoPublishCodeSha256"]).(string)
	if !ok {
		return "", f.fail("AutoPublishCodeSha256 must be a string")
	}
	switch description := f.resolve(f.given["Description"]).(type) {
	case nil:
		f.made["Description"] = sha
	case string:
		f.made["Description"] = strings.TrimPrefix(description+" "+sha, " ")
	default:
		f.made["Description"] = map[string]any{"Fn::Join": []any{" ", []any{description, sha}}}
	}
	return sha, nil
}

func (f *function) versionHash(sha string) (string, error) {
	if sha != "" {
		return sha[:min(10, len(sha))], nil
	}
	hashed := f.made
	if !truthy(f.given["AutoPublishAliasAllProperties"]) {
		hashed = maps.Clone(mapOf(f.made["Code"]))
		maps.Copy(hashed, mapOf(f.made["Environment"]))
		if size := f.made["MemorySize"]; truthy(size) {
			hashed["MemorySize"] = size
		}
		if start := mapOf(f.made["SnapStart"]); len(start) > 0 && start["ApplyOn"] != nil && start["ApplyOn"] != "None" {
			hashed["SnapStart"] = start
		}
	}
	data, err := pythonJSON(hashed)
	if err != nil {
		return "", fmt.Errorf("hash of %s: %w", f.id, err)
	}
	sum := sha1.Sum(data) //nolint:gosec // as above
	return hex.EncodeToString(sum[:])[:10], nil
}

func (f *function) makeVersion(id string) error {
	properties := map[string]any{"FunctionName": ref(f.id)}
	if description := f.given["VersionDescription"]; description != nil {
		properties["Description"] = description
	}
	if err := f.generate(id, "AWS::Lambda::Version", properties); err != nil {
		return err
	}
	f.produced[f.id]["Version"] = id
	if resource := mapOf(f.out[id]); f.inherited["DeletionPolicy"] == nil {
		resource["DeletionPolicy"] = "Retain"
		if policy := f.given["VersionDeletionPolicy"]; policy != nil {
			resource["DeletionPolicy"] = policy
		}
	}
	return nil
}

func (f *function) makeAlias(name, version string) error {
	if name == "" {
		return f.fail("Alias name is required to create an alias")
	}
	if !aliasName.MatchString(name) || digits.MatchString(name) {
		return f.fail("AutoPublishAlias name ('%s') must contain only alphanumeric characters, hyphens, or underscores "+
			"matching (?!^[0-9]+$)([a-zA-Z0-9-_]+) pattern.", name)
	}
	f.alias = f.id + "Alias" + strings.NewReplacer("-", "D", "_", "U").Replace(name)
	f.produced[f.id]["Alias"] = f.alias
	return f.generate(f.alias, "AWS::Lambda::Alias", map[string]any{
		"Name": name, "FunctionName": ref(f.id), "FunctionVersion": getAtt(version, "Version"),
	})
}

// pythonJSON writes JSON as json.dumps(value, separators=(",", ":"), sort_keys=True)
// does, which AWS's hashes are made of: keys sorted, everything beyond ASCII escaped.
func pythonJSON(value any) ([]byte, error) {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, r := range strings.TrimSuffix(plain.String(), "\n") {
		switch {
		case r == 0x7f || r < 0x7f:
			out.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.Bytes(), nil
}
