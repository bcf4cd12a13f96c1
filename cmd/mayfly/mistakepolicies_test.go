package main

import (
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/phases"
)

type policyText struct {
	Version   string
	Statement []map[string]any
}

// withoutStatement takes a statement out of a role's policy.
func withoutStatement(w *mistakeWorld, c *cloud.Cloud, role, policy, sid string) error {
	return changeRolePolicy(w, c, role, policy, func(document *policyText) {
		document.Statement = slices.DeleteFunc(document.Statement, func(s map[string]any) bool { return s["Sid"] == sid })
	})
}

// changeRolePolicy changes a role's policy as the console's editor does.
func changeRolePolicy(w *mistakeWorld, c *cloud.Cloud, role, policy string, change func(document *policyText)) error {
	out, err := c.IAM.GetRolePolicy(w.t.Context(), &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &policy})
	if err != nil {
		return err
	}
	text, err := cloud.Document(out.PolicyDocument)
	if err != nil {
		return err
	}
	changed, err := changePolicy(text, change)
	if err != nil {
		return err
	}
	_, err = c.IAM.PutRolePolicy(w.t.Context(), &iam.PutRolePolicyInput{RoleName: &role, PolicyName: &policy, PolicyDocument: &changed})
	return err
}

func changePolicy(text string, change func(document *policyText)) (string, error) {
	var document policyText
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return "", err
	}
	change(&document)
	data, err := json.Marshal(document)
	return string(data), err
}

// inStatement sets a member of a statement, or takes it out where the value is nil.
func inStatement(sid, member string, value any) func(document *policyText) {
	return func(document *policyText) {
		for _, s := range document.Statement {
			if s["Sid"] != sid && sid != "" {
				continue
			}
			if s[member] = value; value == nil {
				delete(s, member)
			}
		}
	}
}

// inRolePolicy changes a member of a statement of a role's policy.
func inRolePolicy(logical, policy, sid, member string, value any) func(*mistakeWorld) error {
	return roleMistake(logical, func(w *mistakeWorld, c *cloud.Cloud, role string) error {
		return changeRolePolicy(w, c, role, policy, inStatement(sid, member, value))
	})
}

// documentMistakes change what a policy says of whom, on what and when, and no action.
func documentMistakes() []mistake {
	at := phases.Caching
	return []mistake{
		{
			name: "the build role may write into every bucket", at: at, check: "least-privilege", says: `has another Resource in its statement PassArtifactsOn`,
			do: inRolePolicy("BuildRole", "build", "PassArtifactsOn", "Resource", "*"),
		},
		{
			name: "the build role may write another log, in phase 2", at: phases.CodeBuild, check: "least-privilege", says: `has another Resource in its statement WriteItsOwnLog`,
			do: inRolePolicy("BuildRole", "build", "WriteItsOwnLog", "Resource", "arn:aws:logs:us-east-1:000000000000:log-group:/another:*"),
		},
		{
			name: "the build role trusts another account", at: at, check: "least-privilege", says: `the trust policy of role .* has another Condition in its statement`,
			do: roleMistake("BuildRole", func(w *mistakeWorld, c *cloud.Cloud, role string) error {
				out, err := c.IAM.GetRole(w.t.Context(), &iam.GetRoleInput{RoleName: &role})
				if err != nil {
					return err
				}
				text, err := cloud.Document(out.Role.AssumeRolePolicyDocument)
				if err != nil {
					return err
				}
				changed, err := changePolicy(text, inStatement("", "Condition", map[string]any{"StringEquals": map[string]string{"aws:SourceAccount": "111122223333"}}))
				if err != nil {
					return err
				}
				_, err = c.IAM.UpdateAssumeRolePolicy(w.t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: &role, PolicyDocument: &changed})
				return err
			}),
		},
		{
			name: "the build role was given another policy", at: at, check: "least-privilege", says: `has the policy more, which its template has not`,
			do: roleMistake("BuildRole", func(w *mistakeWorld, c *cloud.Cloud, role string) error {
				_, err := c.IAM.PutRolePolicy(w.t.Context(), &iam.PutRolePolicyInput{
					RoleName: &role, PolicyName: aws.String("more"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`),
				})
				return err
			}),
		},
		{
			name: "the pipeline's role was made an administrator's", at: at, check: "permissions", says: `has AdministratorAccess attached`,
			do: roleMistake("PipelineRole", func(w *mistakeWorld, c *cloud.Cloud, role string) error {
				_, err := c.IAM.AttachRolePolicy(w.t.Context(), &iam.AttachRolePolicyInput{RoleName: &role, PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})
				return err
			}),
		},
		{
			name: "the pipeline's role may hand its role to any service", at: at, check: "permissions", says: `lacks the Condition of its statement HandTheDeployRoleOver`,
			do: inRolePolicy("PipelineRole", "pipeline", "HandTheDeployRoleOver", "Condition", nil),
		},
		{
			name: "the pipeline's role may fetch the source from one address alone", at: at, check: "permissions", says: `has a Condition in its statement FetchTheSource, which its template has not`,
			do: inRolePolicy("PipelineRole", "pipeline", "FetchTheSource", "Condition", map[string]any{"IpAddress": map[string]string{"aws:SourceIp": "192.0.2.1/32"}}),
		},
		{
			name: "the bucket's policy denies every role, and a commit was pushed", at: at, check: "permissions", says: `has another Condition in its statement OnlyOverTLS`,
			do: func(w *mistakeWorld) error {
				err := roleMistake("Artifacts", func(w *mistakeWorld, c *cloud.Cloud, bucket string) error {
					out, err := c.S3.GetBucketPolicy(w.t.Context(), &s3.GetBucketPolicyInput{Bucket: &bucket})
					if err != nil {
						return err
					}
					changed, err := changePolicy(aws.ToString(out.Policy), inStatement("OnlyOverTLS", "Condition", map[string]any{"StringLike": map[string]string{"aws:userid": "*:*"}}))
					if err != nil {
						return err
					}
					_, err = c.S3.PutBucketPolicy(w.t.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &changed})
					return err
				})(w)
				if err != nil {
					return err
				}
				_, err = w.run(w.workdir(), `printf '"Mine"\n' > greeting.json`+commitAll)
				return err
			},
		},
		{
			name: "the deploy role may change every function", at: at, check: "deploy-role", says: `has another Resource in its statement Functions`,
			do: inRolePolicy("DeployRole", "deploy", "Functions", "Resource", []string{"*"}),
		},
		{
			name: "the boundary of the application's roles was widened", at: at, check: "deploy-role", says: `policy .*Boundary.* has another Resource in its statement WriteLogs`,
			do: roleMistake("Boundary", func(w *mistakeWorld, c *cloud.Cloud, arn string) error {
				text, err := c.ManagedPolicy(w.t.Context(), arn)
				if err != nil {
					return err
				}
				changed, err := changePolicy(text, inStatement("WriteLogs", "Resource", "*"))
				if err != nil {
					return err
				}
				_, err = c.IAM.CreatePolicyVersion(w.t.Context(), &iam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: &changed, SetAsDefault: true})
				return err
			}),
		},
	}
}

// sids are the ids of a policy's statements.
func sids(text string) []string {
	var document policyText
	var all []string
	if json.Unmarshal([]byte(text), &document) == nil {
		for _, s := range document.Statement {
			if sid, ok := s["Sid"].(string); ok {
				all = append(all, sid)
			}
		}
	}
	return all
}
