package localaws

import "github.com/mayfly-cd/mayfly/localaws/sns"

// Inbox holds what the topics got, for the tests of who may publish.
func (s *Server) Inbox() ([]sns.Message, error) { return s.services.sns.Inbox() }
