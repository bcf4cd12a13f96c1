"""Call operations with botocore, as the Go side says, and tell what it made of the answers.

Reads one JSON object per line: {"service", "operation", "input"}; answers each
with one: {"output"} or {"error"}. Values are as wire.Tree has them.
"""

import base64
import datetime
import json
import sys

import botocore.session
from botocore.config import Config


def to_python(shape, value):
    """Turn a tree into what botocore takes."""
    if shape.type_name == "structure":
        return {k: to_python(shape.members[k], v) for k, v in value.items()}
    if shape.type_name == "list":
        return [to_python(shape.member, v) for v in value]
    if shape.type_name == "map":
        return {k: to_python(shape.value, v) for k, v in value.items()}
    if shape.type_name == "blob":
        return base64.b64decode(value)
    if shape.type_name in ("integer", "long"):
        return int(value)
    if shape.type_name == "timestamp":
        return datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    return value


def to_tree(value):
    """Turn what botocore gives into a tree."""
    if isinstance(value, dict):
        return {k: to_tree(v) for k, v in value.items() if k != "ResponseMetadata"}
    if isinstance(value, list):
        return [to_tree(v) for v in value]
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    return value


def main(url, region, key, secret, protocol):
    session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    clients = {}
    for line in sys.stdin:
        call = json.loads(line)
        service, operation = call["service"], call["operation"]
        try:
            if service not in clients:
                if protocol:  # instead of the first of those that the model lists
                    loader.load_service_model(service, "service-2")["metadata"]["protocols"] = [protocol]
                clients[service] = session.create_client(
                    service, region, endpoint_url=url, aws_access_key_id=key, aws_secret_access_key=secret,
                    config=Config(
                        retries={"total_max_attempts": 1},
                        request_checksum_calculation="when_required",
                        response_checksum_validation="when_required",
                    ),
                )
            client = clients[service]
            assert not protocol or client.meta.service_model.resolved_protocol == protocol
            shape = client.meta.service_model.operation_model(operation).input_shape
            output = client._make_api_call(operation, to_python(shape, call["input"]) if shape else {})
            answer = {"output": to_tree(output)}
        except Exception as e:  # every failure is the Go side's to report
            answer = {"error": type(e).__name__ + ": " + str(e)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
