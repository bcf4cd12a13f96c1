// Package resource makes, changes and deletes what stands in a stack: one
// [Type] for each AWS::Service::Thing that this AWS knows. A provider acts
// through the SDK with the configuration it is given, so that what the acting
// role may not do fails here as it does on AWS.
package resource

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Type is a resource type that this AWS can make, change and delete.
type Type struct {
	// Name is AWS's name of the type, such as "AWS::S3::Bucket".
	Name string
	// Attributes are the names that Fn::GetAtt may ask for. A name that ends in
	// ".*" allows whatever stands below it.
	Attributes []string
	// Properties are all property names at the top level. Others are refused.
	Properties []string
	// Check returns what is wrong with properties, as far as they are known; nil takes them all.
	Check func(properties map[string]any) []Problem
	// Replace are the properties, as dotted paths, which cannot change in
	// place: another value makes a new resource and deletes the old one.
	Replace []string
	// NamedIAM is the property by which an IAM resource gets a custom name
	// ("RoleName"). Where it is given, CAPABILITY_NAMED_IAM is required.
	NamedIAM string
	// IAM says that the type needs CAPABILITY_IAM.
	IAM bool
	// Snapshot says that the type knows DeletionPolicy: Snapshot.
	Snapshot bool

	// Foresee returns the physical id that Create will give where CloudFormation
	// chooses the name, so that the resource can be found again when the process
	// dies within Create. It is empty where the user has named the resource,
	// which may then be somebody else's, and nil where the service chooses the id.
	Foresee func(r Request) string
	// Read returns the actual properties, to be compared with the expected ones;
	// nil where AWS has no read handler either, or none is served here.
	Read Reader
	// Create makes the resource and returns once it is usable. Where it fails
	// having made something, it returns the physical id with the error, so that
	// the rollback deletes it.
	Create func(ctx context.Context, r Request) (Result, error)
	// Update changes the resource in place, from r.Old to r.Properties.
	// nil means that every change is a replacement.
	Update func(ctx context.Context, r Request) (Result, error)
	// Delete removes the resource. One that is gone already is no error.
	Delete func(ctx context.Context, r Request) error
}

// Request is what a provider is asked to do.
type Request struct {
	// Config reaches this AWS as the stack's service role, or as its caller where it has none.
	Config aws.Config
	// Account and Region are where the stack stands.
	Account, Region string
	// StackName, StackID (an ARN) and LogicalID say whose resource it is.
	StackName, StackID, LogicalID string
	// PhysicalID is the resource's physical id; empty in Create.
	PhysicalID string
	// Properties are the resolved properties, Old those of the last success
	// (Update and Delete: in Delete both are the same). Values are what JSON has:
	// string, bool, json.Number, []any, map[string]any; never nil. Templates
	// are loose with scalars ("true", "30"): convert with care for that.
	Properties, Old map[string]any
	// Tags are the stack's tags with aws:cloudformation:stack-name, -stack-id and -logical-id.
	Tags map[string]string
	// OldTags are those of the last success.
	OldTags map[string]string
	// Name makes a physical name of at most limit characters,
	// <stack>-<LogicalId>-<12 capitals and digits>; see aws-like types for lower case.
	Name func(limit int) string
	// Now is the clock.
	Now func() time.Time
	// Taken says whether a stack has a resource with that physical id.
	Taken func(physicalID string) bool
}

// Result is what a provider has made.
type Result struct {
	// PhysicalID is what Ref returns unless Ref is set.
	PhysicalID string
	// Ref is what Ref returns where it differs from the physical id.
	Ref string
	// Attributes are what Fn::GetAtt returns, by dotted name. Update returns all of them again.
	Attributes map[string]any
}

// Error is a failure with its handler error code, such as AlreadyExists,
// NotFound, AccessDenied, InvalidRequest, NotStabilized, GeneralServiceException.
// Other errors are classified by their API error code.
type Error struct {
	Code    string
	Message string
	// Early says that it is no handler's failure: the properties have been
	// found wrong before the handler was called.
	Early bool
}

func (e *Error) Error() string { return e.Message }

// Lookup finds a type by its name.
func Lookup(name string) (*Type, bool) {
	t, ok := catalogue()[name]
	return t, ok
}

// Names lists the types that can be made, in the order of the alphabet.
func Names() []string { return slices.Sorted(maps.Keys(catalogue())) }

// catalogue holds all the types that this AWS knows, by name.
var catalogue = sync.OnceValue(func() map[string]*Type {
	all := map[string]*Type{}
	for _, t := range []Type{
		waitConditionHandle,
		project, pipeline, repository,
		rule, logGroup,
		role, rolePolicy, inlinePolicy, customerPolicy, user, accessKey,
		function, functionVersion, functionAlias, functionPermission, functionURL,
		bucket, bucketPolicy,
		topic, topicPolicy, subscription,
	} {
		all[t.Name] = t.complete()
	}
	return all
})

// complete adds what the type's schema says, and has every request checked
// against it before anything is made.
func (t *Type) complete() *Type {
	s := schemas()[t.Name]
	if s == nil {
		panic("no schema of " + t.Name)
	}
	t.Properties = slices.Sorted(maps.Keys(s.Root.Properties))
	t.Check = func(properties map[string]any) []Problem { return s.check("#", s.Root, properties) }
	t.Replace = append(slices.Clone(s.CreateOnly), t.Replace...)
	create := t.Create
	t.Create = t.checked(func(ctx context.Context, r Request) (Result, error) {
		r.Old, r.OldTags = nil, nil
		return create(ctx, r)
	}, s.SystemTags)
	if t.Update != nil {
		t.Update = t.checked(t.Update, s.SystemTags)
	} else {
		t.Replace = t.Properties
	}
	return t
}

type handler = func(ctx context.Context, r Request) (Result, error)

func (t *Type) checked(next handler, systemTags bool) handler {
	return func(ctx context.Context, r Request) (Result, error) {
		if err := t.Validate(r.LogicalID, r.Properties); err != nil {
			return Result{PhysicalID: r.PhysicalID}, err
		}
		if !systemTags {
			r.Tags, r.OldTags = lessSystem(r.Tags), lessSystem(r.OldTags)
		}
		return next(ctx, r)
	}
}
