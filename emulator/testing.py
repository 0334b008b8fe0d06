"""For users' own tests: the emulator in a background thread of this process, as a pytest fixture or by hand.

Belongs here: starting it on a free port and telling where it is. Never here: anything the daemon itself needs.

In a ``conftest.py``: ``from emulator.testing import apigw_emu``; a test that takes ``apigw_emu`` gets the URL. Under
trial: a TestCase with ``EmulatorMixin`` has ``self.emulator_url`` (calls to it must not block the reactor).
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.process import reapAllProcesses
from twisted.internet.task import LoopingCall
from twisted.internet.threads import blockingCallFromThread

from emulator.assembly import Whole, assemble
from emulator.effects import Effects
from emulator.settings import Settings

_ANY_PORT = "tcp:0:interface=127.0.0.1"


def on_free_port(settings: Settings | None = None) -> Settings:
    """The settings, listening on a free port of loopback."""
    return attrs.evolve(settings or Settings(), listen=(_ANY_PORT,))


def start(reactor: Any, settings: Settings | None = None) -> Whole:
    """An emulator on a running (or soon running) reactor; ``emulator.pages.listening[0]`` is its URL."""
    whole = assemble(Effects.real(reactor), on_free_port(settings))
    whole.privilegedStartService()
    whole.startService()
    return whole


class EmulatorMixin:
    """For ``twisted.trial.unittest.TestCase``: an emulator for each test, on trial's reactor."""

    emulator_settings = Settings()
    emulator_url = ""

    def setUp(self) -> Deferred[Any]:
        from twisted.internet import reactor

        self.emulator = start(reactor, self.emulator_settings)
        self.emulator_url = self.emulator.emulator.pages.listening[0]
        return self.emulator.emulator.when_ready()

    def tearDown(self) -> Deferred[None]:
        return self.emulator.stopService()


class _Background:
    """The reactor of a process that runs none itself: in a thread, from the first emulator to the end."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def reactor(self) -> Any:
        from twisted.internet import reactor

        running: Any = reactor
        if self._thread is None and not running.running:
            started = threading.Event()
            running.callWhenRunning(started.set)
            # Python gives signals to the main thread only: ended workers are looked for instead.
            running.callWhenRunning(LoopingCall(reapAllProcesses).start, 0.05)
            arguments = {"installSignalHandlers": False}
            self._thread = threading.Thread(target=running.run, kwargs=arguments, name="apigw-emu", daemon=True)
            self._thread.start()
            started.wait()
        return running


_background = _Background()


@contextmanager
def running(settings: Settings | None = None) -> Iterator[str]:
    """An emulator in this process, on a reactor in a thread of its own; the URL. Not for code on the reactor."""
    reactor = _background.reactor()
    call: Any = blockingCallFromThread
    whole: Whole = call(reactor, start, reactor, settings)
    try:
        call(reactor, whole.emulator.when_ready)
        yield whole.emulator.pages.listening[0]
    finally:
        call(reactor, whole.stopService)


if importlib.util.find_spec("pytest") is not None:
    import pytest

    @pytest.fixture(scope="session")
    def apigw_emu() -> Iterator[str]:
        """The URL of an emulator that lives as long as the session."""
        with running() as url:
            yield url
