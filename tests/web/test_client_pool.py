"""The pool of connections to backends, on a reactor in memory."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import ResponseDone

from emulator.web.client_body import _Reader, read_body
from emulator.web.client_pool import FRESH_SECONDS, IDLE_SECONDS, InvalidUrl, Target
from emulator.web.client_tls import Route
from tests.integrations.backend import Backend

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Urls(SynchronousTestCase):
    def test_taken_apart(self) -> None:
        for url, expected in {
            "http://h": (False, "h", 80, "h", "/"),
            "http://H:81?q=1": (False, "h", 81, "H:81", "/?q=1"),
            "https://h/a//b%2F;c?x=/#f": (True, "h", 443, "h", "/a//b%2F;c?x=/"),
            "http://[::1]:8080/": (False, "::1", 8080, "[::1]:8080", "/"),
            "HTTP://user:pw@h/": (False, "h", 80, "h", "/"),
        }.items():
            found = Target.parse(url)
            self.assertEqual((found.tls, found.host, found.port, found.netloc, found.path), expected, url)

    def test_that_name_nothing(self) -> None:
        for url in ("", "h/a", "ftp://h/", "http://", "http:///a", "http://h:0/", "http://h:99999/", "http://h:x/",
                    "file:///etc/passwd", "http://a b/", "http://{host}/"):  # fmt: skip
            self.assertRaises(InvalidUrl, Target.parse, url)


class Pool(SynchronousTestCase):
    def setUp(self) -> None:
        self.backend = Backend()

    def ask(self, method: bytes = b"GET", url: str = "http://10.0.0.1:8000/x", **more: Any) -> Any:
        asked = self.backend.pool.request(method, url, more.pop("lines", []), more.pop("body", b""), **more)
        self.backend.accept()
        return asked

    def test_head(self) -> None:
        self.ask(b"POST", lines=[("A", "1"), ("content-length", "99"), ("Connection", "x"), ("a", "2")], body=b"hi")
        self.assertEqual(
            self.backend.heard(),
            b"POST /x HTTP/1.1\r\nHost: 10.0.0.1:8000\r\nA: 1\r\na: 2\r\nContent-Length: 2\r\n\r\nhi",
        )

    def test_a_host_header_of_the_callers(self) -> None:
        self.ask(lines=[("A", "1"), ("host", "other")])
        self.assertEqual(self.backend.heard(), b"GET /x HTTP/1.1\r\nhost: other\r\nA: 1\r\n\r\n")

    def test_kept_and_used_again(self) -> None:
        for _ in range(3):
            asked = self.ask()
            self.backend.say(OK)
            self.assertEqual(self.successResultOf(read_body(self.successResultOf(asked), 10)), b"ok")
        self.assertEqual(len(self.backend.transports), 1)
        self.ask(url="http://10.0.0.1:8001/x")
        self.assertEqual(len(self.backend.transports), 2)

    def test_two_at_once_need_two(self) -> None:
        self.ask()
        self.ask()
        self.assertEqual(len(self.backend.transports), 2)

    def test_a_backend_that_closed_the_idle_one(self) -> None:
        self.ask()
        self.backend.say(OK)
        self.backend.close()
        self.ask()
        self.assertEqual(len(self.backend.transports), 2)

    def test_asked_again_when_the_kept_one_dies_silently(self) -> None:
        self.ask()
        self.backend.say(OK)
        again = self.ask()
        self.backend.close()
        self.backend.accept()
        self.backend.say(OK, 1)
        self.assertEqual(self.successResultOf(again).code, 200)

    def test_a_post_is_not_asked_again(self) -> None:
        self.ask()
        self.backend.say(OK)
        again = self.ask(b"POST", body=b"x")
        self.backend.close()
        self.failureResultOf(again, ConnectionDone)
        self.assertEqual(len(self.backend.transports), 1)

    def test_a_post_takes_no_connection_that_was_idle_for_long(self) -> None:
        self.ask()
        self.backend.say(OK)
        self.backend.reactor.advance(FRESH_SECONDS + 0.1)
        self.ask(b"POST")
        self.assertEqual(len(self.backend.transports), 2)
        self.ask()
        self.assertEqual(len(self.backend.transports), 2)
        self.backend.say(OK)
        self.ask(b"POST")
        self.assertEqual(len(self.backend.transports), 2)

    def test_not_asked_again_on_a_new_connection_or_after_a_word(self) -> None:
        first = self.ask()
        self.backend.close()
        self.failureResultOf(first, ConnectionDone)
        self.ask()
        self.backend.say(OK, 1)
        again = self.ask()
        self.backend.say(b"HTTP/1.1 200 OK\r\n", 1)
        self.backend.close(1)
        self.failureResultOf(again, ConnectionDone)

    def test_refused(self) -> None:
        asked = self.backend.pool.request(b"GET", "http://10.0.0.1/", [], b"")
        self.backend.refuse(ConnectionRefusedError())
        self.failureResultOf(asked, ConnectionRefusedError)

    def test_cancelled_while_connecting(self) -> None:
        asked = self.backend.pool.request(b"GET", "http://10.0.0.1/", [], b"")
        asked.cancel()
        self.failureResultOf(asked, CancelledError)

    def test_a_body_that_was_read_is_let_go(self) -> None:
        # At once: a gateway reads gigabytes between two rounds of the garbage collector.
        reader = _Reader(10)
        reader.makeConnection(StringTransport())
        reader.dataReceived(b"ab")
        reader.connectionLost(Failure(ResponseDone()))
        self.assertEqual(self.successResultOf(reader.done), b"ab")
        self.assertEqual((reader._parts, reader.transport), ([], None))

    def test_connects_elsewhere(self) -> None:
        self.ask(route=Route(connect=("10.9.9.9", 99)))
        self.assertEqual(self.backend.reactor.tcpClients[0][:2], ("10.9.9.9", 99))
        self.assertIn(b"Host: 10.0.0.1:8000", self.backend.heard())

    def test_idle_ones_are_closed(self) -> None:
        self.ask()
        self.backend.say(OK)
        self.backend.reactor.advance(IDLE_SECONDS / 2)
        self.assertFalse(self.backend.transports[0].aborted)
        self.backend.reactor.advance(IDLE_SECONDS / 2)
        self.assertTrue(self.backend.transports[0].aborted)
        self.assertEqual(self.backend.reactor.getDelayedCalls(), [])

    def test_what_the_backend_closed_is_not_aborted_again(self) -> None:
        self.ask()
        self.backend.say(OK)
        self.backend.close()
        # That of TLS raises once the connection is lost.
        self.patch(self.backend.transports[0], "abortConnection", None)
        self.backend.reactor.advance(IDLE_SECONDS)
        self.assertEqual(self.backend.reactor.getDelayedCalls(), [])

    def test_close(self) -> None:
        self.ask()
        self.backend.say(OK)
        running = self.ask(url="http://10.0.0.2/")
        self.backend.pool.close()
        self.failureResultOf(running, ConnectionDone)
        self.assertTrue(all(each.aborted for each in self.backend.transports))
        self.assertEqual(self.backend.reactor.getDelayedCalls(), [])
