"""How a call ends: its REPORT, its log handed over, its caller told; once, whatever happened.

Belongs here: turning an answer, a fault or a stream's end into results. Never here: finding out that it happened
(``worker.py``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable

from attrs import define, field

from emulator.effects import Effects
from emulator.lambda_runtime import invocations, logs
from emulator.lambda_runtime.invocations import Invocation, InvocationResult, StreamingResult
from emulator.lambda_runtime.streams import PreludeReader, StreamBody, StreamBroken

STREAM_TYPE = "application/octet-stream"


@define(eq=False)
class Outcomes:
    """Ends the calls of one pool. ``finished`` is told of each, after its caller was."""

    effects: Effects
    sink: logs.LogSink
    finished: Callable[[Invocation], None]

    def answer(
        self, invocation: Invocation, payload: bytes, log_stream: str, memory_mb: int, content_type: str
    ) -> None:
        """The function answered in one piece."""
        if len(payload) > invocations.MAX_RESPONSE and not invocation.streaming:
            fault = invocations.too_large(len(payload))
            self.fail(invocation, fault, "Function.ResponseSizeTooLarge", log_stream, memory_mb)
        else:
            self._report(invocation, log_stream, memory_mb)
            self._tell(invocation, payload, None, content_type)

    def fail(
        self,
        invocation: Invocation,
        payload: bytes,
        error_type: str,
        log_stream: str,
        memory_mb: int,
        status: str = "error",
    ) -> None:
        """The function failed: it raised, it ended, it was ended. ``payload`` is the error as JSON."""
        # An exception of the function's own is a success of the platform: its REPORT says nothing of it.
        platform = error_type.partition(".")[0] in ("Runtime", "Sandbox", "Function", "Extension")
        said = (status, error_type if status == "error" else "") if platform else ("", "")
        self._report(invocation, log_stream, memory_mb, *said)
        self._tell(invocation, payload, error_type or "Error", "application/json")

    def streamed(self, invocation: Invocation, broken: StreamBroken | None, log_stream: str, memory_mb: int) -> None:
        """The function's stream is over."""
        self._report(invocation, log_stream, memory_mb)
        self.finished(invocation)

    def _report(
        self, invocation: Invocation, log_stream: str, memory_mb: int, status: str = "", error_type: str = ""
    ) -> None:
        function = invocation.function
        elapsed = (self.effects.clock.seconds() - invocation.started) * 1000
        if status == "timeout":
            elapsed = max(elapsed, function.timeout * 1000.0)
        init = invocation.init_ms
        invocation.duration_ms = elapsed
        invocation.billed_ms = max(1, math.ceil(elapsed + (init or 0.0)))
        as_json = function.log_format == "JSON"
        if not as_json:
            invocation.log.add(logs.end_line(invocation.request_id))
        log = invocation.log
        log.events.append(
            logs.Report(
                int(log.wall() * 1000),
                invocation.request_id,
                elapsed,
                invocation.billed_ms,
                function.memory_mb,
                memory_mb,
                init,
                status,
                error_type,
                as_json,
            )
        )
        self.sink.write(function, log_stream, log.events)

    def _tell(self, invocation: Invocation, payload: bytes, error_type: str | None, content_type: str) -> None:
        if not invocation.streaming:
            result = InvocationResult(
                payload=payload,
                function_error=None if error_type is None else "Unhandled",
                log=invocation.log,
                executed_version=invocation.function.version,
                request_id=invocation.request_id,
                duration_ms=invocation.duration_ms,
                billed_ms=invocation.billed_ms,
                init_ms=invocation.init_ms,
                trace_id=invocation.trace_id,
            )
            if not invocation.abandoned:
                invocation.result.callback(result)
        elif invocation.body is not None and invocation.answering:
            invocation.body.end(StreamBroken(error_type, payload) if error_type is not None else None)
        else:
            whole = StreamBody()
            whole.write(payload)
            whole.end()
            tell_stream(invocation, whole, content_type, None, error_type)
        self.finished(invocation)


def tell_stream(
    invocation: Invocation,
    body: StreamBody,
    content_type: str,
    prelude: dict[str, object] | None,
    error_type: str | None = None,
    *,
    streamed: bool = False,
) -> None:
    """Tell the caller of a streaming call that the answer begins; once."""
    if invocation.answering:
        return
    invocation.answering = True
    if invocation.abandoned:
        body.cancel()
        return
    result = StreamingResult(
        content_type=content_type,
        prelude=prelude,
        body=body,
        function_error=None if error_type is None else "Unhandled",
        executed_version=invocation.function.version,
        request_id=invocation.request_id,
        streamed=streamed,
    )
    invocation.result.callback(result)


@define(eq=False)
class Relay:
    """A streamed response on its way to a caller who takes it as it comes (``runtime_api.Sink``)."""

    invocation: Invocation
    body: StreamBody
    content_type: str
    ended: Callable[[StreamBroken | None], None]
    disguise: Callable[[bytes], bytes]
    _prelude: PreludeReader | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        if self.invocation.wants_prelude:
            self._prelude = PreludeReader(self.body, self._begin)
        else:
            self._begin(None)

    def write(self, data: bytes) -> None:
        (self._prelude or self.body).write(data)

    def end(self, broken: StreamBroken | None = None) -> None:
        if broken is not None:
            broken = StreamBroken(broken.error_type, self.disguise(broken.payload))
        (self._prelude or self.body).end(broken)
        self.ended(broken)

    def _begin(self, prelude: dict[str, object] | None) -> None:
        tell_stream(self.invocation, self.body, self.content_type, prelude, streamed=True)


@define(eq=False)
class Collector:
    """A streamed response for a caller who wants it whole (``runtime_api.Sink``)."""

    ended: Callable[[bytes, StreamBroken | None], None]
    _parts: list[bytes] = field(factory=list)
    _size: int = 0

    def write(self, data: bytes) -> None:
        self._size += len(data)
        if self._size <= 2 * invocations.MAX_RESPONSE:
            self._parts.append(data)

    def end(self, broken: StreamBroken | None = None) -> None:
        self.ended(b"".join(self._parts), broken)


def error_type_of(payload: bytes) -> str:
    """The ``errorType`` of an error payload; ``Error`` if it has none."""
    try:
        parsed = json.loads(payload)
    except ValueError:
        return "Error"
    found = parsed.get("errorType") if isinstance(parsed, dict) else None
    return found if isinstance(found, str) and found else "Error"
