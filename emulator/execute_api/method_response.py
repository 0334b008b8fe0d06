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

# Bytes from which on a body is compressed off the reactor.
LARGE = 64 * 1024


async def method_response(invocation: Invocation, gateway: Gateway) -> None:
    """Set the reply, and keep it in the stage cache if it may be kept."""
    response = invocation.response
    if len(response.body) > BODY_LIMIT:
        raise configuration_error("Integration response of reported length is larger than allowed maximum")
    if invocation.cache_key is not None:
        keep(invocation, gateway, response)
    invocation.reply = response


def finish(invocation: Invocation, response: Response) -> Response:
    """The answer with API Gateway's own headers; for HEAD without its body."""
    # A list of its own: what the integration's side said stays as it was, for the logs and the cache.
    lines = [
        *response.headers.lines,
        ("x-amzn-RequestId", invocation.request_id),
        ("x-amz-apigw-id", invocation.extended_request_id),
    ]
    warning = invocation.extra.get("cacheWarning")
    if warning is not None:
        lines.append(("Warning", warning))
    head = invocation.request.method == "HEAD"
    if head and response.stream is not None:
        response.stream.cancel()
    return Response(
        status=response.status,
        headers=Headers(lines),
        body=b"" if head else response.body,
        stream=None if head else response.stream,
    )


async def compress(invocation: Invocation, gateway: Gateway, response: Response) -> Response:
    """The answer compressed, where the API and the client want it."""
    smallest = invocation.deployment.minimum_compression_size if has(invocation, "deployment") else None
    body = response.body
    if smallest is None or not body or len(body) < smallest or "content-encoding" in response.headers:
        return response
    encoding = _encoding(invocation.request.headers.last("accept-encoding") or "")
    if encoding is None:
        return response
    if len(body) > LARGE:
        body = await gateway.effects.in_thread(_compressed, body, encoding)
    else:
        body = _compressed(body, encoding)
    headers = response.headers.copy()
    headers.set("Content-Encoding", encoding)
    return Response(status=response.status, headers=headers, body=body)


def _compressed(body: bytes, encoding: str) -> bytes:
    return gzip.compress(body, 6, mtime=0) if encoding == "gzip" else zlib.compress(body, 6)


def _encoding(accepted: str) -> str | None:
    """gzip or deflate, where Accept-Encoding names it with the highest weight; ``*`` names nothing."""
    weights: dict[str, float] = {}
    for entry in accepted.split(","):
        name, _, parameters = entry.partition(";")
        weight = 1.0
        if parameters.strip().startswith("q="):
            try:
                weight = float(parameters.strip()[2:])
            except ValueError:
                weight = 0.0
        weights[name.strip().lower()] = weight
    highest = max(weights.values())
    for name, weight in weights.items():
        if name in ("gzip", "deflate") and weight == highest > 0:
            return name
    return None
