"""Writing at once: an answer goes out in the call that makes it, where nothing else is waiting to be written.

Belongs here: that one short cut, for plain TCP. Never here: framing, or who writes what.
Twisted's ``write`` waits for the reactor's next round: two changes of what epoll watches and one event for each answer
that the kernel would have taken at once (about 15 microseconds).
"""

from __future__ import annotations

from typing import Any

from twisted.internet.tcp import Connection


def write(transport: Any, data: bytes) -> None:
    """As ``transport.write``; what the kernel does not take at once waits in the transport as usual."""
    if (
        isinstance(transport, Connection)
        and transport.connected
        and not transport.TLS
        and not transport.disconnecting
        and not transport.dataBuffer
        and not transport._tempDataBuffer
    ):
        sent = transport.writeSomeData(data)
        # Anything but a number is the connection's end: the reactor finds out by itself, and tells the protocol.
        if isinstance(sent, int) and sent > 0:
            if sent == len(data):
                return
            data = data[sent:]
    transport.write(data)
