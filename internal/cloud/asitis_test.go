package cloud

import (
	"strings"
	"testing"
)

const whole = `
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: logs}
  Role:
    Type: AWS::IAM::Role
    DependsOn: [Logs, Other]
    Properties:
      Policies: [{Resource: !GetAtt Logs.Arn}]
      Path: /wanted/
  Other:
    Type: AWS::SNS::Topic
    Properties: {TopicName: other}
  Unread:
    Type: Custom::Thing
    Properties: {Group: !Sub "${Logs}-x"}
Outputs:
  Group: {Value: !Ref Logs}
  Topic: {Value: !Ref Other}
`

func TestAsItIs(t *testing.T) {
	got, left, err := asItIs([]byte(whole), map[string]drift{
		"Logs": {Gone: true},
		"Role": {
			Properties: []string{"Path"}, Actual: map[string]any{"Path": "/changed/"},
			Expected: map[string]any{"Path": "/wanted/", "Policies": []any{map[string]any{"Resource": "arn:logs"}}},
		},
		"Other": {},
	})
	if err != nil {
		t.Fatal(err)
	}
	if left != 2 {
		t.Errorf("%d resources are left, want Role and Other", left)
	}
	for _, want := range []string{"/changed/", "arn:logs", "TopicName: other", "Topic:", "DependsOn: [Other]"} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
	for _, unwanted := range []string{"/wanted/", "Logs", "Unread", "Group:"} {
		if strings.Contains(got, unwanted) {
			t.Errorf("there is still %q in\n%s", unwanted, got)
		}
	}
}

// TestAsItIsKeepsBuckets fails rather than take a bucket away that is there.
func TestAsItIsKeepsBuckets(t *testing.T) {
	template := `{"Resources": {"Key": {"Type": "AWS::KMS::Key"}, "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"Key": {"Fn::GetAtt": ["Key", "Arn"]}}}}}`
	if _, _, err := asItIs([]byte(template), map[string]drift{"Key": {Gone: true}}); err == nil {
		t.Error("the bucket was left out of the template")
	}
}

func TestTopProperty(t *testing.T) {
	for path, want := range map[string]string{"/EventPattern/detail/event/0": "EventPattern", "/State": "State"} {
		if got := topProperty(path); got != want {
			t.Errorf("topProperty(%q) = %q, want %q", path, got, want)
		}
	}
}
