// Package templates holds the lessons' material: a folder for each phase with
// the lesson and the CloudFormation template, and a folder for each sample
// application with its buildspecs, beside the page that they share. Names
// ending in ".txt" lose that ending when they are written for a learner: a
// folder with a go.mod cannot be embedded.
package templates

import "embed"

// FS is the material.
//
//go:embed codecommit codebuild codepipeline cloudformation caching app
var FS embed.FS
