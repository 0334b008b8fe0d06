"""Calling Lambda functions from an integration: the URI, the call, and what each refusal is called on AWS.

Belongs here: what AWS and AWS_PROXY share when the backend is Lambda. Never here: running functions, or reading their
answers' contents beyond the error message.
Whether the function's resource policy lets API Gateway in is not checked: nobody's tutorial for a local emulator calls
``lambda add-permission``. AWS pages: "Set up Lambda proxy integrations", "PutIntegration" (uri).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from typing import Any, Protocol

import orjson
from attrs import frozen
from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure

from emulator.errors import ControlError, GatewayError
from emulator.integrations.dispatch import IntegrationAnswer, IntegrationRequest
from emulator.services.lambda_api import MAX_EVENT, MAX_SYNCHRONOUS
from emulator.wire import Headers

_URI = re.compile(
    r"arn:[^:]+:apigateway:(?P<region>[^:]+):(?:[^:]+\.)?lambda:path/+\d{4}-\d\d-\d\d/functions/"
    r"(?P<function>[^/?]+)/(?P<verb>invocations|response-streaming-invocations)/?(?:\?Qualifier=(?P<qualifier>[^&]+))?"
)
_NAME = re.compile(r"[a-zA-Z0-9-_]+(?::(?:\$LATEST|[a-zA-Z0-9-_]+))?")
_PARTIAL = re.compile(r"(?P<account>\d{12}):(?:function:)?(?P<name>[a-zA-Z0-9-_]+(?::(?:\$LATEST|[a-zA-Z0-9-_]+))?)")


class LambdaInvoker(Protocol):
    """Calls functions by ARN: ``services.lambda_invoker``."""

    def invoke(
        self,
        arn: str,
        payload: bytes,
        *,
        qualifier: str | None = None,
        trace_id: str | None = None,
        asynchronous: bool = False,
        stream: bool = False,
    ) -> Deferred[Any]: ...


@frozen
class LambdaTarget:
    """The function a URI names: its full ARN (with a qualifier where the URI has one), and whether it streams."""

    arn: str
    streams: bool


# Two regular expressions a call otherwise; the URIs of an API are few.
@lru_cache(maxsize=4096)
def lambda_target(uri: str, account: str, region: str) -> LambdaTarget | None:
    """Read ``arn:aws:apigateway:{region}:lambda:path/{date}/functions/{function}/invocations``.

    ``function`` is an ARN, ``account:function:name`` or a bare name, each with ``:qualifier`` or not. Else None.
    """
    found = _URI.fullmatch(uri)
    if found is None:
        return None
    function = found["function"].replace("%3A", ":").replace("%3a", ":")
    partition = uri.split(":", 2)[1]
    if not function.startswith("arn:"):
        partial = _PARTIAL.fullmatch(function)
        if partial is not None:
            account, function = partial["account"], partial["name"]
        elif _NAME.fullmatch(function) is None:
            return None
        function = f"arn:{partition}:lambda:{found['region'] or region}:{account}:function:{function}"
    elif len(function.split(":")) not in (7, 8) or not all(function.split(":")):
        return None
    if found["qualifier"] and len(function.split(":")) == 7:
        function = f"{function}:{found['qualifier']}"
    return LambdaTarget(function, found["verb"] != "invocations")


class LambdaCalls:
    """Calls functions for integrations."""

    def __init__(self, invoker: LambdaInvoker, wall: Callable[[], float]) -> None:
        self._invoker = invoker
        self._wall = wall
        self._date = (-1, "")

    def call(self, request: IntegrationRequest, target: LambdaTarget, payload: bytes) -> Deferred[IntegrationAnswer]:
        """Invoke ``target`` with ``payload``.

        The answer's body is the function's payload. A function that failed is an answer with ``function_error``.
        A call Lambda refuses (no such function, throttled) fails with API_CONFIGURATION_ERROR, as on AWS.
        """
        if len(payload) > (MAX_EVENT if request.asynchronous else MAX_SYNCHRONOUS):
            # 10 MB may come in, but Lambda takes 6: its refusal is the only one that the client is told as it is.
            return fail(GatewayError("REQUEST_TOO_LARGE", error_type="BadRequestException"))
        streams = request.stream and not request.asynchronous
        called = self._invoker.invoke(
            target.arn,
            payload,
            trace_id=request.trace_id or None,
            asynchronous=request.asynchronous,
            stream=streams,
        )
        answered: Deferred[IntegrationAnswer] = called.addCallbacks(
            _stream_answer if streams else _accepted if request.asynchronous else self._answer, _refused
        )
        return answered

    def _answer(self, result: Any) -> IntegrationAnswer:
        """Lambda's answer to Invoke, with its headers in the order in which AWS logs them."""
        payload: bytes = result.payload
        now = int(self._wall())
        if self._date[0] != now:
            self._date = (now, formatdate(now, usegmt=True))
        lines = [
            ("Date", self._date[1]),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(payload))),
            ("Connection", "keep-alive"),
            ("x-amzn-RequestId", result.request_id),
            ("x-amzn-Remapped-Content-Length", "0"),
            ("X-Amz-Executed-Version", result.executed_version),
        ]
        error = None
        if result.function_error is not None:
            lines.append(("X-Amz-Function-Error", result.function_error))
            error = error_message(payload)
        if result.trace_id:
            lines.append(("X-Amzn-Trace-Id", result.trace_id))
        return IntegrationAnswer(
            status=200, headers=Headers(lines), body=payload, function_error=error, request_id=result.request_id
        )


def malformed_uri(uri: str) -> Deferred[Any]:
    """A URI that names no function: the integration's configuration is at fault."""
    return fail(
        GatewayError(
            "API_CONFIGURATION_ERROR",
            log=f"Execution failed due to configuration error: Invalid endpoint address {uri}",
        )
    )


def _accepted(result: Any) -> IntegrationAnswer:
    """An asynchronous call: Lambda says 202 and nothing else."""
    return IntegrationAnswer(
        status=202,
        headers=Headers([("Content-Length", "0")]),
        request_id=getattr(result, "request_id", ""),
    )


def _stream_answer(result: Any) -> IntegrationAnswer:
    """A streaming call: the metadata before the eight NULs, and the rest of the body as a stream."""
    lines = [("Content-Type", result.content_type), ("x-amzn-RequestId", result.request_id)]
    if result.function_error is not None or result.prelude is None:
        result.body.cancel()
        return IntegrationAnswer(
            status=200,
            headers=Headers(lines),
            function_error=None if result.function_error is None else result.function_error,
            request_id=result.request_id,
        )
    return IntegrationAnswer(
        status=200, headers=Headers(lines), stream=result.body, prelude=result.prelude, request_id=result.request_id
    )


def error_message(payload: bytes) -> str:
    """``errorMessage`` of a failed function's payload; the payload itself where it has none."""
    try:
        parsed = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return payload.decode("utf-8", "replace")
    message = parsed.get("errorMessage") if isinstance(parsed, dict) else None
    return message if isinstance(message, str) else "" if message is None else orjson.dumps(message).decode()


def _refused(failure: Failure) -> Failure:
    """Lambda would not run it: on AWS a configuration error (500), whatever Lambda's own status was."""
    error = failure.value
    if not isinstance(error, ControlError):
        return failure
    if error.status == 404:
        # API Gateway may not know which functions exist: it only sees that it may not call this one.
        detail = "Invalid permissions on Lambda function"
    else:
        detail = error.message
    return Failure(
        GatewayError("API_CONFIGURATION_ERROR", log=f"Execution failed due to configuration error: {detail}")
    )
