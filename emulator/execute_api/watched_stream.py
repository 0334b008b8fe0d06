"""A streaming reply on its way to the client: what observers want to know once it has ended.

Belongs here: counting and timing a ``wire.Stream``. Never here: what is done with the figures (``access_values.py``).
AWS page: "Troubleshoot issues with response streaming in API Gateway".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.python.failure import Failure

from emulator.execute_api.invocation import Invocation
from emulator.wire import Stream


class WatchedStream:
    """A stream around another; ``ended`` is called once, when the last byte has come or nobody wants it any more.

    Before that the invocation's ``integration_latency`` becomes that of the whole stream, and ``extra`` gets
    ``responseLength`` (bytes), ``timeToAllHeaders`` and ``timeToFirstContent`` (milliseconds).
    """

    def __init__(self, stream: Stream, clock: Any, invocation: Invocation, ended: Callable[[], None]) -> None:
        self._stream = stream
        self._clock = clock
        self._invocation = invocation
        self._ended: Callable[[], None] | None = ended
        self._length = 0
        self._began = clock.seconds() - invocation.integration_latency / 1000
        invocation.extra["timeToAllHeaders"] = invocation.integration_latency
        self._write: Callable[[bytes], Any] | None = None
        self._done: Callable[[Failure | None], Any] | None = None

    def start(self, write: Callable[[bytes], Any], done: Callable[[Failure | None], Any]) -> None:
        """See ``wire.Stream``."""
        self._write, self._done = write, done
        self._stream.start(self._part, self._over)

    def pause(self) -> None:
        self._stream.pause()

    def resume(self) -> None:
        self._stream.resume()

    def cancel(self) -> None:
        self._stream.cancel()
        self._finish()

    def _part(self, data: bytes) -> None:
        if not self._length and data:
            self._invocation.extra["timeToFirstContent"] = self._elapsed()
        self._length += len(data)
        if self._write is not None:
            self._write(data)

    def _over(self, failure: Failure | None) -> None:
        done, self._done = self._done, None
        self._finish()
        if done is not None:
            done(failure)

    def _elapsed(self) -> int:
        return int((self._clock.seconds() - self._began) * 1000)

    def _finish(self) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            self._invocation.integration_latency = self._elapsed()
            self._invocation.extra["responseLength"] = self._length
            ended()
