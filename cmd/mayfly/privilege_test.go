package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mayfly-cd/mayfly/localaws"
	"github.com/mayfly-cd/mayfly/phases"
)

// TestLeastPrivilege walks the workshop up to each phase and takes it down
// again, with IAM saying no. That proves that the templates' roles suffice for
// every call that is made here; a statement that is taken out of a template
// fails the walk, or the subtest that bears its name. And it proves that they
// do not allow more: every action of every statement was used, in this phase
// or a later one, or stands in the list [inside] with its source.
func TestLeastPrivilege(t *testing.T) {
	if testing.Short() {
		t.Skip("it walks the workshop five times")
	}
	t.Parallel()
	excuses := maps.Clone(inside)
	if _, err := exec.LookPath("aws"); err != nil {
		excuses["DescribeRole/ReadTheChangeSet/cloudformation:DescribeChangeSet"] = "there is no AWS CLI on this machine, with which the build asks"
	}
	seen, usedLater := map[string]bool{}, map[grant]*localaws.Decision{}
	for i, last := range slices.Backward(phases.Every()) {
		if i == 0 {
			continue // its template has no role
		}
		t.Run(last.Name, func(t *testing.T) {
			w := newPrivilegeWorld(t)
			names := make([]string, 0, i+1)
			for _, p := range phases.Every()[:i+1] {
				names = append(names, p.Name)
			}
			w.mayfly(append([]string{"run"}, names...)...)
			policies := w.policies()
			w.mayfly(append([]string{"run", "--teardown"}, names...)...)
			used := w.used()
			if len(policies) == 0 {
				t.Fatal("no role was found")
			}
			for _, g := range grantsOf(t, policies) {
				seen[g.name()] = true
				t.Run(g.name(), func(t *testing.T) {
					source, excused := excuses[g.name()]
					switch {
					case used[g] == nil && usedLater[g] == nil && !excused:
						t.Errorf("nothing that the workshop does needs %s in statement %s of role %s: take it out, or add it to the list with its source", g.action, g.sid, g.role)
					case used[g] != nil && excused:
						t.Errorf("%s was used: it needs no excuse (%s)", g.name(), source)
					case used[g] != nil:
						w.wantDeniedWithout(t, policies[g.role], g, used[g])
					}
				})
			}
			maps.Copy(usedLater, used)
		})
	}
	for _, name := range slices.Sorted(maps.Keys(excuses)) {
		if !seen[name] {
			t.Errorf("no template grants %s any more: take it out of the list", name)
		}
	}
}

// grant is one action that a statement of a role's policy allows.
type grant struct{ role, sid, action string }

func (g grant) name() string { return g.role + "/" + g.sid + "/" + g.action }

type privilegeWorld struct {
	t       *testing.T
	server  *localaws.Server
	environ []string
	// app is the application's folder, dir the environment's.
	app, dir string

	mu      sync.Mutex // guards allowed and denied
	allowed []localaws.Decision
	denied  []localaws.Decision
}

// newPrivilegeWorld starts a local AWS in this process, which the commands find
// as if it ran in the background.
func newPrivilegeWorld(t *testing.T) *privilegeWorld {
	t.Helper()
	w := &privilegeWorld{t: t, app: filepath.Join(t.TempDir(), "app")}
	home := t.TempDir()
	if err := makeApplication(w.app); err != nil {
		t.Fatal(err)
	}
	if err := makeFile(filepath.Join(home, ".gitconfig"), []byte("[user]\n\tname = A Learner\n\temail = learner@example.com\n")); err != nil {
		t.Fatal(err)
	}
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); !strings.HasPrefix(name, "AWS_") && name != "HOME" && name != "XDG_DATA_HOME" {
			w.environ = append(w.environ, v)
		}
	}
	w.environ = append(w.environ, "HOME="+home, "XDG_DATA_HOME="+filepath.Join(home, "data"), "GIT_CONFIG_NOSYSTEM=1")
	w.dir = filepath.Join(home, "data", "mayfly", "default")
	var err error
	if w.server, err = localaws.Start(localaws.Options{Dir: localDir(w.dir), Environ: w.environ, Decided: w.decided}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.server.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := writeEndpoint(w.dir, endpointOf(w.server)); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *privilegeWorld) decided(d localaws.Decision) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d.Allowed {
		w.allowed = append(w.allowed, d)
	} else {
		w.denied = append(w.denied, d)
	}
}

// mayfly runs a command, and wants that nothing was denied in it.
func (w *privilegeWorld) mayfly(arguments ...string) {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), "mayfly", append(arguments, "--app-dir", w.app)...)
	cmd.Env = w.environ
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Errorf("mayfly %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.denied {
		if harmless(d) {
			continue
		}
		w.t.Errorf("denied: %s: %s on %s %s", d.Principal, d.Action, d.Resources, d.Why)
	}
	if w.t.Failed() {
		w.t.FailNow()
	}
}

// harmless tells the denial by which S3 chooses between 404 and 403 for an
// object that is not there: a build looks for a cache that is still to be filled.
// AWS's example of a build's role has no s3:ListBucket:
// https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
func harmless(d localaws.Decision) bool {
	return d.Action == "s3:ListBucket" && strings.Contains(d.Principal, "-BuildRole-")
}

// physical takes a role's logical id out of the name that CloudFormation gave it.
var physical = regexp.MustCompile(`^mayfly-default-[a-z0-9]{6}-(?:pipeline|app)-(\w+)-\w+$`)

func roleOf(t *testing.T, name string) string {
	t.Helper()
	match := physical.FindStringSubmatch(name)
	if match == nil {
		t.Fatalf("the role %s has no name that a stack of the workshop gives", name)
	}
	return match[1]
}

// statement is what is read here of a policy's statement; raw is all of it.
type statement struct {
	Sid    string
	Action any
	raw    json.RawMessage
}

func (s *statement) UnmarshalJSON(data []byte) error {
	type plain statement
	err := json.Unmarshal(data, (*plain)(s))
	s.raw = slices.Clone(data)
	return err
}

// policies returns the statements of each role's inline policies.
func (w *privilegeWorld) policies() map[string][]statement {
	t := w.t
	t.Helper()
	all := map[string][]statement{}
	client := iam.NewFromConfig(w.server.Config())
	roles, err := client.ListRoles(t.Context(), &iam.ListRolesInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range roles.Roles {
		policies, err := client.ListRolePolicies(t.Context(), &iam.ListRolePoliciesInput{RoleName: role.RoleName})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range policies.PolicyNames {
			out, err := client.GetRolePolicy(t.Context(), &iam.GetRolePolicyInput{RoleName: role.RoleName, PolicyName: aws.String(name)})
			if err != nil {
				t.Fatal(err)
			}
			var document struct{ Statement []statement }
			text, err := url.PathUnescape(*out.PolicyDocument)
			if err == nil {
				err = json.Unmarshal([]byte(text), &document)
			}
			if err != nil {
				t.Fatal(err)
			}
			logical := roleOf(t, *role.RoleName)
			all[logical] = append(all[logical], document.Statement...)
		}
	}
	return all
}

// grantsOf lists every action that the policies allow.
func grantsOf(t *testing.T, policies map[string][]statement) (all []grant) {
	t.Helper()
	for _, role := range slices.Sorted(maps.Keys(policies)) {
		for _, s := range policies[role] {
			if s.Sid == "" {
				t.Errorf("a statement of role %s has no Sid, so that nobody can name it", role)
			}
			actions, many := s.Action.([]any)
			if !many {
				actions = []any{s.Action}
			}
			for _, action := range actions {
				all = append(all, grant{role, s.Sid, fmt.Sprint(action)})
			}
		}
	}
	return all
}

// used says by which statements the roles' sessions were allowed what they
// did, with one decision for each.
func (w *privilegeWorld) used() map[grant]*localaws.Decision {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	used := map[grant]*localaws.Decision{}
	for _, d := range w.allowed {
		if _, session, ok := strings.Cut(d.Principal, ":assumed-role/"); ok {
			name, _, _ := strings.Cut(session, "/")
			used[grant{roleOf(w.t, name), d.Statement, d.Action}] = &d
		}
	}
	return used
}

// wantDeniedWithout takes the statement out of the role's policies and asks IAM
// about what it had allowed: nothing else may allow it.
func (w *privilegeWorld) wantDeniedWithout(t *testing.T, policy []statement, g grant, was *localaws.Decision) {
	t.Helper()
	var left []json.RawMessage
	for _, s := range policy {
		if s.Sid != g.sid {
			left = append(left, s.raw)
		}
	}
	in := &iam.SimulateCustomPolicyInput{ActionNames: []string{was.Action}, ResourceArns: was.Resources}
	// One that allows something else, since a policy cannot be empty.
	left = append(left, json.RawMessage(`{"Effect":"Allow","Action":"none:None","Resource":"*"}`))
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": left})
	if err != nil {
		t.Fatal(err)
	}
	in.PolicyInputList = []string{string(text)}
	for key, values := range was.Keys {
		in.ContextEntries = append(in.ContextEntries, types.ContextEntry{
			ContextKeyName: aws.String(key), ContextKeyType: types.ContextKeyTypeEnumStringList, ContextKeyValues: values,
		})
	}
	out, err := iam.NewFromConfig(w.server.Config()).SimulateCustomPolicy(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range out.EvaluationResults {
		if result.EvalDecision != types.PolicyEvaluationDecisionTypeImplicitDeny {
			t.Errorf("without statement %s, %s on %s is %s: it is not what allows it", g.sid, was.Action, was.Resources, result.EvalDecision)
		}
	}
	if len(out.EvaluationResults) == 0 {
		t.Error("IAM has answered nothing")
	}
}

// Where it is said what AWS's services call inside.
const (
	// The resource schemas of CloudFormation list the permissions of each
	// type's handlers: https://schema.cloudformation.us-east-1.amazonaws.com/CloudformationSchema.zip
	// and `aws cloudformation describe-type`.
	roleHandlers     = "CloudFormation's schema of AWS::IAM::Role, permissions of its handlers"
	functionHandlers = "CloudFormation's schema of AWS::Lambda::Function, permissions of its handlers"
	aliasHandlers    = "CloudFormation's schema of AWS::Lambda::Alias, permissions of its handlers"
	urlHandlers      = "CloudFormation's schema of AWS::Lambda::Url, permissions of its handlers"
	accessHandlers   = "CloudFormation's schema of AWS::Lambda::Permission, permissions of its handlers"
	logHandlers      = "CloudFormation's schema of AWS::Logs::LogGroup, permissions of its handlers"
	buildRole        = "https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html"
	pipelineRole     = "https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html"
	samTransform     = "https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-permissions-cloudformation.html"
)

// inside are the actions that are granted for calls which AWS makes inside, or
// makes where things go as they do not go here, each with where that is said.
var inside = map[string]string{
	"BuildRole/PassArtifactsOn/s3:GetObjectVersion":     buildRole,
	"BuildRole/LookAtTheBucket/s3:GetBucketAcl":         buildRole,
	"BuildRole/LookAtTheBucket/s3:GetBucketLocation":    buildRole,
	"DescribeRole/FetchTheSource/s3:GetObjectVersion":   buildRole,
	"DescribeRole/LookAtTheBucket/s3:GetBucketAcl":      buildRole,
	"DescribeRole/LookAtTheBucket/s3:GetBucketLocation": buildRole,
	"PipelineRole/PassArtifactsOn/s3:GetObjectVersion":  pipelineRole,
	"PipelineRole/LookAtTheBucket/s3:GetBucketAcl":      pipelineRole,
	"PipelineRole/LookAtTheBucket/s3:GetBucketLocation": pipelineRole,
	// Versions decide how artifacts are addressed.
	"PipelineRole/LookAtTheBucket/s3:GetBucketVersioning":                     pipelineRole,
	"PipelineRole/FetchTheSource/codecommit:GetRepository":                    pipelineRole,
	"PipelineRole/FetchTheSource/codecommit:CancelUploadArchive":              pipelineRole,
	"PipelineRole/DeployTheApplication/cloudformation:DescribeStackEvents":    pipelineRole,
	"PipelineRole/DeployTheApplication/cloudformation:DescribeStackResources": pipelineRole,
	"PipelineRole/DeployTheApplication/cloudformation:GetTemplate":            pipelineRole,
	"PipelineRole/DeployTheApplication/cloudformation:DeleteStack":            pipelineRole,
	"DeployRole/ExpandServerless/cloudformation:CreateChangeSet":              samTransform,
	"DeployRole/ReadThePackage/s3:GetObjectVersion":                           functionHandlers,
	"DeployRole/Functions/lambda:GetAlias":                                    aliasHandlers,
	"DeployRole/Functions/lambda:GetFunctionConfiguration":                    functionHandlers,
	"DeployRole/Functions/lambda:GetFunctionUrlConfig":                        urlHandlers,
	"DeployRole/Functions/lambda:GetPolicy":                                   accessHandlers,
	"DeployRole/Functions/lambda:ListTags":                                    functionHandlers,
	"DeployRole/Functions/lambda:UntagResource":                               functionHandlers,
	// They come with a change of the template's that the workshop does not make.
	"DeployRole/Functions/lambda:UpdateFunctionConfiguration": functionHandlers,
	"DeployRole/Functions/lambda:UpdateFunctionUrlConfig":     urlHandlers,
	// It comes with a pipeline's stack that was deleted and made again, whose boundary is another policy.
	"DeployRole/MakeRolesWithinTheBoundary/iam:PutRolePermissionsBoundary": roleHandlers,
	"DeployRole/KeepRoles/iam:GetRole":                                     roleHandlers,
	"DeployRole/KeepRoles/iam:GetRolePolicy":                               roleHandlers,
	"DeployRole/KeepRoles/iam:ListAttachedRolePolicies":                    roleHandlers,
	"DeployRole/KeepRoles/iam:ListRolePolicies":                            roleHandlers,
	"DeployRole/KeepRoles/iam:TagRole":                                     roleHandlers,
	"DeployRole/KeepRoles/iam:UntagRole":                                   roleHandlers,
	"DeployRole/KeepRoles/iam:UpdateRole":                                  roleHandlers,
	"DeployRole/FindLogs/logs:DescribeLogGroups":                           logHandlers,
	"DeployRole/Logs/logs:ListTagsForResource":                             logHandlers,
	"DeployRole/Logs/logs:UntagResource":                                   logHandlers,
}
