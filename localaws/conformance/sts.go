package conformance

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	stsAPI      = "https://docs.aws.amazon.com/STS/latest/APIReference/API_"
	stsRecorded = "recorded from AWS in LocalStack's snapshot tests: tests/aws/services/sts/test_sts.snapshot.json, "
)

var stsAssumptions = []Assumption{
	{Number: 801, Title: "STS: a session's ARN has the role's name and the session's", Source: stsRecorded + "test_assume_role", Confirmed: true, Run: func(t *T) {
		role, user := t.userRole(""), t.user(allow("sts:AssumeRole"))
		out := settled(user, func() (*sts.AssumeRoleOutput, error) {
			return user.sts.AssumeRole(t.ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("now")})
		})
		equal(t, "Arn", str(out.AssumedRoleUser.Arn), "arn:aws:sts::"+t.target.Account+":assumed-role/"+nameOf(role)+"/now")
		if id := str(out.AssumedRoleUser.AssumedRoleId); !strings.HasPrefix(id, "AROA") || !strings.HasSuffix(id, ":now") {
			t.Errorf("AssumedRoleId is %s", id)
		}
		if key := str(out.Credentials.AccessKeyId); !strings.HasPrefix(key, "ASIA") {
			t.Errorf("AccessKeyId is %s, which does not begin with ASIA", key)
		}
		if left := out.Credentials.Expiration.Sub(t.target.Now()); left < 50*time.Minute || left > 70*time.Minute {
			t.Errorf("the session lasts %s, want an hour", left)
		}
	}},
	{Number: 802, Title: "STS: what a session calls itself is what it was made as", Source: stsRecorded + "test_get_caller_identity_with_assumed_role_credentials", Confirmed: true, Run: func(t *T) {
		role := t.userRole("")
		equal(t, "Arn", t.session(role, "").who(), "arn:aws:sts::"+t.target.Account+":assumed-role/"+nameOf(role)+"/now")
	}},
	{Number: 803, Title: "STS: a role's ARN that is none is refused", Source: stsRecorded + "test_sts_invalid_parameters", Confirmed: true, Run: func(t *T) {
		user := t.user(allow("sts:AssumeRole"))
		_, err := user.sts.AssumeRole(t.ctx, &sts.AssumeRoleInput{RoleArn: aws.String("nothing-valid-in-here"), RoleSessionName: aws.String("now")})
		t.wantError(err, "ValidationError", "nothing-valid-in-here is invalid")
	}},
	{Number: 804, Title: "STS: a session's name has no colon", Source: stsRecorded + "test_sts_invalid_parameters", Confirmed: true, Run: func(t *T) {
		_, err := t.sts.AssumeRole(t.ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + t.target.Account + ":role/x"), RoleSessionName: aws.String("Session1:2")})
		t.wantError(err, "ValidationError", `1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`)
	}},
	{Number: 805, Title: "STS: a session's name has at most 64 characters", Source: stsRecorded + "test_assume_role_session_name_too_long", Confirmed: true, Run: func(t *T) {
		_, err := t.sts.AssumeRole(t.ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + t.target.Account + ":role/x"), RoleSessionName: aws.String(strings.Repeat("s", 65))})
		t.wantError(err, "ValidationError", "Member must have length less than or equal to 64")
	}},
	{Number: 806, Title: "STS: a role that is not there is denied, not missed", Source: iamGuide + "troubleshoot_roles.html", Run: func(t *T) {
		user, role := t.user(allow("sts:AssumeRole")), "arn:aws:iam::"+t.target.Account+":role/"+t.name()
		_, err := user.sts.AssumeRole(t.ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("now")})
		t.wantDenied(err, user.who(), "sts:AssumeRole", role, "")
	}},
	{Number: 807, Title: "STS: an access key that nobody has is InvalidClientTokenId", Source: "https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html", Run: func(t *T) {
		nobody := t.as(credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""))
		_, err := nobody.sts.GetCallerIdentity(t.ctx, &sts.GetCallerIdentityInput{})
		t.wantError(err, "InvalidClientTokenId", "The security token included in the request is invalid")
	}},
	{Number: 808, Title: "STS: a secret that does not fit is SignatureDoesNotMatch", Source: iamGuide + "reference_sigv-troubleshooting.html", Run: func(t *T) {
		keys := must(t.user("").target.Config.Credentials.Retrieve(t.ctx))(t)
		liar := t.as(credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey+"x", ""))
		_, err := liar.sts.GetCallerIdentity(t.ctx, &sts.GetCallerIdentityInput{})
		t.wantError(err, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
	}},
	{Number: 809, Title: "STS: a session lasts at least fifteen minutes", Source: "botocore model: roleDurationSecondsType, at least 900", Confirmed: true, Run: func(t *T) {
		_, err := t.sts.AssumeRole(t.ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + t.target.Account + ":role/x"), RoleSessionName: aws.String("now"), DurationSeconds: aws.Int32(60)})
		t.wantError(err, "ValidationError", "Member must have value greater than or equal to 900")
	}},
	{Number: 810, Title: "STS: a session lasts no longer than its role allows", Source: stsAPI + "AssumeRole.html", Run: func(t *T) {
		role, user := t.userRole(""), t.user(allow("sts:AssumeRole"))
		settled(user, func() (*sts.AssumeRoleOutput, error) {
			return user.sts.AssumeRole(t.ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("now")})
		})
		_, err := user.sts.AssumeRole(t.ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("now"), DurationSeconds: aws.Int32(7200)})
		t.wantError(err, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}},
}
