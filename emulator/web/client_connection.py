"""One HTTP/1.1 connection to a backend: a request out, a response in, on httptools.

Belongs here: bytes on one connection, and the response as it comes. Never here: which connection to use
(``client_pool.py``), TLS, timeouts, or what an answer means.

Header lines keep the order, spelling and multiplicity they have on the wire, both ways: Twisted's own client keeps
neither. A response fires once its head is there; its body is held back (TCP stops reading) until somebody takes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import httptools
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone, ResponseFailed
from twisted.web.http_headers import Headers as TwistedHeaders
from twisted.web.iweb import UNKNOWN_LENGTH, IResponse
from zope.interface import implementer

from emulator.web import prompt_write

# A head past this is no answer of a decent backend (twisted.web's own limit for a line is 16 KiB).
HEAD_LIMIT = 256 * 1024

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_DONE = Failure(ResponseDone())


class BadResponse(Exception):
    """The backend's answer is not HTTP, or ends before its end."""


class BadRequestHead(Exception):
    """A request that cannot be written down: a line break in a header, a name that is none, a blank in the target."""


@lru_cache(maxsize=4096)
def _is_token(name: str) -> bool:
    return _TOKEN.fullmatch(name) is not None


def write_head(method: str, target: str, lines: Sequence[tuple[str, str]]) -> bytes:
    """The request line and header lines as bytes.

    A CR, LF or NUL anywhere, a blank in ``target`` or a name that is no token raises ``BadRequestHead``: mapped values
    come from outside and must not start another header or another request.
    """
    parts = [f"{method} {target} HTTP/1.1\r\n"]
    for name, value in lines:
        if not _is_token(name):
            raise BadRequestHead(f"invalid header name {name!r}")
        parts.append(f"{name}: {value}\r\n")
    parts.append("\r\n")
    head = "".join(parts)
    # Every line brings one CR and one LF of ours; one more of either came in with a value.
    if head.count("\r") != len(parts) or head.count("\n") != len(parts) or "\0" in head:
        raise BadRequestHead("a line break or NUL in a header or in the target")
    if not _is_token(method) or " " in target or not target:
        raise BadRequestHead("a blank in the method or target")
    return head.encode("utf-8")


@implementer(IResponse)
class ClientResponse:
    """A response whose head has come: Twisted's ``IResponse``, plus ``lines``, the header lines as they came.

    ``headers`` is empty on purpose: treq's wrappers act on it (cookies, unzipping), a gateway must not.
    ``deliverBody`` gives the protocol a transport with ``pauseProducing``, ``resumeProducing``, ``stopProducing``.
    """

    def __init__(
        self, connection: HttpClientConnection, code: int, phrase: bytes, http: str, lines: list[tuple[bytes, bytes]]
    ) -> None:
        self.version = (b"HTTP", *(int(part) for part in http.split(".")))
        self.code = code
        self.phrase = phrase
        self.lines = lines
        self.headers = TwistedHeaders()
        self.length: Any = UNKNOWN_LENGTH
        self.until_close = True  # neither a length nor chunks: the end is where the connection ends
        for name, value in lines:
            lowered = name.lower()
            if lowered == b"content-length":
                self.length = int(value)
                self.until_close = False
            elif lowered == b"transfer-encoding":
                self.until_close = False
        self.request = None
        self.previousResponse = None
        self.keeps_alive = False
        self.ended: Failure | None = None  # ResponseDone, or why not
        self._connection: HttpClientConnection | None = connection
        self._parts: list[bytes] = []
        self._taker: Any = None

    def setPreviousResponse(self, response: Any) -> None:
        self.previousResponse = response

    @property
    def whole(self) -> bytes | None:
        """The body, when all of it has come and nobody has taken it yet; else None."""
        if self._taker is not None or self.ended is not _DONE:
            return None
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def deliverBody(self, protocol: Any) -> None:
        """Hand the body to ``protocol``: what is there now, the rest as it comes, then ``connectionLost(reason)``."""
        self._taker = protocol
        protocol.makeConnection(_BodyTransport(self))
        parts, self._parts = self._parts, []
        for part in parts:
            protocol.dataReceived(part)
        if self.ended is not None:
            protocol.connectionLost(self.ended)
        elif self._connection is not None:
            self._connection.resume()

    def part_received(self, part: bytes) -> None:
        if self._taker is None:
            self._parts.append(part)
        else:
            self._taker.dataReceived(part)

    def end(self, reason: Failure) -> None:
        self.ended = reason
        self._connection = None
        if self._taker is not None:
            self._taker.connectionLost(reason)

    def pause(self) -> None:
        if self._connection is not None:
            self._connection.pause()

    def resume(self) -> None:
        if self._connection is not None:
            self._connection.resume()

    def abort(self) -> None:
        """Give the rest of the body up: the connection is closed."""
        if self._connection is not None:
            self._connection.abort()


@implementer(IPushProducer)
class _BodyTransport:
    """What the taker of a body may do to its source."""

    disconnecting = False

    def __init__(self, response: ClientResponse) -> None:
        self.pauseProducing = response.pause
        self.resumeProducing = response.resume
        self.stopProducing = response.abort
        self.loseConnection = response.abort
        self.abortConnection = response.abort


class HttpClientConnection(Protocol):
    """One connection. ``idle`` when it may take a request; ``on_idle``/``on_closed`` tell the pool."""

    transport: Any

    def __init__(
        self,
        on_idle: Callable[[HttpClientConnection], None],
        on_closed: Callable[[HttpClientConnection], None],
    ) -> None:
        self._on_idle = on_idle
        self._on_closed = on_closed
        self._parser = httptools.HttpResponseParser(self)
        self._waiting: Deferred[ClientResponse] | None = None
        self._response: ClientResponse | None = None
        self._ready: ClientResponse | None = None  # head seen in this feed, not yet handed on
        self._finished = False  # the message ended in this feed
        self._headless = False  # a HEAD request: the answer has no body, whatever its Content-Length says
        self._lines: list[tuple[bytes, bytes]] = []
        self._phrase = b""
        self._head_done = False
        self._head_bytes = 0
        self._paused = False
        self.idle = True
        self.closed = False
        self.heard = False  # anything came back for the running request
        self.idle_since = 0.0

    def exchange(self, head: bytes, body: bytes, is_head: bool) -> Deferred[ClientResponse]:
        """Send one request; the Deferred fires with the response once its head has come.

        Cancelling it drops the connection. Fails with ``BadResponse`` or the reason the connection was lost for.
        """
        self.idle = False
        self.heard = False
        self._headless = is_head
        self._head_done = False
        self._head_bytes = 0
        waiting: Deferred[ClientResponse] = Deferred(self._given_up)
        self._waiting = waiting
        if not body:
            prompt_write.write(self.transport, head)
        elif len(body) < 65536:
            prompt_write.write(self.transport, head + body)
        else:
            self.transport.writeSequence((head, body))
        return waiting

    def _given_up(self, _waiting: object) -> None:
        self._waiting = None
        self.abort()

    # -- the transport's side

    def dataReceived(self, data: bytes) -> None:
        if self.idle:
            # Nobody asked: a backend that talks unasked is not to be trusted with the next request.
            self.abort()
            return
        self.heard = True
        if self._response is None:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            # Whoever takes the body raised: that is his error, not the backend's.
            raise (error.__context__ or error) from None
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self._finished:
                self._break(Failure(BadResponse(str(error) or type(error).__name__)))
                return
            self.closed = True  # the answer is whole; what follows it is not ours
        if self._response is None and self._head_bytes > HEAD_LIMIT:
            self._break(Failure(BadResponse("the head of the answer is too long")))
            return
        self._hand_on()

    def _hand_on(self) -> None:
        """After a feed: let go of an answer that is whole, then tell whoever waits for one."""
        ready, self._ready = self._ready, None
        waiting = None
        if ready is not None:
            waiting, self._waiting = self._waiting, None
        if self._finished and self._response is not None:
            response, self._response, self._finished = self._response, None, False
            self._release(response)
            response.end(_DONE)
        elif ready is not None:
            self.pause()
        if ready is not None and waiting is not None:
            waiting.callback(ready)

    def _release(self, response: ClientResponse) -> None:
        if self._headless:
            self._parser = httptools.HttpResponseParser(self)  # the old one waits for a body
        if response.keeps_alive and not self.closed:
            self.resume()
            self.idle = True
            self._on_idle(self)
        else:
            self.abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.closed = True
        self._on_closed(self)
        response = self._response
        if response is not None and self._waiting is None and response.until_close and reason.check(ConnectionDone):
            self._response = None
            response.end(_DONE)
        else:
            self._break(reason)
        self.transport = None  # TLS has nothing left to abort

    def _break(self, reason: Failure) -> None:
        """The running exchange fails with ``reason``; the connection is of no more use."""
        response, self._response = self._response, None
        self._ready = None
        waiting, self._waiting = self._waiting, None
        self.abort()
        if waiting is not None:
            waiting.errback(reason)
        elif response is not None:
            response.end(Failure(ResponseFailed([reason])))

    def abort(self) -> None:
        """Close the connection at once."""
        self.closed = True
        self.idle = False
        if self.transport is not None:
            self.transport.abortConnection()

    def pause(self) -> None:
        if not self._paused:
            self._paused = True
            if not self.closed:
                self.transport.pauseProducing()

    def resume(self) -> None:
        if self._paused:
            self._paused = False
            if not self.closed:
                self.transport.resumeProducing()

    # -- the parser's side

    def on_message_begin(self) -> None:
        if self._finished:
            self.closed = True  # a second answer to one request: take the first, trust no more
        self._phrase = b""

    def on_status(self, phrase: bytes) -> None:
        self._phrase += phrase

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._finished or self._head_done:
            return  # trailers, or what follows the answer
        self._lines.append((name, value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        parser = self._parser
        code = parser.get_status_code()
        lines, self._lines = self._lines, []
        if self._finished or code < 200:
            return  # 100 Continue, 103 Early Hints: the answer follows
        self._head_done = True
        response = ClientResponse(self, code, self._phrase, parser.get_http_version(), lines)
        response.keeps_alive = parser.should_keep_alive()
        self._response = self._ready = response
        if self._headless:
            self._finished = True

    def on_body(self, part: bytes) -> None:
        if self._response is not None and not self._finished:
            self._response.part_received(part)

    def on_message_complete(self) -> None:
        if self._head_done and not self._finished and self._response is not None:
            self._finished = True
            self._response.keeps_alive = self._parser.should_keep_alive()
