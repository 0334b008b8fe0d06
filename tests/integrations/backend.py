"""A backend in memory: the reactor's TCP connections, answered by hand."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import connectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from emulator.effects import Effects
from emulator.web.client_pool import ClientPool


class Backend:
    """Connections a pool opens, in order: ``heard(n)`` is what came on the n-th, ``say(n, …)`` answers on it."""

    def __init__(self) -> None:
        self.reactor = MemoryReactorClock()
        self.effects = Effects.fake(self.reactor, reactor=self.reactor)
        self.pool = ClientPool(self.effects)
        self.transports: list[StringTransport] = []
        self.protocols: list[Any] = []

    def accept(self) -> None:
        """Accept every connection that was asked for since."""
        for _host, _port, factory, _timeout, _bind in self.reactor.tcpClients[len(self.transports) :]:
            protocol = factory.buildProtocol(None)
            transport = _Transport(protocol)
            self.transports.append(transport)
            self.protocols.append(protocol)
            protocol.makeConnection(transport)

    def refuse(self, error: Exception) -> None:
        """Refuse the latest connection."""
        factory = self.reactor.tcpClients[-1][2]
        factory.clientConnectionFailed(None, Failure(error))

    def heard(self, which: int = 0) -> bytes:
        """What the backend got since it was last asked."""
        transport = self.transports[which]
        value = transport.value()
        transport.clear()
        return value

    def say(self, data: bytes, which: int = 0) -> None:
        self.protocols[which].dataReceived(data)

    def close(self, which: int = 0, reason: Exception | None = None) -> None:
        self.protocols[which].connectionLost(Failure(reason or ConnectionDone()))


class _Transport(StringTransport):
    """A transport that tells its protocol when it was aborted."""

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self._protocol = protocol
        self.aborted = False

    def abortConnection(self) -> None:
        if not self.aborted:
            self.aborted = True
            super().abortConnection()
            self._protocol.connectionLost(connectionDone)
