"""The seam to the outside: clock, date, random, ids, threads, processes, listening ports.

Belongs here: whatever makes two runs differ, or touches the machine. Everything else gets an ``Effects`` handed in, so
that tests advance a ``task.Clock`` and seed the randomness. The global reactor enters through ``Effects.real`` only.
"""

from __future__ import annotations

import atexit
import gc
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from attrs import Factory, define
from twisted.internet import defer, threads
from twisted.internet.interfaces import IListeningPort, IProcessTransport
from twisted.internet.protocol import Factory as ProtocolFactory
from twisted.internet.protocol import ProcessProtocol
from twisted.python import failure
from twisted.python.threadpool import ThreadPool

T = TypeVar("T")
_Random = random.Random  # below, "random" is an attribute

_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@define(eq=False)
class Effects:
    """What the emulator may ask of the machine.

    ``clock``   an IReactorTime: ``seconds()`` (monotonic) and ``callLater``.
    ``wall``    seconds since the epoch, as a float. In tests: a base plus ``clock.seconds()``.
    ``reactor`` the whole reactor, for endpoints, TCP clients and threads; tests hand in a memory reactor.
    ``random``  what may not be guessed (keys), or is drawn rarely.
    ``ids``     what need only be unique: every request draws some, and asking the kernel costs 5 microseconds.
    ``pool``    the threads blocking work runs on; None in tests: ``in_thread`` then runs at once, in order.
    """

    reactor: Any
    clock: Any
    wall: Callable[[], float]
    random: random.Random = Factory(random.Random)
    ids: _Random = Factory(lambda self: self.random, takes_self=True)
    pool: ThreadPool | None = None
    writer_pool: ThreadPool | None = None
    _writer_mutex: Any = Factory(threading.Lock)

    @classmethod
    def real(cls, reactor: Any) -> Effects:
        """The effects of a running daemon; its thread pools start and stop with the reactor."""
        pool = ThreadPool(0, 8, name="apigw-emu")
        writer = ThreadPool(0, 1, name="apigw-emu-writer")
        for each in (pool, writer):
            reactor.callWhenRunning(each.start)
            reactor.addSystemEventTrigger("during", "shutdown", _stop, each)
        return cls(
            reactor=reactor,
            clock=reactor,
            wall=time.time,
            random=random.SystemRandom(),
            ids=random.Random(),  # seeded by the kernel
            pool=pool,
            writer_pool=writer,
        )

    @classmethod
    def fake(cls, clock: Any, reactor: Any = None, epoch: float = 1_700_000_000.0, seed: int = 0) -> Effects:
        """Effects for tests: everything follows ``clock`` (a ``task.Clock``); threads run at once."""
        return cls(
            reactor=reactor, clock=clock, wall=lambda: epoch + clock.seconds(), random=random.Random(seed)
        )

    def uuid(self) -> str:
        """A version 4 UUID in its usual text form."""
        bits = self.ids.getrandbits(128)
        digits = f"{bits:032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[bits & 3]}{digits[17:20]}-{digits[20:]}"

    def new_id(self, length: int = 10) -> str:
        """An id as API Gateway makes them: lower-case letters and digits."""
        return "".join(self.random.choices(_ID_ALPHABET, k=length))

    def hex(self, length: int) -> str:
        """``length`` random hexadecimal digits."""
        return f"{self.ids.getrandbits(4 * length):0{length}x}"

    def in_thread(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> defer.Deferred[T]:
        """Run ``function`` off the reactor, beside other threads: for what blocks but shares nothing."""
        if self.pool is None:
            return defer.maybeDeferred(function, *args, **kwargs)
        return threads.deferToThreadPool(self.reactor, self.pool, function, *args, **kwargs)

    def in_writer(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> defer.Deferred[T]:
        """Run ``function`` off the reactor, one at a time in order of asking: moto's single writer."""
        if self.writer_pool is None:
            return defer.maybeDeferred(function, *args, **kwargs)
        return threads.deferToThreadPool(self.reactor, self.writer_pool, self._write, function, args, kwargs)

    def _write(self, function: Callable[..., T], args: Any, kwargs: Any) -> T:
        with self._writer_mutex:
            return function(*args, **kwargs)

    def wait_for(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """From the writer's thread: call ``function`` on the reactor and wait for its answer (or its Deferred's).

        While it waits, other work may have the writer: what is asked for on the reactor may need moto in turn.
        """
        pool = self.writer_pool
        if pool is None:
            return _now(defer.maybeDeferred(function, *args, **kwargs))
        pool.adjustPoolsize(0, pool.max + 1)
        self._writer_mutex.release()
        try:
            return threads.blockingCallFromThread(self.reactor, function, *args, **kwargs)
        finally:
            self._writer_mutex.acquire()
            pool.adjustPoolsize(0, pool.max - 1)

    def from_thread(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """From a thread: call ``function`` on the reactor, without waiting. On the reactor: call it now."""
        if self.pool is None:
            function(*args, **kwargs)
        else:
            self.reactor.callFromThread(function, *args, **kwargs)

    def wait_in_thread(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """From a thread (never the reactor's): call ``function`` on the reactor and wait for what it gives.

        Not from the writer's thread: whoever is waited for may need the writer. ``on_writer`` tells.
        """
        return threads.blockingCallFromThread(self.reactor, function, *args, **kwargs)

    def on_writer(self) -> bool:
        """Whether the code runs on the writer's thread."""
        return self.writer_pool is not None and threading.current_thread() in self.writer_pool.threads

    def fail_at_exit(self) -> None:
        """Let the process end with exit code 1 when it ends: twistd's own end says 0 whatever happened."""
        atexit.register(_fail)

    def spawn(
        self, protocol: ProcessProtocol, executable: str, args: Sequence[str], env: Mapping[str, str]
    ) -> IProcessTransport:
        """Start a child process. No directory is given, so that Twisted uses posix_spawn: fork stalls the reactor."""
        transport: IProcessTransport = self.reactor.spawnProcess(protocol, executable, list(args), dict(env), None)
        return transport

    def listen_loopback(self, factory: ProtocolFactory) -> IListeningPort:
        """Listen on a free port of 127.0.0.1; ``getHost().port`` tells which."""
        port: IListeningPort = self.reactor.listenTCP(0, factory, interface="127.0.0.1")
        return port


def _now(deferred: defer.Deferred[Any]) -> Any:
    """The result a Deferred already has: with no threads nothing can be waited for."""
    results: list[Any] = []
    deferred.addBoth(results.append)
    if not results:
        raise RuntimeError("asked to wait for a Deferred that has not fired, with no thread to wait on")
    if isinstance(results[0], failure.Failure):
        results[0].raiseException()
    return results[0]


def _fail() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(1)


def _stop(pool: ThreadPool) -> None:
    if pool.started:
        pool.stop()


def pause(seconds: float) -> None:
    """Sleep: for command-line tools, which have no reactor. Nothing of the daemon may call this."""
    time.sleep(seconds)


def monotonic() -> float:
    """Seconds of a clock that only grows, for command-line tools."""
    return time.monotonic()


@contextmanager
def lasting() -> Iterator[None]:
    """What is made inside is large and stays: the garbage collector walks it neither now nor later.

    A large API's compiled deployment is some 200,000 objects, whose walk stops everybody for 300 ms. It must hold no
    circles: the collector will not look for them.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def settle_heap() -> None:
    """What was imported stays: the garbage collector need not walk it again.

    With moto's models and botocore's in memory a full round takes 100 ms, in the middle of somebody's request. Rounds
    over the young are made rarer too: a request leaves hundreds of objects and hardly a cycle (measured at 50
    connections: p99 60 ms with Python's own thresholds, 14 ms with these).
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
