"""A function's streamed answer as Lambda's API sends it: frames of ``application/vnd.amazon.eventstream``.

Belongs here: the framing. Never here: HTTP, and the stream itself (``lambda_runtime.streams``).

A frame: total length, headers' length, CRC of these eight bytes, headers, payload, CRC of all before it.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

from twisted.python.failure import Failure

from emulator.lambda_runtime.invocations import StreamingResult
from emulator.lambda_runtime.streams import StreamBroken

_STRING = 7  # the only type of header value used here


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """One event-stream message."""
    head = b"".join(
        struct.pack("!B", len(name)) + name + struct.pack("!BH", _STRING, len(value)) + value
        for name, value in ((name.encode(), value.encode()) for name, value in headers.items())
    )
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + payload
    return message + struct.pack("!I", zlib.crc32(message))


def event(kind: str, content_type: str, payload: bytes) -> bytes:
    return frame({":message-type": "event", ":event-type": kind, ":content-type": content_type}, payload)


class EventStream:
    """A ``wire.Stream`` of frames around a function's stream: PayloadChunk for each part, InvokeComplete at the end."""

    def __init__(self, result: StreamingResult) -> None:
        self._result = result
        self._parts: list[bytes] = []

    def start(self, write: Callable[[bytes], Any], done: Callable[[Failure | None], Any]) -> None:
        def part(data: bytes) -> None:
            if self._result.function_error:
                self._parts.append(data)
            else:
                write(event("PayloadChunk", "application/octet-stream", data))

        def ended(failure: Failure | None) -> None:
            complete: dict[str, str] = {}
            if self._result.function_error:
                complete = _told(b"".join(self._parts))
            elif failure is not None:
                broken = failure.value
                assert isinstance(broken, StreamBroken)
                complete = {"ErrorCode": broken.error_type, "ErrorDetails": broken.payload.decode("utf-8", "replace")}
            write(event("InvokeComplete", "application/json", json.dumps(complete).encode()))
            done(None)

        self._result.body.start(part, ended)

    def pause(self) -> None:
        self._result.body.pause()

    def resume(self) -> None:
        self._result.body.resume()

    def cancel(self) -> None:
        self._result.body.cancel()


def _told(payload: bytes) -> dict[str, str]:
    """An error the function answered with before it streamed anything."""
    try:
        parsed = json.loads(payload)
    except ValueError:
        parsed = {}
    error_type = parsed.get("errorType") if isinstance(parsed, dict) else None
    return {"ErrorCode": str(error_type or "Unhandled"), "ErrorDetails": payload.decode("utf-8", "replace")}
