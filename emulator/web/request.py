"""The twisted.web request of both planes: raw header lines in, a ``wire.Response`` out, header names as given.

Belongs here: how one request is read from and answered on its channel. Never here: what it means (``front.py``), or
bytes of a connection (``channel.py``). It is a ``twisted.web.server.Request``, so that Klein resources may serve it;
its costly parts (parsed headers, cookies, arguments, the body as a file) are made when somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import http, server
from twisted.web.http_headers import Headers as ParsedHeaders

from emulator import wire
from emulator.web import prompt_write
from emulator.web.stream import Relay

_REASONS: dict[int, bytes] = {**http.RESPONSES, 504: b"Gateway Timeout"}
_STATUS_LINES: dict[int, bytes] = {
    status: b"HTTP/1.1 %d %s\r\n" % (status, reason) for status, reason in _REASONS.items()
}
_H2_INTERNAL_ERROR = 2  # RFC 9113, section 7
_BODILESS = frozenset({204, 304})
_FRONT_NAMES = {b"host": b"Host", b"user-agent": b"User-Agent"}
_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "keep-alive", "upgrade", "content-length"})
_INTERNAL_ERROR = b'{"message": "Internal server error"}'


class Request(server.Request):
    """One request on our own channel, or on a stream of Twisted's HTTP/2 connection.

    ``lines`` are the header lines as they came; ``body`` is the whole body; ``truncated`` says that the body was longer
    than the plane takes and was dropped. ``on_hang_up`` is called once if the client goes before the answer is out.
    """

    _plain_log = Logger()
    defaultContentType = None

    def __init__(self, channel: Any, queued: object = None, parsePOSTFormSubmission: bool | None = None) -> None:
        # Not the parents' __init__: it makes ten objects nobody asks for on the hot path.
        self._adapterCache: dict[str, object] = {}
        self.channel: Any = channel
        self.site: Any = channel.site
        self.transport: Any = channel.transport
        self.client = channel.getPeer()
        self.host = channel.getHost()
        self.notifications: list[Any] = []
        self.cookies: list[bytes] = []
        self.received_cookies: dict[bytes, bytes] = {}
        self.args: dict[bytes, list[bytes]] = {}
        self.queued = 0
        self.prepath: list[bytes] = []
        self.postpath: list[bytes] = []
        self.lines: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.truncated = False
        self.keep_alive = True
        self.body_limit: int | None = None
        self.on_hang_up: Callable[[], object] | None = None
        self.response_names: dict[bytes, bytes] = {}
        self._chunks: list[bytes] = []
        self._received = 0
        self._parsed: ParsedHeaders | None = None
        self._outgoing: ParsedHeaders | None = None
        self._file: BytesIO | None = None

    # What twisted.web and Klein ask of a request, made on demand.

    @property
    def requestHeaders(self) -> ParsedHeaders:  # type: ignore[override]
        parsed = self._parsed
        if parsed is None:
            parsed = self._parsed = ParsedHeaders()
            for name, value in self.lines:
                parsed.addRawHeader(name, value)
        return parsed

    @property
    def responseHeaders(self) -> ParsedHeaders:  # type: ignore[override]
        if self._outgoing is None:
            self._outgoing = ParsedHeaders()
        return self._outgoing

    @property
    def content(self) -> Any:
        if self._file is None:
            self._file = BytesIO(self.body)
        return self._file

    @content.setter
    def content(self, value: Any) -> None:
        self._file = value

    @content.deleter
    def content(self) -> None:
        self._file = None

    # Reading: called by the channel (HTTP/1.1 hands the body over whole) or by Twisted's HTTP/2 stream.

    def gotLength(self, length: int | None) -> None:
        """The stream announces its body; its size is judged once the headers are known."""

    def handleContentChunk(self, data: bytes) -> None:
        """A part of the body, on HTTP/2."""
        if self.body_limit is None:
            path = self.channel.path  # the stream's: the request has none before it is complete
            host = self.requestHeaders.getRawHeaders(b"host", [b""])[0]
            self.body_limit = self.site.body_limit(path, host)
        self._received += len(data)
        if self._received > self.body_limit:
            self.truncated = True
            self._chunks.clear()
        else:
            self._chunks.append(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """The request is complete: serve it from the site's root resource, whatever its path."""
        self.method, self.uri, self.clientproto = command, path, version
        self.path = path.split(b"?", 1)[0]
        if self._chunks:
            self.body = b"".join(self._chunks)
            self._chunks.clear()
        if not self.lines and self._parsed is not None:
            self.lines = _as_http1(self._parsed)
        if not getattr(self.channel, "speaks_http1", False):
            self.site.busy += 1  # our own channel counts for itself
            self.notifyFinish().addBoth(lambda _: self.site.finished_one())
        self.process()

    def process(self) -> None:
        try:
            self.render(self.site.resource)
        except BaseException:  # the last line of defence: logged with its traceback and answered 500
            self.processingFailed(Failure())

    def processingFailed(self, reason: Failure) -> object:
        """A bug of ours: logged, answered 500 in JSON."""
        self._plain_log.failure("request {method} {uri} failed", reason, method=self.method, uri=self.uri)
        if self.startedWriting:
            self._cut(reason)
        else:
            self.respond(
                wire.Response(
                    status=500,
                    headers=wire.Headers(
                        [("Content-Type", "application/json"), ("x-amzn-ErrorType", "InternalServerErrorException")]
                    ),
                    body=_INTERNAL_ERROR,
                )
            )
        return server.NOT_DONE_YET

    def wire_request(self) -> wire.Request:
        """The request as the planes see it."""
        raw_path, _, raw_query = self.uri.partition(b"?")
        decode = wire.decode
        headers = wire.Headers([(name.decode("latin-1"), decode(value)) for name, value in self.lines])
        client = self.client
        host = headers.first("host") or ""
        secure = self.isSecure()
        return wire.Request(
            method=self.method.decode("latin-1"),
            raw_path=raw_path or b"/",
            raw_query=raw_query,
            headers=headers,
            body=self.body,
            source_ip=getattr(client, "host", None) or "127.0.0.1",
            # Behind API Gateway's front everything is HTTP/1.1, and so says $context.protocol.
            protocol="HTTP/1.1" if self.clientproto == b"HTTP/2" else self.clientproto.decode("latin-1"),
            scheme="https" if secure else "http",
            host=host,
            client_certificate=self._peer_certificate(host) if secure else None,
            peer_port=getattr(client, "port", 0) or 0,
            truncated=self.truncated,
        )

    def _peer_certificate(self, host: str) -> bytes | None:
        from emulator.web.tls import peer_certificate

        # A stream of HTTP/2 has its connection's transport.
        return peer_certificate(getattr(self.channel, "_conn", self.channel).transport, host)

    # Answering.

    def setHeader(self, name: bytes | str, value: bytes | str) -> None:
        """As twisted.web does, and the spelling of ``name`` is kept for HTTP/1.1."""
        raw = name.encode("latin-1") if isinstance(name, str) else name
        self.response_names[raw.lower()] = raw
        super().setHeader(raw, value.encode("utf-8") if isinstance(value, str) else value)

    def respond(self, response: wire.Response) -> None:
        """Write a whole response, or begin a streaming one. Nothing happens when the client has gone."""
        if self._disconnected:
            if response.stream is not None:
                response.stream.cancel()
            return
        bodiless = response.status in _BODILESS or self.method == b"HEAD"
        if getattr(self.channel, "speaks_http1", False):
            self._respond_http1(response, bodiless)
        else:
            self._respond_http2(response, bodiless)

    def _respond_http1(self, response: wire.Response, bodiless: bool) -> None:
        status, stream, channel = response.status, response.stream, self.channel
        parts = [
            _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status,
            self.site.date_line(),
        ]
        has_length = False
        for name, value in response.headers.lines:
            line = f"{name}: {value}"
            if "\r" in line or "\n" in line:
                line = line.replace("\r", " ").replace("\n", " ")
            lowered = name.lower()
            if lowered == "date":
                parts[1] = b""
            elif lowered == "content-length":
                if stream is None and not bodiless:
                    continue
                has_length = True
            elif lowered == "transfer-encoding" or (lowered == "connection" and "close" not in value.lower()):
                continue
            parts.append(_encode(line) + b"\r\n")
        chunked = False
        if stream is not None and not bodiless and not has_length:
            if self.clientproto == b"HTTP/1.0":
                channel.close_after = True
            else:
                chunked = True
                parts.append(b"Transfer-Encoding: chunked\r\n")
        elif not has_length and status not in _BODILESS:
            parts.append(b"Content-Length: %d\r\n" % len(response.body))
        # AWS says so of HTTP/1.1 too.
        parts.append(b"Connection: close\r\n\r\n" if channel.close_after else b"Connection: keep-alive\r\n\r\n")
        self.startedWriting = 1
        self.code = status
        if stream is None or bodiless:
            if stream is not None:
                stream.cancel()
            if not bodiless:
                parts.append(response.body)
            prompt_write.write(channel.transport, b"".join(parts))
            self._done()
        else:
            self.chunked = 0  # the relay frames its parts itself
            prompt_write.write(channel.transport, b"".join(parts))
            Relay(self, stream, chunked).start()

    def _respond_http2(self, response: wire.Response, bodiless: bool) -> None:
        self.setResponseCode(response.status)
        outgoing = self.responseHeaders
        # As in HTTP/1.1: an answer without a body may tell the length that its body would have.
        kept = ("content-length",) if self.method == b"HEAD" else ()
        for name, value in response.headers.lines:
            if name.lower() in kept or name.lower() not in _HOP_BY_HOP:
                outgoing.addRawHeader(name.encode("latin-1", "replace"), _encode(value))
        if not outgoing.hasHeader(b"date"):
            outgoing.setRawHeaders(b"date", [self.site.date_line()[6:-2]])
        if response.stream is None or bodiless:
            if response.stream is not None:
                response.stream.cancel()
            if response.status not in _BODILESS and not outgoing.hasHeader(b"content-length"):
                outgoing.setRawHeaders(b"content-length", [b"%d" % len(response.body)])
            if not bodiless and response.body:
                http.Request.write(self, response.body)
            self.finish()
        else:
            http.Request.write(self, b"")
            Relay(self, response.stream, False).start()

    def finish_stream(self, failure: Failure | None) -> None:
        """The relay is through; a failure cuts the connection, so that the client sees that the body is not whole."""
        if self._disconnected:
            return
        if failure is not None:
            self._plain_log.info("a streamed body ended early: {reason}", reason=failure.getErrorMessage())
            self._cut(failure)
        elif getattr(self.channel, "speaks_http1", False):
            self._done()
        else:
            self.finish()

    def _cut(self, failure: Failure) -> None:
        """End an answer that has begun so that the client sees that it is broken."""
        stream = self.channel
        connection = getattr(stream, "_conn", None)
        if connection is None:
            self.loseConnection()
            return
        # A stream of HTTP/2: the others of its connection go on.
        connection.conn.reset_stream(stream.streamID, _H2_INTERNAL_ERROR)
        if connection._tryToWriteControlData():
            connection._requestDone(stream.streamID)
        self.connectionLost(failure)

    def _done(self) -> None:
        """The answer is out: as ``finish`` and ``_cleanup`` of the parents, without what we do not use."""
        self.finished = 1
        self.on_hang_up = None
        channel = self.channel
        del self.channel
        for waiting in self.notifications:
            waiting.callback(None)
        self.notifications = []
        channel.requestDone(self)

    def connectionLost(self, reason: Failure) -> None:
        hang_up, self.on_hang_up = self.on_hang_up, None
        super().connectionLost(reason)
        if hang_up is not None:
            hang_up()


def _as_http1(headers: ParsedHeaders) -> list[tuple[bytes, bytes]]:
    """The headers of an HTTP/2 request as API Gateway's front hands them on.

    Their names stay in lower case but for the two that the front writes itself; the crumbs of a cookie are one header
    again (RFC 9113, 8.2.3).
    """
    lines: list[tuple[bytes, bytes]] = []
    for name, values in headers.getAllRawHeaders():
        lowered = name.lower()
        if lowered == b"cookie":
            values = [b"; ".join(values)]
        spelled = _FRONT_NAMES.get(lowered, lowered)
        lines.extend((spelled, value) for value in values)
    return lines


def _encode(text: str) -> bytes:
    """Header text on the wire: latin-1 where it fits (as it was read), else UTF-8."""
    try:
        return text.encode("ascii")
    except UnicodeEncodeError:
        return text.encode("utf-8")
