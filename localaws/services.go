package localaws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation"
	"github.com/mayfly-cd/mayfly/localaws/codebuild"
	"github.com/mayfly-cd/mayfly/localaws/codecommit"
	"github.com/mayfly-cd/mayfly/localaws/codepipeline"
	"github.com/mayfly-cd/mayfly/localaws/events"
	"github.com/mayfly-cd/mayfly/localaws/iam"
	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
	"github.com/mayfly-cd/mayfly/localaws/lambda"
	"github.com/mayfly-cd/mayfly/localaws/logs"
	"github.com/mayfly-cd/mayfly/localaws/s3"
	"github.com/mayfly-cd/mayfly/localaws/sns"
)

// services are all that is served. A service that failed to open is nil.
type services struct {
	iam            *iam.Service
	events         *events.Service
	logs           *logs.Service
	s3             *s3.Service
	sns            *sns.Service
	codecommit     *codecommit.Service
	codebuild      *codebuild.Service
	codepipeline   *codepipeline.Service
	cloudformation *cloudformation.Service
	lambda         *lambda.Service
}

// assemble opens the services, hands each what it needs, and returns the whole endpoint.
func (s *Server) assemble(o Options) (http.Handler, error) {
	all := &services{}
	s.services = all
	inside := &inProcess{}
	env := func(name string) service.Env {
		dir := filepath.Join(s.dir, name)
		e := service.Env{
			Account: s.Account, Region: s.Region, URL: s.URL, Dir: dir, DB: s.db, Now: s.now,
			Log: o.Log.With("service", name), Roles: &roles{iam: all.iam, region: s.Region, url: s.URL, inside: inside},
		}
		if s.authorizer != nil {
			e.MayBeThere = all.iam.MayBeThere
			e.IAM = func(ctx context.Context, p identity.Principal, needs ...policy.Access) error {
				return s.authorizer.authorize(ctx, p, wire.InRequest(ctx, needs)...)
			}
		}
		if all.events != nil {
			e.Bus = all.events
		}
		return e
	}
	if err := makeDirs(s.dir); err != nil {
		return nil, err
	}
	faults, err := parseFaults(o.Faults)
	if err != nil {
		return nil, err
	}
	if all.iam, err = iam.New(env("iam"), s.key); err != nil {
		return nil, fmt.Errorf("open iam: %w", err)
	}
	all.iam.Describe = all.describe
	s.authorizer = &authorizer{iam: all.iam, enforce: !o.PermitAll, now: s.now, log: o.Log, decided: o.Decided}
	if all.events, err = events.New(env("events")); err != nil {
		return nil, fmt.Errorf("open events: %w", err)
	}
	if all.logs, err = logs.New(env("logs")); err != nil {
		return nil, fmt.Errorf("open logs: %w", err)
	}
	if all.s3, err = s3.New(env("s3")); err != nil {
		return nil, fmt.Errorf("open s3: %w", err)
	}
	if all.sns, err = sns.New(env("sns")); err != nil {
		return nil, fmt.Errorf("open sns: %w", err)
	}
	if all.codecommit, err = codecommit.New(env("codecommit"), all.iam); err != nil {
		return nil, fmt.Errorf("open codecommit: %w", err)
	}
	if all.lambda, err = lambda.New(env("lambda"), lambda.Host{Environ: o.Environ, Keys: all.iam}); err != nil {
		return nil, fmt.Errorf("open lambda: %w", err)
	}
	build := codebuild.Host{Environ: o.Environ, Extra: o.BuildVariables, Concurrency: o.Builds}
	if all.codebuild, err = codebuild.New(env("codebuild"), build); err != nil {
		return nil, fmt.Errorf("open codebuild: %w", err)
	}
	if all.cloudformation, err = cloudformation.New(env("cloudformation")); err != nil {
		return nil, fmt.Errorf("open cloudformation: %w", err)
	}
	if all.codepipeline, err = codepipeline.New(env("codepipeline"), all.codecommit); err != nil {
		return nil, fmt.Errorf("open codepipeline: %w", err)
	}
	api, err := wire.New(wire.Config{
		Account: s.Account, Region: s.Region, Keys: all.iam, Now: s.now, Hosts: s.hosts, Log: o.Log, Faults: faults,
		Authorize: s.authorizer.authorize, Anonymous: true,
	}, all.served()...)
	if err != nil {
		return nil, err
	}
	inside.set(api)
	if err := all.events.Resume(); err != nil {
		return nil, fmt.Errorf("resume events: %w", err)
	}
	if err := all.sns.Resume(); err != nil {
		return nil, fmt.Errorf("resume sns: %w", err)
	}
	return s.route(api), nil
}

// served lists every service with its operations.
func (a *services) served() []wire.Service {
	return []wire.Service{
		{Name: "cloudformation", Operations: a.cloudformation.Operations()},
		{Name: "codebuild", Operations: a.codebuild.Operations()},
		{Name: "codecommit", Operations: a.codecommit.Operations()},
		{Name: "codepipeline", Operations: a.codepipeline.Operations()},
		{Name: "events", Operations: a.events.Operations()},
		{Name: "iam", Operations: a.iam.Operations()},
		{Name: "lambda", Operations: a.lambda.Operations()},
		{Name: "logs", Operations: a.logs.Operations()},
		{Name: "s3", Operations: a.s3.Operations()},
		{Name: "sns", Operations: a.sns.Operations()},
		{Name: "sts", Operations: a.iam.STSOperations()},
	}
}

// route parts what is not AWS's API from what is: Git, and the functions' URLs
// and runtimes.
func (s *Server) route(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		switch {
		case path == inboxPath && !signedForS3(r):
			s.serveInbox(w, r)
		case strings.HasPrefix(path, "/v1/repos/"):
			if _, ok := wire.Guard(w, r, s.hosts()); ok {
				s.services.codecommit.ServeGit(w, r)
			}
		case strings.HasPrefix(path, "/lambda-runtime/") && !signedForS3(r):
			if _, ok := wire.Guard(w, r, s.hosts()); ok {
				s.services.lambda.ServeRuntime(w, r)
			}
		case strings.HasPrefix(path, "/lambda-url/") && !signedForS3(r):
			// Browsers are welcome here, and only here; the host must be ours all the same.
			if !slices.Contains(s.hosts(), r.Host) {
				http.Error(w, "This host name is not served here.", http.StatusForbidden)
				return
			}
			s.services.lambda.ServeURL(w, r)
		default:
			api.ServeHTTP(w, r)
		}
	})
}

// signedForS3 tells a request for a bucket that happens to be called like one of our paths.
func signedForS3(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Authorization"), "/s3/aws4_request") ||
		strings.Contains(r.URL.Query().Get("X-Amz-Credential"), "/s3/aws4_request")
}

// working tells whether a build, an execution or a stack operation goes on.
func (a *services) working() bool {
	return a.codebuild.Working() || a.codepipeline.Working() || a.cloudformation.Working()
}

// close stops the services, those that call the others first.
func (a *services) close() error {
	var errs []error
	if a.codepipeline != nil {
		errs = append(errs, a.codepipeline.Close())
	}
	if a.codebuild != nil {
		errs = append(errs, a.codebuild.Close())
	}
	if a.cloudformation != nil {
		errs = append(errs, a.cloudformation.Close())
	}
	if a.events != nil {
		errs = append(errs, a.events.Close())
	}
	if a.sns != nil {
		errs = append(errs, a.sns.Close())
	}
	if a.lambda != nil {
		errs = append(errs, a.lambda.Close())
	}
	if a.codecommit != nil {
		errs = append(errs, a.codecommit.Close())
	}
	if a.s3 != nil {
		errs = append(errs, a.s3.Close())
	}
	if a.logs != nil {
		errs = append(errs, a.logs.Close())
	}
	return errors.Join(errs...)
}

// CheckFaults says what is wrong with rules for [Options.Faults].
func CheckFaults(rules []string) error {
	_, err := parseFaults(rules)
	return err
}

// parseFaults reads the rules of what goes wrong on purpose.
func parseFaults(rules []string) (*wire.Faults, error) {
	faults := &wire.Faults{}
	for _, rule := range rules {
		fault, err := wire.ParseFault(rule)
		if err != nil {
			return nil, err
		}
		faults.Add(fault)
	}
	return faults, nil
}

// makeDirs makes each service's folder.
func makeDirs(dir string) error {
	for _, name := range []string{
		"cloudformation", "codebuild", "codecommit", "codepipeline", "events", "iam", "lambda", "logs", "s3", "sns",
	} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			return fmt.Errorf("make the state folder: %w", err)
		}
	}
	return nil
}
