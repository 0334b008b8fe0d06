"""Lambda's Invoke API: the requests that run a function, answered by the pool and not by moto.

Belongs here: reading those requests, Lambda's answers and errors on the wire. Never here: running anything
(``lambda_runtime``), the rest of Lambda's API (moto).

Follows https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html and API_InvokeWithResponseStream.html.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from urllib.parse import unquote

import orjson
from twisted.internet.defer import Deferred

from emulator.effects import Effects
from emulator.lambda_runtime.functions import (
    Function,
    FunctionNotFound,
    FunctionSource,
    InvalidRequestContentException,
    LambdaError,
)
from emulator.lambda_runtime.invocations import InvocationResult
from emulator.lambda_runtime.pool import LambdaPool
from emulator.services.lambda_eventstream import EventStream
from emulator.services.lambda_functions import parse_reference
from emulator.wire import Headers, Request, Response, parse_query

MAX_SYNCHRONOUS = 6_291_456
MAX_EVENT = 1_048_576

_INVOKE = re.compile(rb"/2015-03-31/functions/(?P<name>[^/]+)/invocations/?")
_STREAM = re.compile(rb"/2021-11-15/functions/(?P<name>[^/]+)/response-streaming-invocations/?")
_ASYNC = re.compile(rb"/2014-11-13/functions/(?P<name>[^/]+)/invoke-async/?")
_NAME_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
    r"([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)


class ValidationException(LambdaError):
    status = 400


class RequestEntityTooLargeException(LambdaError):
    status = 413


class LambdaApi:
    """Answers the requests that invoke functions."""

    def __init__(self, effects: Effects, source: FunctionSource, pool: LambdaPool) -> None:
        self._effects = effects
        self._source = source
        self._pool = pool

    def serves(self, request: Request) -> bool:
        """Whether a request to Lambda is one of these."""
        path = request.raw_path
        return request.method == "POST" and any(each.fullmatch(path) for each in (_INVOKE, _STREAM, _ASYNC))

    def handle(self, request: Request, *, account: str, region: str) -> Deferred[Response]:
        """Answer a request that is ``serves``d. Cancelling it leaves the function running, as on AWS."""
        return Deferred.fromCoroutine(self._handle(request, account, region))

    async def _handle(self, request: Request, account: str, region: str) -> Response:
        request_id = self._effects.uuid()
        try:
            return await self._route(request, account, region, request_id)
        except LambdaError as error:
            return error_response(error, request_id)

    async def _route(self, request: Request, account: str, region: str, request_id: str) -> Response:
        if match := _STREAM.fullmatch(request.raw_path):
            function = self._find(match["name"], request, account, region)
            return await self._stream(request, function, request_id)
        if match := _ASYNC.fullmatch(request.raw_path):
            function = self._find(match["name"], request, account, region)
            payload = checked_payload(request.body, "Event")
            self._pool.invoke_async(function, payload, request_id=request_id)
            return _json(202, b'{"Status":202}', [("x-amzn-RequestId", request_id)])
        match = _INVOKE.fullmatch(request.raw_path)
        assert match is not None
        kind = checked_kind(request.headers.last("x-amz-invocation-type") or "RequestResponse")
        function = self._find(match["name"], request, account, region)
        payload = checked_payload(request.body, kind)
        lines = [("x-amzn-RequestId", request_id), ("X-Amzn-Remapped-Content-Length", "0")]
        if kind == "DryRun":
            return Response(status=204, headers=Headers([*lines, ("X-Amz-Executed-Version", function.version)]))
        trace = request.headers.last("x-amzn-trace-id")
        if kind == "Event":
            self._pool.invoke_async(function, payload, trace_id=trace, request_id=request_id)
            return Response(status=202, headers=Headers(lines))
        result = await self._pool.invoke(
            function, payload, client_context=_client_context(request), trace_id=trace, request_id=request_id
        )
        return _invoked(result, lines, tail=request.headers.last("x-amz-log-type") == "Tail")

    def _find(self, raw_name: bytes, request: Request, account: str, region: str) -> Function:
        name = unquote(raw_name.decode("latin-1"))
        qualifier = dict(parse_query(request.raw_query)).get("Qualifier")
        wanted = parse_reference(account, region, name, qualifier)
        if wanted is None:
            raise ValidationException(
                f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
                f"Member must satisfy regular expression pattern: {_NAME_PATTERN}"
            )
        if wanted.region != region:
            error = FunctionNotFound(wanted.arn)
            error.message = f"Functions from '{wanted.region}' are not reachable in this region ('{region}')"
            raise error
        return self._source.resolve(account, region, name, qualifier)

    async def _stream(self, request: Request, function: Function, request_id: str) -> Response:
        payload = checked_payload(request.body, "RequestResponse")
        result = await self._pool.invoke_streaming(
            function,
            payload,
            client_context=_client_context(request),
            trace_id=request.headers.last("x-amzn-trace-id"),
            request_id=request_id,
        )
        lines = [
            ("Content-Type", "application/vnd.amazon.eventstream"),
            ("x-amzn-RequestId", request_id),
            ("X-Amz-Executed-Version", result.executed_version),
            ("X-Amzn-Remapped-Content-Type", result.content_type),
        ]
        return Response(status=200, headers=Headers(lines), stream=EventStream(result))


def checked_kind(kind: str) -> str:
    """An invocation type, which is one of three."""
    if kind not in ("Event", "RequestResponse", "DryRun"):
        raise ValidationException(
            f"1 validation error detected: Value '{kind}' at 'invocationType' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
        )
    return kind


def checked_payload(body: bytes, kind: str) -> bytes:
    """The event of an invocation: JSON, and not too long; nothing at all is an empty object."""
    limit = MAX_EVENT if kind == "Event" else MAX_SYNCHRONOUS
    if len(body) > limit:
        raise RequestEntityTooLargeException(
            f"{len(body)} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
        )
    if not body.strip():
        return b"{}"
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestContentException(
            f"Could not parse request body into json: Could not parse payload into json: {error}"
        ) from error
    return body


def _client_context(request: Request) -> bytes | None:
    """The client context: base64 in its header, JSON for the function."""
    encoded = request.headers.last("x-amz-client-context")
    if not encoded:
        return None
    try:
        context = base64.b64decode(encoded, validate=True)
        json.loads(context)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestContentException("Client context must be a valid Base64-encoded JSON object.") from error
    return context


def _invoked(result: InvocationResult, lines: list[tuple[str, str]], *, tail: bool) -> Response:
    lines = [*lines, ("X-Amz-Executed-Version", result.executed_version)]
    if result.function_error:
        lines.append(("X-Amz-Function-Error", result.function_error))
    if tail:
        lines.append(("X-Amz-Log-Result", base64.b64encode(result.log_tail).decode()))
    if result.trace_id:
        lines.append(("X-Amzn-Trace-Id", result.trace_id))
    return _json(200, result.payload, lines)


def _json(status: int, body: bytes, lines: list[tuple[str, str]]) -> Response:
    return Response(status=status, headers=Headers([("Content-Type", "application/json"), *lines]), body=body)


def error_response(error: LambdaError, request_id: str) -> Response:
    """A LambdaError as Lambda writes it: ``Type`` tells whose fault it is; the spelling of the text's key varies."""
    code = error.code
    body: dict[str, object] = {"Type": error.error_type}
    if "Reason" in error.extra:
        body["Reason"] = error.extra["Reason"]
    key = "message" if code in _LOWER_CASE else "Message"
    body[key] = error.message
    return _json(
        error.status, json.dumps(body).encode(), [("x-amzn-RequestId", request_id), ("x-amzn-ErrorType", code)]
    )


_LOWER_CASE = ("InvalidRequestContentException", "TooManyRequestsException", "ValidationException")
