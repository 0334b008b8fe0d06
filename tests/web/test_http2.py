"""Answers on streams of Twisted's HTTP/2 connection, with h2 as the client; all in memory."""

from __future__ import annotations

from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection as Client
from h2.events import DataReceived, ResponseReceived, StreamEnded, StreamReset
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web._http2 import H2Connection

from emulator.effects import Effects
from emulator.web.request import Request
from emulator.web.site import Site
from emulator.wire import Headers, Response
from tests.web.test_channel import Parts, Root


class Streams(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.root = Root()
        self.site = Site(self.root, Effects.fake(self.clock), lambda _path, _host: 1000, tls=True)
        self.server = H2Connection(reactor=self.clock)
        self.server.site = self.server.factory = self.site  # type: ignore[assignment]
        self.server.requestFactory = Request
        self.transport = StringTransport()
        self.server.makeConnection(self.transport)
        self.client = Client(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.client.initiate_connection()

    def exchange(self) -> list[Any]:
        """What the client sends goes, what the server says comes as events."""
        self.server.dataReceived(self.client.data_to_send())
        self.clock.pump([0] * 10)
        events = list(self.client.receive_data(self.transport.value()))
        self.transport.clear()
        return events

    def get(self, stream: int) -> None:
        head = [(":method", "GET"), (":path", "/"), (":scheme", "https"), (":authority", "h")]
        self.client.send_headers(stream, head, end_stream=True)

    def test_an_answer(self) -> None:
        self.get(1)
        events = self.exchange()
        (head,) = [each for each in events if isinstance(each, ResponseReceived)]
        self.assertIn((":status", "200"), head.headers)
        self.assertEqual(b"".join(each.data for each in events if isinstance(each, DataReceived)), b"hello")
        self.assertEqual(len([each for each in events if isinstance(each, StreamEnded)]), 1)
        self.assertEqual(self.site.busy, 0)

    def lengths(self, response: Response, method: str = "GET") -> list[str]:
        """The Content-Length of an answer."""
        self.root.answer = response
        stream = self.client.get_next_available_stream_id()
        head = [(":method", method), (":path", "/"), (":scheme", "https"), (":authority", "h")]
        self.client.send_headers(stream, head, end_stream=True)
        (got,) = [each for each in self.exchange() if isinstance(each, ResponseReceived)]
        return [value for name, value in got.headers if name == "content-length"]

    def test_the_length(self) -> None:
        told = Headers([("Content-Length", "7")])
        self.assertEqual(self.lengths(Response(status=200, headers=told, body=b"hello")), ["5"])
        self.assertEqual(self.lengths(Response(status=204, headers=Headers(), body=b"")), [])
        self.assertEqual(self.lengths(Response(status=200, headers=told, body=b""), "HEAD"), ["7"])
        self.assertEqual(self.lengths(Response(status=200, headers=Headers(), body=b""), "HEAD"), ["0"])

    def test_a_body_that_breaks_off_resets_its_stream(self) -> None:
        parts = Parts()
        self.root.answer = Response(status=200, headers=Headers(), stream=parts)
        self.get(1)
        self.exchange()
        parts.write(b"some")
        events = self.exchange()
        self.assertEqual([each.data for each in events if isinstance(each, DataReceived)], [b"some"])
        parts.done(Failure(ConnectionError("gone")))
        events = self.exchange()
        (reset,) = [each for each in events if isinstance(each, StreamReset)]
        self.assertEqual((reset.stream_id, reset.error_code), (1, 2))
        self.assertEqual([each for each in events if isinstance(each, StreamEnded)], [])
        self.assertEqual(self.site.busy, 0)
        self.root.answer = None
        self.get(3)
        self.assertTrue(any(isinstance(each, StreamEnded) for each in self.exchange()))
