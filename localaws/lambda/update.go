package lambda

import (
	"context"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// UpdateFunctionCode replaces the code of $LATEST.
func (s *Service) UpdateFunctionCode(ctx context.Context, in *lambda.UpdateFunctionCodeInput) (*lambda.UpdateFunctionCodeOutput, error) {
	if in.ImageUri != nil || in.PublishTo != "" {
		return nil, invalid("Container images and PublishTo are not supported by this local Lambda.")
	}
	ref, r, err := s.latest(in.FunctionName)
	if err != nil {
		return nil, err
	}
	if err := s.checkSettled(r); err != nil {
		return nil, err
	}
	if err := checkRevision(in.RevisionId, *r.Config.RevisionId); err != nil {
		return nil, err
	}
	data, err := s.fetch(ctx, ref.name, codeLocation{in.ZipFile, in.S3Bucket, in.S3Key, in.S3ObjectVersion})
	if err != nil {
		return nil, err
	}
	// Another configuration may have been written while the package came: receive into a copy, merge below.
	unpack, err := s.receive(&r, data)
	if err != nil {
		return nil, err
	}
	if in.DryRun {
		return copyFields[lambda.UpdateFunctionCodeOutput](s.shown(r, "")), nil
	}
	s.packages.RLock()
	defer s.packages.RUnlock()
	if err := unpack(); err != nil {
		return nil, err
	}
	r, err = s.change(ref, in.RevisionId, func(current *revision) {
		current.Package, current.Config.CodeSha256, current.Config.CodeSize = r.Package, r.Config.CodeSha256, r.Config.CodeSize
		if len(in.Architectures) > 0 {
			current.Config.Architectures = in.Architectures
		}
	})
	if err != nil {
		return nil, err
	}
	if in.Publish {
		published, err := s.publish(ref, nil)
		if err != nil {
			return nil, err
		}
		return copyFields[lambda.UpdateFunctionCodeOutput](s.shown(published, *published.Config.Version)), nil
	}
	return copyFields[lambda.UpdateFunctionCodeOutput](s.shown(r, "")), nil
}

// UpdateFunctionConfiguration changes the settings of $LATEST.
func (s *Service) UpdateFunctionConfiguration(ctx context.Context, in *lambda.UpdateFunctionConfigurationInput) (*lambda.UpdateFunctionConfigurationOutput, error) {
	unserved := map[string]bool{
		"CapacityProviderConfig": in.CapacityProviderConfig != nil, "DurableConfig": in.DurableConfig != nil, "ImageConfig": in.ImageConfig != nil,
	}
	err := refuse(unserved, extras{
		in.DeadLetterConfig, in.FileSystemConfigs, in.KMSKeyArn, in.Layers, in.LoggingConfig, in.SnapStart, in.TracingConfig, in.VpcConfig,
	})
	if err != nil {
		return nil, err
	}
	ref, r, err := s.latest(in.FunctionName)
	if err != nil {
		return nil, err
	}
	if err := s.checkSettled(r); err != nil {
		return nil, err
	}
	if err := checkRevision(in.RevisionId, *r.Config.RevisionId); err != nil {
		return nil, err
	}
	set := settings{in.Role, in.Runtime, in.Handler, in.Description, in.Timeout, in.MemorySize, in.Environment, in.EphemeralStorage, in.LoggingConfig}
	r.apply(set)
	if err := s.checkConfig(ctx, &r); err != nil {
		return nil, err
	}
	if err := checkBootstrap(os.DirFS(s.taskDir(&r)), r.Config.Runtime); err != nil {
		return nil, err
	}
	r, err = s.change(ref, in.RevisionId, func(current *revision) { current.apply(set) })
	if err != nil {
		return nil, err
	}
	return copyFields[lambda.UpdateFunctionConfigurationOutput](s.shown(r, "")), nil
}

// latest returns a function's $LATEST, for what can change nothing else.
func (s *Service) latest(name *string) (reference, revision, error) {
	ref, err := s.refer(name, nil)
	if err != nil {
		return ref, revision{}, err
	}
	if ref.qualifier != "" && ref.qualifier != latest {
		return ref, revision{}, invalid("This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.")
	}
	ref.qualifier = ""
	_, r, err := s.find(ref)
	return ref, r, err
}

// change writes $LATEST anew. The update is in progress until the processes
// and the package that it replaces are gone.
func (s *Service) change(ref reference, revisionID *string, change func(r *revision)) (revision, error) {
	var changed revision
	var old string
	err := s.revisions.Update(revisionKey(ref.name, latest), func(r *revision, ok bool) error {
		if !ok {
			return s.missing(ref)
		}
		if err := s.checkSettled(*r); err != nil {
			return err
		}
		if err := checkRevision(revisionID, *r.Config.RevisionId); err != nil {
			return err
		}
		old = r.Serial
		change(r)
		r.Config.LastUpdateStatus, r.Config.LastUpdateStatusReason = types.LastUpdateStatusInProgress, aws.String(beingCreated)
		r.Config.LastUpdateStatusReasonCode = types.LastUpdateStatusReasonCode(types.StateReasonCodeCreating) // not in the model, but answered
		s.changed(r)
		changed = *r
		return nil
	})
	if err == nil {
		s.pool.retire(old)
		s.spawn(func() {
			s.sweepPackages()
			s.settle(changed, nil)
		})
	}
	return changed, err
}

// sweep runs sweepPackages where it holds nobody up.
func (s *Service) sweep() {
	s.spawn(s.sweepPackages)
}

// UpdateAlias points an alias at another version.
func (s *Service) UpdateAlias(_ context.Context, in *lambda.UpdateAliasInput) (*lambda.UpdateAliasOutput, error) {
	ref, err := s.refer(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	f, err := s.function(ref)
	if err != nil {
		return nil, err
	}
	a, ok := f.Aliases[*in.Name]
	if !ok {
		return nil, s.missingAlias(ref, *in.Name)
	}
	if err := s.checkVersions(ref, in.FunctionVersion, in.RoutingConfig); err != nil {
		return nil, err
	}
	err = s.update(ref, func(f *function) error {
		if a, ok = f.Aliases[*in.Name]; !ok {
			return s.missingAlias(ref, *in.Name)
		}
		if err := checkRevision(in.RevisionId, a.Revision); err != nil {
			return err
		}
		if in.FunctionVersion != nil {
			a.Version = *in.FunctionVersion
		}
		if in.Description != nil {
			a.Description = *in.Description
		}
		if in.RoutingConfig != nil {
			a.Weights = in.RoutingConfig.AdditionalVersionWeights
		}
		a.Revision = uuid.New()
		f.Aliases[*in.Name] = a
		return nil
	})
	if err != nil {
		return nil, err
	}
	c := s.aliasConfiguration(ref, *in.Name, a)
	return &lambda.UpdateAliasOutput{
		AliasArn: c.AliasArn, Description: c.Description, FunctionVersion: c.FunctionVersion, Name: c.Name,
		RevisionId: c.RevisionId, RoutingConfig: c.RoutingConfig,
	}, nil
}

// checkVersions refuses an alias of a version that is not there.
func (s *Service) checkVersions(ref reference, version *string, routing *types.AliasRoutingConfiguration) error {
	var versions []string
	if version != nil {
		versions = append(versions, *version)
	}
	if routing != nil {
		for v := range routing.AdditionalVersionWeights {
			if !isVersion(v) || version != nil && *version == latest {
				return invalid("$LATEST is not supported for an alias pointing to more than 1 version")
			}
			versions = append(versions, v)
		}
	}
	slices.Sort(versions)
	for _, v := range versions {
		if _, ok, err := s.revisions.Get(revisionKey(ref.name, v)); err != nil {
			return err
		} else if !ok {
			return s.missing(reference{ref.name, v})
		}
	}
	if routing != nil {
		total := 0.0
		for _, weight := range routing.AdditionalVersionWeights {
			total += weight
		}
		if total > 1 {
			return invalid("Total value of additional weights must be between 0.0 and 1.0: " + aws.ToString(version))
		}
	}
	return nil
}
