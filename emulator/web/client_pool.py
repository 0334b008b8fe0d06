"""Connections to backends, kept for the next request; and the face Twisted and treq know: an ``IAgent``.

Belongs here: opening, choosing, keeping and dropping connections, TLS to backends. Never here: what a request says, or
what a failure means to a caller.

treq calls an ``IAgent`` with Twisted's own ``Headers``; ``HeaderLines`` is one that carries the lines as written, and
``ReadyUrl``/``NoCookies``/``Body`` spare treq what a gateway must not do or need not do twice (keep cookies from one
caller's answer for another's request; parse a URL that is known to be right).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from http.cookiejar import CookieJar
from typing import Any

from attrs import frozen
from hyperlink import EncodedURL
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectingCancelledError, ConnectionClosed
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure
from twisted.web.http_headers import Headers as TwistedHeaders
from twisted.web.iweb import IAgent, IBodyProducer
from zope.interface import implementer

from emulator.effects import Effects
from emulator.web.client_connection import ClientResponse, HttpClientConnection, write_head
from emulator.web.client_tls import DIRECT, Route, tls_options
from emulator.wire import decode

# How long an unused connection is kept; most servers close theirs after 5 to 75 seconds.
IDLE_SECONDS = 30.0
IDLE_PER_ROUTE = 128
# What may not be sent twice takes a connection used this lately only: the backend may be closing an older one just now.
FRESH_SECONDS = 1.0
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
# What may be sent again when a kept connection turns out to be dead before a byte came back (RFC 9110, 9.2.2).
_IDEMPOTENT = frozenset((b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"TRACE"))


class HeaderLines(TwistedHeaders):
    """Header lines in order and spelling, dressed as Twisted's ``Headers`` so that treq lets them through.

    Whatever treq's wrappers add (``Accept-Encoding: gzip``) lands in the dress and is not sent.
    """

    def __init__(self, lines: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.lines = lines

    def copy(self) -> HeaderLines:
        return self

    def hasHeader(self, name: Any) -> bool:
        return True  # treq asks for Cookie only: never look into a cookie jar

    def addRawHeader(self, name: Any, value: Any) -> None:
        """Nothing is added to what the caller wrote."""


class NoCookies(CookieJar):
    """A cookie jar that keeps nothing: one caller's cookies are never sent for another."""

    def __iter__(self) -> Any:
        return iter(())

    def add_cookie_header(self, request: Any) -> None:
        """No cookie is ever added."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """No cookie is ever kept."""

    def set_cookie(self, cookie: Any) -> None:
        """No cookie is ever kept."""


class ReadyUrl(EncodedURL):
    """A URL already written as it shall be sent: treq must not normalise it (``//``, ``%2F`` and case are kept)."""

    __slots__ = ("text",)
    text: str

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "text", text)

    def to_uri(self) -> ReadyUrl:
        return self

    def to_text(self, with_password: bool = False) -> str:
        return self.text


@implementer(IBodyProducer)
class Body:
    """A request body that is all there."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.length = len(data)

    def startProducing(self, consumer: Any) -> Deferred[None]:
        consumer.write(self.data)
        done: Deferred[None] = Deferred()
        done.callback(None)
        return done

    def pauseProducing(self) -> None:
        """Nothing to hold back."""

    def resumeProducing(self) -> None:
        """Nothing was held back."""

    def stopProducing(self) -> None:
        """Nothing more would come."""


class InvalidUrl(Exception):
    """A URL that names no host, or no port that exists, or is neither http nor https."""


@frozen
class Target:
    """Where a URL points: what to connect to, and what the request line and Host header say."""

    tls: bool
    host: str
    port: int
    netloc: str
    path: str  # with the query: what goes on the request line

    @classmethod
    def parse(cls, url: str) -> Target:
        """Take ``url`` apart without touching its path. Raises ``InvalidUrl``."""
        scheme, separator, rest = url.partition("://")
        scheme = scheme.lower()
        if not separator or scheme not in ("http", "https"):
            raise InvalidUrl(url)
        cut = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
        netloc, path = rest[:cut], rest[cut:].partition("#")[0]
        netloc = netloc.rpartition("@")[2]
        if not path.startswith("/"):
            path = "/" + path
        host, port = _host_and_port(netloc, 443 if scheme == "https" else 80)
        return cls(scheme == "https", host, port, netloc, path)


def _host_and_port(netloc: str, default: int) -> tuple[str, int]:
    if netloc.startswith("["):
        host, _, tail = netloc[1:].partition("]")
        port = tail.removeprefix(":")
    else:
        host, _, port = netloc.partition(":")
    number = int(port) if port.isdecimal() else default if not port else 0
    host = host.lower()
    if not 0 < number < 65536 or not (_HOST.fullmatch(host) or isIPv6Address(host)):
        raise InvalidUrl(netloc)
    return host, number


_Key = tuple[bool, str, int, Route]


def _head_of(method: bytes, target: Target, lines: Sequence[tuple[str, str]], body: bytes) -> bytes:
    """The request's head. Host comes first, Content-Length last; both, and only they, are ours to add."""
    written: list[tuple[str, str]] = [("Host", target.netloc)]
    for line in lines:
        lowered = line[0].lower()
        if lowered == "host":
            written[0] = line
        elif lowered not in ("content-length", "transfer-encoding", "connection", "keep-alive"):
            written.append(line)
    if body or method in (b"POST", b"PUT", b"PATCH"):
        written.append(("Content-Length", str(len(body))))
    return write_head(method.decode("latin-1"), target.path, written)


class ClientPool:
    """Connections by route; of the idle ones, the latest used is used next."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self._idle: dict[_Key, deque[HttpClientConnection]] = {}
        self._open: set[HttpClientConnection] = set()
        self._sweep: Any = None

    def request(
        self, method: bytes, url: str, lines: Sequence[tuple[str, str]], body: bytes, route: Route = DIRECT
    ) -> Deferred[ClientResponse]:
        """Send one request; fires once the head of the answer has come. Cancelling drops the connection.

        Raises ``InvalidUrl`` and ``BadRequestHead`` at once; fails with ``BadResponse`` or the connection's error.
        """
        target = Target.parse(url)
        head = _head_of(method, target, lines, body)
        key = (target.tls, target.host, target.port, route)
        connection = self._take(key, IDLE_SECONDS if method in _IDEMPOTENT else FRESH_SECONDS)
        if connection is None:
            return self._on_new(key, head, body, method)
        answer = connection.exchange(head, body, method == b"HEAD")
        if method in _IDEMPOTENT:
            answer.addErrback(self._again, connection, key, head, body, method)
        return answer

    def _again(
        self, failure: Failure, connection: HttpClientConnection, key: _Key, head: bytes, body: bytes, method: bytes
    ) -> Deferred[ClientResponse] | Failure:
        """A kept connection that was closed under us before it said anything: ask once more, on a new one."""
        if connection.heard or failure.check(ConnectionClosed) is None:
            return failure
        return self._on_new(key, head, body, method)

    def _on_new(self, key: _Key, head: bytes, body: bytes, method: bytes) -> Deferred[ClientResponse]:
        def send(connection: HttpClientConnection) -> Deferred[ClientResponse]:
            self._open.add(connection)
            return connection.exchange(head, body, method == b"HEAD")

        factory = Factory.forProtocol(lambda: HttpClientConnection(lambda idle: self._keep(key, idle), self._forget))
        factory.noisy = False
        connected: Deferred[ClientResponse] = self._endpoint(key).connect(factory).addCallbacks(send, _given_up)
        return connected

    def _endpoint(self, key: _Key) -> Any:
        tls, host, port, route = key
        reactor = self._effects.reactor
        to_host, to_port = route.connect or (host, port)
        endpoint: Any
        if isIPAddress(to_host):
            endpoint = TCP4ClientEndpoint(reactor, to_host, to_port)
        elif isIPv6Address(to_host):
            endpoint = TCP6ClientEndpoint(reactor, to_host, to_port)
        else:
            # RFC 6761: every name under localhost is this machine; resolvers often do not know it.
            name = "localhost" if to_host.endswith(".localhost") else to_host
            endpoint = HostnameEndpoint(reactor, name, to_port)
        return wrapClientTLS(tls_options(host, route), endpoint) if tls else endpoint

    def _take(self, key: _Key, age: float) -> HttpClientConnection | None:
        idle = self._idle.get(key)
        while idle:
            connection = idle.pop()
            if connection.idle and not connection.closed:
                if self._effects.clock.seconds() - connection.idle_since <= age:
                    return connection
                idle.append(connection)
                break
        return None

    def _keep(self, key: _Key, connection: HttpClientConnection) -> None:
        idle = self._idle.get(key)
        if idle is None:
            idle = self._idle[key] = deque()
        connection.idle_since = self._effects.clock.seconds()
        idle.append(connection)
        if len(idle) > IDLE_PER_ROUTE:
            idle.popleft().abort()
        if self._sweep is None:
            self._sweep = self._effects.clock.callLater(IDLE_SECONDS, self._sweep_idle)

    def _sweep_idle(self) -> None:
        """Close what has not been used for ``IDLE_SECONDS``; come back while anything is left."""
        self._sweep = None
        oldest = self._effects.clock.seconds() - IDLE_SECONDS
        for key, idle in list(self._idle.items()):
            while idle and (idle[0].closed or idle[0].idle_since <= oldest):
                idle.popleft().abort()
            if not idle:
                del self._idle[key]
        if self._idle:
            self._sweep = self._effects.clock.callLater(IDLE_SECONDS, self._sweep_idle)

    def _forget(self, connection: HttpClientConnection) -> None:
        self._open.discard(connection)

    def close(self) -> None:
        """Close every connection, running ones too."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        self._idle.clear()
        for connection in list(self._open):
            connection.abort()


@implementer(IAgent)
def _given_up(failure: Failure) -> Failure:
    """Cancelling says the same whether it meets a connection or the attempt at one."""
    return Failure(CancelledError()) if failure.check(ConnectingCancelledError) else failure


class PooledAgent:
    """The pool as treq wants it, for one route."""

    def __init__(self, pool: ClientPool, route: Route = DIRECT) -> None:
        self._pool = pool
        self._route = route

    def request(self, method: bytes, uri: bytes, headers: Any = None, bodyProducer: Any = None) -> Deferred[Any]:
        """See ``IAgent.request``; ``HeaderLines`` go out as they are, Twisted's ``Headers`` in its spelling."""
        if isinstance(headers, HeaderLines):
            lines = headers.lines
        else:
            lines = [
                (decode(name), decode(value))
                for name, values in (headers.getAllRawHeaders() if headers is not None else ())
                for value in values
            ]
        if bodyProducer is None or isinstance(bodyProducer, Body):
            return self._pool.request(
                method, uri.decode("ascii"), lines, bodyProducer.data if bodyProducer else b"", self._route
            )
        parts = _Parts()
        produced: Deferred[Any] = bodyProducer.startProducing(parts)
        return produced.addCallback(
            lambda _done: self._pool.request(method, uri.decode("ascii"), lines, b"".join(parts.parts), self._route)
        )


class _Parts:
    """A consumer that gathers what a body producer writes."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, part: bytes) -> None:
        self.parts.append(part)
