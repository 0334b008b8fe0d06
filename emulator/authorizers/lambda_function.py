"""Authorizer functions: asked, and their answers kept.

Belongs here: identity, the call, the cache of answers. Never here: deciding whether an answer's policy allows a request
(``execute_api/authorize.py`` does, for each request anew), or the function's runtime.

AWS pages: "Use API Gateway Lambda authorizers", "Configure an API Gateway Lambda authorizer".
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any, Protocol

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.logger import Logger

from emulator.authorizers.authorizer_request import (
    AuthorizerRequest,
    IdentitySource,
    failed,
    misconfigured,
    parse_identity_sources,
    read_all,
    unauthorized,
)
from emulator.authorizers.lambda_answer import AuthorizerAnswer, BadAnswer, parse_answer
from emulator.authorizers.lambda_request import request_event
from emulator.authorizers.lambda_token import accepts, compile_expression, token_event
from emulator.deployment.uris import UriTemplate
from emulator.effects import Effects
from emulator.errors import ControlError
from emulator.observe.execution_log import masked, shown_body, shown_map
from emulator.store.records import Record

DEFAULT_TTL = 300
CALL_SECONDS = 29.0
MAX_CACHED = 10_000
_ROLE = re.compile(r"arn:[a-z0-9-]+:iam::\d{12}:role/\S+")


class FunctionResult(Protocol):
    """What a call of a function came to."""

    @property
    def payload(self) -> bytes: ...

    @property
    def function_error(self) -> str | None: ...

    @property
    def request_id(self) -> str: ...


class Functions(Protocol):
    """Whoever runs functions."""

    def invoke(self, arn: str, payload: bytes, *, trace_id: str | None = None) -> Deferred[Any]:
        """Fires with a FunctionResult; fails with a ControlError of Lambda's when the function cannot be run."""


@frozen(eq=False)
class LambdaAuthorizer:
    """A TOKEN or REQUEST authorizer, compiled from its record. ``broken`` says why it cannot work, if it cannot."""

    id: str
    kind: str
    sources: tuple[IdentitySource, ...]
    expression: Any
    ttl: int
    uri: UriTemplate
    credentials: UriTemplate
    broken: str = ""

    @classmethod
    def compile(cls, record: Record) -> LambdaAuthorizer:
        """From an Authorizer record."""
        ttl = record.get("authorizerResultTtlInSeconds")
        broken = ""
        sources: tuple[IdentitySource, ...] = ()
        expression = None
        try:
            sources = parse_identity_sources(record.get("identitySource"))
            if record["type"] == "TOKEN":
                expression = compile_expression(record.get("identityValidationExpression"))
        except ValueError as problem:
            broken = str(problem)
        return cls(
            id=record["id"],
            kind=record["type"],
            sources=sources,
            expression=expression,
            ttl=DEFAULT_TTL if ttl is None else int(ttl),
            uri=UriTemplate(record.get("authorizerUri") or ""),
            credentials=UriTemplate(record.get("authorizerCredentials") or ""),
            broken=broken,
        )

    def check(self) -> None:
        """Raises the 500 of an authorizer that cannot work."""
        if self.broken:
            raise misconfigured(self.broken)

    def identity(self, request: AuthorizerRequest) -> tuple[str, ...]:
        """The values the answer is kept under. Raises the 401 of a request that has none, or not a valid one.

        A REQUEST authorizer that does not cache asks for none: its function sees every request.
        """
        if self.kind == "REQUEST" and self.ttl <= 0:
            return ()
        values = read_all(self.sources, request)
        if values is None or (self.kind == "TOKEN" and not values):
            raise unauthorized(request)
        if self.kind == "TOKEN" and not accepts(self.expression, values[0]):
            raise unauthorized(request)
        return values


def function_arn(uri: str) -> str | None:
    """The function in ``arn:aws:apigateway:region:lambda:path/2015-03-31/functions/<arn>/invocations``, or None."""
    head, found, tail = uri.partition("/functions/")
    arn, ended, rest = tail.partition("/invocations")
    if not (found and ended) or rest or ":lambda:path/" not in head or not arn or arn.endswith(":"):
        return None
    return arn


class LambdaAuthorizers:
    """All authorizer functions of the emulator, and the cache of what they answered.

    An answer is kept for the authorizer's TTL under (API, stage, authorizer, identity values). At most ``limit``
    answers are kept; the one unused for longest goes first. Errors are never kept.
    """

    log = Logger()

    def __init__(self, effects: Effects, functions: Functions | None, *, limit: int = MAX_CACHED) -> None:
        self._effects = effects
        self._functions = functions
        self._limit = limit
        self._answers: OrderedDict[tuple[str, str, str, tuple[str, ...]], tuple[float, AuthorizerAnswer]] = (
            OrderedDict()
        )

    async def answer(self, authorizer: LambdaAuthorizer, request: AuthorizerRequest) -> AuthorizerAnswer:
        """What the authorizer says of the request's identity. Raises GatewayErrors: 401, or 500 when it is broken."""
        authorizer.check()
        identity = authorizer.identity(request)
        key = (request.api_id, request.stage, authorizer.id, identity)
        caches = authorizer.ttl > 0 and bool(identity)
        if caches:
            kept = self._recall(key)
            if kept is not None:
                return kept
        answer = await self.call(authorizer, request, identity)
        if caches:
            self._keep(key, answer, authorizer.ttl)
        return answer

    def _recall(self, key: tuple[str, str, str, tuple[str, ...]]) -> AuthorizerAnswer | None:
        kept = self._answers.get(key)
        if kept is None:
            return None
        if kept[0] <= self._effects.clock.seconds():
            del self._answers[key]
            return None
        self._answers.move_to_end(key)
        return kept[1]

    def _keep(self, key: tuple[str, str, str, tuple[str, ...]], answer: AuthorizerAnswer, ttl: int) -> None:
        self._answers[key] = (self._effects.clock.seconds() + ttl, answer)
        self._answers.move_to_end(key)
        if len(self._answers) > self._limit:
            self._answers.popitem(last=False)

    def flush(self, api_id: str, stage: str) -> None:
        """Forget every answer of one stage."""
        for key in [key for key in self._answers if key[:2] == (api_id, stage)]:
            del self._answers[key]

    async def call(
        self, authorizer: LambdaAuthorizer, request: AuthorizerRequest, identity: tuple[str, ...]
    ) -> AuthorizerAnswer:
        """Ask the function, past the cache."""
        event = token_event(request, identity[0]) if authorizer.kind == "TOKEN" else request_event(request)
        arn = function_arn(authorizer.uri.fill(request.stage_variables, {}))
        if arn is None:
            raise misconfigured("Invalid authorizer URI")
        if authorizer.credentials and not _ROLE.fullmatch(authorizer.credentials.fill(request.stage_variables, {})):
            raise misconfigured("Invalid authorizer credentials")
        body = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        self._note_call(authorizer, request, identity, arn, body)
        result = await self._invoke(arn, body, request)
        request.endpoint_request_id = result.request_id
        if result.function_error is not None and _says_unauthorized(result.payload):
            raise unauthorized(request)
        if request.log is not None:
            shown = result.payload.decode("utf-8", "replace")
            request.note(f"Authorizer result body before parsing: {shown_body(shown)}")
        if result.function_error is not None:
            raise failed(_failure(result.payload))
        try:
            answer = parse_answer(result.payload)
        except BadAnswer as problem:
            raise misconfigured(str(problem)) from None
        request.note(f"Using valid authorizer policy for principal: {masked(answer.principal_id)}")
        request.note("Successfully completed authorizer execution")
        return answer

    async def _invoke(self, arn: str, body: bytes, request: AuthorizerRequest) -> FunctionResult:
        if self._functions is None:
            raise failed("The emulator runs without functions")
        call = self._functions.invoke(arn, body, trace_id=request.trace_id or None)
        if not call.called:
            call.addTimeout(CALL_SECONDS, self._effects.clock)
        try:
            result: FunctionResult = await call
        except TimedOut:
            raise failed("Authorizer function timed out") from None
        except ControlError as problem:
            raise misconfigured(f"The authorizer function cannot be invoked: {problem.message}") from None
        return result

    def _note_call(
        self, authorizer: LambdaAuthorizer, request: AuthorizerRequest, identity: tuple[str, ...], arn: str, body: bytes
    ) -> None:
        if request.log is None:
            return
        now = datetime.fromtimestamp(self._effects.wall(), UTC).strftime("%Y%m%dT%H%M%SZ")
        request.note(f"Starting authorizer: {authorizer.id} for request: {request.request_id}")
        request.note(f"Incoming identity: {masked(','.join(identity))}")
        endpoint = f"https://lambda.{request.region}.amazonaws.com/2015-03-31/functions/{arn}/invocations"
        request.note(f"Endpoint request URI: {endpoint}")
        request.note(f"Endpoint request headers: {shown_map(_signed(authorizer, request, now))}")
        request.note(f"Endpoint request body after transformations: {shown_body(body.decode('utf-8', 'replace'))}")
        request.note(f"Sending request to {endpoint}")


def _says_unauthorized(payload: bytes) -> bool:
    """``Unauthorized`` is the one word a function may raise; all else is its failure."""
    try:
        problem = json.loads(payload)
    except (ValueError, RecursionError):
        return False
    return isinstance(problem, dict) and problem.get("errorMessage") == "Unauthorized"


def _failure(payload: bytes) -> str:
    """What is wrong with a failed function's payload as an answer."""
    try:
        parse_answer(payload)
    except BadAnswer as problem:
        return str(problem)
    return "Authorizer function failed"


def _signed(authorizer: LambdaAuthorizer, request: AuthorizerRequest, now: str) -> list[tuple[str, str]]:
    """What API Gateway calls the function with, its signature starred out; for whom, unless it takes a role for it."""
    source = f"arn:aws:execute-api:{request.region}:{request.account}:{request.api_id}/authorizers/{authorizer.id}"
    return [
        ("x-amzn-lambda-integration-tag", request.request_id),
        ("Authorization", "*" * 64),
        ("X-Amz-Date", now),
        ("x-amzn-apigateway-api-id", request.api_id),
        *(() if authorizer.credentials else (("X-Amz-Source-Arn", source),)),
        ("Accept", "application/json"),
        ("User-Agent", f"AmazonAPIGateway_{request.api_id}"),
    ]
