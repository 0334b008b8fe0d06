"""One connection to a backend, driven by hand."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.protocol import Protocol
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import ResponseDone, ResponseFailed

from emulator.web.client_body import BodyStream, BodyTooLong, header_lines, read_body
from emulator.web.client_connection import (
    HEAD_LIMIT,
    BadRequestHead,
    BadResponse,
    HttpClientConnection,
    write_head,
)


class Taker(Protocol):
    """Takes a body, and remembers."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.end: Failure | None = None

    def dataReceived(self, data: bytes) -> None:
        self.parts.append(data)

    def connectionLost(self, reason: Any = None) -> None:
        self.end = reason


class WriteHead(SynchronousTestCase):
    def test_lines_as_given(self) -> None:
        head = write_head("GET", "/a//b%2Fc?q=1", [("Host", "h"), ("x-A", "1"), ("X-a", "2")])
        self.assertEqual(head, b"GET /a//b%2Fc?q=1 HTTP/1.1\r\nHost: h\r\nx-A: 1\r\nX-a: 2\r\n\r\n")

    def test_no_second_header_by_a_line_break(self) -> None:
        for value in ("a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rb", "a\0b"):
            self.assertRaises(BadRequestHead, write_head, "GET", "/", [("X", value)])

    def test_names_and_targets_that_cannot_be(self) -> None:
        for name in ("", "a b", "a:b", "a\r\nb", "ü"):
            self.assertRaises(BadRequestHead, write_head, "GET", "/", [(name, "v")])
        for method, target in (("GET", "/a b"), ("GET", ""), ("G T", "/"), ("GET", "/\r\nHost: x")):
            self.assertRaises(BadRequestHead, write_head, method, target, [])


class Connection(SynchronousTestCase):
    def setUp(self) -> None:
        self.idle: list[HttpClientConnection] = []
        self.closed: list[HttpClientConnection] = []
        self.connection = HttpClientConnection(self.idle.append, self.closed.append)
        self.transport = StringTransport()
        self.connection.makeConnection(self.transport)

    def ask(self, method: bytes = b"GET", body: bytes = b"") -> Any:
        return self.connection.exchange(b"HEAD\r\n\r\n", body, method == b"HEAD")

    def test_a_whole_answer(self) -> None:
        answer = self.ask(body=b"hi")
        self.assertEqual(self.transport.value(), b"HEAD\r\n\r\nhi")
        self.connection.dataReceived(b"HTTP/1.1 201 Made\r\nX-b: 1\r\nx-B: 2 \r\nContent-Length: 3\r\n\r\nabc")
        response = self.successResultOf(answer)
        self.assertEqual((response.code, response.phrase, response.length), (201, b"Made", 3))
        self.assertEqual(header_lines(response), [("X-b", "1"), ("x-B", "2"), ("Content-Length", "3")])
        self.assertEqual(self.successResultOf(read_body(response, 10)), b"abc")
        self.assertEqual(self.idle, [self.connection])

    def test_byte_by_byte(self) -> None:
        answer = self.ask()
        raw = (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n"
        )
        taken = Taker()
        response = None
        for at in range(len(raw)):
            self.connection.dataReceived(raw[at : at + 1])
            if response is None and answer.called:
                response = self.successResultOf(answer)
                response.deliverBody(taken)
        self.assertEqual(b"".join(taken.parts), b"abcde")
        assert taken.end is not None
        taken.end.trap(ResponseDone)
        assert response is not None
        self.assertEqual(header_lines(response), [("Transfer-Encoding", "chunked")])
        self.assertEqual(self.idle, [self.connection])

    def test_used_again(self) -> None:
        for code in (200, 404):
            answer = self.ask()
            self.connection.dataReceived(b"HTTP/1.1 %d X\r\nContent-Length: 1\r\n\r\na" % code)
            self.assertEqual(self.successResultOf(answer).code, code)
        self.assertEqual(len(self.idle), 2)

    def test_head_has_no_body_whatever_its_length(self) -> None:
        for _ in range(2):
            answer = self.ask(b"HEAD")
            self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            response = self.successResultOf(answer)
            self.assertEqual(self.successResultOf(read_body(response, 1000)), b"")
        self.assertEqual(len(self.idle), 2)

    def test_no_length_ends_with_the_connection(self) -> None:
        answer = self.ask()
        self.connection.dataReceived(b"HTTP/1.1 200 OK\r\n\r\nabc")
        body = read_body(self.successResultOf(answer), 10)
        self.assertNoResult(body)
        self.connection.dataReceived(b"def")
        self.connection.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.successResultOf(body), b"abcdef")
        self.assertEqual((self.idle, self.closed), ([], [self.connection]))

    def test_connection_close_is_not_kept(self) -> None:
        answer = self.ask()
        self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na")
        self.successResultOf(answer)
        self.assertEqual(self.idle, [])
        self.assertTrue(self.transport.disconnected or self.transport.disconnecting)

    def test_garbage(self) -> None:
        answer = self.ask()
        self.connection.dataReceived(b"SSH-2.0-OpenSSH_9.2\r\n")
        self.failureResultOf(answer, BadResponse)
        self.assertTrue(self.connection.closed)

    def test_two_lengths(self) -> None:
        answer = self.ask()
        self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
        self.failureResultOf(answer, BadResponse)

    def test_an_endless_head(self) -> None:
        answer = self.ask()
        self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(HEAD_LIMIT // 65536 + 1):
            if not answer.called:
                self.connection.dataReceived(b"a" * 65536)
        self.failureResultOf(answer, BadResponse)

    def test_switching_protocols_is_no_answer(self) -> None:
        answer = self.ask()
        self.connection.dataReceived(b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
        self.failureResultOf(answer, BadResponse)

    def test_closed_before_the_answer(self) -> None:
        answer = self.ask()
        self.connection.connectionLost(Failure(ConnectionDone()))
        self.failureResultOf(answer, ConnectionDone)

    def test_half_an_answer(self) -> None:
        answer = self.ask()
        self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        body = read_body(self.successResultOf(answer), 100)
        self.connection.connectionLost(Failure(ConnectionLost()))
        self.failureResultOf(body, ResponseFailed)

    def test_half_a_chunk(self) -> None:
        answer = self.ask()
        self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc")
        body = read_body(self.successResultOf(answer), 100)
        self.connection.connectionLost(Failure(ConnectionDone()))
        self.failureResultOf(body, ResponseFailed)

    def test_garbage_in_the_body(self) -> None:
        answer = self.ask()
        self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        body = read_body(self.successResultOf(answer), 100)
        self.connection.dataReceived(b"zz\r\n")
        self.failureResultOf(body, ResponseFailed)

    def test_two_answers_to_one_request(self) -> None:
        answer = self.ask()
        self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na" * 2)
        response = self.successResultOf(answer)
        self.assertEqual(self.successResultOf(read_body(response, 10)), b"a")
        self.assertEqual(header_lines(response), [("Content-Length", "1")])
        self.assertEqual(self.idle, [])

    def test_an_answer_to_no_request(self) -> None:
        self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self.assertTrue(self.connection.closed)

    def test_cancelling_drops_the_connection(self) -> None:
        answer = self.ask()
        answer.cancel()
        self.failureResultOf(answer, CancelledError)
        self.assertTrue(self.connection.closed)
        self.connection.connectionLost(Failure(ConnectionLost()))

    def test_held_back_until_somebody_reads(self) -> None:
        answer = self.ask()
        self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
        self.assertEqual(self.transport.producerState, "paused")
        taken = Taker()
        self.successResultOf(answer).deliverBody(taken)
        self.assertEqual(self.transport.producerState, "producing")
        assert taken.transport is not None
        taken.transport.pauseProducing()  # type: ignore[attr-defined]
        self.assertEqual(self.transport.producerState, "paused")
        taken.transport.resumeProducing()  # type: ignore[attr-defined]
        self.connection.dataReceived(b"cd")
        self.assertEqual(taken.parts, [b"ab", b"cd"])
        self.assertEqual(self.transport.producerState, "producing")

    def test_too_long_by_its_own_word(self) -> None:
        answer = self.ask()
        self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nab")
        failure = self.failureResultOf(read_body(self.successResultOf(answer), 10), BodyTooLong)
        self.assertEqual(failure.value.length, 11)
        self.assertTrue(self.connection.closed)

    def test_too_long_by_counting(self) -> None:
        answer = self.ask()
        self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n")
        body = read_body(self.successResultOf(answer), 10)
        self.connection.dataReceived(b"6\r\nabcdef\r\n")
        self.failureResultOf(body, BodyTooLong)

    def test_a_taker_that_raises_is_heard_of(self) -> None:
        class Broken(Taker):
            def dataReceived(self, data: bytes) -> None:
                raise ZeroDivisionError

        answer = self.ask()
        self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        self.successResultOf(answer).deliverBody(Broken())
        self.assertRaises(ZeroDivisionError, self.connection.dataReceived, b"ab")

    def test_stream(self) -> None:
        answer = self.ask()
        self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
        parts: list[bytes] = []
        ends: list[Failure | None] = []
        stream = BodyStream(self.successResultOf(answer))
        stream.start(parts.append, ends.append)
        self.assertEqual(parts, [b"ab"])
        stream.pause()
        self.assertEqual(self.transport.producerState, "paused")
        stream.resume()
        self.connection.dataReceived(b"cd")
        self.assertEqual((parts, ends), ([b"ab", b"cd"], [None]))

    def test_stream_that_breaks(self) -> None:
        answer = self.ask()
        self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
        ends: list[Failure | None] = []
        BodyStream(self.successResultOf(answer)).start(lambda _part: None, ends.append)
        self.connection.connectionLost(Failure(ConnectionLost()))
        assert ends[0] is not None
        ends[0].trap(ResponseFailed)

    def test_stream_given_up_before_and_after_its_start(self) -> None:
        for start in (False, True):
            self.setUp()
            answer = self.ask()
            self.connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
            ends: list[Failure | None] = []
            stream = BodyStream(self.successResultOf(answer))
            if start:
                stream.start(lambda _part: None, ends.append)
            stream.cancel()
            self.assertTrue(self.connection.closed)
            self.connection.connectionLost(Failure(ConnectionLost()))
            self.assertEqual(ends, [])
