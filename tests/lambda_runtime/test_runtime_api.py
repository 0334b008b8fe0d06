"""The Runtime API on the wire."""

from __future__ import annotations

import base64

from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from emulator.lambda_runtime.runtime_api import Headers, Refusal, RuntimeApi, RuntimeConnection, Sink
from emulator.lambda_runtime.streams import Source, StreamBroken

PATH = b"/2018-06-01/runtime/"


class Transport(StringTransport):
    def setTcpNoDelay(self, enabled: bool) -> None:
        self.no_delay = enabled


class Environment:
    """Records what was asked; answers as it is told."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.refusal: Refusal | None = None
        self.parts: list[bytes] = []
        self.ended: list[StreamBroken | None] = []

    def next_asked(self, connection: RuntimeConnection) -> Refusal | None:
        self.asked.append("next")
        return self.refusal

    def answered(self, request_id: str, body: bytes, headers: Headers) -> Refusal | None:
        self.asked.append(("answered", request_id, body, headers.get(b"content-type")))
        return self.refusal

    def failed(self, request_id: str, body: bytes, headers: Headers) -> Refusal | None:
        self.asked.append(("failed", request_id, body))
        return self.refusal

    def init_failed(self, body: bytes, headers: Headers) -> Refusal | None:
        self.asked.append(("init", body, headers[b"lambda-runtime-function-error-type"]))
        return self.refusal

    def streaming(self, request_id: str, headers: Headers, source: Source) -> Sink | Refusal:
        self.asked.append(("streaming", request_id))
        return self.refusal or self

    def write(self, data: bytes) -> None:
        self.parts.append(data)

    def end(self, broken: StreamBroken | None = None) -> None:
        self.ended.append(broken)

    def connection_lost(self, connection: RuntimeConnection) -> None:
        self.asked.append("lost")


class RuntimeApiTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.environment = Environment()
        self.connection = RuntimeApi(self.environment).buildProtocol(None)
        self.transport = Transport()
        self.connection.makeConnection(self.transport)

    def sent(self) -> bytes:
        sent = self.transport.value()
        self.transport.clear()
        return sent

    def post(self, path: bytes, body: bytes, *lines: bytes) -> bytes:
        head = b"POST " + PATH + path + b" HTTP/1.1\r\nHost: x\r\n" + b"".join(line + b"\r\n" for line in lines)
        self.connection.dataReceived(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return self.sent()

    def test_next(self) -> None:
        request = b"GET " + PATH + b"invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
        for at in range(len(request)):
            self.connection.dataReceived(request[at : at + 1])
        self.assertEqual((self.environment.asked, self.sent()), (["next"], b""))
        self.connection.send_event(b'{"a":1}', {"Lambda-Runtime-Aws-Request-Id": "r"})
        self.assertEqual(
            self.sent(),
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n"
            b'Lambda-Runtime-Aws-Request-Id: r\r\n\r\n{"a":1}',
        )

    def test_response(self) -> None:
        answer = self.post(b"invocation/r-1/response", b'"x"', b"Content-Type: application/json")
        self.assertEqual(self.environment.asked, [("answered", "r-1", b'"x"', b"application/json")])
        self.assertTrue(answer.startswith(b"HTTP/1.1 202 Accepted\r\n"))
        self.assertTrue(answer.endswith(b'\r\n\r\n{"status":"OK"}\n'))

    def test_asks_on(self) -> None:
        """A client that asks for the next call with its answer gets "accepted" and the call in one piece."""
        head = b"POST " + PATH + b"invocation/r-1/response HTTP/1.1\r\nContent-Length: 3\r\n\r\n"
        following = b"GET " + PATH + b"invocation/next HTTP/1.1\r\n\r\n"
        self.connection.dataReceived(head + b'"x"' + following)
        self.assertEqual(self.environment.asked, [("answered", "r-1", b'"x"', None), "next"])
        self.assertEqual(self.sent(), b"")
        self.connection.send_event(b"{}", {"Lambda-Runtime-Aws-Request-Id": "r-2"})
        sent = self.sent()
        self.assertTrue(sent.startswith(b"HTTP/1.1 202 Accepted\r\n"))
        self.assertTrue(sent.endswith(b"Lambda-Runtime-Aws-Request-Id: r-2\r\n\r\n{}"))

    def test_asks_on_and_is_refused(self) -> None:
        self.environment.refusal = Refusal(403, "InvalidStateTransition", "no")
        head = b"POST " + PATH + b"invocation/r-1/response HTTP/1.1\r\nContent-Length: 3\r\n\r\n"
        self.connection.dataReceived(head + b'"x"' + b"GET " + PATH + b"invocation/next HTTP/1.1\r\n\r\n")
        self.assertEqual(self.sent().count(b"HTTP/1.1 403 Forbidden\r\n"), 2)

    def test_errors(self) -> None:
        self.post(b"invocation/r-1/error", b"{}")
        self.post(b"init/error", b'{"e":1}', b"Lambda-Runtime-Function-Error-Type: Runtime.X")
        self.assertEqual(self.environment.asked, [("failed", "r-1", b"{}"), ("init", b'{"e":1}', b"Runtime.X")])

    def test_refused(self) -> None:
        self.environment.refusal = Refusal(403, "InvalidStateTransition", "no")
        answer = self.post(b"invocation/r-1/response", b"{}")
        self.assertTrue(answer.startswith(b"HTTP/1.1 403 Forbidden\r\n"))
        self.assertTrue(answer.endswith(b'{"errorMessage": "no", "errorType": "InvalidStateTransition"}'))

    def test_unknown_path(self) -> None:
        self.assertTrue(self.post(b"elsewhere", b"").startswith(b"HTTP/1.1 404 Not Found\r\n"))

    def test_no_http(self) -> None:
        self.connection.dataReceived(b"\x16\x03\x01 hello\r\n\r\n")
        self.assertTrue(self.sent().startswith(b"HTTP/1.1 400 Bad Request\r\n"))
        self.assertTrue(self.transport.disconnecting)

    def stream_head(self) -> bytes:
        return (
            b"POST " + PATH + b"invocation/r-1/response HTTP/1.1\r\nHost: x\r\n"
            b"Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n"
            b"Trailer: Lambda-Runtime-Function-Error-Type\r\n\r\n"
        )

    def test_streaming(self) -> None:
        self.connection.dataReceived(self.stream_head() + b"3\r\none\r\n")
        self.assertEqual((self.environment.parts, self.environment.ended), ([b"one"], []))
        self.connection.dataReceived(b"3\r\ntwo\r\n0\r\n\r\n")
        self.assertEqual((self.environment.parts, self.environment.ended), ([b"one", b"two"], [None]))
        self.assertTrue(self.sent().startswith(b"HTTP/1.1 202"))

    def test_streaming_that_fails(self) -> None:
        encoded = base64.b64encode(b'{"errorType":"E"}')
        self.connection.dataReceived(
            self.stream_head() + b"3\r\none\r\n0\r\nLambda-Runtime-Function-Error-Type: E\r\n"
            b"Lambda-Runtime-Function-Error-Body: " + encoded + b"\r\n\r\n"
        )
        broken = self.environment.ended[0]
        assert broken is not None
        self.assertEqual((broken.error_type, broken.payload), ("E", b'{"errorType":"E"}'))

    def test_streaming_that_is_cut(self) -> None:
        self.connection.dataReceived(self.stream_head() + b"3\r\none\r\n")
        self.connection.connectionLost()
        broken = self.environment.ended[0]
        assert broken is not None
        self.assertEqual(broken.error_type, "Runtime.TruncatedResponse")
        self.assertEqual(self.environment.asked[-1], "lost")

    def test_streaming_refused(self) -> None:
        self.environment.refusal = Refusal(403, "InvalidStateTransition", "no")
        self.connection.dataReceived(self.stream_head() + b"3\r\none\r\n0\r\n\r\n")
        self.assertEqual(self.environment.parts, [])
        self.assertTrue(self.sent().startswith(b"HTTP/1.1 403"))
