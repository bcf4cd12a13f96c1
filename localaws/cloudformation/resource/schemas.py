"""Prunes the schemas of the resource types served here into schemas.json.

The source is the resource provider schemas that AWS publishes, as cfn-lint
packages them (pip install cfn-lint). Run it in this folder:

    python3 schemas.py
"""
import importlib
import json
import pathlib

import cfnlint

TYPES = """
CloudFormation::WaitConditionHandle
CodeBuild::Project
CodeCommit::Repository
CodePipeline::Pipeline
Events::Rule
IAM::AccessKey IAM::ManagedPolicy IAM::Policy IAM::Role IAM::RolePolicy IAM::User
Lambda::Alias Lambda::Function Lambda::Permission Lambda::Url Lambda::Version
Logs::LogGroup
S3::Bucket S3::BucketPolicy
SNS::Subscription SNS::Topic SNS::TopicPolicy
""".split()

KEPT = (
    "type", "$ref", "enum", "required", "additionalProperties", "patternProperties", "pattern",
    "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "uniqueItems",
)
CONSTRAINTS = ("pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "uniqueItems")

# cfn-lint adds constraints of its own, from the services' models and otherwise.
# These are the ones that the registry does not have: there the service refuses,
# in its own words, or does not refuse at all. The first four types have no
# handlers in the registry, and no constraints either.
WITHOUT_CONSTRAINTS = ("AWS::CodeBuild::Project", "AWS::Events::Rule", "AWS::IAM::AccessKey", "AWS::SNS::Subscription")
ADDED = {
    "AWS::Lambda::Function": {"Runtime": ("enum",), "MemorySize": ("minimum", "maximum"), "Timeout": ("maximum",), "Layers": ("maxItems", "uniqueItems"), "FunctionName": ("maxLength",)},
    "AWS::CodePipeline::Pipeline": {"Stages": ("minItems",)},
    "AWS::CodeCommit::Repository": {"RepositoryName": ("minimum", "maximum", "pattern")},
}


def prune(schema):
    if schema is True or schema is False:
        return schema
    out = {key: schema[key] for key in KEPT if key in schema}
    if isinstance(out.get("additionalProperties"), dict):
        out["additionalProperties"] = prune(out["additionalProperties"])
    if "patternProperties" in out:
        out["patternProperties"] = {k: prune(v) for k, v in out["patternProperties"].items()}
    if "properties" in schema:
        out["properties"] = {k: prune(v) for k, v in schema["properties"].items()}
    if "items" in schema:
        out["items"] = prune(schema["items"])
    if "$ref" in out:
        out["$ref"] = out["$ref"].removeprefix("#/definitions/")
    return out


def unconstrain(schema):
    if isinstance(schema, dict):
        for key in CONSTRAINTS:
            if not isinstance(schema.get(key), dict):
                schema.pop(key, None)
        for value in schema.values():
            unconstrain(value)


def paths(schema, key):
    return sorted(p.removeprefix("/properties/").replace("/", ".") for p in schema.get(key, []))


root = pathlib.Path(cfnlint.__file__).parent / "data" / "schemas"
index = importlib.import_module("cfnlint.data.schemas.providers.us_east_1").types
lines = []
for name in TYPES:
    name = "AWS::" + name
    schema = json.loads((root / "resources" / (index[name] + ".json")).read_text())
    tagging = schema.get("tagging", {})
    pruned = {
        "createOnly": paths(schema, "createOnlyProperties"),
        "readOnly": paths(schema, "readOnlyProperties"),
        "systemTags": tagging.get("taggable", schema.get("taggable", True))
        and tagging.get("cloudFormationSystemTags", True),
        "root": prune(schema),
        "definitions": {k: prune(v) for k, v in schema.get("definitions", {}).items()},
    }
    if name in WITHOUT_CONSTRAINTS:
        unconstrain(pruned["root"])
        unconstrain(pruned["definitions"])
    for prop, keys in ADDED.get(name, {}).items():
        for key in keys:
            del pruned["root"]["properties"][prop][key]
    lines.append(json.dumps(name) + ": " + json.dumps(pruned, separators=(",", ":"), sort_keys=True))
pathlib.Path("schemas.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
