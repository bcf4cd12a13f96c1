package conformance

import (
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
)

// These are observed with git.
var codecommitGitAssumptions = []Assumption{
	{Number: 30, Title: "CodeCommit: git pushes with the credential helper's signature as password", Source: "awscli/customizations/codecommit.py", Confirmed: true, Run: func(t *T) {
		name, git := t.repository(), t.checkout()
		head := git.commit()
		git.git("push", "--quiet", t.remote(name), "main")
		out := must(t.codecommit.GetBranch(t.ctx, &codecommit.GetBranchInput{RepositoryName: &name, BranchName: aws.String("main")}))(t)
		equal(t, "the branch's commit", str(out.Branch.CommitId), head)
	}},
	{Number: 31, Title: "CodeCommit: the first branch pushed becomes the default branch, whatever its name", Source: ccGuide + "how-to-change-branch.html", Confirmed: true, Run: func(t *T) {
		name, git := t.repository(), t.checkout()
		git.commit()
		git.git("push", "--quiet", t.remote(name), "main:trunk")
		equal(t, "defaultBranch", t.defaultBranch(name), "trunk")
	}},
	{Number: 32, Title: "CodeCommit: a password that does not fit is answered with 403", Source: ccGuide + "troubleshooting-ch.html", Run: func(t *T) {
		name, git := t.repository(), t.checkout()
		address, err := url.Parse(t.remote(name))
		if err != nil {
			t.Fatalf("%v", err)
		}
		password, _ := address.User.Password()
		address.User = url.UserPassword(address.User.Username(), password[:len(password)-4]+"0000")
		out, err := git.try("ls-remote", address.String())
		if err == nil || !strings.Contains(out, "403") {
			t.Errorf("git says %q, %v", out, err)
		}
	}},
	{Number: 33, Title: "CodeCommit: a password is good for one repository only", Source: "awscli/customizations/codecommit.py: the path is signed", Confirmed: true, Run: func(t *T) {
		name, other, git := t.repository(), t.repository(), t.checkout()
		out, err := git.try("ls-remote", strings.Replace(t.remote(name), "/v1/repos/"+name, "/v1/repos/"+other, 1))
		if err == nil || !strings.Contains(out, "403") {
			t.Errorf("git says %q, %v", out, err)
		}
	}},
	{Number: 34, Title: "CodeCommit: temporary credentials put their token behind the access key and a percent sign", Source: "awscli/customizations/codecommit.py", Confirmed: true, Run: func(t *T) {
		name, git := t.repository(), t.checkout()
		git.commit()
		session := t.session(t.userRole(allow("codecommit:*")), "")
		settled(t, func() (string, error) { return git.try("push", "--quiet", session.remote(name), "main") })
		equal(t, "defaultBranch", t.defaultBranch(name), "main")
	}},
	{Number: 35, Title: "CodeCommit: GitPull without GitPush reads and does not write", Source: ccGuide + "auth-and-access-control-permissions-reference.html", Confirmed: true, Run: func(t *T) {
		name, git := t.repository(), t.checkout()
		git.commit()
		reader := t.session(t.userRole(allow("codecommit:GitPull", "codecommit:GetRepository")), "")
		settled(t, func() (string, error) { return git.try("ls-remote", reader.remote(name)) })
		out, err := git.try("push", "--quiet", reader.remote(name), "main")
		if err == nil || !strings.Contains(out, "403") {
			t.Errorf("git says %q, %v", out, err)
		}
		equal(t, "defaultBranch", t.defaultBranch(name), "")
	}},
	{Number: 36, Title: "CodeCommit: what git pushed, the API reads", Source: ccAPI + "GetFile.html", Run: func(t *T) {
		name, git := t.repository(), t.checkout()
		head := git.commit()
		git.git("push", "--quiet", t.remote(name), "main")
		out := must(t.codecommit.GetFile(t.ctx, &codecommit.GetFileInput{RepositoryName: &name, FilePath: aws.String("/README.md"), CommitSpecifier: aws.String("refs/heads/main")}))(t)
		equal(t, "commitId", str(out.CommitId), head)
		equal(t, "fileContent", string(out.FileContent), "hello")
	}},
	{Number: 37, Title: "CodeCommit: what the API commits, git clones", Source: ccAPI + "PutFile.html", Run: func(t *T) {
		name, git := t.repository(), t.checkout()
		head := t.put(name, "README.md", "hello", "")
		out := git.git("ls-remote", t.remote(name), "refs/heads/main")
		equal(t, "what git sees", out, head+"\trefs/heads/main")
	}},
	{Number: 38, Title: "CodeCommit: git asks for a repository that is not there in vain", Source: ccGuide + "troubleshooting-ch.html", Run: func(t *T) {
		name, git := t.repository(), t.checkout()
		remote := t.remote(name)
		if err := t.deleteRepository(name); err != nil {
			t.Fatalf("%v", err)
		}
		if out, err := git.try("ls-remote", remote); err == nil {
			t.Errorf("git says %q", out)
		}
	}},
}
