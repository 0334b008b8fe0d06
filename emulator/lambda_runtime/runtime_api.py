"""The Lambda Runtime API, served to one worker on a loopback port of its own: the port is the execution environment.

Belongs here: HTTP/1.1 through httptools, the API's paths, its answers' shape. Never here: what a call means
(``worker.py``).

Follows https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. Response streaming is the same POST with
``Lambda-Runtime-Function-Response-Mode: streaming``, a chunked body, and errors in its trailers.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httptools
from attrs import define, field
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.python.failure import Failure

from emulator.lambda_runtime.streams import Source, StreamBroken
from emulator.web import prompt_write

Headers = Mapping[bytes, bytes]  # names in lower case

_PREFIX = b"/2018-06-01/runtime/"
_INVOCATION = _PREFIX + b"invocation/"
_NEXT = _INVOCATION + b"next"
_MAX_BODY = 16 * 1024 * 1024  # a buffered response; beyond 6 MB it is refused anyway, this bounds memory
_REASONS = {
    200: b"OK",
    202: b"Accepted",
    400: b"Bad Request",
    403: b"Forbidden",
    404: b"Not Found",
    413: b"Request Entity Too Large",
}


class Sink(Protocol):
    """Where a streamed response goes."""

    def write(self, data: bytes) -> None: ...

    def end(self, broken: StreamBroken | None = None) -> None: ...


@define
class Refusal:
    """The Runtime API's own error: a status and AWS's error type and text."""

    status: int
    error_type: str
    message: str


class Environment(Protocol):
    """The execution environment behind the port. Each method returns None when the request was in order."""

    def next_asked(self, connection: RuntimeConnection) -> Refusal | None:
        """The runtime is free; ``connection.send_event`` answers, now or later."""

    def answered(self, request_id: str, body: bytes, headers: Headers) -> Refusal | None: ...

    def failed(self, request_id: str, body: bytes, headers: Headers) -> Refusal | None: ...

    def init_failed(self, body: bytes, headers: Headers) -> Refusal | None: ...

    def streaming(self, request_id: str, headers: Headers, source: Source) -> Sink | Refusal: ...

    def connection_lost(self, connection: RuntimeConnection) -> None: ...


class RuntimeApi(Factory):
    """Makes the connections of one worker's port."""

    noisy = False

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.connections: set[RuntimeConnection] = set()

    def buildProtocol(self, addr: IAddress | None) -> RuntimeConnection:
        return RuntimeConnection(self.environment, self.connections)


@define(eq=False)
class Endpoint:
    """A worker's port, open; ``address`` is what the runtime client is told."""

    api: RuntimeApi
    port: IListeningPort

    @property
    def address(self) -> str:
        host: Any = self.port.getHost()
        return f"127.0.0.1:{host.port}"

    def close(self) -> Deferred[None]:
        """Close the port and what is connected to it; fires when that is done."""
        for connection in self.api.connections:
            connection.transport.abortConnection()
        stop: Callable[[], Any] = self.port.stopListening
        return maybeDeferred(stop)


@define(eq=False, slots=False)
class RuntimeConnection(TwistedProtocol):
    """One connection of the runtime client: requests in, one at a time, answers out."""

    environment: Environment
    connections: set[RuntimeConnection]
    transport: Any = field(init=False, default=None)  # a TCP connection; the base class says less
    _url: bytes = b""
    _headers: dict[bytes, bytes] = field(factory=dict)
    _trailers: dict[bytes, bytes] | None = None
    _body: list[bytes] = field(factory=list)
    _size: int = 0
    _sink: Sink | None = None
    _refusal: Refusal | None = None
    _owed: bytes = b""  # answers that may go out with what follows them: a client that asks on has not waited for them
    _reading: bool = False
    _waits: bool = False  # the client has asked for a call and has none yet

    def connectionMade(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self.transport.setTcpNoDelay(True)
        self.connections.add(self)

    def dataReceived(self, data: bytes) -> None:
        self._reading = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._send(400, _error_body("InvalidRequest", "Malformed HTTP request"))
            self.transport.loseConnection()
        finally:
            self._reading = False
            if self._owed and not self._waits:
                owed, self._owed = self._owed, b""
                prompt_write.write(self.transport, owed)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connections.discard(self)
        if self._sink is not None:
            sink, self._sink = self._sink, None
            sink.end(StreamBroken("Runtime.TruncatedResponse", _error_body("Runtime.TruncatedResponse", "")))
        self.environment.connection_lost(self)

    # httptools calls these

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = {}
        self._trailers = None
        self._body.clear()
        self._size = 0
        self._refusal = None

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._trailers is not None:
            self._trailers[name.lower()] = value
        else:
            self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._trailers = {}
        if self._headers.get(b"expect", b"").lower() == b"100-continue":
            self._answer(b"HTTP/1.1 100 Continue\r\n\r\n")
        mode = self._headers.get(b"lambda-runtime-function-response-mode", b"").lower()
        request_id, verb = self._invocation()
        if mode == b"streaming" and verb == b"response":
            answer = self.environment.streaming(request_id, self._headers, self.transport)
            if isinstance(answer, Refusal):
                self._refusal = answer
            else:
                self._sink = answer

    def on_body(self, data: bytes) -> None:
        if self._sink is not None:
            self._sink.write(data)
        elif self._refusal is None:
            self._size += len(data)
            if self._size <= _MAX_BODY:
                self._body.append(data)

    def on_message_complete(self) -> None:
        if self._sink is not None:
            sink, self._sink = self._sink, None
            sink.end(self._broken())
            self._accept(None)
        elif self._refusal is not None:
            self._accept(self._refusal)
        else:
            self._route()

    # What was asked

    def _route(self) -> None:
        path = self._url.partition(b"?")[0]
        if path == _NEXT:
            self._waits = True
            refusal = self.environment.next_asked(self)
            if refusal is not None:
                self._accept(refusal)
            return
        body = b"".join(self._body)
        self._body.clear()
        if path == _PREFIX + b"init/error":
            self._accept(self.environment.init_failed(body, self._headers))
            return
        request_id, verb = self._invocation()
        if verb == b"response":
            self._accept(self.environment.answered(request_id, body, self._headers))
        elif verb == b"error":
            self._accept(self.environment.failed(request_id, body, self._headers))
        else:
            self._send(404, b"404 page not found\n", b"text/plain")

    def _invocation(self) -> tuple[str, bytes]:
        path = self._url.partition(b"?")[0]
        if not path.startswith(_INVOCATION):
            return "", b""
        request_id, _, verb = path[len(_INVOCATION) :].partition(b"/")
        return request_id.decode("latin-1"), verb

    def _broken(self) -> StreamBroken | None:
        trailers = self._trailers or {}
        error_type = trailers.get(b"lambda-runtime-function-error-type")
        if error_type is None:
            return None
        encoded = trailers.get(b"lambda-runtime-function-error-body", b"")
        try:
            body = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            body = encoded
        return StreamBroken(error_type.decode("latin-1"), body)

    # Answers

    def send_event(self, payload: bytes, headers: Mapping[str, str]) -> None:
        """Answer ``next`` with a call: its payload, and what the runtime must know in headers."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n{lines}\r\n"
        encoded = self._owed + head.encode("latin-1", "replace")
        self._owed = b""
        self._waits = False
        if len(payload) < 16384:
            prompt_write.write(self.transport, encoded + payload)
        else:
            self.transport.writeSequence((encoded, payload))

    def _accept(self, refusal: Refusal | None) -> None:
        if refusal is None:
            self._answer(_ACCEPTED)
        else:
            self._send(refusal.status, _error_body(refusal.error_type, refusal.message))

    def _send(self, status: int, body: bytes, content_type: bytes = b"application/json") -> None:
        self._waits = False
        self._answer(
            b"HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
            % (status, _REASONS[status], content_type, len(body), body)
        )

    def _answer(self, data: bytes) -> None:
        if self._reading:
            self._owed += data
        else:
            prompt_write.write(self.transport, data)


_ACCEPTED = b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n'


def _error_body(error_type: str, message: str) -> bytes:
    return json.dumps({"errorMessage": message, "errorType": error_type}).encode()
