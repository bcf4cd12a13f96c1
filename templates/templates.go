// Package templates holds the lessons' material: a folder for each phase with
// the lesson and the CloudFormation template, and a folder for each sample
// application with its buildspecs, beside the page that they share. The
// application in rehearsal/ is the smallest that goes all the way: its builds
// take no time. Names ending in ".txt" lose that ending when they are written
// for a learner: a folder with a go.mod cannot be embedded.
package templates

import "embed"

// FS is the material.
//
//go:embed codecommit codebuild codepipeline cloudformation caching approval teardown welcome app rehearsal durations.json
var FS embed.FS
