package codecommit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// edit is a commit in the making: the files of a branch's tip and what becomes of them.
type edit struct {
	s      *Service
	name   string // of the repository
	row    repository
	branch string
	parent string // empty for the first commit
	tree   string // the parent's
	before map[string]entry
	files  map[string]entry
}

// beginEdit reads the tip of a branch, which the caller must know.
func (s *Service) beginEdit(ctx context.Context, repositoryName, branch, parentID *string) (*edit, error) {
	row, err := s.find(repositoryName)
	if err != nil {
		return nil, err
	}
	if err := s.checkBranch(ctx, row.ID, *branch); err != nil {
		return nil, err
	}
	refs, _, err := s.refs.Get(row.ID)
	if err != nil {
		return nil, err
	}
	e := &edit{s: s, name: *repositoryName, row: row, branch: *branch, parent: refs[heads+*branch], before: map[string]entry{}}
	if err := e.checkParent(ctx, refs, parentID); err != nil {
		return nil, err
	}
	if e.parent != "" {
		if e.tree, err = s.one(ctx, row.ID, nil, "rev-parse", e.parent+"^{tree}"); err != nil {
			return nil, err
		}
		entries, err := s.tree(ctx, row.ID, e.parent, true)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			e.before[entry.path] = entry
		}
	}
	e.files = maps.Clone(e.before)
	return e, nil
}

func (e *edit) checkParent(ctx context.Context, refs refs, parentID *string) error {
	if e.parent == "" {
		if _, tag := refs[tags+e.branch]; tag {
			return &types.BranchNameIsTagNameException{Message: aws.String("The specified branch name is not valid because it is a tag name: " + e.branch)}
		}
		if e.row.DefaultBranch != "" { // only an empty repository gets a branch by a commit
			return errNoBranch(e.branch)
		}
		return nil
	}
	if aws.ToString(parentID) == "" {
		return &types.ParentCommitIdRequiredException{Message: aws.String("A parent commit ID is required. To view the full commit ID of a branch in a repository, use GetBranch or a Git command.")}
	}
	if *parentID == e.parent {
		return nil
	}
	err := e.s.requireCommit(ctx, e.row.ID, *parentID)
	if _, invalid := errors.AsType[*types.InvalidCommitIdException](err); invalid {
		return &types.InvalidParentCommitIdException{Message: aws.String("The parent commit ID is not valid. The commit ID cannot be empty, and must match the head commit ID for the branch of the repository where you want to add or update a file.")}
	}
	if _, missing := errors.AsType[*types.CommitDoesNotExistException](err); missing {
		return &types.ParentCommitDoesNotExistException{Message: aws.String("The parent commit ID is not valid because it does not exist. The specified parent commit ID does not exist in the specified branch of the repository.")}
	}
	return first(err, e.errOutdated())
}

func (e *edit) errOutdated() error {
	return &types.ParentCommitIdOutdatedException{Message: aws.String("The file could not be added because the provided parent commit ID is not the current tip of the specified branch. To view the full commit ID of the current head of the branch, use GetBranch.")}
}

// put sets a file's content.
func (e *edit) put(ctx context.Context, p string, content []byte, mode types.FileModeTypeEnum) (entry, error) {
	if len(content) > maxFile {
		return entry{}, &types.FileContentSizeLimitExceededException{Message: aws.String("The file cannot be added because it is too large. The maximum file size is 6 MB, and the combined file content change size is 7 MB. Consider making these changes using a Git client.")}
	}
	for existing := p; existing != ""; existing = parent(existing) {
		switch at, ok := e.files[existing]; {
		case !ok || existing == p && at.mode != modeSubmodule:
		case at.mode == modeSubmodule:
			return entry{}, &types.FilePathConflictsWithSubmodulePathException{Message: aws.String("The commit cannot be created because a specified file path points to a submodule: " + p)}
		default:
			return entry{}, &types.DirectoryNameConflictsWithFileNameException{Message: aws.String("A file cannot be added to the repository because the specified path name has the same name as a file that already exists in this repository: " + existing)}
		}
	}
	for existing := range e.files {
		if strings.HasPrefix(existing, p+"/") {
			return entry{}, &types.FileNameConflictsWithDirectoryNameException{Message: aws.String("A file cannot be added to the repository because the specified file name has the same name as a directory in this repository: " + p)}
		}
	}
	blob, err := e.s.one(ctx, e.row.ID, bytes.NewReader(content), "hash-object", "-w", "--stdin", "--no-filters")
	if err != nil {
		return entry{}, err
	}
	if mode == "" {
		mode = fileMode(e.files[p].mode) // an existing file keeps its mode
	}
	e.files[p] = entry{gitMode(mode), blob, p}
	return e.files[p], nil
}

// remove removes a file; where keep says so, its folder stays, by an empty .gitkeep.
func (e *edit) remove(ctx context.Context, p string, keep bool) (entry, error) {
	old, ok := e.files[p]
	if !ok || old.mode == modeSubmodule {
		return entry{}, errNoFile(p)
	}
	delete(e.files, p)
	folder := parent(p)
	for other := range e.files {
		keep = keep && !under(other, folder)
	}
	if keep && folder != "" {
		if _, err := e.put(ctx, path.Join(folder, ".gitkeep"), nil, types.FileModeTypeEnumNormal); err != nil {
			return entry{}, err
		}
	}
	return old, nil
}

// writeTree stores the files as a tree.
func (e *edit) writeTree(ctx context.Context) (string, error) {
	var index bytes.Buffer
	for _, p := range slices.Sorted(maps.Keys(e.files)) {
		fmt.Fprintf(&index, "%s %s\t%s\x00", e.files[p].mode, e.files[p].id, p)
	}
	file := folder(e.row.ID) + "/edit-" + uuid.New()
	env := []string{"GIT_INDEX_FILE=" + e.s.env.Dir + "/" + file}
	defer func() { _ = e.s.files.Remove(file) }() // nothing reads it again
	if _, err := e.s.runIn(ctx, e.row.ID, env, &index, "update-index", "-z", "--add", "--index-info"); err != nil {
		return "", err
	}
	tree, err := e.s.runIn(ctx, e.row.ID, env, nil, "write-tree")
	return strings.TrimSpace(string(tree)), err
}

// author says who makes a commit, and why.
type author struct{ name, email, message *string }

// commit stores the tree as a commit and moves the branch to it.
func (e *edit) commit(ctx context.Context, tree string, by author, message string) (string, error) {
	var parents []string
	if e.parent != "" {
		parents = []string{e.parent}
	}
	id, err := e.s.storeCommit(ctx, e.row.ID, tree, parents, by, message)
	if err != nil {
		return "", err
	}
	err = e.s.move(ctx, e.name, e.row.ID, push{}, heads+e.branch, id, cmp.Or(e.parent, zero))
	if _, refused := errors.AsType[*gitError](err); refused {
		err = e.errOutdated()
	}
	return id, err
}

// storeCommit stores a commit, which no branch has yet. message is for an author without one.
func (s *Service) storeCommit(ctx context.Context, id, tree string, parents []string, by author, message string) (string, error) {
	if by.message != nil && *by.message != "" {
		message = *by.message
	}
	name := clean(aws.ToString(by.name))
	if name == "" {
		arn := identity.From(ctx).ARN
		name = arn[1+max(strings.LastIndex(arn, "/"), strings.LastIndex(arn, ":")):]
	}
	who := fmt.Sprintf("%s <%s> %d +0000", name, clean(aws.ToString(by.email)), s.env.Now().Unix())
	var text strings.Builder
	text.WriteString("tree " + tree + "\n")
	for _, parent := range parents {
		text.WriteString("parent " + parent + "\n")
	}
	text.WriteString("author " + who + "\ncommitter " + who + "\n\n" + strings.TrimSuffix(strings.ReplaceAll(message, "\x00", ""), "\n") + "\n")
	return s.one(ctx, id, strings.NewReader(text.String()), "hash-object", "-t", "commit", "-w", "--stdin")
}

// move moves a reference from one commit to another, and publishes that. It
// fails with a gitError where the reference is elsewhere by now.
func (s *Service) move(ctx context.Context, name, id string, how push, ref, to, from string) error {
	publish, err := s.changingBy(ctx, name, id, how)
	if err != nil {
		return err
	}
	_, err = s.run(ctx, id, nil, "update-ref", ref, to, from)
	return first(err, publish())
}

// clean removes from a name what git's form of a commit has no place for.
func clean(name string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == '<' || r == '>' {
			return -1
		}
		return r
	}, name))
}
