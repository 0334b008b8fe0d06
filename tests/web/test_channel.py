"""The channel: framing, order, limits, spelling; on a transport in memory and a clock of our own."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from emulator.effects import Effects
from emulator.web.site import Site
from emulator.wire import Headers, Response


class Root(Resource):
    """Keeps requests; answers at once unless told to wait."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []
        self.waits = False
        self.cancelled = 0
        self.answer: Any = None

    def render(self, request: Any) -> Any:
        self.seen.append((request, request.wire_request()))
        request.on_hang_up = self._gone
        if self.answer is not None:
            request.respond(self.answer)
        elif not self.waits:
            request.respond(Response(status=200, headers=Headers([("x-CaSe", "1")]), body=request.body or b"hello"))
        return NOT_DONE_YET

    def _gone(self) -> None:
        self.cancelled += 1


class Parts:
    """A ``wire.Stream`` the test feeds."""

    def __init__(self) -> None:
        self.paused = self.cancelled = False

    def start(self, write: Any, done: Any) -> None:
        self.write, self.done = write, done

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def cancel(self) -> None:
        self.cancelled = True


GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


class ChannelCase(SynchronousTestCase):
    """A connection."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.root = Root()
        effects = Effects.fake(self.clock, self.clock)
        self.site = Site(self.root, effects, lambda uri, host: 100)
        self.channel = self.site.buildProtocol(None)
        self.transport = StringTransport()
        self.transport.abortConnection = self.transport.loseConnection  # type: ignore[method-assign]
        self.channel.makeConnection(self.transport)

    def send(self, data: bytes) -> bytes:
        """What comes back."""
        self.transport.clear()
        self.channel.dataReceived(data)
        self.clock.advance(0)
        return self.transport.value()

    def test_a_request_and_its_answer(self) -> None:
        answer = self.send(b"GET /a//b%2Fc?x=1&x=%20 HTTP/1.1\r\nHost: h\r\nX-MiXed: 1\r\nx-mixed: 2\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK\r\nDate: "))
        self.assertIn(b"\r\nx-CaSe: 1\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello", answer)
        request = self.root.seen[0][1]
        self.assertEqual((request.raw_path, request.raw_query), (b"/a//b%2Fc", b"x=1&x=%20"))
        self.assertEqual(request.headers.lines, [("Host", "h"), ("X-MiXed", "1"), ("x-mixed", "2")])

    def test_byte_by_byte(self) -> None:
        for byte in b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc":
            self.channel.dataReceived(bytes([byte]))
        self.assertTrue(self.transport.value().endswith(b"\r\n\r\nabc"))

    def test_chunked(self) -> None:
        answer = self.send(
            b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nX-T: 1\r\n\r\n"
        )
        self.assertTrue(answer.endswith(b"abc"))

    def test_pipelined_requests_are_answered_in_order(self) -> None:
        self.root.waits = True
        self.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % number for number in range(3)))
        self.assertEqual(len(self.root.seen), 1)
        self.assertEqual(self.transport.producerState, "paused")
        for number in range(3):
            self.root.seen[number][0].respond(Response(status=200, body=b"<%d>" % number))
            self.clock.advance(0)
        value = self.transport.value()
        self.assertLess(value.index(b"<0>"), value.index(b"<1>"))
        self.assertLess(value.index(b"<1>"), value.index(b"<2>"))
        self.assertEqual(self.transport.producerState, "producing")

    def test_head_has_no_body(self) -> None:
        answer = self.send(b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
        self.assertIn(b"Content-Length: 5\r\n", answer)
        self.assertTrue(answer.endswith(b"\r\n\r\n"))

    def test_http_1_0_closes(self) -> None:
        answer = self.send(b"GET / HTTP/1.0\r\n\r\n")
        self.assertIn(b"Connection: close\r\n", answer)
        self.assertTrue(self.transport.disconnecting)

    def test_continue(self) -> None:
        answer = self.send(b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        self.assertEqual(answer, b"HTTP/1.1 100 Continue\r\n\r\n")
        self.assertTrue(self.send(b"abc").endswith(b"abc"))

    def test_too_long_by_its_own_word(self) -> None:
        answer = self.send(b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n")
        self.assertTrue(self.root.seen[0][1].truncated)
        self.assertNotIn(b"100 Continue", answer)
        self.assertIn(b"Connection: close", answer)

    def test_too_long_in_chunks(self) -> None:
        self.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"32\r\n" + b"x" * 50 + b"\r\n"
        self.send(chunk * 2)
        self.assertEqual(self.root.seen, [])
        self.send(chunk)
        self.assertTrue(self.root.seen[0][1].truncated)
        self.assertEqual(self.root.seen[0][1].body, b"")
        self.assertEqual(self.send(chunk), b"")

    def test_nonsense_is_a_400(self) -> None:
        self.assertTrue(self.send(b"NONSENSE\r\n\r\n").startswith(b"HTTP/1.1 400 Bad Request\r\n"))
        self.assertEqual(self.root.seen, [])

    def test_a_refusal_looks_like_awss(self) -> None:
        answer = self.send(b"GET /\xff HTTP/1.1\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 Bad Request\r\nDate: "), answer)
        self.assertRegex(answer, rb"\r\nx-amzn-RequestId: [0-9a-f-]{36}\r\n")
        self.assertIn(b"\r\nx-amzn-ErrorType: BadRequestException\r\n", answer)
        self.assertTrue(answer.endswith(b'\r\n\r\n{"message":"Bad Request"}'), answer)

    def test_a_verb_nobody_knows_has_no_method(self) -> None:
        for verb in (b"FOO", b"get", b"X-Y"):
            self.setUp()
            answer = self.send(verb + b" /path HTTP/1.1\r\nHost: h\r\n\r\n")
            self.assertTrue(answer.startswith(b"HTTP/1.1 403 Forbidden\r\n"), answer)
            self.assertIn(b"x-amzn-ErrorType: MissingAuthenticationTokenException\r\n", answer)
            self.assertTrue(answer.endswith(b'{"message":"Missing Authentication Token"}'), answer)
            self.assertTrue(self.transport.disconnecting)

    def test_a_refusal_waits_for_the_requests_before_it(self) -> None:
        self.root.waits = True
        self.assertEqual(self.send(GET + GET + b"NONSENSE\r\n\r\n" + GET), b"")
        self.root.seen[0][0].respond(Response(status=200, body=b"one"))
        self.clock.advance(0)
        self.root.seen[1][0].respond(Response(status=200, body=b"two"))
        answer = self.transport.value()
        self.assertEqual([each[:3] for each in answer.split(b"HTTP/1.1 ")[1:]], [b"200", b"200", b"400"])
        self.assertEqual(len(self.root.seen), 2)
        self.assertTrue(self.transport.disconnecting)

    def test_what_comes_while_the_next_is_due_queues_behind_it(self) -> None:
        self.root.waits = True
        self.send(GET.replace(b"/", b"/1", 1) + GET.replace(b"/", b"/2", 1))
        self.root.seen[0][0].respond(Response(status=200))
        self.channel.dataReceived(GET.replace(b"/", b"/3", 1))
        self.clock.advance(0)
        self.root.seen[1][0].respond(Response(status=200))
        self.clock.advance(0)
        self.assertEqual([each[1].raw_path for each in self.root.seen], [b"/1", b"/2", b"/3"])

    def test_an_absolute_target_names_the_host(self) -> None:
        for target, path, host in (
            (b"http://api.test:80/a/b?c=d", b"/a/b", "api.test:80"),
            (b"HTTPS://user@api.test", b"/", "api.test"),
            (b"http://api.test?c=d", b"/", "api.test"),
            (b"http:///a", b"/a", "h"),
        ):
            self.setUp()
            self.send(b"GET " + target + b" HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n\r\n")
            request = self.root.seen[0][1]
            self.assertEqual((request.raw_path, request.host), (path, host))
            self.assertEqual(request.raw_query, b"c=d" if b"?" in target else b"")
            self.assertEqual(len(request.headers), 2)

    def test_space_around_a_value_is_none_of_it(self) -> None:
        self.send(b"GET / HTTP/1.1\r\nHost: h\r\nX-A: \t a b \t\r\nX-B:\r\n\r\n")
        self.assertEqual(self.root.seen[0][1].headers.lines[1:], [("X-A", "a b"), ("X-B", "")])

    def test_two_hosts_are_a_400(self) -> None:
        answer = self.send(b"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 2\r\n\r\nab" + GET)
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 Bad Request\r\n"))
        self.assertEqual(self.root.seen, [])

    def test_endless_headers_are_a_431(self) -> None:
        self.send(b"GET / HTTP/1.1\r\n")
        answer = b""
        for _ in range(20):
            answer = self.send(b"X-Long: " + b"x" * 8000 + b"\r\n") or answer
        self.assertTrue(answer.startswith(b"HTTP/1.1 431 "))
        self.assertEqual(self.root.seen, [])

    def test_an_upgrade_is_not_one(self) -> None:
        answer = self.send(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 200"))

    def test_no_header_can_be_smuggled_out(self) -> None:
        self.root.answer = Response(status=200, headers=Headers([("X-A", "1\r\nX-B: 2")]))
        self.assertNotIn(b"\r\nX-B", self.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"))

    def test_a_client_that_hangs_up(self) -> None:
        self.root.waits = True
        self.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        self.channel.connectionLost(Failure(CancelledError()))
        self.assertEqual(self.root.cancelled, 1)
        self.assertEqual(self.site.busy, 0)
        self.root.seen[0][0].respond(Response(status=200))

    def test_a_stream_is_framed_and_held_back(self) -> None:
        parts = Parts()
        self.root.answer = Response(status=200, stream=parts)
        head = self.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        self.assertIn(b"Transfer-Encoding: chunked\r\n", head)
        self.transport.clear()
        parts.write(b"abc")
        self.assertEqual(self.transport.value(), b"3\r\nabc\r\n")
        self.transport.producer.pauseProducing()
        self.assertTrue(parts.paused)
        self.transport.producer.resumeProducing()
        self.assertFalse(parts.paused)
        parts.done(None)
        self.assertTrue(self.transport.value().endswith(b"0\r\n\r\n"))
        self.root.answer = None
        self.assertTrue(self.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").endswith(b"hello"))

    def test_a_stream_that_breaks_off_cuts_the_connection(self) -> None:
        parts = Parts()
        self.root.answer = Response(status=200, stream=parts)
        self.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        parts.done(Failure(ValueError("broken")))
        self.assertTrue(self.transport.disconnecting)
        self.assertFalse(self.transport.value().endswith(b"0\r\n\r\n"))

    def test_a_stream_ends_with_its_client(self) -> None:
        parts = Parts()
        self.root.answer = Response(status=200, stream=parts)
        self.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        self.channel.connectionLost(Failure(CancelledError()))
        self.assertTrue(parts.cancelled)

    def test_a_bug_is_a_500(self) -> None:
        self.root.render = lambda request: 1 / 0  # type: ignore[method-assign,assignment,return-value]
        answer = self.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 500 "))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_draining_waits_for_the_running_request(self) -> None:
        self.root.waits = True
        self.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        drained: Deferred[None] = self.site.drain()
        self.assertNoResult(drained)
        self.root.seen[0][0].respond(Response(status=200))
        self.assertTrue(self.transport.disconnecting)
        self.channel.connectionLost(Failure(CancelledError()))
        self.successResultOf(drained)

    def test_idle_connections_are_closed(self) -> None:
        self.site.startFactory()
        self.clock.pump([15.0] * 23)
        self.assertFalse(self.transport.disconnecting)
        self.clock.pump([15.0] * 2)
        self.assertTrue(self.transport.disconnecting)
        self.site.stopFactory()
        self.assertEqual(self.clock.getDelayedCalls(), [])
