package lambda

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

// reservedVariables cannot be set by a function's maker:
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
var reservedVariables = []string{
	"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
	"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
	"AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
}

const maxVariables = 4096 // bytes, of names and values together

func checkVariables(variables map[string]string) error {
	size := 0
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		size += len(name) + len(variables[name])
		if slices.Contains(reservedVariables, name) {
			return invalid("Lambda was unable to configure your environment variables because the environment variables you have provided contains " +
				"reserved keys that are currently not supported for modification. Reserved keys used in this request: " + name)
		}
	}
	if size > maxVariables {
		return invalid("Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.")
	}
	return nil
}

// assume opens a session of the execution role.
func (s *Service) assume(ctx context.Context, r *revision) (aws.Config, error) {
	return s.env.Roles.Assume(ctx, service.Session{
		RoleARN: aws.ToString(r.Config.Role), Name: *r.Config.FunctionName, Service: principal,
		SourceARN: s.arn(reference{name: *r.Config.FunctionName}),
	})
}

// markerOf starts the value of the variable by which the processes of a service
// are recognized after its death.
func markerOf(dir string) string { return "MAYFLY_LAMBDA=" + dir + ":" }

func (s *Service) taskDir(r *revision) string {
	return filepath.Join(s.packageDir(), r.Package, "task")
}

// command is the process of a sandbox: what it executes, where, and with which environment.
func (sb *sandbox) command(ctx context.Context, config aws.Config) (*exec.Cmd, error) {
	credentials, err := config.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	task := sb.s.taskDir(&sb.revision)
	cmd := &exec.Cmd{Dir: task, Env: sb.environ(task, credentials)}
	if isProvided(sb.revision.Config.Runtime) {
		cmd.Path = filepath.Join(task, "bootstrap")
		cmd.Args = []string{cmd.Path}
	} else if cmd.Path, cmd.Args, err = sb.s.interpreted(ctx, sb.revision.Config.Runtime, task); err != nil {
		return nil, err
	}
	contain(cmd)
	return cmd, nil
}

// environ is all that the process sees: AWS's variables, a few of the host's, its maker's.
func (sb *sandbox) environ(task string, keys aws.Credentials) []string {
	c, s := &sb.revision.Config, sb.s
	set := map[string]string{
		"AWS_REGION": s.env.Region, "AWS_DEFAULT_REGION": s.env.Region,
		"AWS_ACCESS_KEY_ID": keys.AccessKeyID, "AWS_SECRET_ACCESS_KEY": keys.SecretAccessKey, "AWS_SESSION_TOKEN": keys.SessionToken,
		"AWS_ENDPOINT_URL": s.env.URL,
		// Nothing of the user's own configuration is to be found by an SDK.
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_LAMBDA_FUNCTION_NAME":        *c.FunctionName,
		"AWS_LAMBDA_FUNCTION_VERSION":     *c.Version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(int(aws.ToInt32(c.MemorySize))),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       *c.LoggingConfig.LogGroup,
		"AWS_LAMBDA_LOG_STREAM_NAME":      sb.log.stream,
		"AWS_LAMBDA_RUNTIME_API":          strings.TrimPrefix(s.env.URL, "http://") + runtimePrefix + sb.token,
		"_HANDLER":                        aws.ToString(c.Handler),
		"LAMBDA_TASK_ROOT":                task,
		"LAMBDA_RUNTIME_DIR":              s.clientDir(),
		"LANG":                            "en_US.UTF-8", "TZ": ":UTC",
		"HOME": sb.tempDir(), "TMPDIR": sb.tempDir(),
	}
	if !isProvided(c.Runtime) {
		set["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + string(c.Runtime)
	}
	for _, entry := range s.host.Environ {
		// What a process needs to find programs, and Windows to start any.
		if name, value, _ := strings.Cut(entry, "="); slices.Contains([]string{"PATH", "SYSTEMROOT", "SystemRoot"}, name) {
			set[name] = value
		}
	}
	maps.Copy(set, sb.revision.variables())
	name, value, _ := strings.Cut(markerOf(s.env.Dir)+sb.token, "=")
	set[name] = value
	list := make([]string, 0, len(set))
	for _, name := range slices.Sorted(maps.Keys(set)) {
		list = append(list, name+"="+set[name])
	}
	return list
}
