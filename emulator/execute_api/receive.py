"""Receive: limits on what comes in, before anything looks at it; compressed bodies made plain.

Belongs here: AWS's limits on headers and bodies. Never here: the reading of sockets (the front stops at
``header_rules.BODY_LIMIT``).
AWS page: "Quotas for configuring and running a REST API in API Gateway".
"""

from __future__ import annotations

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
            "Request Header Fields Too Large",
            status=431,
            error_type="RequestHeaderFieldsTooLargeException",
        )
