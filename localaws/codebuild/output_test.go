package codebuild

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/google/go-cmp/cmp"
)

const makeFiles = `phases: {build: {commands: ['mkdir -p out1/deep out2; echo a >out1/a; echo b >out1/deep/b.txt; echo c >out2/c; echo t >out1/t.tmp; chmod 755 out1/a; ln -s a out1/link; ln -s /etc/passwd out1/evil']}}
`

func TestArtifacts(t *testing.T) {
	toS3 := types.ProjectArtifacts{Type: types.ArtifactsTypeS3, Location: aws.String("out"), Packaging: types.ArtifactPackagingZip}
	for _, c := range []struct {
		name, spec string
		change     func(*types.ProjectArtifacts)
		key        string // %s is the build's uuid
		want       map[string]string
	}{
		{
			"all of a folder", "artifacts: {files: ['**/*'], base-directory: out1, exclude-paths: ['*.tmp']}", nil, "p",
			map[string]string{"a": "755 a\n", "deep/b.txt": "644 b\n", "link": "755 a\n"},
		},
		{
			"a pattern as base", "artifacts: {files: ['**/*'], base-directory: 'out*', exclude-paths: ['*.tmp', link]}", nil, "p",
			map[string]string{"a": "755 a\n", "deep/b.txt": "644 b\n", "c": "644 c\n"},
		},
		{
			"one level", "artifacts: {files: ['out1/*', out2/c], exclude-paths: ['**/*.tmp', '**/link']}", nil, "p",
			map[string]string{"out1/a": "755 a\n", "out2/c": "644 c\n"},
		},
		{
			"discarded paths", "artifacts: {files: ['**/*.txt', './out2/c'], discard-paths: yes}", nil, "p",
			map[string]string{"b.txt": "644 b\n", "c": "644 c\n"},
		},
		{
			"variables", "env: {variables: {D: out2}}\nartifacts: {files: ['$CODEBUILD_SRC_DIR/c', c], base-directory: '$CODEBUILD_SRC_DIR/$D'}", nil, "p",
			map[string]string{"c": "644 c\n"},
		},
		{
			"path, namespace and name", "artifacts: {files: [out2/c]}",
			func(a *types.ProjectArtifacts) {
				a.Path, a.NamespaceType, a.Name = aws.String("/some/path/"), types.ArtifactNamespaceBuildId, aws.String("n.zip")
			},
			"some/path/%s/n.zip",
			map[string]string{"out2/c": "644 c\n"},
		},
		{
			"name of the buildspec", "artifacts: {files: [out2/c], name: 'n-$(echo 1)-$CODEBUILD_BUILD_NUMBER'}",
			func(a *types.ProjectArtifacts) { a.OverrideArtifactName = aws.Bool(true) },
			"n-1-1",
			map[string]string{"out2/c": "644 c\n"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Host{})
			artifacts := toS3
			if c.change != nil {
				c.change(&artifacts)
			}
			w.create(head+makeFiles+c.spec, func(in *codebuild.CreateProjectInput) { in.Artifacts = &artifacts })
			b := w.run()
			if b.BuildStatus != types.StatusTypeSucceeded {
				t.Fatalf("phases %q", phases(b))
			}
			key := strings.ReplaceAll("out/"+c.key, "%s", strings.TrimPrefix(aws.ToString(b.Id), "p:"))
			if aws.ToString(b.Artifacts.Location) != "arn:aws:s3:::"+key {
				t.Errorf("location %s", aws.ToString(b.Artifacts.Location))
			}
			if diff := cmp.Diff(c.want, contents(t, w.object(key))); diff != "" {
				t.Errorf("artifact (-want +got):\n%s", diff)
			}
		})
	}
}

func TestArtifactsWithoutPackaging(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(head+makeFiles+"artifacts: {files: [out2/c], secondary-artifacts: {two: {files: [a], base-directory: out1}}}",
		func(in *codebuild.CreateProjectInput) {
			in.Artifacts = &types.ProjectArtifacts{Type: types.ArtifactsTypeS3, Location: aws.String("out"), Name: aws.String("/")}
			in.SecondaryArtifacts = []types.ProjectArtifacts{{
				Type: types.ArtifactsTypeS3, Location: aws.String("out"), Name: aws.String("second"), ArtifactIdentifier: aws.String("two"),
			}}
		})
	b := w.run()
	if diff := cmp.Diff([]string{"out/out2/c", "out/second/a"}, slices.Sorted(maps.Keys(w.objects))); diff != "" {
		t.Errorf("objects (-want +got):\n%s\n%q", diff, phases(b))
	}
	if len(b.SecondaryArtifacts) != 1 || aws.ToString(b.SecondaryArtifacts[0].ArtifactIdentifier) != "two" {
		t.Errorf("secondary artifacts %v", b.SecondaryArtifacts)
	}
}

func TestBadArtifacts(t *testing.T) {
	const failed = "UPLOAD_ARTIFACTS FAILED CLIENT_ERROR: "
	for _, c := range []struct{ name, spec, deny, want string }{
		{"nothing matches", "artifacts: {files: [x]}", "", failed + "no matching artifact paths found"},
		{"no primary ones", "artifacts: {secondary-artifacts: {two: {files: [a]}}}", "", failed + "no definition for primary artifacts in buildspec"},
		{"no base", "artifacts: {files: [x], base-directory: nowhere}", "", failed + "no matching base directory path found for nowhere"},
		{"base outside", "artifacts: {files: [x], base-directory: ../..}", "", failed + "the base directory ../.. is outside the build's own folders"},
		{"links out", "artifacts: {files: [evil], base-directory: out1}", "", failed + "no matching artifact paths found"},
		{"denied", "artifacts: {files: [out2/c]}", "PUT", failed + "Error in UPLOAD_ARTIFACTS phase: AccessDenied: Access Denied status code: 403, request id: , host id: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Host{})
			w.create(head+makeFiles+c.spec, func(in *codebuild.CreateProjectInput) {
				in.Artifacts = &types.ProjectArtifacts{Type: types.ArtifactsTypeS3, Location: aws.String("out")}
			})
			if c.deny != "" {
				w.deny(c.deny)
			}
			b := w.run()
			if got := phases(b)[8]; got != c.want || b.BuildStatus != types.StatusTypeFailed {
				t.Errorf("phase %q, want %q", got, c.want)
			}
		})
	}
}

func TestNoArtifactsSection(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(head+makeFiles, func(in *codebuild.CreateProjectInput) {
		in.Artifacts = &types.ProjectArtifacts{Type: types.ArtifactsTypeS3, Location: aws.String("out")}
	})
	b := w.run()
	if b.BuildStatus != types.StatusTypeSucceeded {
		t.Errorf("phases %q of a build that %s", phases(b), b.BuildStatus)
	}
	if len(w.objects) > 0 {
		t.Errorf("uploaded %v", slices.Sorted(maps.Keys(w.objects)))
	}
}

func withCache(in *codebuild.CreateProjectInput) {
	in.Cache = &types.ProjectCache{Type: types.CacheTypeS3, Location: aws.String("cache/some/prefix")}
}

func TestCache(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(head+`phases:
  build:
    commands:
      - cat ~/.c/deep/x node_modules/l 2>/dev/null; stat -c %a%y ~/.c/ro 2>/dev/null | cut -c1-32
      - mkdir -p ~/.c/deep node_modules; [ -e ~/.c/deep/x ] || { echo x >~/.c/deep/x; echo r >~/.c/ro; touch -d '2021-02-03 04:05:06.123456789 UTC' ~/.c/ro; chmod 444 ~/.c/ro; ln -s ~/.c/deep/x node_modules/l; }
      - '[ -z "$MORE" ] || echo more >~/.c/more'
cache: {paths: ['/root/.c/**/*', node_modules, '/elsewhere/**/*']}
`, withCache)
	step := func(name, output string, puts int, lines ...string) {
		t.Helper()
		b := w.run(func(in *codebuild.StartBuildInput) {
			if name == "changed" {
				in.EnvironmentVariablesOverride = []types.EnvironmentVariable{{Name: aws.String("MORE"), Value: aws.String("1")}}
			}
		})
		text := w.text(aws.ToString(b.Id))
		for _, line := range lines {
			if !strings.Contains(text, line) {
				t.Errorf("%s: the log has no %q:\n%s", name, line, text)
			}
		}
		if got := w.output(aws.ToString(b.Id)); got != output || w.puts != puts || b.BuildStatus != types.StatusTypeSucceeded {
			t.Errorf("%s: %s, output %q, %d uploads; want %q, %d", name, b.BuildStatus, got, w.puts, output, puts)
		}
	}
	warm := "x\n" // the link leads to the home of the build that made it
	step("empty", "", 1, "Downloading S3 cache...", "Cache is not found", "Uploading S3 cache...", "Cache saved: 3 files, 4 bytes",
		"Cache path /elsewhere/**/* is outside the build's home and source, and is not cached here")
	step("warm", warm+"4442021-02-03 04:05:06.123456789\n", 1, "Cache restored: 3 files, 4 bytes", "Cache is unchanged: not uploaded")
	step("changed", warm+"4442021-02-03 04:05:06.123456789\n", 2, "Cache saved: 4 files, 9 bytes")
	if _, err := w.InvalidateProjectCache(t.Context(), &codebuild.InvalidateProjectCacheInput{ProjectName: aws.String("p")}); err != nil {
		t.Fatal(err)
	}
	step("invalidated", "", 3, "Cache is not found")
	w.deny("GET")
	w.deny("PUT")
	step("denied", "", 3, "Unable to download cache: AccessDenied: Access Denied status code: 403,", "Unable to upload cache: AccessDenied: Access Denied status code: 403,")
}

// TestCacheWithoutListing has a role that must not list the bucket, to whom S3
// denies what is not there.
func TestCacheWithoutListing(t *testing.T) {
	w := newWorld(t, Host{})
	w.deny("LIST")
	w.create(head+`phases: {build: {commands: ['cat ~/f 2>/dev/null; echo $K >~/f']}}
cache: {key: 'k-$K', fallback-keys: [k-none, k-1], paths: ['~/f']}
`, withCache)
	for _, c := range []struct{ key, output string }{{"1", ""}, {"2", "1\n"}} {
		b := w.run(func(in *codebuild.StartBuildInput) {
			in.EnvironmentVariablesOverride = []types.EnvironmentVariable{{Name: aws.String("K"), Value: aws.String(c.key)}}
		})
		if got := w.output(aws.ToString(b.Id)); got != c.output || b.BuildStatus != types.StatusTypeSucceeded {
			t.Errorf("key %s: %s, output %q, want %q; log:\n%s", c.key, b.BuildStatus, got, c.output, w.text(aws.ToString(b.Id)))
		}
	}
}

func TestCacheKeys(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(head+`phases: {build: {commands: ['cat ~/f 2>/dev/null; echo $K >~/f']}}
cache: {key: 'k-$K-$(codebuild-hash-files "**/*.lock" 2>/dev/null || echo none)', fallback-keys: [k-], paths: ['~/f']}
`, withCache)
	key := func(value string) func(in *codebuild.StartBuildInput) {
		return func(in *codebuild.StartBuildInput) {
			in.EnvironmentVariablesOverride = []types.EnvironmentVariable{{Name: aws.String("K"), Value: aws.String(value)}}
		}
	}
	for _, c := range []struct {
		key, output string
		puts        int
	}{{"1", "", 1}, {"1", "1\n", 1}, {"2", "1\n", 2}, {"2", "2\n", 2}} {
		b := w.run(key(c.key))
		if got := w.output(aws.ToString(b.Id)); got != c.output || w.puts != c.puts {
			t.Errorf("key %s: output %q, %d uploads; want %q, %d; log:\n%s", c.key, got, w.puts, c.output, c.puts, w.text(aws.ToString(b.Id)))
		}
	}
}

func TestCacheOfFailedBuild(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(head+"phases: {build: {commands: [echo x >~/f, exit 1]}}\ncache: {paths: ['~/f']}\n", withCache)
	if w.run(); w.puts != 0 {
		t.Errorf("%d uploads of a failed build's cache", w.puts)
	}
}
