package lambda

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// function is what all versions of a function share.
type function struct {
	Name string
	// Latest is the number of the version published last, 0 before the first.
	Latest   int
	Aliases  map[string]alias
	Policies map[string]permissions // by qualifier
	Tags     map[string]string
	Reserved *int32
}

// revision is a version of a function, or its $LATEST.
type revision struct {
	// Config is what GetFunctionConfiguration shows, without ARN.
	Config types.FunctionConfiguration
	// Package is the SHA-256 of the zip in hexadecimal: its folder's name.
	Package string
	// OwnDescription is the description of the $LATEST that a version was made from.
	OwnDescription *string `json:",omitempty"`
	// Serial changes with code and configuration. A process runs one serial.
	Serial string
}

// revisionKey orders $LATEST before the versions, and those by their number.
func revisionKey(name, version string) string {
	if number, err := strconv.Atoi(version); err == nil {
		return fmt.Sprintf("%s:%010d", name, number)
	}
	return name + ":" + version
}

func (s *Service) function(ref reference) (function, error) {
	f, ok, err := s.functions.Get(ref.name)
	if err == nil && !ok {
		err = s.missing(ref)
	}
	return f, err
}

func (s *Service) update(ref reference, change func(f *function) error) error {
	return s.functions.Update(ref.name, func(f *function, ok bool) error {
		if !ok {
			return s.missing(ref)
		}
		return change(f)
	})
}

// find returns the function and the revision that the reference means. An alias
// with weights answers one of its versions by chance.
func (s *Service) find(ref reference) (function, revision, error) {
	f, err := s.function(ref)
	if err != nil {
		return f, revision{}, err
	}
	version := ref.qualifier
	if version == "" {
		version = latest
	}
	if a, ok := f.Aliases[version]; ok {
		version = a.choose(rand.Float64()) //nolint:gosec // routing needs no secrecy
	}
	r, ok, err := s.revisions.Get(revisionKey(f.Name, version))
	if err == nil && !ok {
		err = s.missing(ref)
	}
	return f, r, err
}

// shown is the revision's configuration with the ARN by which it was asked for.
func (s *Service) shown(r revision, qualifier string) types.FunctionConfiguration {
	c := r.Config
	c.FunctionArn = aws.String(s.arn(reference{*c.FunctionName, qualifier}))
	return c
}

// copyFields copies the fields that both structs have: the outputs of the
// operations repeat those of FunctionConfiguration one by one.
func copyFields[To any](from types.FunctionConfiguration) *To {
	to := new(To)
	target, source := reflect.ValueOf(to).Elem(), reflect.ValueOf(from)
	for i := range source.NumField() {
		field := source.Type().Field(i)
		if slot := target.FieldByName(field.Name); field.IsExported() && slot.IsValid() && slot.Type() == field.Type {
			slot.Set(source.Field(i))
		}
	}
	return to
}

// changed stamps a new revision.
func (s *Service) changed(r *revision) {
	r.Serial = uuid.New()
	r.Config.RevisionId = newRevisionID()
	r.Config.LastModified = aws.String(s.timestamp())
}

func newRevisionID() *string { return aws.String(uuid.New()) }

// timestamp is the time as Lambda writes it: 2026-11-23T04:08:00.000+0000.
func (s *Service) timestamp() string {
	return s.env.Now().UTC().Format("2006-01-02T15:04:05.000+0000")
}

func (r *revision) timeout() time.Duration {
	return time.Duration(aws.ToInt32(r.Config.Timeout)) * time.Second
}
