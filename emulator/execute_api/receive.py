"""Receive: limits on what comes in, before anything looks at it; compressed bodies made plain.

Belongs here: AWS's limits on headers, addresses and bodies. Never here: the reading of sockets (the front stops at
``header_rules.BODY_LIMIT``).
AWS pages: "Quotas for configuring and running a REST API in API Gateway", "Amazon API Gateway important notes",
"Call an API method with a compressed payload".
"""

from __future__ import annotations

import re
import zlib

from attrs import evolve

from emulator.errors import GatewayError
from emulator.execute_api.header_rules import BODY_LIMIT, HEADER_LIMIT, URL_LIMIT
from emulator.execute_api.invocation import Invocation

# Characters that must come escaped in a query.
_UNESCAPED = re.compile(rb"[|{}]")


def receive(invocation: Invocation) -> None:
    """The checks before anything is looked up: so no gateway response of an API has a say in their answers.

    REQUEST_TOO_LARGE for a body over 10 MB, 431 when the header values come to more than 10,240 bytes, 414 for an
    address longer than that, 400 for a query AWS does not read.
    """
    request = invocation.request
    if len(request.body) > BODY_LIMIT:
        raise GatewayError("REQUEST_TOO_LARGE")
    if sum([len(value) for _, value in request.headers.lines]) > HEADER_LIMIT:
        raise _refusal(431, "HTTP header is larger than 10240 bytes.", "RequestHeaderFieldsTooLargeException")
    if len(request.raw_path) + len(request.raw_query) > URL_LIMIT:
        raise _refusal(414, "Request URI too long", "RequestUriTooLongException")
    if request.raw_query and not invocation.test and _UNESCAPED.search(request.raw_query):
        raise _refusal(400, "Bad Request", "BadRequestException")


def _refusal(status: int, message: str, error_type: str) -> GatewayError:
    return GatewayError("DEFAULT_4XX", message, status=status, error_type=error_type)


def decompress(invocation: Invocation, smallest: int | None) -> None:
    """Make a gzip or deflate body plain; its Content-Encoding stays, as functions on AWS see it.

    ``smallest`` is the API's minimumCompressionSize: smaller bodies are left as they are. An API without one takes
    compressed bodies too. UNSUPPORTED_MEDIA_TYPE for a body that is not of the coding it says and, with compression
    on, for another coding. Called once the deployment is known.
    """
    request = invocation.request
    encoding = (request.headers.last("content-encoding") or "").strip().lower()
    if not encoding or encoding == "identity" or len(request.body) < (smallest or 1):
        return
    if encoding not in ("gzip", "deflate"):
        if smallest is None:
            return
        raise GatewayError("UNSUPPORTED_MEDIA_TYPE")
    engine = zlib.decompressobj(16 + zlib.MAX_WBITS if encoding == "gzip" else zlib.MAX_WBITS)
    try:
        body = engine.decompress(request.body, BODY_LIMIT + 1)
    except zlib.error as error:
        raise GatewayError("UNSUPPORTED_MEDIA_TYPE") from error
    if len(body) > BODY_LIMIT:
        raise GatewayError("REQUEST_TOO_LARGE")
    if not engine.eof:
        raise GatewayError("UNSUPPORTED_MEDIA_TYPE")
    invocation.request = evolve(request, body=body)
