"""Receive: limits on what comes in, before anything looks at it; compressed bodies made plain.

Belongs here: AWS's limits on headers and bodies. Never here: the reading of sockets (the front stops at
``header_rules.BODY_LIMIT``).
AWS page: "Quotas for configuring and running a REST API in API Gateway".
"""

from __future__ import annotations

import zlib

from attrs import evolve

from emulator.errors import GatewayError
from emulator.execute_api.header_rules import BODY_LIMIT, HEADER_LIMIT
from emulator.execute_api.invocation import Invocation


def receive(invocation: Invocation) -> None:
    """REQUEST_TOO_LARGE for a body over 10 MB; 431 when the request line and headers are over 10,240 bytes."""
    request = invocation.request
    if len(request.body) > BODY_LIMIT:
        raise GatewayError("REQUEST_TOO_LARGE")
    size = len(request.raw_path) + len(request.raw_query)
    for name, value in request.headers.lines:
        size += len(name) + len(value)
    if size > HEADER_LIMIT:
        raise GatewayError(
            "DEFAULT_4XX",
            "HTTP header is larger than 10240 bytes.",
            status=431,
            error_type="RequestHeaderFieldsTooLargeException",
        )


def decompress(invocation: Invocation) -> None:
    """Make a gzip or deflate body plain, for an API with compression on; called once the deployment is known."""
    request = invocation.request
    encoding = (request.headers.last("content-encoding") or "").strip().lower()
    if not request.body or encoding not in ("gzip", "deflate"):
        return
    engine = zlib.decompressobj(16 + zlib.MAX_WBITS if encoding == "gzip" else zlib.MAX_WBITS)
    try:
        body = engine.decompress(request.body, BODY_LIMIT + 1)
    except zlib.error as error:
        raise GatewayError("BAD_REQUEST_BODY", "Invalid gzip or deflate payload", status=400) from error
    if len(body) > BODY_LIMIT:
        raise GatewayError("REQUEST_TOO_LARGE")
    headers = request.headers.copy()
    headers.remove("content-encoding")
    invocation.request = evolve(request, body=body, headers=headers)
