"""HTTP/1.1 on one connection: httptools parses, twisted.web requests come out, one at a time and in order.

Belongs here: framing, keep-alive, pipelining, limits while reading, ``Expect: 100-continue``, draining. Never here:
what a request means, or how a response is written (``request.py``). HTTP/2 over TLS is Twisted's own (``site.py``).
"""

from __future__ import annotations

import re
from typing import Any

import httptools
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import _NoPushProducer
from zope.interface import implementer

from emulator.web.request import Request

_MAX_HEAD = 65_536  # bytes of request line and headers we ever buffer
_DRAIN_BYTES = 64 * 1024 * 1024  # what we read and drop after a refusal, so that the client sees the answer
_DRAIN_SECONDS = 5.0
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


# A request line that is HTTP, but for a verb nobody knows (lower case, say).
_UNKNOWN = re.compile(
    rb"(?!(?:DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) )[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64} \S+ HTTP/1\.[01]\r?\n"
)
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)

# (status line, message, x-amzn-ErrorType) of what is refused here, before there is a request.
_BAD_REQUEST = (b"400 Bad Request", b"Bad Request", b"BadRequestException")
_UNKNOWN_VERB = (b"403 Forbidden", b"Missing Authentication Token", b"MissingAuthenticationTokenException")
_HEAD_TOO_LARGE = (
    b"431 Request Header Fields Too Large",
    b"Request Header Or Cookie Too Large",
    b"RequestHeaderFieldsTooLargeException",
)


@implementer(IPushProducer)
class Channel(Protocol):
    """One connection. ``site`` (a ``web.site.Site``) gives limits and the root resource, and counts who is busy."""

    log = Logger()
    speaks_http1 = True
    # Twisted's protocol negotiation sets these from outside.
    site: Any = None
    requestFactory: Any = Request
    timeOut: float | None = None
    callLater: Any = None
    _networkProducer: Any = None

    def __init__(self) -> None:
        self.close_after = False
        self.idle_since = 0.0
        self._waiting: list[Request] = []
        self._serving: Request | None = None
        self._reading: Request | None = None
        self._in_head = False
        self._head_bytes = 0
        self._continue_due = False
        self._draining = False
        self._drained = 0
        self._last_words = b""
        self._paused = False
        self._gone = False
        self._url = b""
        self._lines: list[tuple[bytes, bytes]] = []
        self._host: Any = None

    def connectionMade(self) -> None:
        set_no_delay = getattr(self.transport, "setTcpNoDelay", None)
        if set_no_delay is not None:
            set_no_delay(True)
        # The negotiation to HTTP/2 asks for this before it replaces us.
        self._networkProducer = _NoPushProducer()
        self._parser = httptools.HttpRequestParser(self)
        self.idle_since = self.site.now()
        self.site.opened(self)

    def setTimeout(self, seconds: float | None) -> None:
        """Called when HTTP/2 takes the connection over: it is no longer ours to close when idle."""
        self.site.closed(self)

    def dataReceived(self, data: bytes) -> None:
        if self._draining:
            self._drained += len(data)
            if self._drained > _DRAIN_BYTES:
                self._abort()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # We upgrade to nothing: the request is served as it is, and what follows is parsed as HTTP/1.1 again.
            rest = data[upgrade.args[0] :] if upgrade.args else b""
            self._parser = httptools.HttpRequestParser(self)
            if rest:
                self.dataReceived(rest)
            return
        except httptools.HttpParserInvalidMethodError:
            self._refuse(_UNKNOWN_VERB if _UNKNOWN.match(data) else _BAD_REQUEST)
            return
        except httptools.HttpParserError:
            self._refuse(_BAD_REQUEST)
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > _MAX_HEAD:
                self._refuse(_HEAD_TOO_LARGE)

    # What the parser calls.

    def on_message_begin(self) -> None:
        self._in_head = True
        self._head_bytes = 0
        self._url = b""
        self._lines = []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # else it is a trailer of a chunked body
            self._lines.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._draining:
            return
        if self._url[:1] != b"/":
            self._from_absolute()
        request = self.requestFactory(self)
        request.lines = self._lines
        request.method = self._parser.get_method()
        request.uri = self._url
        version = self._parser.get_http_version()
        request.clientproto = b"HTTP/1.1" if version == "1.1" else b"HTTP/" + version.encode("ascii")
        request.keep_alive = self._parser.should_keep_alive()
        self._reading = request
        length, expects, host, hosts = 0, False, b"", 0
        for name, value in self._lines:
            lowered = name.lower()
            if lowered == b"content-length":
                length = int(value)
            elif lowered == b"expect":
                expects = value.lower() == b"100-continue"
            elif lowered == b"host":
                host, hosts = value, hosts + 1
            elif lowered == b"transfer-encoding":
                length = -1
        if hosts > 1:
            self._reading = None
            self._refuse(_BAD_REQUEST)
            return
        if length:
            request.body_limit = self.site.body_limit(self._url, host)
            if length > request.body_limit:
                self._too_long(request)
            elif expects and request.clientproto == b"HTTP/1.1":
                if self._serving is None:
                    self.transport.write(_CONTINUE)  # type: ignore[union-attr]
                else:
                    self._continue_due = True

    def _from_absolute(self) -> None:
        """``GET http://host/path``: the path is what counts, and its host, whatever Host says (RFC 9112, 3.2.2)."""
        match = _ABSOLUTE.fullmatch(self._url)
        if match is None:
            return
        authority, rest = match.groups()
        self._url = rest if rest.startswith(b"/") else b"/" + rest
        host = authority.rpartition(b"@")[2]
        if host:
            others = [line for line in self._lines if line[0].lower() != b"host"]
            self._lines = [(b"Host", host), *others]

    def on_body(self, data: bytes) -> None:
        request = self._reading
        if request is None:
            return
        request._received += len(data)
        if request.body_limit is not None and request._received > request.body_limit:
            self._too_long(request)
        else:
            request._chunks.append(data)

    def on_message_complete(self) -> None:
        request, self._reading = self._reading, None
        if request is not None:
            self._complete(request)

    def _too_long(self, request: Request) -> None:
        """Serve the request at once, marked as truncated; nothing more is read from this connection."""
        self._reading = None
        request._chunks.clear()
        request.truncated = True
        request.keep_alive = False
        self._draining = True
        self._complete(request)

    def _complete(self, request: Request) -> None:
        if self._serving is None and not self._waiting:
            self._serve(request)
        else:
            self._waiting.append(request)
            if not self._paused:
                self._paused = True
                self.transport.pauseProducing()  # type: ignore[union-attr]

    def _serve(self, request: Request) -> None:
        self._serving = request
        if not request.keep_alive:
            self.close_after = True
        self.site.busy += 1
        request.requestReceived(request.method, request.uri, request.clientproto)

    # What requests call.

    def requestDone(self, request: Request) -> None:
        """The answer to ``request`` is written: close, or serve the next."""
        self._serving = None
        self.idle_since = self.site.now()
        self.site.finished_one()
        if self._gone:
            return
        if self.close_after or self.site.stopping:
            self._close()
            return
        if self._continue_due:
            self._continue_due = False
            self.transport.write(_CONTINUE)  # type: ignore[union-attr]
        if self._waiting:
            self._next()
        elif self._last_words:
            self._say_last_words()

    def _next(self) -> None:
        # From the reactor, so that a thousand pipelined requests are no thousand frames of stack. Until then the next
        # one still waits, so that whatever comes in meanwhile queues behind it.
        self.callLater(0, self._serve_next)

    def _serve_next(self) -> None:
        if self._gone:
            return
        following = self._waiting.pop(0)
        if not self._waiting and self._paused:
            self._paused = False
            self.transport.resumeProducing()  # type: ignore[union-attr]
        self._serve(following)

    def write(self, data: bytes) -> None:
        self.transport.write(data)  # type: ignore[union-attr]

    def writeSequence(self, parts: list[bytes]) -> None:
        self.transport.writeSequence(parts)  # type: ignore[union-attr]

    def writeHeaders(self, version: bytes, code: bytes, reason: bytes, headers: Any) -> None:
        """The head of a response that was made by twisted.web's own means (Klein, resources)."""
        names = self._serving.response_names if self._serving is not None else {}
        parts = [b"HTTP/1.1 %b %b\r\n" % (code, reason)]
        if not headers.hasHeader(b"date"):
            parts.append(self.site.date_line())
        for name, values in headers.getAllRawHeaders():
            spelled = names.get(name.lower(), name)
            parts.extend(b"%b: %b\r\n" % (spelled, value) for value in values)
        if self.close_after:
            parts.append(b"Connection: close\r\n")
        parts.append(b"\r\n")
        self.transport.write(b"".join(parts))  # type: ignore[union-attr]

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        self.transport.registerProducer(producer, streaming)  # type: ignore[union-attr]

    def unregisterProducer(self) -> None:
        self.transport.unregisterProducer()  # type: ignore[union-attr]

    def pauseProducing(self) -> None:
        """Nothing of our own to pause: relays register themselves."""

    def resumeProducing(self) -> None:
        """See ``pauseProducing``."""

    def stopProducing(self) -> None:
        self.loseConnection()

    def getPeer(self) -> Any:
        return self.transport.getPeer()  # type: ignore[union-attr]

    def getHost(self) -> Any:
        if self._host is None:  # a system call otherwise, for every request
            self._host = self.transport.getHost()  # type: ignore[union-attr]
        return self._host

    def isSecure(self) -> bool:
        return bool(self.site.tls)

    def loseConnection(self) -> None:
        self.transport.loseConnection()  # type: ignore[union-attr]

    # Ends.

    @property
    def idle(self) -> bool:
        """Nothing is being served or waits to be."""
        return self._serving is None and not self._waiting

    def _refuse(self, refusal: tuple[bytes, bytes, bytes]) -> None:
        """Answer what is no HTTP, after whatever is being served or waits to be, and read no more."""
        if self._draining:
            return
        self._draining = True
        status, message, error_type = refusal
        body = b'{"message":"%b"}' % message
        self._last_words = b"".join(
            (
                b"HTTP/1.1 %b\r\n" % status,
                self.site.date_line(),
                b"Content-Type: application/json\r\nx-amzn-ErrorType: %b\r\n" % error_type,
                b"x-amzn-RequestId: %b\r\n" % self.site.new_request_id(),
                b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body),
                body,
            )
        )
        if self.idle:
            self._say_last_words()

    def _say_last_words(self) -> None:
        self.close_after = True
        self.transport.write(self._last_words)  # type: ignore[union-attr]
        self._close()

    def _close(self) -> None:
        if not self._draining:
            self.loseConnection()
            return
        # A close with unread data would reset the connection and take our answer with it.
        half_close = getattr(self.transport, "loseWriteConnection", None)
        if half_close is None:
            self.loseConnection()
            return
        half_close()
        self.callLater(_DRAIN_SECONDS, self._abort)

    def _abort(self) -> None:
        if not self._gone:
            self.transport.abortConnection()  # type: ignore[union-attr]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._gone = True
        self.site.closed(self)
        serving, self._serving = self._serving, None
        self._waiting.clear()
        self._reading = None
        if serving is not None:
            self.site.finished_one()
            serving.connectionLost(reason)
