package verify

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// LeastPrivilege asks whether the build's role may do what a build needs, and
// nothing more; the tutorials of 2018 had it do everything.
var LeastPrivilege = Check{
	Name: "least-privilege", Asks: "Does the build's role allow what a build needs, and nothing more?",
	Ask: func(ctx context.Context, s *Scene) Result {
		if project, result := s.project(ctx); project == nil {
			return result
		}
		return s.rolesAsMade(ctx, "mayfly run codebuild", "its role has statements of its own and nothing more", "BuildRole")
	},
}

// PipelinePermissions asks whether whoever works for the pipeline may do that.
var PipelinePermissions = Check{
	Name: "permissions", Asks: "May the pipeline and its rule do what they have to, and nothing more?",
	Ask: func(ctx context.Context, s *Scene) Result {
		const fix = "mayfly run codepipeline"
		const expected = "the roles and the bucket's policy as their template has them"
		m, err := s.asMade(ctx, s.Names.PipelineStack())
		if err != nil {
			return cannotTell("cloudformation GetTemplate", err)
		}
		if m == nil {
			return s.noPipelineStack(ctx, fix)
		}
		if lost, err := s.gone(ctx, m, "Artifacts"); err != nil {
			return cannotTell("s3 HeadBucket", err)
		} else if lost != "" {
			return wrong(lost, expected, fix)
		}
		changed, err := s.changedBucketPolicy(ctx, m, "ArtifactsPolicy", "Artifacts")
		if err != nil {
			return cannotTell("s3 GetBucketPolicy", err)
		}
		if changed != "" {
			return wrong(changed, expected, fix)
		}
		return s.rolesAsMade(ctx, fix, "the pipeline and its rule have roles of their own", "PipelineRole", "PushRole")
	},
}

// DeployRole asks whether the role that CloudFormation is handed may deploy the application.
var DeployRole = Check{
	Name: "deploy-role", Asks: "May CloudFormation deploy the application, and nothing more?",
	Ask: func(ctx context.Context, s *Scene) Result {
		return s.rolesAsMade(ctx, "mayfly run cloudformation", "the deploy role makes roles within a boundary alone", "DeployRole", "Boundary")
	},
}

// rolesAsMade compares roles of the pipeline's stack with its template.
func (s *Scene) rolesAsMade(ctx context.Context, fix, fine string, logical ...string) Result {
	m, err := s.asMade(ctx, s.Names.PipelineStack())
	if err != nil {
		return cannotTell("cloudformation GetTemplate", err)
	}
	if m == nil {
		return s.noPipelineStack(ctx, fix)
	}
	expected := strings.Join(logical, " and ") + " as the stack's template has them"
	for _, l := range logical {
		if _, made := m.resources[l]; !made {
			return wrong("stack "+s.Names.PipelineStack()+" has no "+l, expected, fix)
		}
	}
	for _, l := range logical {
		changed, err := "", error(nil)
		switch m.template.Resources[l].Type {
		case "AWS::IAM::Role":
			changed, err = s.changedRole(ctx, m, l)
		case "AWS::IAM::ManagedPolicy":
			changed, err = s.changedManagedPolicy(ctx, m, l)
		}
		if err != nil {
			return cannotTell("iam GetRole", err)
		}
		if changed != "" {
			return wrong(changed, expected, fix)
		}
	}
	return passed("%s", fine)
}

// because adds to an answer that something is missing what became of the stack
// that makes it, where that is why.
func (s *Scene) because(ctx context.Context, r Result, stack string) Result {
	if made := stackComplete(ctx, s, stack, "the stack", r.Fix); made.State == Wrong {
		r.Observed += ": " + made.Observed
	}
	return r
}

// stackTrouble says that nothing can be done to a stack before it is mended,
// or that it has lost the tag by which it is known to be the environment's.
func (s *Scene) stackTrouble(ctx context.Context, name, fix string) Result {
	stack, err := s.FindStack(ctx, name)
	if err != nil || stack == nil {
		return Result{} // another question says what is wrong then
	}
	if strings.HasSuffix(string(stack.StackStatus), "_FAILED") || stack.StackStatus == types.StackStatusRollbackComplete {
		return stackComplete(ctx, s, name, "the stack", fix)
	}
	if cloud.Tag(stack, cloud.TagEnvironment) == s.Names.ID {
		return Result{}
	}
	return wrong("stack "+name+" has not the tag "+cloud.TagEnvironment+": a teardown would leave it",
		cloud.TagEnvironment+"="+s.Names.ID, fix)
}

// noPipelineStack says that the stack of the phases 2 to 5 is not there.
func (s *Scene) noPipelineStack(_ context.Context, fix string) Result {
	return wrong("there is no stack "+s.Names.PipelineStack(), "the stack that everything from the project to the pipeline is in", fix)
}
