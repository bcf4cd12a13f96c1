import json, sys

import botocore.session
from botocore.config import Config

port, secret = sys.argv[1:]


def presign(name, want, operation="get_object", key="AKIAGOOD", token=None, style="path", **params):
    client = botocore.session.Session().create_client(
        "s3", region_name="us-east-1", endpoint_url=f"http://localhost:{port}",
        aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token,
        config=Config(s3={"addressing_style": style}))
    url = client.generate_presigned_url(operation, Params={"Bucket": "bucket", **params})
    method = "PUT" if operation == "put_object" else "GET"
    return {"Name": name, "Method": method, "URL": url, "Want": want}


print(json.dumps([
    presign("plain", "bucket/k", Key="k"),
    presign("odd", "bucket/a b/é+=&?#~", Key="a b/é+=&?#~"),
    presign("virtual", "bucket/k", Key="k", style="virtual"),
    presign("session", "bucket/k", Key="k", key="ASIASESSION", token="token"),
    presign("version and overrides", "bucket/k", Key="k", VersionId="v+ /1",
            ResponseContentDisposition='attachment; filename="a b+c.txt"', ResponseContentType="text/plain; charset=utf-8"),
    presign("put", "", "put_object", Key="k", ContentType="text/plain", Metadata={"A": "b c"}, ACL="private"),
]))
