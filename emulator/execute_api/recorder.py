"""Recorder: the last requests, kept whole, to be told line by line why each went the way it did.

Belongs here: keeping a bounded number of finished invocations, and telling one. Never here: how that is shown
(``pages.py``, ``console``), what CloudWatch gets (``watch.py``).
Told in the words of API Gateway's execution log, whatever the stage's log level is; credentials and keys starred out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import frozen

from emulator.effects import Effects
from emulator.execute_api.context import has
from emulator.execute_api.execution import execution_of
from emulator.execute_api.invocation import Invocation
from emulator.observe import execution_log
from emulator.wire import Response

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway

KEPT = 200
# Under load the memory of so many would be cold whenever it is used again, which costs more than all else here: of more
# requests in a second, those that went well are not kept.
A_SECOND = 500
KEPT_BYTES = 16 * 1024 * 1024  # of bodies; the newest request is kept whatever its size


@frozen
class Finished:
    """One request and its answer. ``seconds``: how long it took; ``size``: bytes of its bodies."""

    invocation: Invocation
    reply: Response
    seconds: float
    size: int


class Recorder:
    """An observer of the gateway."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self._kept: deque[Finished] = deque()
        self._bytes = 0
        self._second = 0.0
        self._seen = 0

    def finished(self, invocation: Invocation, gateway: Gateway) -> None:
        """Keep a finished request. On the hot path: nothing is formatted here."""
        reply = invocation.reply
        if reply is None:
            return
        now = self._effects.clock.seconds()
        if now - self._second >= 1.0:
            self._second, self._seen = now, 0
        self._seen += 1
        if self._seen > A_SECOND and invocation.error is None:
            return
        size = len(invocation.request.body) + len(reply.body)
        if has(invocation, "answer"):
            size += len(invocation.answer.body) + len(invocation.integration_request.body)
        kept = self._kept
        kept.append(Finished(invocation, reply, now - invocation.started, size))
        self._bytes += size
        while len(kept) > KEPT or (self._bytes > KEPT_BYTES and len(kept) > 1):
            self._bytes -= kept.popleft().size

    def stop(self) -> None:
        """Nothing is scheduled."""

    def clear(self) -> None:
        """Forget everything: the emulator is being emptied."""
        self._kept.clear()
        self._bytes = 0

    def newest(self) -> Iterator[dict[str, Any]]:
        """A line for each request, the newest first."""
        return (_summary(each) for each in reversed(self._kept))

    def find(self, request_id: str) -> dict[str, Any] | None:
        """One request by its id (or the start of it), with its log; None if it is not kept (any more)."""
        for each in reversed(self._kept):
            if each.invocation.request_id.startswith(request_id):
                return {**_summary(each), "log": _log(each)}
        return None


def _summary(seen: Finished) -> dict[str, Any]:
    invocation, error = seen.invocation, seen.invocation.error
    request = invocation.request
    at = datetime.fromtimestamp(invocation.epoch, UTC)
    return {
        "requestId": invocation.request_id,
        "time": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
        "method": request.method,
        "host": request.host,
        "path": request.raw_path.decode("utf-8", "replace"),
        "apiId": invocation.deployment.api_id if has(invocation, "deployment") else None,
        "stage": invocation.stage.name if has(invocation, "stage") else None,
        "resource": invocation.method.resource_path if has(invocation, "method") else None,
        "integration": invocation.integration_request.type if has(invocation, "integration_request") else None,
        "status": seen.reply.status,
        "milliseconds": round(seen.seconds * 1000, 1),
        "integrationMilliseconds": invocation.integration_latency if has(invocation, "integration_latency") else None,
        "gatewayResponse": None if error is None else error.response_type,
        "why": None if error is None else error.log or error.validation_error or _guess(invocation) or error.message,
    }


def _guess(invocation: Invocation) -> str | None:
    """In our own words, where AWS has none: for the answers that tell a client as little as they can."""
    request = invocation.request
    if not has(invocation, "stage"):
        return "No such API or stage, or not by this address"
    if not has(invocation, "method"):
        return f"The deployment has no {request.method} {invocation.path}; an edit counts from the next deployment on"
    kind = invocation.error.response_type if invocation.error is not None else ""
    if kind == "MISSING_AUTHENTICATION_TOKEN":
        return f"The method's authorization is {invocation.method.authorization_type}, and the request is not signed"
    if kind == "INVALID_API_KEY":
        sent = "x-api-key" in request.headers
        return "The key is unknown, disabled, or in no usage plan with this stage" if sent else "No x-api-key was sent"
    return None


def _log(seen: Finished) -> list[str]:
    if not has(seen.invocation, "stage"):
        return [f"No API answers to this address: {seen.invocation.request.host}"]
    execution = execution_of(seen.invocation, seen.reply)
    return [text for _, text in execution_log.lines(execution)]
