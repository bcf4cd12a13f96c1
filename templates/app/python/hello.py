"""Answers HTTP requests on AWS Lambda: JSON to programs, a page to browsers."""

import functools
import json
from datetime import datetime, timezone
from pathlib import Path

import greeting
import page


def handler(event, _context):
    accept = event.get("headers", {}).get("accept", "")
    return respond(accept, read_stamp(), datetime.now(timezone.utc))


@functools.cache
def read_stamp():
    """Reads what the build has written: which commit this is, and which pipeline execution made it."""
    return json.loads(Path(__file__).with_name("stamp.json").read_text(encoding="utf-8"))


def respond(accept, stamp, now):
    if "text/html" in accept:
        return answer("text/html; charset=utf-8", page.render(greeting.TEXT, stamp["commit"], stamp["built"]))
    return answer("application/json", json.dumps({
        "greeting": greeting.TEXT,
        "commit": stamp["commit"],
        "execution": stamp["execution"],
        "built": stamp["built"],
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }))


def answer(content_type, body):
    return {
        "statusCode": 200,
        "headers": {"Content-Type": content_type, "Cache-Control": "no-store"},
        "body": body,
    }
