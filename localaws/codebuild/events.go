package codebuild

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// eventTime is the form of times in CodeBuild's events ("Build notifications
// input format reference" in AWS's guide).
const eventTime = "Jan 2, 2006 3:04:05 PM"

func (r *run) publishState() {
	r.publish("CodeBuild Build State Change", map[string]any{
		"build-status":           r.row.BuildStatus,
		"project-name":           r.row.ProjectName,
		"build-id":               r.row.Arn,
		"additional-information": r.information(),
		"current-phase":          r.row.CurrentPhase,
		"current-phase-context":  contextOf(r.row.Phases[len(r.row.Phases)-1]),
		"version":                "1",
	})
}

func (r *run) publishPhase(phase types.BuildPhase) {
	r.publish("CodeBuild Build Phase Change", map[string]any{
		"completed-phase":                  phase.PhaseType,
		"completed-phase-status":           phase.PhaseStatus,
		"completed-phase-context":          contextOf(phase),
		"completed-phase-duration-seconds": aws.ToInt64(phase.DurationInSeconds),
		"completed-phase-start":            formatTime(phase.StartTime),
		"completed-phase-end":              formatTime(phase.EndTime),
		"project-name":                     r.row.ProjectName,
		"build-id":                         r.row.Arn,
		"additional-information":           r.information(),
		"version":                          "1",
	})
}

func (r *run) publish(detailType string, detail map[string]any) {
	ctx := context.WithoutCancel(r.ctx)
	err := r.s.env.Bus.Publish(ctx, "aws.codebuild", detailType, []string{aws.ToString(r.row.Arn)}, detail)
	if err != nil {
		r.s.env.Log.Error("codebuild: publish an event", "build", aws.ToString(r.row.Id), "error", err)
	}
}

func (r *run) information() map[string]any {
	row := &r.row
	info := map[string]any{
		"timeout-in-minutes": row.TimeoutInMinutes, "build-complete": row.BuildComplete,
		"build-number": row.BuildNumber, "initiator": row.Initiator, "build-start-time": formatTime(row.StartTime),
		"source": map[string]any{"type": row.Source.Type, "location": aws.ToString(row.Source.Location)},
		"environment": map[string]any{
			"image": row.Environment.Image, "privileged-mode": aws.ToBool(row.Environment.PrivilegedMode),
			"compute-type": row.Environment.ComputeType, "type": row.Environment.Type,
			"environment-variables": variablesOf(row.Environment.EnvironmentVariables),
		},
	}
	if row.SourceVersion != nil {
		info["source-version"] = row.SourceVersion
	}
	if row.Logs.GroupName != nil {
		info["logs"] = map[string]any{"group-name": row.Logs.GroupName, "stream-name": row.Logs.StreamName, "deep-link": row.Logs.DeepLink}
	}
	if a := row.Artifacts; a != nil {
		info["artifact"] = map[string]any{
			"location": aws.ToString(a.Location), "md5sum": aws.ToString(a.Md5sum), "sha256sum": aws.ToString(a.Sha256sum),
		}
	}
	phases := []map[string]any{}
	for _, p := range row.Phases {
		phase := map[string]any{"phase-type": p.PhaseType, "start-time": formatTime(p.StartTime)}
		if p.EndTime != nil {
			phase["phase-context"], phase["phase-status"] = contextsOf(p), p.PhaseStatus
			phase["end-time"], phase["duration-in-seconds"] = formatTime(p.EndTime), aws.ToInt64(p.DurationInSeconds)
		}
		phases = append(phases, phase)
	}
	info["phases"] = phases
	return info
}

func variablesOf(variables []types.EnvironmentVariable) []map[string]any {
	all := []map[string]any{}
	for _, v := range variables {
		all = append(all, map[string]any{"name": v.Name, "value": v.Value, "type": v.Type})
	}
	return all
}

// contextsOf gives a phase's contexts the form "CODE: message"; a phase that
// went well has none.
func contextsOf(p types.BuildPhase) []string {
	all := []string{}
	for _, c := range p.Contexts {
		if aws.ToString(c.StatusCode) != "" {
			all = append(all, aws.ToString(c.StatusCode)+": "+aws.ToString(c.Message))
		}
	}
	return all
}

// contextOf is the form of a list in a text, which the events' own phase has.
func contextOf(p types.BuildPhase) string { return "[" + strings.Join(contextsOf(p), ", ") + "]" }

func formatTime(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(eventTime)
}
