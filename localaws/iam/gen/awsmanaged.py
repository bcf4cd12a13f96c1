"""Write awsmanaged.json.gz: the policies of AWS's own that localaws serves.

They are those that moto carries, which were read from IAM itself. Run by
"go generate" in the folder above; the output is byte for byte the same for the
same version of moto.

    python3 gen/awsmanaged.py > awsmanaged.json.gz
"""
import gzip
import json
import sys

from moto.iam.aws_managed_policies import aws_managed_policies_data

NAMES = [
    "AWSCloudFormationFullAccess", "AWSCloudFormationReadOnlyAccess", "AWSCodeBuildAdminAccess",
    "AWSCodeBuildDeveloperAccess", "AWSCodeBuildReadOnlyAccess", "AWSCodeCommitFullAccess", "AWSCodeCommitPowerUser",
    "AWSCodeCommitReadOnly", "AWSCodePipelineApproverAccess", "AWSCodePipelineCustomActionAccess",
    "AWSCodePipeline_FullAccess", "AWSCodePipeline_ReadOnlyAccess", "AWSLambdaBasicExecutionRole", "AWSLambdaExecute",
    "AWSLambdaRole", "AWSLambda_FullAccess", "AWSLambda_ReadOnlyAccess", "AdministratorAccess",
    "AmazonEventBridgeFullAccess", "AmazonEventBridgeReadOnlyAccess", "AmazonS3FullAccess", "AmazonS3ReadOnlyAccess",
    "AmazonSNSFullAccess", "AmazonSNSReadOnlyAccess", "CloudWatchEventsFullAccess", "CloudWatchEventsReadOnlyAccess",
    "CloudWatchLogsFullAccess", "CloudWatchLogsReadOnlyAccess", "IAMFullAccess", "IAMReadOnlyAccess",
    "IAMSelfManageServiceSpecificCredentials", "IAMUserChangePassword", "PowerUserAccess", "ReadOnlyAccess",
]

ORDER = ["Version", "Id", "Statement", "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"]


def ordered(value):
    """Writes the elements in the order in which IAM shows them."""
    if isinstance(value, list):
        return [ordered(v) for v in value]
    if isinstance(value, dict):
        return {k: ordered(value[k]) for k in sorted(value, key=lambda k: (ORDER.index(k) if k in ORDER else len(ORDER), k))}
    return value


known = json.loads(aws_managed_policies_data)
policies = {}
for name in NAMES:
    p = known[name]
    policies[name] = {
        "Path": p["Path"], "Created": p["CreateDate"], "Updated": p["UpdateDate"], "Version": p["DefaultVersionId"],
        "Document": json.dumps(ordered(p["Document"]), indent=4),
    }
sys.stdout.buffer.write(gzip.compress(json.dumps(policies, separators=(",", ":")).encode(), 9, mtime=0))
