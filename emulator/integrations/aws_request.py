"""An AWS integration's request as the service gets it: path, query, headers, body, by the service's protocol.

Belongs here: pure rewriting. Never here: sending, or reading the answer.
AWS pages: "Set up an integration request" (action and path), and the tutorials for SQS, DynamoDB, Kinesis, S3,
Step Functions and EventBridge.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, quote, urlencode

import orjson
from attrs import frozen

from emulator.integrations.aws_uri import AwsUri
from emulator.integrations.dispatch import IntegrationRequest
from emulator.services.protocols import Description, has_action, parameters, rest_request
from emulator.wire import Headers, Request, media_type

_FORM = "application/x-www-form-urlencoded"
# Headers that are about the connection to us, or that the service's signature takes care of.
_DROPPED = frozenset(("host", "content-length", "transfer-encoding", "connection", "authorization"))
_UNWRITABLE = re.compile(r"[^!-;=@-\[\]_a-z~]")
_BODILESS = frozenset(("GET", "HEAD"))

Pairs = Sequence[tuple[str, str]]


@frozen
class ServiceRequest:
    """What goes to the service. ``action`` is known for ``action/`` URIs and where the request names it.

    ``envelope``: the answer is to be written as the query protocol's JSON, though the service speaks JSON only.
    """

    request: Request
    action: str
    envelope: bool = False


def service_request(uri: AwsUri, description: Description | None, asked: IntegrationRequest) -> ServiceRequest:
    """Write the request down. Raises ``ValueError`` for an action without what it requires."""
    pairs = (*uri.pairs, *asked.query)
    body = b"" if asked.http_method in _BODILESS else asked.body
    if uri.kind == "path":
        return _by_path(uri, description, asked, pairs, body)
    if description is None:
        return _plain(uri, asked, asked.headers, "/", (("Action", uri.rest), *pairs), body, uri.rest)
    is_json = media_type(asked.headers.last("content-type")).startswith("application/x-amz-json")
    if description.speaks_query and not (is_json and description.speaks_json):
        return _by_query(uri, description, asked, pairs, body)
    if description.speaks_json:
        return _by_target(uri, description, asked, pairs, body)
    return _by_rest(uri, description, asked, pairs, body)


def _by_path(
    uri: AwsUri, description: Description | None, asked: IntegrationRequest, pairs: Pairs, body: bytes
) -> ServiceRequest:
    """The request as it is mapped. Only the protocol is made plain where the headers leave it open."""
    headers = asked.headers
    target = headers.last("x-amz-target")
    if target:
        if description is not None and description.speaks_json:
            headers = _typed(headers, description)
        return _plain(uri, asked, headers, uri.rest, pairs, body, target.rpartition(".")[2])
    named = list(pairs)
    if media_type(headers.last("content-type")) == _FORM:
        named += parse_qsl(body.decode("utf-8", "replace"))
    action = next((value for name, value in named if name == "Action"), "")
    if action and description is not None and description.speaks_query:
        headers = headers.copy()
        headers.set("Content-Type", _FORM)
    return _plain(uri, asked, headers, uri.rest, pairs, body, action)


def _typed(headers: Headers, description: Description) -> Headers:
    """AWS's JSON services take ``application/json`` for their own JSON; what stands in for them may not."""
    if media_type(headers.last("content-type")).startswith("application/x-amz-json"):
        return headers
    headers = headers.copy()
    headers.set("Content-Type", f"application/x-amz-json-{description.json_version}")
    return headers


def _plain(
    uri: AwsUri, asked: IntegrationRequest, headers: Headers, path: str, pairs: Pairs, body: bytes, action: str
) -> ServiceRequest:
    return ServiceRequest(_request(uri, asked.http_method, path, pairs, headers, body), action)


def _by_query(
    uri: AwsUri, description: Description, asked: IntegrationRequest, pairs: Pairs, body: bytes
) -> ServiceRequest:
    """Action and Version beside the parameters, all of them in a form: services read one place, the form first."""
    given = list(pairs)
    if body and media_type(asked.headers.last("content-type")) in (_FORM, ""):
        given += parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    version = next((value for name, value in given if name == "Version"), description.api_version)
    form = [("Action", uri.rest), ("Version", version)]
    form += [pair for pair in given if pair[0] not in ("Action", "Version")]
    headers = asked.headers.copy()
    headers.set("Content-Type", _FORM)
    return ServiceRequest(_request(uri, "POST", "/", (), headers, urlencode(form).encode()), uri.rest)


def _by_target(
    uri: AwsUri, description: Description, asked: IntegrationRequest, pairs: Pairs, body: bytes
) -> ServiceRequest:
    """X-Amz-Target names the action. Parameters in the query are the old query protocol, which AWS still answers in."""
    headers = asked.headers.copy()
    if "x-amz-target" not in headers:
        headers.set("X-Amz-Target", f"{description.target_prefix}.{uri.rest}")
    elif (named := (headers.last("x-amz-target") or "").rpartition(".")[2]) != uri.rest:
        return ServiceRequest(_request(uri, "POST", "/", (), _typed(headers, description), body), named)
    given = parameters(description, uri.rest, pairs) if pairs and has_action(description, uri.rest) else {}
    if given:
        # Seen on AWS with SSM: with parameters in the query the body does not count. Names it does not have do nothing.
        body = orjson.dumps(given)
    headers = _typed(headers, description)
    return ServiceRequest(_request(uri, "POST", "/", (), headers, body or b"{}"), uri.rest, bool(given))


def _by_rest(
    uri: AwsUri, description: Description, asked: IntegrationRequest, pairs: Pairs, body: bytes
) -> ServiceRequest:
    made = rest_request(description, uri.rest, pairs, body)
    headers = asked.headers.copy()
    for name, value in made.headers:
        if name not in headers:
            headers.set(name, value)
    return ServiceRequest(_request(uri, made.method, made.path, made.query, headers, made.body), uri.rest)


def _request(uri: AwsUri, method: str, path: str, pairs: Pairs, headers: Headers, body: bytes) -> Request:
    if _UNWRITABLE.search(path):
        path = _UNWRITABLE.sub(lambda found: quote(found[0], safe=""), path)
    query = "&".join(f"{quote(name, safe='-._~')}={quote(value, safe='-._~')}" for name, value in pairs)
    lines = [("Host", uri.host), *(line for line in headers.lines if line[0].lower() not in _DROPPED)]
    if body:
        lines.append(("Content-Length", str(len(body))))
    return Request(
        method=method,
        raw_path=path.encode(),
        raw_query=query.encode(),
        headers=Headers(lines),
        body=body,
        scheme="https",
        host=uri.host,
    )
