"""The body of a streaming answer, between a function that writes and a caller that reads, with back-pressure.

Belongs here: buffering to a limit, pausing the writer, ending, breaking. Never here: HTTP on either side.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from attrs import define, field
from twisted.python.failure import Failure

HIGH_WATER = 64 * 1024
DELIMITER = b"\0" * 8
PRELUDE_LIMIT = 16 * 1024  # API Gateway looks for the delimiter no further


class StreamBroken(Exception):
    """The function failed after it had begun to answer; ``payload`` is its error, as JSON bytes."""

    def __init__(self, error_type: str, payload: bytes) -> None:
        super().__init__(error_type, payload)
        self.error_type = error_type
        self.payload = payload


class Source(Protocol):
    """The connection the function writes to: Twisted's push producer."""

    def pauseProducing(self) -> None: ...

    def resumeProducing(self) -> None: ...


@define(eq=False)
class StreamBody:
    """Chunks as they come: a ``wire.Stream``. ``start`` it once, or ``cancel`` it and the rest is thrown away."""

    _source: Source | None = None
    _write: Callable[[bytes], None] | None = None
    _done: Callable[[Failure | None], None] | None = None
    _buffer: deque[bytes] = field(factory=deque)
    _buffered: int = 0
    _paused: bool = False
    _held: bool = False
    _discard: bool = False
    _ended: bool = False
    _broken: StreamBroken | None = None

    # The caller's side

    def start(self, write: Callable[[bytes], None], done: Callable[[Failure | None], None]) -> None:
        """``write`` gets each part as it comes; ``done`` is called once, with a StreamBroken's Failure or None."""
        self._write, self._done = write, done
        self._pump()

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        self._pump()

    def cancel(self) -> None:
        """The caller is gone: what still comes is thrown away, and the function runs on. ``done`` is not called."""
        self._discard, self._write, self._done = True, None, None
        self._buffer.clear()
        self._buffered = 0
        self._release()

    # The function's side

    def attach(self, source: Source) -> None:
        """Name the connection that is paused while nobody reads."""
        self._source = source

    def write(self, data: bytes) -> None:
        if self._discard or not data:
            return
        self._buffer.append(data)
        self._buffered += len(data)
        self._pump()

    def end(self, broken: StreamBroken | None = None) -> None:
        """Nothing more will come; ``broken`` if that is not as it should be."""
        if not self._ended:
            self._ended, self._broken, self._source = True, broken, None
            self._pump()

    def _pump(self) -> None:
        while self._buffer and not self._paused and self._write is not None:
            data = self._buffer.popleft()
            self._buffered -= len(data)
            self._write(data)
        if self._buffer:
            if self._paused or self._buffered >= HIGH_WATER:
                self._hold()
        elif self._ended:
            done, self._done, self._write = self._done, None, None
            if done is not None:
                failed: Any = Failure
                done(failed(self._broken) if self._broken is not None else None)
        elif not self._paused:
            self._release()

    def _hold(self) -> None:
        if self._source is not None and not self._held:
            self._held = True
            self._source.pauseProducing()

    def _release(self) -> None:
        if self._source is not None and self._held:
            self._held = False
            self._source.resumeProducing()


@define(eq=False)
class PreludeReader:
    """Looks for the JSON prelude that eight NULs end; ``ready`` is called once, with it or with None."""

    body: StreamBody
    ready: Callable[[dict[str, object] | None], None]
    required: bool = False
    _seen: bytes = b""
    _decided: bool = False

    def write(self, data: bytes) -> None:
        if self._decided:
            self.body.write(data)
            return
        self._seen += data
        head, delimiter, rest = self._seen.partition(DELIMITER)
        if delimiter:
            prelude = _parse(head)
            self._decide(prelude, rest if prelude is not None else self._seen)
        elif not self._seen.lstrip().startswith(b"{") or len(self._seen) > PRELUDE_LIMIT:
            self._decide(None, self._seen)

    def end(self, broken: StreamBroken | None = None) -> None:
        if not self._decided:
            self._decide(None, self._seen)
        self.body.end(broken)

    def _decide(self, prelude: dict[str, object] | None, rest: bytes) -> None:
        self._decided = True
        self._seen = b""
        self.ready(prelude)
        self.body.write(rest)


def _parse(head: bytes) -> dict[str, object] | None:
    try:
        parsed = json.loads(head)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None
