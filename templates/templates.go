// Package templates holds the lessons' material: a folder for each phase with
// the lesson, the CloudFormation template and the buildspec, and a folder for
// each sample application. The application in rehearsal/ is the smallest that
// goes all the way: its builds take no time. Names ending in ".txt" lose that ending when they
// are written for a learner: a folder with a go.mod cannot be embedded.
package templates

import "embed"

// FS is the material.
//
//go:embed codecommit codebuild codepipeline cloudformation caching teardown welcome app rehearsal
var FS embed.FS
