package conformance

import "slices"

// All are the assumptions, by service.
func All() []Assumption {
	return slices.Concat(
		codecommitAssumptions,
		codecommitGitAssumptions,
		codebuildAssumptions,
		codebuildAPIAssumptions,
		codepipelineAssumptions,
		s3Assumptions,
		s3VersionAssumptions,
		iamAssumptions,
		decisionAssumptions,
		stsAssumptions,
		lambdaAssumptions,
		logsAssumptions,
		snsAssumptions,
		eventsAssumptions,
		cloudformationAssumptions,
		cloudformationUpdateAssumptions,
		serverlessAssumptions,
		deliveryAssumptions,
		wireAssumptions,
	)
}

// retired are the numbers of assumptions that are no more; nobody gets them again.
var retired = []int{}
