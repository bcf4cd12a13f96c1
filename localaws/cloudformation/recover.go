package cloudformation

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// interruption is the reason of what the end of a process has cut short.
const interruption = "Interrupted: this AWS was stopped during the operation."

// cutShort says what becomes of a stack whose operation was cut short. As on
// AWS, an update whose cleanup does not succeed is complete all the same: what
// is left to delete is deleted by the next operation.
var cutShort = map[types.StackStatus]types.StackStatus{
	types.StackStatusCreateInProgress:                        types.StackStatusCreateFailed,
	types.StackStatusRollbackInProgress:                      types.StackStatusRollbackFailed,
	types.StackStatusDeleteInProgress:                        types.StackStatusDeleteFailed,
	types.StackStatusUpdateInProgress:                        types.StackStatusUpdateFailed,
	types.StackStatusUpdateRollbackInProgress:                types.StackStatusUpdateRollbackFailed,
	types.StackStatusUpdateCompleteCleanupInProgress:         types.StackStatusUpdateComplete,
	types.StackStatusUpdateRollbackCompleteCleanupInProgress: types.StackStatusUpdateRollbackComplete,
}

// recover ends what the last process has left in progress.
func (s *Service) recover() error {
	ids, err := s.busy.Keys("", "", 0)
	if err != nil {
		return err
	}
	for _, id := range ids {
		st, _, err := s.stacks.Get(id)
		if err != nil {
			return err
		}
		status, cut := cutShort[st.Status]
		if !cut {
			continue
		}
		settled := status == types.StackStatusUpdateComplete || status == types.StackStatusUpdateRollbackComplete
		if err := s.recoverMembers(st, settled); err != nil {
			return err
		}
		if err := s.setStack(st.ID, status, interruption, nil); err != nil {
			return err
		}
		s.eachChangeSet(st.ID, func(c changeSet) error {
			if c.Execution != types.ExecutionStatusExecuteInProgress {
				return nil
			}
			c.Execution = types.ExecutionStatusExecuteFailed
			if status == types.StackStatusUpdateComplete {
				c.Execution = types.ExecutionStatusExecuteComplete
			}
			return s.changeSets.Put(c.key(), c)
		})
	}
	return nil
}

func (s *Service) recoverMembers(st stack, settled bool) error {
	members, err := s.membersOf(st.ID)
	if err != nil {
		return err
	}
	for _, m := range members {
		cut := inProgress(m.Status)
		if cut {
			m.Status = types.ResourceStatus(strings.TrimSuffix(string(m.Status), "_IN_PROGRESS") + "_FAILED")
			m.Reason, m.Updated = interruption, s.env.Now().UTC()
			if m.Current.PhysicalID == "" { // what the provider was making may be there
				m.Current.PhysicalID, m.Current.Foreseen = m.Current.Foreseen, ""
			}
		}
		if settled {
			m.settleLater()
		}
		if err := s.members.Put(memberKey(st.ID, m.LogicalID), *m); err != nil {
			return err
		}
		if cut {
			s.record(st.ID, event{
				ID: m.LogicalID + "-" + string(m.Status) + "-" + uuid.New(), LogicalID: m.LogicalID, PhysicalID: m.Current.PhysicalID,
				Type: m.Type, Status: m.Status, Reason: m.Reason, Token: st.Token,
			})
		}
	}
	return nil
}
