package cloudformation

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
)

// stack is a row of the stacks table, whose key is the stack's id (its ARN).
type stack struct {
	ID, Name string
	Status   types.StackStatus
	Reason   string
	Created  time.Time
	Updated  *time.Time
	Deleted  *time.Time

	// definition is what an update changes and a rollback restores; Previous is what it restores.
	definition
	Previous *definition

	Outputs []output
	// Imports are the names of the exports that the stack uses.
	Imports []string
	RoleARN string
	Policy  string
	// ChangeSetID is the change set that made the stack what it is.
	ChangeSetID           string
	DisableRollback       bool
	RetainExceptOnCreate  bool
	TerminationProtection bool
	Timeout               *int32
	// Drift is what the last detection has found, Drifted when.
	Drift   types.StackDriftStatus
	Drifted *time.Time
	// Token is the client's token of the last operation, Operation its name.
	Token, Operation string
}

type definition struct {
	Description  string
	Parameters   []parameter
	Tags         map[string]string
	Capabilities []types.Capability
	// Template is the key of the template's texts.
	Template string
}

type parameter struct {
	Key, Value string
	NoEcho     bool
}

type output struct{ Key, Value, Description, Export string }

// texts are a template as it was given and as it was after the transforms.
type texts struct{ Original, Processed string }

// member is a resource of a stack. The key of its row is the stack's uuid, a slash and the logical id.
type member struct {
	LogicalID, Type string
	Status          types.ResourceStatus
	Reason          string
	Updated         time.Time

	// Current is what stands, or is being made. Where an update has begun to
	// change it, Previous is what stood before; Replaced says that the two are
	// different things, and New that there was nothing before.
	Current       version
	Previous      *version
	Replaced, New bool
	// Stale are versions that could not be deleted yet.
	Stale []version
}

// version is one state of a resource.
type version struct {
	Type, PhysicalID, Reference string
	Attributes, Properties      template.Document
	// Shown are the properties with secrets masked, as events show them.
	Shown                               template.Document
	Tags                                map[string]string
	Metadata                            template.Document
	DependsOn                           []string
	DeletionPolicy, UpdateReplacePolicy string
	// Suffix ends the physical names that are made for the resource.
	Suffix string
	// Foreseen is the physical id that is being made, until the provider has
	// answered: the id of what a dead process may have left behind.
	Foreseen string
}

func uuidOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

func memberKey(stackID, logicalID string) string { return uuidOf(stackID) + "/" + logicalID }

func isARN(nameOrARN string) bool { return strings.HasPrefix(nameOrARN, "arn:") }

// find returns a stack by its name, or by its ARN where it may be a deleted one.
func (s *Service) find(nameOrARN string) (stack, bool, error) {
	id := nameOrARN
	if !isARN(id) {
		var ok bool
		var err error
		if id, ok, err = s.names.Get(nameOrARN); err != nil || !ok {
			return stack{}, false, err
		}
	}
	return s.stacks.Get(id)
}

// mustFind is find, with the error that most operations give.
func (s *Service) mustFind(nameOrARN string) (stack, error) {
	st, ok, err := s.find(nameOrARN)
	if err != nil {
		return stack{}, err
	}
	if !ok {
		return stack{}, invalid("Stack [%s] does not exist", nameOrARN)
	}
	return st, nil
}

// membersOf returns the resources of a stack by logical id.
func (s *Service) membersOf(stackID string) (map[string]*member, error) {
	rows, err := s.members.List(uuidOf(stackID)+"/", "", 0)
	if err != nil {
		return nil, err
	}
	members := make(map[string]*member, len(rows))
	for _, row := range rows {
		m := row.Value
		members[m.LogicalID] = &m
	}
	return members, nil
}

func newestFirst(a, b stack) int {
	if c := b.Created.Compare(a.Created); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}

func inProgress[S ~string](status S) bool { return strings.HasSuffix(string(status), "_IN_PROGRESS") }
