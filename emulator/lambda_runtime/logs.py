"""A call's log: what the function printed, framed by the platform's START, END and REPORT lines.

Belongs here: cutting output into lines, the wording of the platform's lines, the tail, and the seam to wherever logs
are kept. Never here: CloudWatch Logs itself (``services/lambda_logs.py``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple, Protocol

from attrs import define, field

from emulator.lambda_runtime.functions import Function

TAIL = 4096
JOINT = "\x1e"  # between lines that our runtime clients mean as one event, in the order of the output
MAX_EVENT = 256 * 1024  # CloudWatch cuts longer events


class LogEvent(NamedTuple):
    """One line of a log stream; ``at`` in milliseconds since the epoch."""

    at: int
    message: str


class Report(NamedTuple):
    """The REPORT line as its figures: a log event, written out when somebody reads it, which is hardly ever."""

    at: int
    request_id: str
    duration_ms: float
    billed_ms: int
    memory_mb: int
    used_mb: int
    init_ms: float | None = None
    status: str = ""
    error_type: str = ""
    as_json: bool = False

    @property
    def message(self) -> str:
        """The line: fields end in a tab; the status appears only when it is not success."""
        if self.as_json:
            return self._json()
        fields = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {self.duration_ms:.2f} ms",
            f"Billed Duration: {self.billed_ms} ms",
            f"Memory Size: {self.memory_mb} MB",
            f"Max Memory Used: {self.used_mb} MB",
        ]
        if self.init_ms is not None:
            fields.append(f"Init Duration: {self.init_ms:.2f} ms")
        if self.status:
            fields.append(f"Status: {self.status}")
        if self.error_type:
            fields.append(f"Error Type: {self.error_type}")
        return "\t".join(fields) + "\t\n"

    def _json(self) -> str:
        metrics: dict[str, object] = {
            "durationMs": round(self.duration_ms, 3),
            "billedDurationMs": self.billed_ms,
            "memorySizeMB": self.memory_mb,
            "maxMemoryUsedMB": self.used_mb,
        }
        if self.init_ms is not None:
            metrics["initDurationMs"] = round(self.init_ms, 3)
        record: dict[str, object] = {"requestId": self.request_id, "metrics": metrics}
        record["status"] = self.status or "success"
        if self.error_type:
            record["errorType"] = self.error_type
        return _platform(self.at / 1000, "platform.report", record)


Event = LogEvent | Report


class LogSink(Protocol):
    """Where the logs of functions go."""

    def write(self, function: Function, stream: str, events: Sequence[Event]) -> None:
        """Add the events to the stream of the function's log group, making both as needed; never blocks."""


class NoLogs:
    """A sink for tools and tests that want none."""

    def write(self, function: Function, stream: str, events: Sequence[Event]) -> None:
        return None


def timestamp(wall: float) -> str:
    """``2024-05-01T10:20:30.123Z``."""
    at = datetime.fromtimestamp(wall, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def stream_name(function: Function, wall: float, token: str) -> str:
    """``2024/05/01/[$LATEST]`` and 32 hexadecimal digits: one per execution environment."""
    return f"{datetime.fromtimestamp(wall, UTC):%Y/%m/%d}/[{function.version}]{token}"


def init_start(function: Function, wall: float) -> str:
    """The line that opens an execution environment's log."""
    name, digits = _family_and_version(function.runtime)
    runtime = f"arn:aws:lambda:{function.region}::runtime:{sha256(function.runtime.encode()).hexdigest()}"
    if function.log_format == "JSON":
        record = {
            "initializationType": "on-demand",
            "phase": "init",
            "runtimeVersion": f"{name}:{digits}",
            "runtimeVersionArn": runtime,
            "functionName": function.name,
            "functionVersion": function.version,
        }
        return _platform(wall, "platform.initStart", record)
    return f"INIT_START Runtime Version: {name}:{digits}\tRuntime Version ARN: {runtime}\n"


def _platform(wall: float, kind: str, record: Mapping[str, object]) -> str:
    """A line of the platform's where logs are JSON."""
    shown = {"time": timestamp(wall), "type": kind, "record": record}
    return json.dumps(shown, separators=(",", ":")) + "\n"


def _family_and_version(runtime: str) -> tuple[str, str]:
    """python3.12 -> (python, 3.12); nodejs20.x -> (nodejs, 20); provided.al2023 -> (provided, al2023)."""
    if runtime.startswith("provided"):
        name, _, version = runtime.partition(".")
        return name, version or "al1"
    name = runtime.rstrip("0123456789.x")
    return name, runtime[len(name) :].removesuffix(".x")


def start_line(function: Function, request_id: str, wall: float) -> str:
    if function.log_format == "JSON":
        return _platform(wall, "platform.start", {"requestId": request_id, "version": function.version})
    return f"START RequestId: {request_id} Version: {function.version}\n"


def end_line(request_id: str) -> str:
    """What stands before the REPORT; nothing where logs are JSON."""
    return f"END RequestId: {request_id}\n"


@define(eq=False)
class InvocationLog:
    """The events of one call (or of one environment's start), in order, and the last 4 KB as text."""

    wall: Callable[[], float]
    events: list[Event] = field(factory=list)

    def add(self, message: str) -> None:
        self.events.append(LogEvent(int(self.wall() * 1000), message))

    def tail(self) -> bytes:
        """The last 4 KB, as ``LogResult`` shows it."""
        size = 0
        pieces: list[bytes] = []
        for event in reversed(self.events):
            piece = event.message.encode()
            pieces.append(piece if piece.endswith(b"\n") else piece + b"\n")
            size += len(pieces[-1])
            if size >= TAIL:
                break
        return b"".join(reversed(pieces))[-TAIL:]

    def take(self) -> list[Event]:
        """The events so far, which are then forgotten."""
        taken, self.events = self.events, []
        return taken


@define(eq=False)
class LineCutter:
    """Bytes from one pipe in, whole lines out; an unfinished line waits for its end, to a limit."""

    _rest: bytes = b""

    def feed(self, data: bytes) -> list[str]:
        if self._rest:
            data = self._rest + data
        whole, newline, self._rest = data.rpartition(b"\n")
        lines = [_text(line) for line in whole.split(b"\n")] if newline else []
        if len(self._rest) > MAX_EVENT:
            lines.append(_text(self._rest))
            self._rest = b""
        return lines

    def flush(self) -> list[str]:
        """What is left without a line's end, as a line."""
        rest, self._rest = self._rest, b""
        return [_text(rest)] if rest else []


def _text(line: bytes) -> str:
    # A lone carriage return stays: where AWS's own client has nothing better, it joins lines by it.
    return line.decode("utf-8", "replace").removesuffix("\r").replace(JOINT, "\n") + "\n"
