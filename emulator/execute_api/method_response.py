"""Method response: the last shaping, and what every answer carries.

Belongs here: the headers of every answer, compression, HEAD. Never here: mappings, the socket.
AWS pages: "Payload compression for REST APIs", "Amazon API Gateway important notes".
"""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

from emulator.execute_api.cache import keep
from emulator.execute_api.context import has
from emulator.execute_api.header_rules import BODY_LIMIT
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.mapping_steps import configuration_error
from emulator.wire import Headers, Response

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway


async def method_response(invocation: Invocation, gateway: Gateway) -> None:
    """Set the reply, and keep it in the stage cache if it may be kept."""
    response = invocation.response
    if len(response.body) > BODY_LIMIT:
        raise configuration_error("Integration response of reported length is larger than allowed maximum")
    if invocation.cache_key is not None:
        keep(invocation, gateway, response)
    invocation.reply = response


def finish(invocation: Invocation, response: Response) -> Response:
    """The answer with API Gateway's own headers, compressed where the API and the client want it, HEAD without body."""
    headers = response.headers
    # A list of its own: what the integration's side said stays as it was, for the logs and the cache.
    lines = [
        *headers.lines,
        ("x-amzn-RequestId", invocation.request_id),
        ("x-amz-apigw-id", invocation.extended_request_id),
    ]
    warning = invocation.extra.get("cacheWarning")
    if warning is not None:
        lines.append(("Warning", warning))
    body = response.body
    if invocation.request.method == "HEAD":
        return Response(status=response.status, headers=Headers(lines))
    if response.stream is None and body and has(invocation, "deployment"):
        smallest = invocation.deployment.minimum_compression_size
        if smallest is not None and len(body) >= smallest:
            headers = Headers(lines)
            body = _compressed(invocation, headers, body)
            lines = headers.lines
    return Response(status=response.status, headers=Headers(lines), body=body, stream=response.stream)


def _compressed(invocation: Invocation, headers: Headers, body: bytes) -> bytes:
    if "content-encoding" in headers:
        return body
    accepted = invocation.request.headers.last("accept-encoding")
    encoding = _encoding(accepted or "")
    if encoding is None:
        return body
    headers.set("Content-Encoding", encoding)
    return gzip.compress(body, 6, mtime=0) if encoding == "gzip" else zlib.compress(body, 6)


def _encoding(accepted: str) -> str | None:
    """The first of gzip and deflate that Accept-Encoding allows, by weight."""
    best: tuple[float, str] | None = None
    for entry in accepted.split(","):
        name, _, parameters = entry.partition(";")
        name = name.strip().lower()
        weight = 1.0
        if parameters.strip().startswith("q="):
            try:
                weight = float(parameters.strip()[2:])
            except ValueError:
                weight = 0.0
        if name == "*":
            name = "gzip"
        if name in ("gzip", "deflate") and weight > 0 and (best is None or weight > best[0]):
            best = (weight, name)
    return best[1] if best else None
