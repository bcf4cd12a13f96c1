package phases

import (
	"context"
	"maps"
)

// Undoer takes back what a phase has made. The engine provides it.
type Undoer interface {
	Bench
	// Undeploy deletes a stack, with what is in its buckets. One that is not there is no error.
	Undeploy(ctx context.Context, stack string) error
	// EmptyBuckets empties the buckets of a stack below a prefix of the keys; "" is everything.
	EmptyBuckets(ctx context.Context, stack, prefix string) error
}

// cachePrefix is where the project keeps its cache in the artifact bucket.
const cachePrefix = "cache"

func undoCodeCommit(ctx context.Context, u Undoer) error {
	return u.Undeploy(ctx, u.Scene().Names.RepositoryStack())
}

func undoCodeBuild(ctx context.Context, u Undoer) error {
	return u.Undeploy(ctx, u.Scene().Names.PipelineStack())
}

// undoCodePipeline takes the pipeline away, and its bucket with what is in it.
func undoCodePipeline(ctx context.Context, u Undoer) error {
	if err := u.EmptyBuckets(ctx, u.Scene().Names.PipelineStack(), ""); err != nil {
		return err
	}
	return deployPipeline(ctx, u, "codebuild")
}

func undoCloudFormation(ctx context.Context, u Undoer) error {
	if err := u.Undeploy(ctx, u.Scene().Names.ApplicationStack()); err != nil {
		return err
	}
	return deployPipeline(ctx, u, "codepipeline")
}

func undoCaching(ctx context.Context, u Undoer) error {
	if err := u.EmptyBuckets(ctx, u.Scene().Names.PipelineStack(), cachePrefix); err != nil {
		return err
	}
	return deployPipeline(ctx, u, "cloudformation")
}

func undoApproval(ctx context.Context, u Undoer) error {
	return deployPipeline(ctx, u, "caching")
}

// FilesAtStart are the files that the repository holds when a phase begins: the
// application, and what the phases before have added. Nil means that there is
// no repository yet.
func (p *Phase) FilesAtStart(b Bench) (map[string][]byte, error) {
	if len(p.Requires) == 0 {
		return nil, nil //nolint:nilnil // as said
	}
	application, err := b.Application().Files()
	if err != nil {
		return nil, err
	}
	files := maps.Clone(application)
	for _, before := range p.AllRequired() {
		if len(before.Requires) > 0 {
			files["buildspec.yml"] = b.Application().Buildspec(before.Name)
		}
		if before.Name == "cloudformation" {
			if files["deploy.json"], err = deployConfiguration(b.Tags()); err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}
