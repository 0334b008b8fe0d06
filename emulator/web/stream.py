"""Relaying a body that is still coming to a client, no faster than the client reads.

Belongs here: the IPushProducer between a ``wire.Stream`` and a request. Never here: where streams come from.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IPushProducer
from twisted.python.failure import Failure
from zope.interface import implementer

from emulator.wire import Stream


@implementer(IPushProducer)
class Relay:
    """Writes what the stream gives; pauses the stream when the transport's buffer is full.

    ``chunked``: each part is framed as a chunk of HTTP/1.1, and the last chunk ends it.
    """

    def __init__(self, request: Any, stream: Stream, chunked: bool) -> None:
        self._request = request
        self._stream = stream
        self._chunked = chunked
        self._over = False

    def start(self) -> None:
        """Begin: from here on the transport drives."""
        self._request.registerProducer(self, True)
        self._request.on_hang_up = self._hung_up
        self._stream.start(self._write, self._finished)

    def _write(self, data: bytes) -> None:
        if self._over or not data:
            return
        if self._chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        self._request.channel.write(data)

    def _finished(self, failure: Failure | None = None) -> None:
        if self._over:
            return
        self._over = True
        if self._chunked and failure is None:
            self._request.channel.write(b"0\r\n\r\n")
        self._request.unregisterProducer()
        self._request.finish_stream(failure)

    def _hung_up(self) -> None:
        if not self._over:
            self._over = True
            self._stream.cancel()

    def pauseProducing(self) -> None:
        self._stream.pause()

    def resumeProducing(self) -> None:
        if not self._over:
            self._stream.resume()

    def stopProducing(self) -> None:
        self._hung_up()
