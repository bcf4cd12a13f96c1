"""Write wire's table: AWS's service models, pruned to what the wire needs.

The models are those that botocore carries. Run by "go generate" in the folder
above; the output is byte for byte the same for the same version of botocore.

    python3 gen/table.py table
"""

import gzip
import html
import json
import pathlib
import re
import sys

import botocore
import botocore.loaders

SERVICES = [
    "cloudformation", "codebuild", "codecommit", "codepipeline", "events",
    "iam", "lambda", "logs", "s3", "sns", "sts",
]

# These share their method and path with another operation: they belong to
# endpoints that localaws does not have (S3 Express, Object Lambda), or are
# older forms that no client sends any more.
DROPPED = {
    "s3": {
        "ListDirectoryBuckets", "CreateSession", "WriteGetObjectResponse",
        "GetBucketLifecycle", "PutBucketLifecycle", "GetBucketNotification", "PutBucketNotification",
    },
}

# What AWS enforces and its models leave out. The words about a new stack's name
# are in the documentation of CreateStack.
ADDED_SHAPES = {
    "cloudformation": {"NewStackName": {"type": "string", "min": 1, "max": 128, "pattern": "[a-zA-Z][-a-zA-Z0-9]*"}},
}
REPLACED_MEMBERS = {"cloudformation": {("CreateStackInput", "StackName"): "NewStackName"}}

METADATA = ["protocol", "jsonVersion", "targetPrefix", "apiVersion", "xmlNamespace"]
SHAPE = [
    "type", "required", "min", "max", "pattern", "enum", "payload", "flattened",
    "timestampFormat", "locationName", "xmlNamespace", "exception", "error", "fault",
]
MEMBER = [
    "shape", "location", "locationName", "flattened", "timestampFormat",
    "xmlAttribute", "xmlNamespace", "idempotencyToken",
]


def keep(source, names):
    return {name: source[name] for name in names if name in source}


def plain(text):
    """Turn a documentation string into one line of plain text."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", text)).split())


def shape_of(service, name, model):
    shape = keep(model, SHAPE)
    if "members" in model:
        shape["members"] = {n: keep(m, MEMBER) for n, m in model["members"].items()}
    for part in ("member", "key", "value"):
        if part in model:
            shape[part] = keep(model[part], MEMBER)
    # CodeCommit answers a bad input with an exception of its own per member,
    # in words of which its documentation's first sentence is the nearest we have.
    if service == "codecommit" and model.get("exception") and re.search("Required|Invalid", name):
        shape["doc"] = plain(model.get("documentation", "")).split(". ")[0].rstrip(".") + "."
    return shape


def operation_of(model):
    operation = {"method": model["http"]["method"], "uri": model["http"]["requestUri"]}
    if model["http"].get("responseCode", 200) != 200:
        operation["status"] = model["http"]["responseCode"]
    if "input" in model:
        operation["input"] = model["input"]["shape"]
    if "output" in model:
        operation["output"] = model["output"]["shape"]
        if "resultWrapper" in model["output"]:
            operation["wrapper"] = model["output"]["resultWrapper"]
    if "errors" in model:
        operation["errors"] = [error["shape"] for error in model["errors"]]
    return operation


def table_of(service):
    model = botocore.loaders.create_loader().load_service_model(service, "service-2")
    dropped = DROPPED.get(service, set())
    model["shapes"].update(ADDED_SHAPES.get(service, {}))
    for (shape, member), replacement in REPLACED_MEMBERS.get(service, {}).items():
        model["shapes"][shape]["members"][member]["shape"] = replacement
    return {
        **keep(model["metadata"], METADATA),
        "operations": {n: operation_of(o) for n, o in sorted(model["operations"].items()) if n not in dropped},
        "shapes": {n: shape_of(service, n, s) for n, s in sorted(model["shapes"].items())},
    }


def write(path, value):
    data = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    path.write_bytes(gzip.compress(data, 9, mtime=0))


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    index = {"source": "botocore " + botocore.__version__, "services": {}}
    for service in SERVICES:
        table = table_of(service)
        write(folder / (service + ".json.gz"), table)
        index["services"][service] = {
            "protocol": table["protocol"],
            **keep(table, ["targetPrefix"]),
            "operations": list(table["operations"]),
        }
    (folder / "index.json").write_text(json.dumps(index, indent=0) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
