"""The factory of our connections: limits, the Date header, idle connections, and waiting for the running requests.

Belongs here: what connections share. Never here: what requests mean.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress
from twisted.internet.task import LoopingCall
from twisted.web import server
from twisted.web.http import _GenericHTTPChannelProtocol
from twisted.web.resource import Resource

from emulator.effects import Effects
from emulator.web.channel import Channel
from emulator.web.request import Request

_SWEEP_SECONDS = 15.0


class Site(server.Site):
    """``body_limit(uri, host)``: the bytes of body that the plane a request is for takes.

    ``tls``: connections may speak HTTP/2, by Twisted's negotiation.
    """

    def __init__(
        self,
        resource: Resource,
        effects: Effects,
        body_limit: Callable[[bytes, bytes], int],
        *,
        tls: bool = False,
        idle_seconds: float = 350.0,
    ) -> None:
        super().__init__(resource, requestFactory=Request, reactor=effects.reactor, parsePOSTFormSubmission=False)
        self.displayTracebacks = False
        self.timeOut = None
        self.body_limit = body_limit
        self.tls = tls
        self.busy = 0
        self.stopping = False
        self._effects = effects
        self._idle_seconds = idle_seconds
        self._channels: set[Channel] = set()
        self._emptied: list[Deferred[None]] = []
        self._date_second = -1
        self._date_line = b""
        self._sweep = LoopingCall(self._close_idle)
        self._sweep.clock = effects.clock

    def startFactory(self) -> None:
        if not self._sweep.running:
            self._sweep.start(_SWEEP_SECONDS, now=False)

    def stopFactory(self) -> None:
        if self._sweep.running:
            self._sweep.stop()

    def log(self, request: Any) -> None:
        """No access log of twisted.web's: stages have their own."""

    def buildProtocol(self, addr: IAddress | None) -> Any:
        channel = Channel()
        channel.site = channel.factory = self  # type: ignore[assignment]
        channel.callLater = self._effects.clock.callLater
        if not self.tls:
            return channel
        negotiating = _GenericHTTPChannelProtocol(channel)
        negotiating.site = negotiating.factory = self
        negotiating.requestFactory = Request
        negotiating.callLater = self._effects.clock.callLater
        negotiating.timeOut = self._idle_seconds
        return negotiating

    def now(self) -> float:
        """Monotonic seconds."""
        return float(self._effects.clock.seconds())

    def date_line(self) -> bytes:
        """The Date header of this second, with its line end."""
        second = int(self._effects.wall())
        if second != self._date_second:
            self._date_second = second
            self._date_line = b"Date: %b\r\n" % formatdate(second, usegmt=True).encode("ascii")
        return self._date_line

    def new_request_id(self) -> bytes:
        """An id for what is refused before there is a request."""
        return self._effects.uuid().encode("ascii")

    # Connections report here.

    def opened(self, channel: Channel) -> None:
        self._channels.add(channel)

    def closed(self, channel: Channel) -> None:
        self._channels.discard(channel)
        self._tell_if_empty()

    def finished_one(self) -> None:
        self.busy -= 1
        self._tell_if_empty()

    def _tell_if_empty(self) -> None:
        # Connections too: an answer is out only when its connection has been flushed and closed.
        if self._emptied and not self.busy and not self._channels:
            waiting, self._emptied = self._emptied, []
            for each in waiting:
                each.callback(None)

    def _close_idle(self) -> None:
        limit = self.now() - self._idle_seconds
        for channel in list(self._channels):
            if channel.idle and channel.idle_since < limit:
                channel.loseConnection()

    def drain(self) -> Deferred[None]:
        """Close what is idle, let running requests finish: fires when none is left, nor a connection."""
        self.stopping = True
        for channel in list(self._channels):
            if channel.idle:
                channel.loseConnection()
        if not self.busy and not self._channels:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._emptied.append(waiting)
        return waiting

    def close_all(self) -> None:
        """Drop whatever is still open."""
        for channel in list(self._channels):
            channel._abort()
