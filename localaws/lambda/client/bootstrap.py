"""Runs a Python handler: speaks the Lambda Runtime API for it."""

import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback

HOST, _, PREFIX = os.environ["AWS_LAMBDA_RUNTIME_API"].partition("/")
BASE = "/" + (PREFIX + "/" if PREFIX else "") + "2018-06-01/runtime/"
TASK = os.environ["LAMBDA_TASK_ROOT"]


class Identity:
    cognito_identity_id = None
    cognito_identity_pool_id = None


class Client:
    def __init__(self, values):
        for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"):
            setattr(self, name, values.get(name))


class ClientContext:
    def __init__(self, values):
        self.custom = values.get("custom")
        self.env = values.get("env")
        client = values.get("client")
        self.client = None if client is None else Client(client)


def client_context(text):
    return ClientContext(json.loads(text)) if text else None


class Context:
    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = Identity()
        self.client_context = client_context(headers.get("Lambda-Runtime-Client-Context"))
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))


class LogHandler(logging.Handler):
    request = ""

    def emit(self, record):
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + logging.Formatter().formatException(record.exc_info)
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        print(f"[{record.levelname}]\t{at}.{int(record.msecs):03d}Z\t{LogHandler.request}\t{message}")


def failure(error, request=None):
    lines = [] if error.__traceback__ is None else traceback.format_list(
        [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__])
    value = {"errorMessage": str(error), "errorType": type(error).__name__}
    if request:
        value["requestId"] = request
    value["stackTrace"] = lines
    print(f"[ERROR] {value['errorType']}: {value['errorMessage']}")
    if lines:
        print("Traceback (most recent call last):\n" + "".join(lines), end="")
    return value


class Runtime:
    def __init__(self):
        self.connection = http.client.HTTPConnection(HOST)

    def ask(self, method, path, body=None):
        self.connection.request(method, BASE + path, body, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        return answer.headers, answer.read()


def load(name):
    """Returns the handler named module.function, where the module may have slashes or dots."""
    module, _, function = name.rpartition(".")
    if not module:
        return None, {"errorType": "Runtime.MalformedHandlerName", "errorMessage":
                      f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)", "requestId": "", "stackTrace": []}
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        return None, {"errorType": "Runtime.ImportModuleError", "errorMessage":
                      f"Unable to import module '{module}': {error}", "requestId": "", "stackTrace": []}
    except SyntaxError as error:
        return None, {"errorType": "Runtime.UserCodeSyntaxError", "errorMessage":
                      f"Syntax error in module '{module}': {error}", "requestId": "", "stackTrace": []}
    try:
        return getattr(loaded, function), None
    except AttributeError:
        return None, {"errorType": "Runtime.HandlerNotFound", "errorMessage":
                      f"Handler '{function}' missing on module '{module}'", "requestId": "", "stackTrace": []}


def main():
    sys.dont_write_bytecode = True
    sys.path[0] = TASK
    logging.getLogger().addHandler(LogHandler())
    runtime = Runtime()
    try:
        handler, fault = load(os.environ["_HANDLER"])
    except Exception as error:  # whatever the module does when it is loaded
        handler, fault = None, failure(error)
    if fault:
        print(f"[ERROR] {fault['errorType']}: {fault['errorMessage']}")
        runtime.ask("POST", "init/error", json.dumps(fault))
        sys.exit(1)
    while True:
        headers, payload = runtime.ask("GET", "invocation/next")
        context = Context(headers)
        request = LogHandler.request = context.aws_request_id
        os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id", "")
        try:
            result = handler(json.loads(payload), context)
            try:
                body = json.dumps(result, ensure_ascii=False).encode()
            except TypeError as error:
                fault = failure(error, request)
                fault["errorType"] = "Runtime.MarshalError"
                fault["errorMessage"] = f"Unable to marshal response: {error}"
                runtime.ask("POST", f"invocation/{request}/error", json.dumps(fault))
                continue
        except Exception as error:
            runtime.ask("POST", f"invocation/{request}/error", json.dumps(failure(error, request)))
            continue
        runtime.ask("POST", f"invocation/{request}/response", body)


main()
