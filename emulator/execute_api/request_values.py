"""What mappings and templates read of a request: headers as they arrived, query, path, body, context.

Belongs here: one lazy view of an invocation. Never here: what is done with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emulator.errors import GatewayError
from emulator.execute_api.context import context_of
from emulator.execute_api.header_rules import ARRIVAL_DROPPED
from emulator.execute_api.invocation import Invocation
from emulator.mapping.errors import MappingError
from emulator.mapping.json_smart import loads
from emulator.mapping.jsonpath import MISSING, compile_path
from emulator.mapping.values import Budget, json_text, to_text
from emulator.wire import Headers, media_type

_JSON_BEGINS = frozenset("{['\"")


def _bad_request() -> GatewayError:
    # Of no type of its own, seen on AWS.
    return GatewayError(
        "DEFAULT_4XX", "Invalid JSON in request body", status=400, error_type="BadRequestException"
    )


def _bad_response() -> GatewayError:
    return GatewayError(
        "API_CONFIGURATION_ERROR", log="Execution failed due to configuration error: Invalid JSON in response body"
    )


def body_type(invocation: Invocation) -> str:
    """The media type of the client's body. A test's is JSON, whatever it says ("important notes")."""
    if invocation.test:
        return "application/json"
    return media_type(invocation.request.headers.last("content-type")) or "application/json"


def arrived_headers(invocation: Invocation) -> Headers:
    """The client's headers without those API Gateway keeps to itself, with what it adds on arrival."""
    known: Headers | None = invocation.extra.get("arrived")
    if known is not None:
        return known
    request = invocation.request
    lines = [line for line in request.headers.lines if line[0].lower() not in ARRIVAL_DROPPED]
    headers = Headers(lines)
    if not invocation.test:
        headers = _forwarded(invocation, headers)
    invocation.extra["arrived"] = headers
    return headers


def _forwarded(invocation: Invocation, headers: Headers) -> Headers:
    """X-Amzn-Trace-Id and X-Forwarded-For/-Port/-Proto, as the load balancer in front of the service sets them."""
    request = invocation.request
    source = request.source_ip
    before = headers.all("x-forwarded-for")
    sent_trace = "x-amzn-trace-id" in headers
    trace = invocation.trace_id if sent_trace else invocation.trace_id.partition(";")[0]
    ours = ("x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id")
    lines = [line for line in headers.lines if line[0].lower() not in ours]
    _, _, port = request.host.rpartition(":")
    lines.append(("X-Amzn-Trace-Id", trace))
    lines.append(("X-Forwarded-For", ", ".join([*before, source])))
    lines.append(("X-Forwarded-Port", port if port.isdigit() else ("443" if request.scheme == "https" else "80")))
    lines.append(("X-Forwarded-Proto", request.scheme))
    return Headers(lines)


def carries_signature(invocation: Invocation) -> bool:
    """Whether Authorization is a signature for API Gateway itself, which proxy integrations never see.

    The guide's table: dropped when it is a Signature Version 4, or AWS_IAM is used.
    """
    if invocation.method.authorization_type == "AWS_IAM":
        return True
    sent = invocation.request.headers.last("authorization")
    return sent is not None and sent.startswith("AWS4-")


def query_lists(invocation: Invocation) -> dict[str, list[str]]:
    """Every value per query parameter."""
    lists: dict[str, list[str]] = {}
    for name, value in invocation.query:
        lists.setdefault(name, []).append(value)
    return lists


class RequestValues:
    """``mapping.parameters.Values`` over a request. ``body`` is text, set by the stage that knows how to read it."""

    __slots__ = ("_invocation", "_query", "body", "headers")

    def __init__(self, invocation: Invocation, body: str | None = None) -> None:
        self._invocation = invocation
        self._query: dict[str, list[str]] | None = None
        self.headers = arrived_headers(invocation)
        self.body = invocation.request.body.decode("utf-8", "replace") if body is None else body

    @property
    def path(self) -> Mapping[str, str]:
        parameters: dict[str, str] = self._invocation.path_parameters
        return parameters

    @property
    def query(self) -> Mapping[str, list[str]]:
        query = self._query
        if query is None:
            query = self._query = query_lists(self._invocation)
        return query

    @property
    def context(self) -> Mapping[str, Any]:
        return context_of(self._invocation)

    @property
    def stage_variables(self) -> Mapping[str, str]:
        variables: dict[str, str] = self._invocation.stage_variables
        return variables

    def body_path(self, path: str) -> str | None:
        return body_text(self.body, path, _bad_request)


class ResponseValues:
    """``mapping.parameters.Values`` over an integration's answer."""

    __slots__ = ("_invocation", "body", "headers", "path", "query")

    def __init__(self, invocation: Invocation, headers: Headers, body: str) -> None:
        self._invocation = invocation
        self.headers = headers
        self.body = body
        self.path: Mapping[str, str] = {}
        self.query: Mapping[str, list[str]] = {}

    @property
    def context(self) -> Mapping[str, Any]:
        return context_of(self._invocation)

    @property
    def stage_variables(self) -> Mapping[str, str]:
        variables: dict[str, str] = self._invocation.stage_variables
        return variables

    def body_path(self, path: str) -> str | None:
        return body_text(self.body, path, _bad_response)


def body_text(body: str, path: str, broken: Callable[[], GatewayError]) -> str | None:
    """The body, or what a JSONPath finds in it, as a header's text; None when there is nothing.

    No body is an empty object. One that begins as JSON has to be JSON, even where all of it is mapped: else ``broken``.
    """
    body = body.strip() or "{}"
    if body[0] not in _JSON_BEGINS:
        return body if path == "$" else None
    try:
        document = loads(body)
    except MappingError as error:
        raise broken() from error
    if path == "$":
        return body
    try:
        found = compile_path(path).find(document)
        if found is None or found is MISSING:
            return None
        budget = Budget()
        return json_text(found, budget) if isinstance(found, dict | list) else to_text(found, budget)
    except MappingError:
        return None
