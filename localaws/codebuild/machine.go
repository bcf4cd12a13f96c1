package codebuild

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/sandbox"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

// prepare assumes the role and opens the log.
func (r *run) prepare(ctx context.Context) error {
	role := aws.ToString(r.row.ServiceRole)
	cfg, err := r.s.env.Roles.Assume(ctx, service.Session{
		RoleARN: role, Name: "AWSCodeBuild-" + r.uuid,
		Service: codebuildService, SourceARN: r.s.projectARN(aws.ToString(r.row.ProjectName)),
	})
	if err != nil {
		return fail(codeDenied, "CodeBuild is not authorized to perform: sts:AssumeRole on %s. Error message: %s", role, words(err))
	}
	r.cfg = cfg
	if r.log, err = r.s.openLog(ctx, cfg, &r.row, &r.secrets); err != nil {
		return fail(codeDenied, "Service role %s does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams for build %s. Error message: %s",
			role, aws.ToString(r.row.Arn), plain(err))
	}
	return nil
}

// queue waits for a slot. A role that may not do what every build needs fails
// in this phase.
func (r *run) queue(ctx context.Context) error {
	if err := r.prepare(ctx); err != nil {
		return err
	}
	limit := time.NewTimer(time.Duration(aws.ToInt32(r.row.QueuedTimeoutInMinutes)) * r.s.minute)
	defer limit.Stop()
	select {
	case r.s.slots <- struct{}{}:
		r.slot = true
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-limit.C:
		return errTimedOut
	}
}

// provision makes the machine: a box with the role's keys in its environment.
func (r *run) provision(ctx context.Context) error {
	r.started = r.s.env.Now()
	box, err := sandbox.Open(ctx, sandbox.Options{
		ID: r.uuid, Dir: filepath.Join(r.s.folder(), r.uuid), Line: r.log.line,
		Mask: r.secrets.mask, LongestMask: longestSecret, MaxOutput: r.s.host.MaxOutput, MaxDisk: r.s.host.MaxDisk, Readable: r.s.readable(),
	})
	if err != nil {
		return fail(codeClient, "%s", err)
	}
	r.box = box
	r.log.container("Running on this machine, not in a container of %s; held by: %s",
		aws.ToString(r.row.Environment.Image), strings.Join(box.Layers(), ", "))
	if aws.ToBool(r.row.Environment.PrivilegedMode) {
		r.log.container("Privileged mode is not given: there is no Docker daemon for this build")
	}
	if err := os.WriteFile(filepath.Join(box.Bin(), "codebuild-hash-files"), []byte(hashFiles), 0o700); err != nil { //nolint:gosec // a program
		return err
	}
	r.env, r.dir = r.environment(), box.Source()
	return r.refreshKeys(ctx)
}

// hashFiles is a program of AWS's images, for cache keys: it prints one SHA-256
// of the files that match the patterns.
const hashFiles = `#!/bin/sh
hash() {
	if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c1-64
}
files=$(for pattern; do find . -type f \( -path "./$pattern" -o -path "./${pattern#\*\*/}" \); done | sort -u)
if [ -z "$files" ]; then
	echo "codebuild-hash-files: no files match: $*" >&2
	exit 1
fi
printf '%s\n' "$files" | while IFS= read -r file; do hash <"$file"; done | hash
`

// finalize is what is left to do with the project's role.
func (r *run) finalize(context.Context) error {
	r.log.flush() //nolint:contextcheck // the last lines of a stopped build are written too
	if err := r.log.failed(); err != nil {
		return fail(codeClient, "Error while writing the log: %s", words(err))
	}
	return nil
}

// logsLocation tells where a build's log is, or will be.
func (s *Service) logsLocation(row *build) *types.LogsLocation {
	location := &types.LogsLocation{
		CloudWatchLogs: &types.CloudWatchLogsConfig{Status: types.LogsConfigStatusTypeEnabled},
		S3Logs:         &types.S3LogsConfig{Status: types.LogsConfigStatusTypeDisabled, EncryptionDisabled: aws.Bool(false)},
	}
	if row.LogsConfig != nil && row.LogsConfig.CloudWatchLogs != nil {
		location.CloudWatchLogs = row.LogsConfig.CloudWatchLogs
	}
	if location.CloudWatchLogs.Status == types.LogsConfigStatusTypeDisabled {
		return location
	}
	name, uuid, _ := strings.Cut(aws.ToString(row.Id), ":")
	group, stream := "/aws/codebuild/"+name, uuid
	if given := aws.ToString(location.CloudWatchLogs.GroupName); given != "" {
		group = given
	}
	if given := aws.ToString(location.CloudWatchLogs.StreamName); given != "" {
		stream = given + "/" + uuid
	}
	location.GroupName, location.StreamName = aws.String(group), aws.String(stream)
	location.CloudWatchLogsArn = aws.String(s.env.ARN("logs", "log-group:"+group+":log-stream:"+stream))
	location.DeepLink = aws.String("https://console.aws.amazon.com/cloudwatch/home?region=" + s.env.Region +
		"#logsV2:log-groups/log-group/" + strings.ReplaceAll(group, "/", "$252F") + "/log-events/" + stream)
	return location
}
