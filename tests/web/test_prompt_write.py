"""Writing at once: order is kept, what the kernel leaves waits, a dead connection is the reactor's to find."""

from __future__ import annotations

from typing import Any

from twisted.internet.main import CONNECTION_LOST
from twisted.internet.tcp import Connection
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from emulator.web import prompt_write


class Socketless(Connection):
    """A TCP transport whose kernel takes what it is told to take."""

    def __init__(self, takes: Any) -> None:
        self.connected = 1
        self.disconnecting = False
        self.dataBuffer = b""
        self._tempDataBuffer: list[bytes] = []
        self._tempDataLen = 0
        self.takes = takes
        self.sent = b""

    def writeSomeData(self, data: bytes) -> Any:
        if isinstance(self.takes, int):
            self.sent += data[: self.takes]
            return min(self.takes, len(data))
        return self.takes

    def startWriting(self) -> None:
        """The reactor would be asked for an event."""


class PromptWrite(SynchronousTestCase):
    def test_all_at_once(self) -> None:
        transport = Socketless(100)
        prompt_write.write(transport, b"answer")
        self.assertEqual((transport.sent, transport._tempDataBuffer), (b"answer", []))

    def test_the_rest_waits(self) -> None:
        transport = Socketless(2)
        prompt_write.write(transport, b"answer")
        self.assertEqual((transport.sent, transport._tempDataBuffer), (b"an", [b"swer"]))

    def test_behind_what_waits(self) -> None:
        transport = Socketless(2)
        prompt_write.write(transport, b"one")
        transport.takes = 100
        prompt_write.write(transport, b"two")
        self.assertEqual((transport.sent, transport._tempDataBuffer), (b"on", [b"e", b"two"]))

    def test_full_kernel(self) -> None:
        transport = Socketless(0)
        prompt_write.write(transport, b"answer")
        self.assertEqual(transport._tempDataBuffer, [b"answer"])

    def test_lost(self) -> None:
        transport = Socketless(CONNECTION_LOST)
        prompt_write.write(transport, b"answer")
        self.assertEqual((transport.sent, transport._tempDataBuffer), (b"", [b"answer"]))

    def test_other_transports(self) -> None:
        transport = StringTransport()
        prompt_write.write(transport, b"answer")
        self.assertEqual(transport.value(), b"answer")
