"""The clients of the walk: boto3 and the AWS CLI behind one interface, and git.

Both stand on botocore, whose models every answer is held against. The CLI runs
in this process, so that its answers are seen before it prints them.
"""

import base64
import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import time

import awscli.clidriver
import boto3
import botocore.exceptions
import botocore.session
import botocore.waiter

CALLED = set()
WRONG = {}  # what was found, in the order in which it was
# Structures whose required members AWS itself leaves out of answers: of a
# revision in a pipeline's state it gives the id alone.
PARTIAL = {"ActionRevision"}
# Values that AWS answers though its model does not list them: the first event
# of a stack that a change set has made.
UNLISTED = {("ResourceStatus", "REVIEW_IN_PROGRESS")}


def want(condition, complaint):
    """Remember what is wrong with an answer; the walk goes on and fails at its end."""
    if not condition:
        WRONG[complaint] = True


def check(shape, value, where):
    """Hold an answer that botocore has parsed against its model."""
    kind = shape.type_name
    if kind == "structure":
        assert isinstance(value, dict), f"{where} is no structure: {value!r}"
        for name in shape.required_members if shape.name not in PARTIAL else ():
            want(name in value, f"{where} lacks {name}")
        for name, member in value.items():
            if name != "ResponseMetadata":
                check(shape.members[name], member, f"{where}.{name}")
    elif kind == "list":
        for i, member in enumerate(value):
            check(shape.member, member, f"{where}[{i}]")
    elif kind == "map":
        for key, member in value.items():
            check(shape.value, member, f"{where}[{key}]")
    elif kind == "string" and shape.enum:
        want(value in shape.enum or (shape.name, value) in UNLISTED, f"{where} is {value!r}, which is none of {shape.enum}")


def check_names(shape, value, where):
    """Find members of a JSON answer that the model does not know: botocore drops them without a word."""
    if shape.type_name == "structure" and isinstance(value, dict):
        known = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for name, member in value.items():
            want(name in known, f"{where} has {name}, which AWS does not know")
            if name in known:
                check_names(known[name], member, f"{where}.{name}")
    elif shape.type_name == "list" and isinstance(value, list):
        for i, member in enumerate(value):
            check_names(shape.member, member, f"{where}[{i}]")
    elif shape.type_name == "map" and isinstance(value, dict):
        for key, member in value.items():
            check_names(shape.value, member, f"{where}[{key}]")


def watch(session):
    """Have every answer to the clients of a botocore session checked."""

    def before(operation_model, response_dict, **_):
        body = response_dict["body"]
        protocol = operation_model.metadata["protocol"]
        shape = operation_model.output_shape
        if shape is None or "payload" in shape.serialization or response_dict["status_code"] >= 300:
            return
        if protocol in ("json", "rest-json") and isinstance(body, bytes) and body:
            check_names(shape, json.loads(body), operation_model.name)

    def after(model, parsed, **_):
        service = model.service_model.service_name
        want(parsed["ResponseMetadata"].get("RequestId"), f"{service} {model.name} gives no request id")
        CALLED.add((service, model.name))
        if model.output_shape is not None and parsed["ResponseMetadata"]["HTTPStatusCode"] < 300:
            check(model.output_shape, parsed, f"{service} {model.name}")

    session.register("before-parse.*.*", before)
    session.register("after-call.*.*", after)



class Impatient:
    """The clock of waiters, which have nothing to wait for so long here: AWS takes minutes for a stack."""

    @staticmethod
    def sleep(seconds):
        time.sleep(min(seconds, 0.2))


botocore.waiter.time = Impatient


class Boto3:
    """boto3, with its waiters and paginators."""

    name = "boto3"

    def __init__(self):
        session = botocore.session.get_session()
        watch(session)
        self.session = boto3.Session(botocore_session=session)
        self.clients = {}

    def client(self, service):
        """Return the client of a service."""
        if service not in self.clients:
            self.clients[service] = self.session.client(service)
        return self.clients[service]

    def call(self, service, operation, **parameters):
        """Call an operation, and all of its pages."""
        client = self.client(service)
        if client.can_paginate(operation):
            return client.get_paginator(operation).paginate(**parameters).build_full_result()
        return getattr(client, operation)(**parameters)

    def wait(self, service, waiter, **parameters):
        """Wait by a waiter of the service."""
        self.client(service).get_waiter(waiter).wait(**parameters)

    def refused(self, code, service, operation, **parameters):
        """Want an operation to fail with an error of that code."""
        try:
            getattr(self.client(service), operation)(**parameters)
        except botocore.exceptions.ClientError as e:
            assert e.response["Error"]["Code"] == code, f"got {e.response['Error']}, want {code}"
            return
        raise AssertionError(f"{service} {operation} was not refused with {code}")

    def invoke(self, function, qualifier):
        """Invoke a function, and return its answer."""
        answer = self.call("lambda", "invoke", FunctionName=function, Qualifier=qualifier, Payload=b"{}", LogType="Tail")
        assert "StatusCode" in answer and "FunctionError" not in answer, answer
        return json.loads(answer["Payload"].read())


class CLI:
    """The AWS CLI, as people type it: every parameter is an option."""

    name = "cli"

    def __init__(self, scratch):
        self.scratch = pathlib.Path(scratch)
        self.models = awscli.clidriver.create_clidriver().session.get_component("data_loader")

    def run(self, *arguments):
        """Run a command, and return its code and what it printed."""
        driver = awscli.clidriver.create_clidriver()
        driver.session.register_component("data_loader", self.models)  # or each would read them again
        watch(driver.session)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = driver.main(list(arguments))
        return code, out.getvalue(), err.getvalue()

    def aws(self, *arguments):
        """Run a command that must succeed, and return what it printed, as JSON where it is that."""
        code, out, err = self.run(*arguments)
        assert code == 0, f"aws {' '.join(arguments)}: {err}"
        return json.loads(out) if out.startswith(("{", "[")) else out

    @staticmethod
    def options(parameters):
        """Write parameters as options."""
        for name, value in parameters.items():
            option = "--" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
            if isinstance(value, bool):
                yield option if value else option.replace("--", "--no-", 1)
            else:
                yield from (option, value if isinstance(value, str) else json.dumps(value))

    def call(self, service, operation, **parameters):
        """Call an operation; the CLI turns all pages."""
        service = {"s3": "s3api"}.get(service, service)
        return self.aws(service, operation.replace("_", "-"), *self.options(parameters)) or {}

    def wait(self, service, waiter, **parameters):
        """Wait by a waiter of the service."""
        self.aws(service, "wait", waiter.replace("_", "-"), *self.options(parameters))

    def refused(self, code, service, operation, **parameters):
        """Want a command to fail with an error of that code."""
        status, _, err = self.run(service, operation.replace("_", "-"), *self.options(parameters))
        assert status == 255 and f"({code})" in err, f"{status}: {err}, want {code}"

    def invoke(self, function, qualifier):
        """Invoke a function, and return its answer, which the CLI writes to a file."""
        file = self.scratch / "answer.json"
        answer = self.aws("lambda", "invoke", "--function-name", function, "--qualifier", qualifier, "--log-type", "Tail", str(file))
        assert base64.b64decode(answer["LogResult"]) and "FunctionError" not in answer, answer
        return json.loads(file.read_text())


def git(*arguments, cwd):
    """Run git with the AWS CLI's own credential helper, and return what it prints."""
    helper = "!aws codecommit credential-helper --ignore-host-check $@"
    configuration = {
        "credential.helper": helper, "credential.UseHttpPath": "true", "init.defaultBranch": "main",
        "user.name": "Ann", "user.email": "ann@example.com", "core.autocrlf": "false",
    }
    options = [part for name, value in configuration.items() for part in ("-c", f"{name}={value}")]
    environ = dict(os.environ, GIT_CONFIG_NOSYSTEM="1", GIT_TERMINAL_PROMPT="0")
    done = subprocess.run(
        ["git", *options, *arguments], cwd=cwd, env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()
