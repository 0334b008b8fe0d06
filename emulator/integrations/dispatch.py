"""Integrations: the Protocol they follow, the table of them, and the timeout, once.

Belongs here: which integration serves a request, and how long it may take. Never here: mapping, or what an answer
means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from attrs import Factory, evolve, frozen
from twisted.internet.defer import Deferred

from emulator.effects import Effects
from emulator.errors import GatewayError
from emulator.integrations.timed_stream import TimedStream
from emulator.wire import Headers, Stream

# How AWS's log ends when a backend's address is none.
INVALID_ENDPOINT = "Invalid endpoint address"


@frozen(kw_only=True)
class IntegrationRequest:
    """A prepared call to a backend: everything mapped, nothing left to look up.

    ``uri`` has its stage variables and path parameters filled in. ``query`` is in order, decoded.
    ``event`` is the Lambda event (bytes of JSON) for AWS_PROXY; ``body`` is what the backend gets otherwise.
    ``credentials`` is the role ARN (or ``arn:aws:iam::*:user/*``) or empty. ``timeout`` is in seconds.
    """

    type: str  # MOCK, HTTP, HTTP_PROXY, AWS, AWS_PROXY
    http_method: str
    uri: str
    headers: Headers = Factory(Headers)
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    event: bytes = b""
    account: str = ""
    region: str = ""
    api_id: str = ""
    stage: str = ""
    credentials: str = ""
    caller: Mapping[str, Any] = Factory(dict)  # $context.identity, for credentials = the caller's own
    connection_type: str = "INTERNET"
    connection_id: str = ""
    integration_target: str = ""  # ALB/NLB listener ARN for VPC links v2
    tls_insecure: bool = False
    client_certificate: str = ""  # client certificate id of the stage
    stream: bool = False  # responseTransferMode=STREAM
    asynchronous: bool = False  # X-Amz-Invocation-Type: Event
    timeout: float = 29.0
    idle_timeout: float = 300.0  # of a streaming answer: 5 minutes, or 30 s on edge-optimized endpoints
    trace_id: str = ""
    request_id: str = ""


@frozen(kw_only=True)
class IntegrationAnswer:
    """What the backend answered. ``function_error`` is Lambda's errorMessage when the function failed ("" without one).

    A streaming function's answer has its metadata in ``prelude`` (statusCode, headers, multiValueHeaders, cookies) and
    the payload in ``stream``; without valid metadata both are None. ``status`` 202 from Lambda: an asynchronous call.
    """

    status: int
    headers: Headers = Factory(Headers)
    body: bytes = b""
    stream: Stream | None = None
    prelude: Mapping[str, Any] | None = None
    function_error: str | None = None
    request_id: str = ""  # the backend's own, for $context.awsEndpointRequestId


class Integration(Protocol):
    """One type of integration."""

    def invoke(self, request: IntegrationRequest) -> Deferred[IntegrationAnswer]:
        """Call the backend. Cancelling the Deferred gives the call up; failures are GatewayErrors."""


class Dispatch:
    """The table of integrations by type, and the timeout around each call."""

    def __init__(self, effects: Effects, table: Mapping[str, Integration]) -> None:
        self._effects = effects
        self._table = table

    def invoke(self, request: IntegrationRequest) -> Deferred[IntegrationAnswer]:
        """Call the request's integration, for at most ``request.timeout`` seconds, then INTEGRATION_TIMEOUT."""
        named = ".elb.amazonaws.com" in request.uri and request.type.startswith("HTTP")
        balanced = named or request.connection_type == "VPC_LINK"
        key = "VPC_LINK" if balanced else request.type
        called = self._table[key].invoke(request)
        if not called.called:
            called.addTimeout(request.timeout, self._effects.clock, onTimeoutCancel=_late)
        if request.stream:
            called.addCallback(self._timed, request, self._effects.clock.seconds())
        return called

    def _timed(self, answer: IntegrationAnswer, request: IntegrationRequest, began: float) -> IntegrationAnswer:
        """The timeout covers the whole stream, the head included."""
        if answer.stream is None:
            return answer
        clock = self._effects.clock
        left = request.timeout - (clock.seconds() - began)
        return evolve(answer, stream=TimedStream(answer.stream, clock, left, request.idle_timeout))


def _late(_value: object, timeout: float) -> None:
    raise GatewayError("INTEGRATION_TIMEOUT", log="Execution failed due to a timeout error")
