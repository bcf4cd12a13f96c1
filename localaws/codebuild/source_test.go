package codebuild

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// file is an entry of a zip.
type file struct {
	name, content string
	mode          fs.FileMode
}

func zipOf(t *testing.T, files ...file) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w := zip.NewWriter(&buffer)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: time.Date(2020, 1, 2, 3, 4, 6, 0, time.UTC)}
		header.SetMode(f.mode)
		entry, err := w.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write([]byte(f.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

// contents reads a zip as name -> "mode content".
func contents(t *testing.T, data []byte) map[string]string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range r.File {
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(rc); err != nil {
			t.Fatal(err)
		}
		all[f.Name] = fmt.Sprintf("%o %s", f.Mode().Perm(), b.String())
	}
	return all
}

func fromS3(in *codebuild.CreateProjectInput) {
	in.Source = &types.ProjectSource{Type: types.SourceTypeS3, Location: aws.String("in/source.zip")}
}

func TestS3Source(t *testing.T) {
	w := newWorld(t, Host{})
	w.create("", fromS3)
	w.objects["in/source.zip"] = zipOf(t,
		file{"buildspec.yml", head + "phases: {build: {commands: [./run.sh, 'stat -c %a,%y deep/er/x | cut -c1-23']}}", 0o644},
		file{"run.sh", "#!/bin/sh\necho ran\n", 0o755}, file{"deep/er/x", "x", 0o600})
	b := w.run()
	if got, want := w.output(aws.ToString(b.Id)), "ran\n600,2020-01-02 03:04:06\n"; got != want {
		t.Errorf("output %q, want %q, phases %q", got, want, phases(b))
	}
}

func TestBadSources(t *testing.T) {
	good := file{"buildspec.yml", head + "phases: {build: {commands: ['true']}}", 0o644}
	for _, c := range []struct {
		name   string
		object []byte
		change func(*codebuild.StartBuildInput)
		want   string
	}{
		{"missing", nil, nil, "CLIENT_ERROR: NoSuchKey: The specified key does not exist. status code: 404, request id: , host id:  for primary source and source version "},
		{"not a zip", []byte("hello"), nil, "CLIENT_ERROR: source.zip: not a zip that can be read: zip: not a valid zip file"},
		{"slip", zipOf(t, good, file{"../x", "x", 0o644}), nil, `CLIENT_ERROR: source.zip: the zip has the path "../x", which leaves its folder`},
		{"absolute", zipOf(t, good, file{"/x", "x", 0o644}), nil, `CLIENT_ERROR: source.zip: the zip has the path "/x", which leaves its folder`},
		{"backslash", zipOf(t, good, file{`a\..\x`, "x", 0o644}), nil, `CLIENT_ERROR: source.zip: the zip has the path "a\\..\\x", which leaves its folder`},
		{"link", zipOf(t, good, file{"l", "/etc", fs.ModeSymlink | 0o777}), nil, `CLIENT_ERROR: source.zip: the zip has "l", which is a link or a device: only files and folders are unpacked`},
		{"bomb", zipOf(t, good, file{"b", strings.Repeat("0", 80<<20), 0o644}), nil, "which is out of proportion"},
		{"no buildspec", zipOf(t, file{"x", "x", 0o644}), nil, "buildspec.yml: no such file or directory"},
		{"no such path", zipOf(t, good), func(in *codebuild.StartBuildInput) { in.BuildspecOverride = aws.String("ci/spec.yml") }, "/src/ci/spec.yml: no such file or directory"},
		{"path outside", zipOf(t, good), func(in *codebuild.StartBuildInput) { in.BuildspecOverride = aws.String("../../x") }, "YAML_FILE_ERROR: read ../../x: openat ../../x: path escapes from parent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Host{})
			w.create("", fromS3)
			if c.object != nil {
				w.objects["in/source.zip"] = c.object
			}
			var changes []func(*codebuild.StartBuildInput)
			if c.change != nil {
				changes = append(changes, c.change)
			}
			got := phases(w.run(changes...))
			if !strings.HasPrefix(got[3], "DOWNLOAD_SOURCE FAILED ") || !strings.HasSuffix(got[3], c.want) && !strings.Contains(got[3], c.want) {
				t.Errorf("phase %q, want %q", got[3], c.want)
			}
		})
	}
}

func TestPipeline(t *testing.T) {
	w := newWorld(t, Host{})
	w.create("", func(in *codebuild.CreateProjectInput) {
		in.Source = &types.ProjectSource{Type: types.SourceTypeCodepipeline}
		in.Artifacts = &types.ProjectArtifacts{Type: types.ArtifactsTypeCodepipeline}
	})
	_, err := w.StartBuild(t.Context(), &codebuild.StartBuildInput{ProjectName: aws.String("p")})
	if want := "The source type CODEPIPELINE is for builds that CodePipeline starts: start an execution of the pipeline, or override the source and the artifacts"; message(err) != "InvalidInputException: "+want {
		t.Errorf("a start by hand: %v", err)
	}
	w.objects["pipe/Pipe/Source/1.zip"] = zipOf(t, file{"buildspec.yml", head + `
env: {exported-variables: [V]}
phases: {build: {commands: [export V=$CODEBUILD_RESOLVED_SOURCE_VERSION, 'cat $CODEBUILD_SRC_DIR_More/more >out', 'env | grep -c ^CODEBUILD_RESOLVED_SOURCE_VERSION=']}}
artifacts: {files: [out]}
`, 0o644})
	w.objects["pipe/Pipe/More/2.zip"] = zipOf(t, file{"more", "more", 0o644})
	ctx := identity.With(t.Context(), identity.Principal{Service: pipelineService, SourceARN: "arn:aws:codepipeline:eu-west-1:123456789012:Pipe"})
	out, err := w.StartBuild(ctx, &codebuild.StartBuildInput{
		ProjectName: aws.String("p"), SourceVersion: aws.String("arn:aws:s3:::pipe/Pipe/Source/1.zip"),
		SecondarySourcesVersionOverride: []types.ProjectSourceVersion{{
			SourceIdentifier: aws.String("More"), SourceVersion: aws.String("arn:aws:s3:::pipe/Pipe/More/2.zip"),
		}},
		ArtifactsOverride: &types.ProjectArtifacts{
			Type: types.ArtifactsTypeCodepipeline, Name: aws.String("Built"), Location: aws.String("pipe"), Path: aws.String("Pipe/Built/abc"),
		},
		EnvironmentVariablesOverride: []types.EnvironmentVariable{{Name: aws.String(resolvedVariable), Value: aws.String("c0ffee")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b := w.finish(aws.ToString(out.Build.Id))
	if b.BuildStatus != types.StatusTypeSucceeded {
		t.Fatalf("phases %q, log:\n%s", phases(b), w.text(aws.ToString(b.Id)))
	}
	if diff := cmp.Diff(map[string]string{"out": "644 more"}, contents(t, w.object("pipe/Pipe/Built/abc"))); diff != "" {
		t.Errorf("artifact (-want +got):\n%s", diff)
	}
	if aws.ToString(b.Initiator) != "codepipeline/Pipe" || aws.ToString(b.ResolvedSourceVersion) != "c0ffee" ||
		aws.ToString(b.ExportedEnvironmentVariables[0].Value) != "c0ffee" ||
		aws.ToString(b.Artifacts.Location) != "arn:aws:s3:::pipe/Pipe/Built/abc" || aws.ToString(b.Artifacts.Sha256sum) == "" {
		t.Errorf("build %+v", b)
	}
}
