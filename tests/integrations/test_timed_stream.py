"""The clock over a streaming answer."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from emulator.integrations.timed_stream import StreamTimedOut, TimedStream


class Source:
    """A stream driven by hand."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def start(self, write: Any, done: Any) -> None:
        self.write, self.done = write, done

    def pause(self) -> None:
        self.said.append("pause")

    def resume(self) -> None:
        self.said.append("resume")

    def cancel(self) -> None:
        self.said.append("cancel")


class TimedStreamCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.source = Source()
        self.parts: list[bytes] = []
        self.ends: list[Failure | None] = []
        self.stream = TimedStream(self.source, self.clock, total=100, idle=10)

    def start(self) -> None:
        self.stream.start(self.parts.append, self.ends.append)

    def timed_out(self) -> None:
        self.assertEqual(len(self.ends), 1)
        assert self.ends[0] is not None
        self.ends[0].trap(StreamTimedOut)
        self.assertEqual(self.source.said[-1], "cancel")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_passes_on(self) -> None:
        self.start()
        for part in (b"a", b"b"):
            self.source.write(part)
            self.clock.advance(9)
        self.source.done(None)
        self.assertEqual((self.parts, self.ends), ([b"a", b"b"], [None]))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_silent_too_long(self) -> None:
        self.start()
        self.clock.advance(9)
        self.source.write(b"a")
        self.clock.pump([1, 8.9])
        self.assertEqual(self.ends, [])
        self.clock.advance(0.2)
        self.timed_out()
        self.source.write(b"late")
        self.assertEqual(self.parts, [b"a"])

    def test_too_long_at_all(self) -> None:
        self.start()
        for _ in range(20):
            self.clock.advance(5)
            self.source.write(b"a")
        self.timed_out()
        self.assertEqual(len(self.parts), 19)

    def test_a_slow_reader_is_not_a_silent_backend(self) -> None:
        self.start()
        self.stream.pause()
        self.clock.pump([5] * 10)
        self.assertEqual(self.ends, [])
        self.stream.resume()
        self.clock.pump([9, 0.5])
        self.assertEqual(self.ends, [])
        self.clock.advance(1)
        self.timed_out()

    def test_given_up(self) -> None:
        self.start()
        self.stream.cancel()
        self.assertEqual((self.source.said, self.ends, self.clock.getDelayedCalls()), (["cancel"], [], []))

    def test_given_up_before_its_start(self) -> None:
        self.stream.cancel()
        self.assertEqual((self.source.said, self.clock.getDelayedCalls()), (["cancel"], []))
