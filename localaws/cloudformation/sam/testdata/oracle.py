"""Expands SAM templates with AWS's own translator: a JSON list of templates on
stdin, a JSON list of {"template": ...} or {"error": ...} on stdout."""
import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")
os.environ["SAM_CLI_TELEMETRY"] = "0"

try:
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator
except ImportError:
    sys.exit(3)


def expand(template):
    try:
        return {"template": Translator({}, Parser()).translate(template, {})}
    except InvalidDocumentException as error:
        return {"error": " ".join([error.message] + [cause.message for cause in error.causes])}


json.dump([expand(template) for template in json.load(sys.stdin)], sys.stdout)
