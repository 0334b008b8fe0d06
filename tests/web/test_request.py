"""Requests that came by HTTP/2, as the planes see them."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.server import NOT_DONE_YET

from emulator import wire
from emulator.web.request import Request


class Stream:
    """As much of Twisted's HTTP/2 stream as a request asks for; also its own site and root resource."""

    transport = None

    def __init__(self) -> None:
        self.site = self.resource = self
        self.busy = 0
        self.seen: list[wire.Request] = []

    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", "127.0.0.9", 999)

    getHost = getPeer

    def isSecure(self) -> bool:
        return False

    def render(self, request: Any) -> int:
        self.seen.append(request.wire_request())
        return NOT_DONE_YET


class Http2(SynchronousTestCase):
    def test_it_looks_like_http1(self) -> None:
        # A recorded event of a browser's HTTP/2 request: "protocol": "HTTP/1.1", Host and User-Agent so spelt.
        stream = Stream()
        request = Request(stream)
        for name, value in (
            (b"host", b"api.test"),
            (b"user-agent", b"u"),
            (b"accept", b"*/*"),
            (b"cookie", b"a=1"),
            (b"x-two", b"1"),
            (b"x-two", b"2"),
            (b"cookie", b"b=2"),
        ):
            request.requestHeaders.addRawHeader(name, value)
        request.requestReceived(b"GET", b"/a?b", b"HTTP/2")
        (seen,) = stream.seen
        self.assertEqual((seen.method, seen.raw_path, seen.raw_query, seen.protocol), ("GET", b"/a", b"b", "HTTP/1.1"))
        self.assertEqual(
            sorted(seen.headers.lines),
            [
                ("Host", "api.test"),
                ("User-Agent", "u"),
                ("accept", "*/*"),
                ("cookie", "a=1; b=2"),
                ("x-two", "1"),
                ("x-two", "2"),
            ],
        )
        self.assertEqual((seen.host, seen.source_ip), ("api.test", "127.0.0.9"))
