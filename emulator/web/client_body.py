"""The body of a backend's answer: whole, within a limit, or as a stream relayed with back-pressure.

Belongs here: taking a body from Twisted's ``IResponse``. Never here: what too long or broken means to a caller.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone, ResponseFailed
from twisted.web.http import PotentialDataLoss

from emulator.web.client_connection import ClientResponse
from emulator.wire import decode


class BodyTooLong(Exception):
    """The body is longer than the limit; ``length`` is what was announced, or counted up to then."""

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(length, limit)
        self.length = length
        self.limit = limit


def is_broken_body(failure: Failure) -> bool:
    """Whether ``failure`` says that a body ended before its end."""
    return failure.check(ResponseFailed) is not None


def header_lines(response: Any) -> list[tuple[str, str]]:
    """The header lines of a treq response: as they came, from our own client; else as Twisted has them."""
    inner = getattr(response, "original", response)
    if isinstance(inner, ClientResponse):
        return [(decode(name), decode(value)) for name, value in inner.lines]
    return [(decode(name), decode(value)) for name, values in response.headers.getAllRawHeaders() for value in values]


def read_body(response: Any, limit: int) -> Deferred[bytes]:
    """All of the body. Fails with ``BodyTooLong`` past ``limit`` bytes; cancelling it drops the connection."""
    inner = getattr(response, "original", response)
    if isinstance(inner, ClientResponse):
        whole = inner.whole
        if whole is not None and len(whole) <= limit:
            return succeed(whole)
    reader = _Reader(limit)
    if isinstance(response.length, int) and response.length > limit:
        reader.too_long = response.length
    response.deliverBody(reader)
    return reader.done


class _Reader(Protocol):
    """Gathers a body."""

    transport: Any

    def __init__(self, limit: int) -> None:
        self.done: Deferred[bytes] = Deferred(self._given_up)
        self._over = False
        self.too_long = 0
        self._limit = limit
        self._parts: list[bytes] = []
        self._length = 0

    def connectionMade(self) -> None:
        if self.too_long:
            self._fail(Failure(BodyTooLong(self.too_long, self._limit)))

    def dataReceived(self, data: bytes) -> None:
        self._length += len(data)
        if self._length <= self._limit:
            self._parts.append(data)
        else:
            self._fail(Failure(BodyTooLong(self._length, self._limit)))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._over:
            return
        self._over = True
        # We, the response and our transport know one another: without this the parts would wait for the collector.
        parts, self._parts, self.transport = self._parts, [], None
        if reason.check(ResponseDone, PotentialDataLoss):
            self.done.callback(b"".join(parts))
        else:
            self.done.errback(reason)

    def _fail(self, failure: Failure) -> None:
        if not self._over:
            self._over = True
            self._drop()
            self.done.errback(failure)

    def _given_up(self, _done: object) -> None:
        self._over = True
        self._drop()

    def _drop(self) -> None:
        self._parts.clear()
        if self.transport is not None:
            self.transport.stopProducing()


class BodyStream(Protocol):
    """A body that is still coming, as a ``wire.Stream``; TCP stops reading while it is paused."""

    transport: Any

    def __init__(self, response: Any) -> None:
        self._response = response
        self._write: Callable[[bytes], None] | None = None
        self._done: Callable[[Failure | None], None] | None = None

    def start(self, write: Any, done: Any) -> None:
        """See ``wire.Stream``."""
        self._write, self._done = write, done
        self._response.deliverBody(self)

    def pause(self) -> None:
        if self.transport is not None:
            self.transport.pauseProducing()

    def resume(self) -> None:
        if self.transport is not None:
            self.transport.resumeProducing()

    def cancel(self) -> None:
        """Nobody reads any more: the connection to the backend is dropped. ``done`` is not called."""
        self._write = self._done = None
        if self.transport is not None:
            self.transport.stopProducing()
        else:
            inner = getattr(self._response, "original", self._response)
            if isinstance(inner, ClientResponse):
                inner.abort()

    def dataReceived(self, data: bytes) -> None:
        if self._write is not None:
            self._write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        done, self._done = self._done, None
        self._write = None
        if done is not None:
            done(None if reason.check(ResponseDone, PotentialDataLoss) else reason)
