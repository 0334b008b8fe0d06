"""A worker's process: its output as it comes, its end, and how to end it.

Belongs here: Twisted's ProcessProtocol and process groups. Never here: what output or an end means (``worker.py``).
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from typing import Any, Protocol

from attrs import define
from twisted.internet import error
from twisted.internet.interfaces import IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from emulator.effects import Effects
from emulator.lambda_runtime.environment import Command

_FULL_READ = 65536


class Listener(Protocol):
    """Who hears of the process."""

    def output(self, channel: int, data: bytes) -> None:
        """The process wrote to 1 (stdout) or 2 (stderr)."""

    def exited(self, code: int | None, signal_number: int | None) -> None:
        """The process is gone; its last output was told before. Called once."""


class Process(Protocol):
    """A running process, as a worker uses it."""

    def drain(self) -> None:
        """Tell the listener what is in the pipes now."""

    def kill(self) -> None:
        """SIGKILL to the whole process group."""

    def memory_mb(self) -> int:
        """The most memory it has held, in MB; 0 if unknown."""


Start = Callable[[Command, Listener], Process]


@define(eq=False, slots=False)
class WorkerProcess(ProcessProtocol):
    """A real process. Use ``start_process``."""

    listener: Listener
    pid: int | None = None
    gone: bool = False
    received: int = 0
    _watched: tuple[int, ...] = ()
    _poll: Any = None

    def outReceived(self, data: bytes) -> None:
        self.received += len(data)
        self.listener.output(1, data)

    def errReceived(self, data: bytes) -> None:
        self.received += len(data)
        self.listener.output(2, data)

    def processExited(self, reason: Failure) -> None:
        self.drain()
        self.gone = True
        # A grandchild may still hold the pipes; then processEnded would never come, so nothing waits for it.
        if self.pid is not None:
            _signal_group(self.pid)
        if self.transport is not None:
            self.transport.loseConnection()
        code, signal_number = _cause(reason)
        self.listener.exited(code, signal_number)

    def drain(self) -> None:
        """Read the pipes now: the response can be seen before the output that was written ahead of it."""
        pipes: dict[int, Any] = getattr(self.transport, "pipes", None) or {}
        readers = {reader.fd: reader for reader in map(pipes.get, (1, 2)) if reader and not reader.disconnected}
        watched = tuple(readers)
        if watched != self._watched:
            self._watched, self._poll = watched, select.poll()
            for descriptor in watched:
                self._poll.register(descriptor, select.POLLIN)
        # Most calls print nothing, and one question is cheaper than two reads that fail.
        for descriptor, _ in self._poll.poll(0) if watched else ():
            self._drain(readers[descriptor])

    def _drain(self, reader: Any) -> None:
        # A read takes 64 KB at most: full ones are followed by another, within reason.
        for _ in range(64):
            before = self.received
            if reader.disconnected or reader.doRead() is not None or self.received - before < _FULL_READ:
                break

    def kill(self) -> None:
        if self.gone or self.pid is None:
            return
        # In its first millisecond the child has not made its own group yet: then there is only itself to kill.
        if not _signal_group(self.pid):
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def memory_mb(self) -> int:
        if self.pid is None or self.gone:
            return 0
        try:
            with open(f"/proc/{self.pid}/status", "rb") as status:
                text = status.read()
        except OSError:
            return 0
        _, _, rest = text.partition(b"VmHWM:")
        digits = rest.split(None, 1)
        return int(digits[0]) // 1024 if digits else 0


def _signal_group(pid: int) -> bool:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _cause(reason: Failure) -> tuple[int | None, int | None]:
    ended = reason.value
    if isinstance(ended, error.ProcessTerminated):
        return ended.exitCode, ended.signal
    return 0, None


def start_process(effects: Effects, command: Command, listener: Listener) -> Process:
    """Start a worker's process. Raises OSError when the machine has none to give."""
    process = WorkerProcess(listener)
    transport: IProcessTransport = effects.spawn(process, command.argv[0], command.argv, command.env)
    process.pid = getattr(transport, "pid", None)
    return process
