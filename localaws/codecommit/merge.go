package codecommit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"os/exec"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// merger merges one commit into another.
type merger struct {
	s                         *Service
	row                       repository
	base, source, destination string // commits; base is empty where the two have none in common
	level                     types.ConflictDetailLevelTypeEnum
	strategy                  types.ConflictResolutionStrategyTypeEnum

	files     map[string]entry // the merged tree
	conflicts []conflict
}

// conflict is a file that both sides have changed, and what each has of it; an
// entry without an id is a file that is not there.
type conflict struct {
	path                      string
	base, source, destination entry
	count                     int // of the places in the file's content
}

// newMerger finds the commits that two specifiers mean, and the one where they parted.
func (s *Service) newMerger(ctx context.Context, row repository, source, destination *string) (*merger, error) {
	m := &merger{
		s: s, row: row, level: types.ConflictDetailLevelTypeEnumFileLevel,
		strategy: types.ConflictResolutionStrategyTypeEnumNone, files: map[string]entry{},
	}
	var err error
	if m.source, err = s.resolve(ctx, row, source); err != nil {
		return nil, err
	}
	if m.destination, err = s.resolve(ctx, row, destination); err != nil {
		return nil, err
	}
	m.base, err = s.mergeBase(ctx, row.ID, m.source, m.destination)
	return m, err
}

// mergeBase is the commit where two parted; empty where they have none in common.
func (s *Service) mergeBase(ctx context.Context, id, one, other string) (string, error) {
	base, err := s.one(ctx, id, nil, "merge-base", one, other)
	if exitStatus(err) == 1 {
		return "", nil
	}
	return base, err
}

// exitStatus is that of a git that failed, -1 for any other error and 0 for none.
func exitStatus(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// choose takes over how conflicts are to be told and resolved.
func (m *merger) choose(level types.ConflictDetailLevelTypeEnum, strategy types.ConflictResolutionStrategyTypeEnum, resolution *types.ConflictResolution) error {
	if strategy == types.ConflictResolutionStrategyTypeEnumAutomerge {
		return &types.InvalidConflictResolutionStrategyException{Message: aws.String("The specified conflict resolution strategy is not valid. This local AWS does not serve AUTOMERGE.")}
	}
	if resolution != nil {
		return &types.InvalidConflictResolutionException{Message: aws.String("The specified conflict resolution list is not valid. This local AWS serves none.")}
	}
	m.level, m.strategy = cmp.Or(level, m.level), cmp.Or(strategy, m.strategy)
	return nil
}

// merge merges the trees. Renames are not looked for.
func (m *merger) merge(ctx context.Context) error {
	base, err := m.entries(ctx, m.base)
	if err != nil {
		return err
	}
	source, err := m.entries(ctx, m.source)
	if err != nil {
		return err
	}
	destination, err := m.entries(ctx, m.destination)
	if err != nil {
		return err
	}
	paths := maps.Clone(base)
	maps.Copy(paths, source)
	maps.Copy(paths, destination)
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		if err := m.one(ctx, conflict{p, base[p], source[p], destination[p], 1}); err != nil {
			return err
		}
	}
	for p := range m.files {
		for folder := parent(p); folder != ""; folder = parent(folder) {
			if _, file := m.files[folder]; file {
				m.conflicts = append(m.conflicts, conflict{folder, base[folder], source[folder], destination[folder], 1})
			}
		}
	}
	return nil
}

func (m *merger) entries(ctx context.Context, commit string) (map[string]entry, error) {
	all := map[string]entry{}
	if commit == "" {
		return all, nil
	}
	list, err := m.s.tree(ctx, m.row.ID, commit, true)
	for _, e := range list {
		all[e.path] = e
	}
	return all, err
}

// one merges one path.
func (m *merger) one(ctx context.Context, c conflict) error {
	switch {
	case c.source == c.destination, c.source == c.base:
		m.take(c.destination)
		return nil
	case c.destination == c.base:
		m.take(c.source)
		return nil
	}
	if m.level == types.ConflictDetailLevelTypeEnumLineLevel && isFile(c.source) && isFile(c.destination) {
		if merged, err := m.lines(ctx, &c); err != nil || merged {
			return err
		}
	}
	switch m.strategy {
	case types.ConflictResolutionStrategyTypeEnumAcceptSource:
		m.take(c.source)
	case types.ConflictResolutionStrategyTypeEnumAcceptDestination:
		m.take(c.destination)
	case types.ConflictResolutionStrategyTypeEnumNone, types.ConflictResolutionStrategyTypeEnumAutomerge:
		m.take(c.destination)
		m.conflicts = append(m.conflicts, c)
	}
	return nil
}

func (m *merger) take(e entry) {
	if e.id != "" {
		m.files[e.path] = e
	}
}

func isFile(e entry) bool { return e.mode == modeNormal || e.mode == modeExecutable }

// lines merges two files line by line, and says whether that resolved everything.
func (m *merger) lines(ctx context.Context, c *conflict) (merged bool, err error) {
	mode := c.source.mode
	if mode == c.base.mode {
		mode = c.destination.mode
	}
	if mode != c.source.mode && c.destination.mode != c.base.mode {
		return false, nil // both sides changed the mode
	}
	dir := folder(m.row.ID) + "/merge-" + uuid.New()
	if err := m.s.files.Mkdir(dir, 0o700); err != nil {
		return false, err
	}
	defer func() { _ = m.s.files.RemoveAll(dir) }() // nothing reads it again
	args := []string{"merge-file", "-p", "-q"}
	switch m.strategy {
	case types.ConflictResolutionStrategyTypeEnumAcceptSource:
		args = append(args, "--theirs")
	case types.ConflictResolutionStrategyTypeEnumAcceptDestination:
		args = append(args, "--ours")
	case types.ConflictResolutionStrategyTypeEnumNone, types.ConflictResolutionStrategyTypeEnumAutomerge:
	}
	for _, side := range []struct {
		name string
		of   entry
	}{{"destination", c.destination}, {"base", c.base}, {"source", c.source}} {
		var content []byte
		if isFile(side.of) {
			if content, err = m.s.run(ctx, m.row.ID, nil, "cat-file", "blob", side.of.id); err != nil {
				return false, err
			}
		}
		if err := m.s.files.WriteFile(dir+"/"+side.name, content, 0o600); err != nil {
			return false, err
		}
		args = append(args, m.s.env.Dir+"/"+dir+"/"+side.name)
	}
	content, err := m.s.run(ctx, m.row.ID, nil, args...)
	if status := exitStatus(err); status > 0 {
		if status < binaryStatus {
			c.count = status
		}
		return false, nil
	}
	if err != nil {
		return false, err
	}
	blob, err := m.s.one(ctx, m.row.ID, bytes.NewReader(content), "hash-object", "-w", "--stdin", "--no-filters")
	m.files[c.path] = entry{mode, blob, c.path}
	return err == nil, err
}

// binaryStatus is git merge-file's for files that have no lines.
const binaryStatus = 128

// tree stores what was merged.
func (m *merger) tree(ctx context.Context) (string, error) {
	if len(m.conflicts) > 0 {
		return "", errManualMerge()
	}
	return (&edit{s: m.s, row: m.row, files: m.files}).writeTree(ctx)
}

func errManualMerge() error {
	return &types.ManualMergeRequiredException{Message: aws.String("The pull request cannot be merged automatically into the destination branch. You must manually merge the branches and resolve any conflicts.")}
}

// into merges into a branch whose tip is the destination, and returns the new tip.
func (m *merger) into(ctx context.Context, repositoryName, branch string, option types.MergeOptionTypeEnum, by author) (commit, tree string, err error) {
	what := push{Merge: &merge{
		Ref: heads + branch, BaseCommitID: m.base, SourceCommitID: m.source, DestinationCommitID: m.destination, Option: string(option),
	}}
	if option == types.MergeOptionTypeEnumFastForwardMerge {
		if m.base != m.destination {
			return "", "", errManualMerge()
		}
		if tree, err = m.s.one(ctx, m.row.ID, nil, "rev-parse", m.source+"^{tree}"); err != nil {
			return "", "", err
		}
		commit = m.source
	} else {
		what.Merge.DetailLevel, what.Merge.Strategy = string(m.level), string(m.strategy)
		if err := m.merge(ctx); err != nil {
			return "", "", err
		}
		if tree, err = m.tree(ctx); err != nil {
			return "", "", err
		}
		parents := []string{m.destination}
		if option == types.MergeOptionTypeEnumThreeWayMerge {
			parents = append(parents, m.source)
		}
		// The words of a commit that was given none are not confirmed.
		message := "Merged " + strings.ToLower(strings.ReplaceAll(string(option), "_", " ")) + " of " + m.source + " into " + branch
		if commit, err = m.s.storeCommit(ctx, m.row.ID, tree, parents, by, message); err != nil {
			return "", "", err
		}
	}
	err = m.s.move(ctx, repositoryName, m.row.ID, what, heads+branch, commit, m.destination)
	if _, refused := errors.AsType[*gitError](err); refused {
		err = &types.ConcurrentReferenceUpdateException{Message: aws.String("The merge cannot be completed because the target branch has been modified. Another user might have modified the target branch while the merge was in progress. Wait a few minutes, and then try again.")}
	}
	return commit, tree, err
}
