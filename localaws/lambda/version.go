package lambda

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// PublishVersion makes a version of $LATEST, or answers the last version where
// neither code nor configuration has changed since it.
func (s *Service) PublishVersion(_ context.Context, in *lambda.PublishVersionInput) (*lambda.PublishVersionOutput, error) {
	if in.PublishTo != "" {
		return nil, invalid("PublishTo is not supported by this local Lambda.")
	}
	ref, r, err := s.latest(in.FunctionName)
	if err != nil {
		return nil, err
	}
	if err := s.checkSettled(r); err != nil {
		return nil, err
	}
	if err := checkRevision(in.RevisionId, *r.Config.RevisionId); err != nil {
		return nil, err
	}
	if in.CodeSha256 != nil && *in.CodeSha256 != "" && *in.CodeSha256 != *r.Config.CodeSha256 {
		return nil, invalid("CodeSHA256 (" + *in.CodeSha256 + ") is different from current CodeSHA256 in $LATEST (" + *r.Config.CodeSha256 +
			"). Please try again with the CodeSHA256 in $LATEST.")
	}
	s.packages.RLock()
	defer s.packages.RUnlock()
	published, err := s.publish(ref, in.Description)
	if err != nil {
		return nil, err
	}
	return copyFields[lambda.PublishVersionOutput](s.shown(published, *published.Config.Version)), nil
}

// publish numbers $LATEST. The caller holds packages.
func (s *Service) publish(ref reference, description *string) (revision, error) {
	r, ok, err := s.revisions.Get(revisionKey(ref.name, latest))
	if err != nil {
		return r, err
	}
	if !ok {
		return r, s.missing(ref)
	}
	last, ok, err := s.lastVersion(ref.name)
	if err != nil {
		return r, err
	}
	if ok && last.content() == r.content() {
		return last, nil
	}
	number := 0
	err = s.update(ref, func(f *function) error {
		f.Latest++
		number = f.Latest
		return nil
	})
	if err != nil {
		return r, err
	}
	r.Config.Version = aws.String(strconv.Itoa(number))
	r.OwnDescription = r.Config.Description
	if aws.ToString(description) != "" {
		r.Config.Description = description
	}
	if r.Config.State != types.StatePending {
		r.settle(nil)
	}
	modified := r.Config.LastModified
	s.changed(&r)
	r.Config.LastModified = modified // a version keeps that of the $LATEST it was made from
	return r, s.revisions.Put(revisionKey(ref.name, *r.Config.Version), r)
}

// content is what makes two revisions the same: their code and their settings.
func (r *revision) content() string {
	c := r.Config
	if r.OwnDescription != nil {
		c.Description = r.OwnDescription
	}
	c.Version, c.RevisionId, c.LastModified = nil, nil, nil
	c.State, c.StateReason, c.StateReasonCode = "", nil, ""
	c.LastUpdateStatus, c.LastUpdateStatusReason, c.LastUpdateStatusReasonCode = "", nil, ""
	// Maps are written in the order of their keys, so equal settings give equal text.
	text, err := json.Marshal(c)
	if err != nil {
		return uuid.New() // equal to nothing
	}
	return string(text)
}

// lastVersion returns the newest version that is still there.
func (s *Service) lastVersion(name string) (revision, bool, error) {
	rows, err := s.versions(name)
	if err != nil || len(rows) < 2 {
		return revision{}, false, err
	}
	return rows[len(rows)-1], true, nil
}

// versions are $LATEST and the versions of a function in their order.
func (s *Service) versions(name string) ([]revision, error) {
	rows, err := s.revisions.List(name+":", "", 0)
	if err != nil {
		return nil, err
	}
	all := make([]revision, 0, len(rows))
	for _, row := range rows {
		all = append(all, row.Value)
	}
	return all, nil
}

// ListVersionsByFunction lists $LATEST and the versions.
func (s *Service) ListVersionsByFunction(_ context.Context, in *lambda.ListVersionsByFunctionInput) (*lambda.ListVersionsByFunctionOutput, error) {
	ref, err := s.refer(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	if _, err := s.function(ref); err != nil {
		return nil, err
	}
	all, err := s.versions(ref.name)
	if err != nil {
		return nil, err
	}
	list := []types.FunctionConfiguration{}
	for _, r := range all {
		list = append(list, s.shown(r, *r.Config.Version))
	}
	out := &lambda.ListVersionsByFunctionOutput{}
	key := func(c types.FunctionConfiguration) string { return revisionKey(ref.name, *c.Version) }
	out.Versions, out.NextMarker = page(list, key, in.Marker, in.MaxItems)
	return out, nil
}

// DeleteFunction deletes a version, or the function with all that belongs to it.
func (s *Service) DeleteFunction(_ context.Context, in *lambda.DeleteFunctionInput) (*lambda.DeleteFunctionOutput, error) {
	ref, err := s.refer(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	f, err := s.function(reference{name: ref.name})
	if err != nil {
		return nil, err
	}
	defer s.sweep()
	if ref.qualifier != "" {
		return &lambda.DeleteFunctionOutput{StatusCode: 204}, s.deleteVersion(f, ref)
	}
	if err := s.functions.Delete(ref.name); err != nil {
		return nil, err
	}
	if err := s.deleteURLs(ref.name, func(functionURL) bool { return true }); err != nil {
		return nil, err
	}
	all, err := s.versions(ref.name)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if err := s.revisions.Delete(revisionKey(ref.name, *r.Config.Version)); err != nil {
			return nil, err
		}
		s.pool.retire(r.Serial)
	}
	return &lambda.DeleteFunctionOutput{StatusCode: 204}, nil
}

func (s *Service) deleteVersion(f function, ref reference) error {
	if ref.qualifier == latest {
		return invalid("$LATEST version cannot be deleted without deleting the function.")
	}
	if _, isAlias := f.Aliases[ref.qualifier]; isAlias {
		return invalid("Deletion of aliases is not currently supported.")
	}
	var users []string
	for name, a := range f.Aliases {
		if _, weighted := a.Weights[ref.qualifier]; weighted || a.Version == ref.qualifier {
			users = append(users, name)
		}
	}
	if len(users) > 0 {
		slices.Sort(users)
		return conflict("Version " + ref.qualifier + " of the function is used by the alias " + users[0] + " and cannot be deleted.")
	}
	r, ok, err := s.revisions.Get(revisionKey(ref.name, ref.qualifier))
	if err != nil || !ok {
		return err // AWS answers 204 for a version that is gone
	}
	if err := s.revisions.Delete(revisionKey(ref.name, ref.qualifier)); err != nil {
		return err
	}
	s.pool.retire(r.Serial)
	return nil
}
