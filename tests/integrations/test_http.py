"""HTTP and HTTP_PROXY against a backend in memory."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionLost, ConnectionRefusedError, DNSLookupError
from twisted.trial.unittest import SynchronousTestCase

from emulator.errors import GatewayError
from emulator.integrations.dispatch import Dispatch, IntegrationRequest
from emulator.integrations.http import RESPONSE_LIMIT, Http, HttpCalls, write_url
from emulator.integrations.http_proxy import HttpProxy
from emulator.store.records import RestApi
from emulator.store.store import Store
from emulator.wire import Headers
from tests.integrations.backend import Backend

URI = "http://10.0.0.1:8000/p"


class Urls(SynchronousTestCase):
    def test_kept_as_they_are(self) -> None:
        for uri in ("http://h/a//b%2Fc;d?x=%20&y#z", "http://h/'(*)!$&,;=:@~", "http://[::1]/"):
            self.assertEqual(write_url(uri, ()), uri)

    def test_what_cannot_be_sent_is_escaped(self) -> None:
        self.assertEqual(write_url('http://h/a b/é"<>', ()), "http://h/a%20b/%C3%A9%22%3C%3E")

    def test_query_order_and_multiplicity(self) -> None:
        query = (("b", "1"), ("a", "x y"), ("b", ""), ("é&", "=#+/"))
        self.assertEqual(write_url("http://h/", query), "http://h/?b=1&a=x%20y&b=&%C3%A9%26=%3D%23%2B/")
        self.assertEqual(write_url("http://h/?z=0#f", (("a", "1"),)), "http://h/?z=0&a=1")


class HttpCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.backend = Backend()
        self.store = Store()
        calls = HttpCalls(self.backend.effects, self.backend.pool, self.store, lambda: "http://127.0.0.1:4566")
        self.dispatch = Dispatch(self.backend.effects, {"HTTP": Http(calls), "HTTP_PROXY": HttpProxy(calls)})

    def ask(self, kind: str = "HTTP_PROXY", method: str = "GET", uri: str = URI, **more: Any) -> Any:
        lines = more.pop("lines", [])
        asked = self.dispatch.invoke(
            IntegrationRequest(type=kind, http_method=method, uri=uri, headers=Headers(lines), api_id="abc123", **more)
        )
        self.backend.accept()
        return asked

    def failed(self, asked: Any, response_type: str) -> GatewayError:
        error = self.failureResultOf(asked, GatewayError).value
        self.assertEqual(error.response_type, response_type)
        assert isinstance(error, GatewayError)
        return error


class Requests(HttpCase):
    def test_as_mapped(self) -> None:
        self.ask(
            method="POST",
            query=(("q", "1"), ("q", "2")),
            lines=[("X-Amzn-Apigateway-Api-Id", "abc123"), ("aCCept", "a"), ("X", "1"), ("x", "2")],
            body=b"\x00hi",
        )
        self.assertEqual(
            self.backend.heard(),
            b"POST /p?q=1&q=2 HTTP/1.1\r\nHost: 10.0.0.1:8000\r\nX-Amzn-Apigateway-Api-Id: abc123\r\naCCept: a\r\n"
            b"X: 1\r\nx: 2\r\nContent-Length: 3\r\n\r\n\x00hi",
        )

    def test_an_api_of_ours_by_its_name_on_aws(self) -> None:
        self.store.add_api(RestApi(account="1" * 12, region="us-east-1", record={"id": "inner1", "name": "a"}))
        self.ask(uri="https://inner1.execute-api.us-east-1.amazonaws.com/prod/x?y=1")
        self.assertEqual(self.backend.reactor.tcpClients[-1][:2], ("127.0.0.1", 4566))
        head = b"GET /prod/x?y=1 HTTP/1.1\r\nHost: inner1.execute-api.us-east-1.amazonaws.com\r\n"
        self.assertTrue(self.backend.heard().startswith(head))
        self.ask(uri="http://10.0.0.9/?u=http://inner1.execute-api.us-east-1.amazonaws.com/")
        self.assertEqual(self.backend.reactor.tcpClients[-1][:2], ("10.0.0.9", 80))

    def test_marked_as_ours_even_if_nobody_did(self) -> None:
        self.ask()
        self.assertIn(b"x-amzn-apigateway-api-id: abc123\r\n", self.backend.heard())

    def test_nothing_is_added(self) -> None:
        self.ask(lines=[("x-amzn-apigateway-api-id", "abc123")])
        self.assertEqual(
            self.backend.heard(),
            b"GET /p HTTP/1.1\r\nHost: 10.0.0.1:8000\r\nx-amzn-apigateway-api-id: abc123\r\n\r\n",
        )

    def test_get_has_no_body_and_post_always_a_length(self) -> None:
        self.ask(body=b"x")
        self.assertNotIn(b"ontent-", self.backend.heard())
        self.ask(method="POST")
        self.assertIn(b"Content-Length: 0\r\n\r\n", self.backend.heard(1))

    def test_cookies_of_one_caller_are_not_sent_for_another(self) -> None:
        asked = self.ask()
        self.backend.heard()
        self.backend.say(b"HTTP/1.1 200 OK\r\nSet-Cookie: s=1\r\nSet-Cookie: t=2\r\nContent-Length: 0\r\n\r\n")
        self.assertEqual(self.successResultOf(asked).headers.all("set-cookie"), ["s=1", "t=2"])
        self.ask()
        self.assertNotIn(b"ookie", self.backend.heard())

    def test_line_breaks_are_refused(self) -> None:
        for lines in ([("X", "a\r\nY: b")], [("X\r\nY", "b")], [("X", "a\nb")]):
            self.failed(self.ask(lines=lines), "API_CONFIGURATION_ERROR")
        self.failed(self.ask(method="GET\r\nX: "), "API_CONFIGURATION_ERROR")
        self.assertEqual(self.backend.transports, [])

    def test_a_line_break_in_the_path_is_escaped(self) -> None:
        self.ask(uri=URI + "/a\r\nHost: evil")
        self.assertIn(b"GET /p/a%0D%0AHost:%20evil HTTP/1.1\r\n", self.backend.heard())

    def test_client_certificate(self) -> None:
        region = self.store.region("000000000000", "us-east-1")
        region.client_certificates["c1"] = {"pemEncodedCertificate": "PEM", "privateKey": "KEY"}
        made: list[Any] = []
        self.patch(self.backend.pool, "request", lambda *args: made.append(args[-1]) or ZeroDivisionError())
        calls = HttpCalls(self.backend.effects, self.backend.pool, self.store)
        request = IntegrationRequest(
            type="HTTP", http_method="GET", uri="https://h/", client_certificate="c1",
            account="000000000000", region="us-east-1", tls_insecure=True,
        )  # fmt: skip
        route = calls._route(request, None)
        self.assertEqual((route.certificate, route.private_key, route.any_issuer), ("PEM", "KEY", True))


class Answers(HttpCase):
    def test_as_it_came(self) -> None:
        asked = self.ask()
        self.backend.say(
            b"HTTP/1.1 301 Moved\r\nlocation: /there\r\nX-a: 1\r\nx-A: 2\r\nContent-Encoding: gzip\r\n"
            b"Content-Length: 3\r\n\r\n\x1f\x8b\x00"
        )
        answer = self.successResultOf(asked)
        self.assertEqual((answer.status, answer.body), (301, b"\x1f\x8b\x00"))
        self.assertEqual(
            answer.headers.lines,
            [("location", "/there"), ("X-a", "1"), ("x-A", "2"), ("Content-Encoding", "gzip"), ("Content-Length", "3")],
        )
        self.assertEqual(len(self.backend.transports), 1)

    def test_head(self) -> None:
        asked = self.ask(method="HEAD")
        self.backend.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        answer = self.successResultOf(asked)
        self.assertEqual((answer.body, answer.headers.first("content-length")), (b"", "5"))

    def test_in_pieces_and_chunks(self) -> None:
        asked = self.ask("HTTP")
        for piece in (b"HTTP/1.1 200 OK\r\nTransfer-Enc", b"oding: chunked\r\n\r\n3\r\nab", b"c\r\n0\r", b"\n\r\n"):
            self.assertNoResult(asked)
            self.backend.say(piece)
        self.assertEqual(self.successResultOf(asked).body, b"abc")

    def test_ten_megabytes_and_one_byte(self) -> None:
        asked = self.ask()
        self.backend.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % RESPONSE_LIMIT)
        self.backend.say(b"x" * RESPONSE_LIMIT)
        self.assertEqual(len(self.successResultOf(asked).body), RESPONSE_LIMIT)
        asked = self.ask()
        self.backend.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (RESPONSE_LIMIT + 1))
        error = self.failed(asked, "API_CONFIGURATION_ERROR")
        self.assertIn("10485761 is larger than allowed maximum of 10485760 bytes", error.log or "")

    def test_a_stream_comes_before_its_end(self) -> None:
        asked = self.ask(stream=True)
        self.backend.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        answer = self.successResultOf(asked)
        parts: list[bytes] = []
        ends: list[Any] = []
        answer.stream.start(parts.append, ends.append)
        self.assertEqual((answer.status, parts, ends), (200, [b"ab"], []))
        answer.stream.pause()
        self.assertEqual(self.backend.transports[0].producerState, "paused")
        answer.stream.resume()
        self.backend.say(b"2\r\ncd\r\n0\r\n\r\n")
        self.assertEqual((parts, ends), ([b"ab", b"cd"], [None]))

    def test_http_does_not_stream(self) -> None:
        asked = self.ask("HTTP", stream=True)
        self.backend.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        self.assertNoResult(asked)
        self.backend.say(b"0\r\n\r\n")
        answer = self.successResultOf(asked)
        self.assertEqual((answer.body, answer.stream), (b"ab", None))


class Failing(HttpCase):
    def test_refused(self) -> None:
        asked = self.dispatch.invoke(IntegrationRequest(type="HTTP", http_method="GET", uri=URI))
        self.backend.refuse(ConnectionRefusedError())
        error = self.failed(asked, "INTEGRATION_FAILURE")
        self.assertEqual(error.message, "Network error communicating with endpoint")
        self.assertEqual(error.log, "Execution failed due to a network error communicating with endpoint")

    def test_garbage_half_answers_and_hang_ups(self) -> None:
        for answer in (
            b"garbage\r\n\r\n",
            b"",
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        ):
            asked = self.ask(method="POST")
            which = len(self.backend.transports) - 1
            self.backend.say(answer, which)
            if not self.backend.transports[which].aborted:
                self.backend.close(which, ConnectionLost())
            self.failed(asked, "INTEGRATION_FAILURE")

    def test_bad_uris(self) -> None:
        for uri in ("", "h", "http://", "http:///x", "ftp://h/", "http://h:0/", "http://h:port/", "gopher:",
                    "arn:aws:lambda", "http://\r\n/"):  # fmt: skip
            self.failed(self.ask(uri=uri), "API_CONFIGURATION_ERROR")

    def test_no_such_host(self) -> None:
        asked = self.ask()
        self.backend.close(0, DNSLookupError())
        error = self.failed(asked, "API_CONFIGURATION_ERROR")
        self.assertEqual(error.log, "Execution failed due to configuration error: Invalid endpoint address")

    def test_late(self) -> None:
        asked = self.ask(timeout=0.05)
        self.backend.reactor.advance(0.04)
        self.assertNoResult(asked)
        self.backend.reactor.advance(0.02)
        error = self.failed(asked, "INTEGRATION_TIMEOUT")
        self.assertEqual(error.log, "Execution failed due to a timeout error")
        self.assertTrue(self.backend.transports[0].aborted)

    def test_late_while_connecting_and_while_the_body_comes(self) -> None:
        asked = self.dispatch.invoke(IntegrationRequest(type="HTTP", http_method="GET", uri=URI, timeout=1))
        self.backend.reactor.advance(1)
        self.failed(asked, "INTEGRATION_TIMEOUT")
        self.setUp()
        asked = self.ask(timeout=1)
        self.backend.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")
        self.backend.reactor.advance(1)
        self.failed(asked, "INTEGRATION_TIMEOUT")
        self.assertTrue(self.backend.transports[0].aborted)

    def test_given_up_by_the_caller(self) -> None:
        for said in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"):
            self.setUp()
            asked = self.ask()
            self.backend.say(said)
            asked.cancel()
            self.failureResultOf(asked, CancelledError)
            self.assertTrue(self.backend.transports[0].aborted)
            self.assertEqual(self.backend.reactor.getDelayedCalls(), [])

    def test_no_clock_left_ticking(self) -> None:
        asked = self.ask()
        self.backend.say(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        self.successResultOf(asked)
        self.assertEqual(self.backend.reactor.getDelayedCalls(), [])
