package codebuild

import (
	"context"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// inherited are the variables of this machine that a build gets: what shells
// and toolchains need to work and to reach their registries. The machine's keys,
// tokens and agent sockets are not among them.
var inherited = []string{
	"PATH", "LANG", "LANGUAGE", "TZ", "TERMINFO",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT",
	"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
	"GOPROXY", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOINSECURE", "GOTOOLCHAIN", "GOROOT",
	"NPM_CONFIG_REGISTRY", "npm_config_registry", "YARN_REGISTRY", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "UV_INDEX_URL",
	"JAVA_HOME", "PYENV_ROOT", "NVM_DIR", "VOLTA_HOME", "ASDF_DATA_DIR", "MISE_DATA_DIR", "RUSTUP_HOME",
}

func isInherited(name string) bool {
	return slices.Contains(inherited, name) || strings.HasPrefix(name, "LC_")
}

// environment is what the build's first command starts with, less the
// buildspec's variables and the keys.
func (r *run) environment() map[string]string {
	env := map[string]string{}
	for _, entry := range r.s.host.Environ {
		if name, value, ok := strings.Cut(entry, "="); ok && isInherited(name) {
			env[name] = value
		}
	}
	maps.Copy(env, r.s.host.Extra)
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		env[name] = strings.TrimPrefix(env[name]+",127.0.0.1,localhost", ",")
	}
	if env["PATH"] == "" {
		env["PATH"] = "/usr/local/bin:/usr/bin:/bin"
	}
	env["PATH"] = r.box.Bin() + string(os.PathListSeparator) + env["PATH"]
	maps.Copy(env, map[string]string{
		"HOME": r.box.Home(), "TMPDIR": r.box.Temp(), "SHELL": "/bin/sh",
		"AWS_REGION": r.s.env.Region, "AWS_DEFAULT_REGION": r.s.env.Region, "AWS_ENDPOINT_URL": r.s.env.URL,
		"AWS_EC2_METADATA_DISABLED": "true",
		// Empty files: the machine's own configuration is never read.
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	})
	maps.Copy(env, r.buildVariables())
	for _, v := range r.row.Environment.EnvironmentVariables {
		if v.Type == types.EnvironmentVariableTypePlaintext {
			env[aws.ToString(v.Name)] = aws.ToString(v.Value)
		}
	}
	return env
}

// buildVariables are CodeBuild's own ("Environment variables in build
// environments" in AWS's guide).
func (r *run) buildVariables() map[string]string {
	row := &r.row
	env := map[string]string{
		"CODEBUILD_BUILD_ARN":               aws.ToString(row.Arn),
		"CODEBUILD_BUILD_ID":                aws.ToString(row.Id),
		"CODEBUILD_BUILD_IMAGE":             aws.ToString(row.Environment.Image),
		"CODEBUILD_BUILD_NUMBER":            strconv.FormatInt(aws.ToInt64(row.BuildNumber), 10),
		"CODEBUILD_BUILD_SUCCEEDING":        "1",
		"CODEBUILD_INITIATOR":               aws.ToString(row.Initiator),
		"CODEBUILD_KMS_KEY_ID":              aws.ToString(row.EncryptionKey),
		"CODEBUILD_LOG_PATH":                aws.ToString(row.Logs.StreamName),
		"CODEBUILD_PUBLIC_BUILD_URL":        "",
		"CODEBUILD_RESOLVED_SOURCE_VERSION": aws.ToString(row.ResolvedSourceVersion),
		"CODEBUILD_SOURCE_REPO_URL":         "",
		"CODEBUILD_SOURCE_VERSION":          aws.ToString(row.SourceVersion),
		"CODEBUILD_SRC_DIR":                 r.box.Source(),
		"CODEBUILD_START_TIME":              strconv.FormatInt(row.StartTime.UnixMilli(), 10),
	}
	if row.Source.Type == types.SourceTypeCodecommit || row.Source.Type == types.SourceTypeS3 {
		env["CODEBUILD_SOURCE_REPO_URL"] = aws.ToString(row.Source.Location)
	}
	return env
}

// refreshKeys puts the role's keys into the environment, which a long build
// needs more than once; keys that the build has set itself stay.
func (r *run) refreshKeys(ctx context.Context) error {
	credentials, err := r.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return fail(codeDenied, "the keys of %s: %s", aws.ToString(r.row.ServiceRole), words(err))
	}
	keys := map[string]string{
		"AWS_ACCESS_KEY_ID": credentials.AccessKeyID, "AWS_SECRET_ACCESS_KEY": credentials.SecretAccessKey,
		"AWS_SESSION_TOKEN": credentials.SessionToken,
	}
	for name := range keys {
		if r.env[name] != r.keys[name] {
			return nil
		}
	}
	maps.Copy(r.env, keys)
	r.keys = keys
	r.secrets.add(credentials.SecretAccessKey, credentials.SessionToken)
	return nil
}

// readable are the folders which the variables for every build point to, such
// as a module cache; a build held by Landlock may read them.
func (s *Service) readable() (dirs []string) {
	for _, value := range s.host.Extra {
		for part := range strings.FieldsFuncSeq(value, func(c rune) bool { return c == ',' || c == '|' }) {
			if u, err := url.Parse(part); err == nil && u.Scheme == "file" {
				dirs = append(dirs, u.Path)
			} else if filepath.IsAbs(part) {
				dirs = append(dirs, part)
			}
		}
	}
	return dirs
}
