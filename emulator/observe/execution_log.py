"""Execution logs: what happened to one request, line by line, as AWS words it.

Belongs here: the lines and their order, for CloudWatch and for TestInvokeMethod. Never here: collecting, sending.
AWS page: "Set up CloudWatch logging for REST APIs in API Gateway"; the lines are those of recorded answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from attrs import Factory, frozen

# A printed map is cut here; so is a body.
_MAP_LIMIT = 998
_BODY_LIMIT = 1024
_TRUNCATED = " [TRUNCATED]"

# Which lines a level shows: those of INFO only with INFO, those of DATA only with full request and response logging.
INFO, ERROR, DATA = "INFO", "ERROR", "DATA"


@frozen(kw_only=True)
class Endpoint:
    """One call to a backend; ``status`` is None when no answer came."""

    uri: str
    url: str
    headers: Iterable[tuple[str, str]]
    body: str
    status: int | None = None
    latency: int = 0  # milliseconds
    response_headers: Iterable[tuple[str, str]] = ()
    response_body: str = ""


@frozen(kw_only=True)
class Execution:
    """One request, as far as it came. ``status`` is the client's; ``failure`` the log line of what went wrong."""

    request_id: str
    extended_request_id: str = ""
    http_method: str
    resource_path: str
    path_parameters: Mapping[str, str] = Factory(dict)
    query: Iterable[tuple[str, str]] = ()
    headers: Iterable[tuple[str, str]] = ()
    body: str = ""
    notes: tuple[str, ...] = ()  # what the gatekeepers had to say, before anything else
    endpoint: Endpoint | None = None
    response_headers: Iterable[tuple[str, str]] | None = None  # None: no method response was made
    response_body: str = ""
    failure: str = ""
    status: int = 200
    started: bool = True  # whether the gatekeepers let it in
    api_key: str = ""  # masked
    # CloudWatch alone shows these: usage plans before, the backend's id and the gateway response after.
    preface: tuple[str, ...] = ()
    backend_request_id: str = ""
    response_type: str = ""  # of the gateway response, with its headers and body
    gateway_headers: Iterable[tuple[str, str]] = ()
    gateway_body: str = ""


def lines(execution: Execution) -> list[tuple[str, str]]:
    """``(kind, text)`` of every line after the first, kind one of INFO, ERROR, DATA."""
    out = [(_kind_of(note), note) for note in execution.notes]
    out.extend((INFO, line) for line in execution.preface)
    if execution.started:
        out.extend(_request(execution))
    if execution.endpoint is not None:
        out.extend(_endpoint(execution.endpoint))
    if execution.response_headers is not None and not execution.failure:
        out.append((DATA, f"Method response body after transformations: {shown_body(execution.response_body)}"))
        out.append((DATA, f"Method response headers: {shown_map(execution.response_headers)}"))
        out.append((INFO, "Successfully completed execution"))
    if execution.failure:
        out.append((ERROR, execution.failure))
    if execution.response_type:
        out.extend(_gateway_response(execution))
    if execution.started:
        out.append((ERROR if execution.failure else INFO, f"Method completed with status: {execution.status}"))
    return out


def _kind_of(note: str) -> str:
    """What an authorizer is asked and answers holds its caller's token: only full logging shows it."""
    if note.startswith(("Endpoint request ", "Authorizer result body ")):
        return DATA
    return ERROR if "fail" in note.lower() else INFO


def _request(execution: Execution) -> list[tuple[str, str]]:
    out = [
        (INFO, f"Starting execution for request: {execution.request_id}"),
        (INFO, f"HTTP Method: {execution.http_method}, Resource Path: {execution.resource_path}"),
    ]
    if execution.api_key:
        out.append((INFO, f"API Key: {execution.api_key}"))
    out += [
        (DATA, f"Method request path: {shown_map(execution.path_parameters.items())}"),
        (DATA, f"Method request query string: {shown_map(execution.query)}"),
        (DATA, f"Method request headers: {shown_map(execution.headers)}"),
        (DATA, f"Method request body before transformations: {shown_body(execution.body)}"),
    ]
    return out


def _gateway_response(execution: Execution) -> list[tuple[str, str]]:
    return [
        (ERROR, f"Gateway response type: {execution.response_type} with status code: {execution.status}"),
        (DATA, f"Gateway response body: {shown_body(execution.gateway_body)}"),
        (DATA, f"Gateway response headers: {shown_map(execution.gateway_headers)}"),
    ]


def _endpoint(endpoint: Endpoint) -> list[tuple[str, str]]:
    out = [
        (DATA, f"Endpoint request URI: {endpoint.uri}"),
        (DATA, f"Endpoint request headers: {shown_map(endpoint.headers)}"),
        (DATA, f"Endpoint request body after transformations: {shown_body(endpoint.body)}"),
        (INFO, f"Sending request to {endpoint.url}"),
    ]
    if endpoint.status is not None:
        out.append(
            (INFO, f"Received response. Status: {endpoint.status}, Integration latency: {endpoint.latency} ms")
        )
        out.append((DATA, f"Endpoint response headers: {shown_map(endpoint.response_headers)}"))
        out.append((DATA, f"Endpoint response body before transformations: {shown_body(endpoint.response_body)}"))
    return out


def for_test(execution: Execution, epoch: float) -> str:
    """The ``log`` of TestInvokeMethod: every line, each after the first with its date."""
    stamp = datetime.fromtimestamp(epoch, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
    first = f"Execution log for request {execution.request_id}\n"
    return first + "".join(f"{stamp} : {text}\n" for _, text in lines(execution))


def for_cloudwatch(execution: Execution, level: str, data_trace: bool) -> list[str]:
    """The events of one request at a stage's level; each opens with the request id in brackets."""
    wanted = {ERROR} if level == "ERROR" else {ERROR, INFO}
    if data_trace:
        wanted.add(DATA)
    texts = [text for kind, text in lines(execution) if kind in wanted]
    if level != "ERROR":
        texts.insert(0, f"Extended Request Id: {execution.extended_request_id}")
        if execution.backend_request_id:
            texts.append(f"AWS Integration Endpoint RequestId : {execution.backend_request_id}")
    return [f"({execution.request_id}) {text}" for text in texts]


def masked(secret: str) -> str:
    """A key or token as a log shows it: stars, then its last characters, at most six and at most half of them."""
    shown = min(6, len(secret) // 2)
    return "*" * (len(secret) - shown) + secret[len(secret) - shown :]


def group(api_id: str, stage: str) -> str:
    """The log group API Gateway keeps for a stage."""
    return f"API-Gateway-Execution-Logs_{api_id}/{stage}"


def shown_map(pairs: Iterable[tuple[str, str]]) -> str:
    """Headers or parameters as Java prints a map, cut."""
    text = "{" + ", ".join(f"{name}={value}" for name, value in pairs) + "}"
    return text if len(text) <= _MAP_LIMIT else text[:_MAP_LIMIT] + _TRUNCATED


def shown_body(body: str) -> str:
    """A body, cut."""
    return body if len(body) <= _BODY_LIMIT else body[:_BODY_LIMIT] + _TRUNCATED
