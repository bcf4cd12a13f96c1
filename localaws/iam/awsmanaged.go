package iam

import "time"

// awsManaged are the policies that AWS itself keeps and that are served here,
// with their real documents. Any other arn:aws:iam::aws:policy/... does not exist.
var awsManaged = map[string]managedPolicy{
	"arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole": {
		Name: "AWSLambdaBasicExecutionRole", Path: "/service-role/", ID: "ANPAJNCQGXC42545SKXIK",
		ARN:         "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
		Description: "Provides write permissions to CloudWatch Logs.",
		Created:     time.Date(2015, 4, 9, 15, 3, 43, 0, time.UTC), Updated: time.Date(2015, 4, 9, 15, 3, 43, 0, time.UTC),
		Default: "v1",
		Versions: []version{{ID: "v1", Created: time.Date(2015, 4, 9, 15, 3, 43, 0, time.UTC), Document: `{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:PutLogEvents"
            ],
            "Resource": "*"
        }
    ]
}`}},
	},
}
