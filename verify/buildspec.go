package verify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"go.yaml.in/yaml/v3"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// BuildspecFile is where a repository says how it is built.
const BuildspecFile = "buildspec.yml"

// buildspec is what the checks read of a buildspec.
// https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
type buildspec struct {
	Version any                  `yaml:"version"`
	Phases  map[string]yaml.Node `yaml:"phases"`
	Cache   struct {
		Paths []string `yaml:"paths"`
	} `yaml:"cache"`
	Artifacts struct {
		Files []string `yaml:"files"`
	} `yaml:"artifacts"`
}

// parseBuildspec says what is wrong with a buildspec, "" where nothing is that
// can be seen without running it.
func parseBuildspec(data []byte) (spec buildspec, trouble string) {
	if err := yaml.Unmarshal(data, &spec); err != nil {
		return spec, "buildspec.yml is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")
	}
	if v := fmt.Sprint(spec.Version); v != "0.2" && v != "0.1" {
		return spec, "buildspec.yml has version " + v + "; there are 0.1 and 0.2"
	}
	known := []string{"install", "pre_build", "build", "post_build"}
	commands := 0
	for _, name := range slices.Sorted(maps.Keys(spec.Phases)) {
		node := spec.Phases[name]
		if !slices.Contains(known, name) {
			return spec, fmt.Sprintf("buildspec.yml has a phase %q; there are install, pre_build, build and post_build", name)
		}
		var phase struct {
			Commands []yaml.Node    `yaml:"commands"`
			Rest     map[string]any `yaml:",inline"`
		}
		if err := node.Decode(&phase); err != nil {
			return spec, fmt.Sprintf("buildspec.yml: phase %s is not as it should be: %v", name, err)
		}
		for key := range phase.Rest {
			if !slices.Contains([]string{"run-as", "on-failure", "runtime-versions", "finally", "steps"}, key) {
				return spec, fmt.Sprintf("buildspec.yml: phase %s has %q, which is no key of a phase (commands is)", name, key)
			}
		}
		commands += len(phase.Commands)
	}
	if commands == 0 {
		return spec, "buildspec.yml has no commands"
	}
	return spec, ""
}

// buildspecWith is a check of the buildspec at the head of main.
func buildspecWith(name, asks, expected, fallback string, judge func(buildspec) (observed string, ok bool)) Check {
	good := func(data []byte) bool {
		spec, trouble := parseBuildspec(data)
		if trouble != "" {
			return false
		}
		_, ok := judge(spec)
		return ok
	}
	return Check{Name: name, Asks: asks, Ask: func(ctx context.Context, s *Scene) Result {
		data, result := s.file(ctx, BuildspecFile, fallback)
		if result.State != Passed {
			return result
		}
		spec, trouble := parseBuildspec(data)
		observed, ok := trouble, false
		if trouble == "" {
			observed, ok = judge(spec)
		}
		if ok {
			return passed("%s", observed)
		}
		return wrong(observed, expected, s.thenBuild(ctx, s.bringBack(ctx, BuildspecFile, fallback, good)))
	}}
}

// Buildspec asks whether the build's instructions are in the repository, and can be followed.
var Buildspec = buildspecWith("buildspec", "Does the repository say how it is built?",
	"buildspec.yml at the top of the repository, which CodeBuild can follow", "mayfly run codebuild",
	func(spec buildspec) (string, bool) { return "main has buildspec.yml", true })

// BuildspecArtifacts asks whether the build hands anything on.
var BuildspecArtifacts = buildspecWith("artifacts", "Does the build hand on what it made?",
	"artifacts: and under it files:", "mayfly run codepipeline",
	func(spec buildspec) (string, bool) {
		if len(spec.Artifacts.Files) == 0 {
			return "buildspec.yml has no artifacts", false
		}
		return fmt.Sprintf("buildspec.yml hands on %s", spec.Artifacts.Files), true
	})

// CachePaths asks whether the buildspec says what to keep.
var CachePaths = buildspecWith("cache-paths", "Does the buildspec say what to keep?",
	"cache: and under it paths:", "mayfly run caching",
	func(spec buildspec) (string, bool) {
		if len(spec.Cache.Paths) == 0 {
			return "buildspec.yml has no cache paths", false
		}
		return "buildspec.yml keeps " + strings.Join(spec.Cache.Paths, " and "), true
	})

// KeepsCache tells whether a buildspec says what to keep from build to build.
func KeepsCache(data []byte) bool {
	spec, _ := parseBuildspec(data)
	return len(spec.Cache.Paths) > 0
}

// ReadFile reads a file at the head of main; nil where there is none.
func (s *Scene) ReadFile(ctx context.Context, file string) ([]byte, error) {
	name := s.Names.Repository()
	out, err := s.CodeCommit.GetFile(ctx, &codecommit.GetFileInput{
		RepositoryName: &name, FilePath: &file, CommitSpecifier: aws.String("refs/heads/" + mainBranch),
	})
	if cloud.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return out.FileContent, nil
}
