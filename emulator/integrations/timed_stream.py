"""The clock over a streaming answer: how long it may take, and how long it may be silent.

Belongs here: the two limits of "Stream the integration response" (15 minutes at most; 5 minutes of silence, 30 seconds
on edge-optimized endpoints). Never here: where the stream comes from or goes to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.python.failure import Failure

from emulator.wire import Stream


class StreamTimedOut(Exception):
    """The backend took longer than its integration may, or said nothing for too long."""


class TimedStream:
    """A ``wire.Stream`` around another. What a slow reader costs is not counted as the backend's silence."""

    def __init__(self, stream: Stream, clock: Any, total: float, idle: float) -> None:
        self._stream = stream
        self._clock = clock
        self._idle = idle
        now = clock.seconds()
        self._end = now + total
        self._heard = now
        self._paused = False
        self._timer: Any = None
        self._write: Callable[[bytes], None] | None = None
        self._done: Callable[[Failure | None], None] | None = None

    def start(self, write: Any, done: Any) -> None:
        """See ``wire.Stream``; past a limit ``done`` gets ``StreamTimedOut`` and the source is cancelled."""
        self._write, self._done = write, done
        self._heard = self._clock.seconds()
        self._watch()
        self._stream.start(self._part, self._over)

    def pause(self) -> None:
        self._paused = True
        self._stream.pause()

    def resume(self) -> None:
        if self._paused:
            self._paused = False
            self._heard = self._clock.seconds()
            if self._timer is not None:
                self._timer.cancel()
                self._watch()
        self._stream.resume()

    def cancel(self) -> None:
        self._stop()
        self._stream.cancel()

    def _part(self, data: bytes) -> None:
        self._heard = self._clock.seconds()
        if self._write is not None:
            self._write(data)

    def _over(self, failure: Failure | None) -> None:
        done = self._done
        self._stop()
        if done is not None:
            done(failure)

    def _stop(self) -> None:
        self._write = self._done = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _watch(self) -> None:
        silent = self._end if self._paused else self._heard + self._idle
        self._timer = self._clock.callLater(max(0.0, min(self._end, silent) - self._clock.seconds()), self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._clock.seconds()
        if now >= self._end or (not self._paused and now >= self._heard + self._idle):
            self._stream.cancel()
            late = now >= self._end
            self._over(Failure(StreamTimedOut("the integration's timeout" if late else "the backend fell silent")))
        elif self._done is not None:
            self._watch()
