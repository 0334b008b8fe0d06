"""One call of a function, from the caller's side and from the worker's: requests, results, AWS's error payloads.

Belongs here: the values that travel between pool and worker. Never here: processes, sockets, queues.
"""

from __future__ import annotations

import json
import signal
from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import Deferred

from emulator.lambda_runtime.functions import Function, LambdaError
from emulator.lambda_runtime.logs import InvocationLog
from emulator.lambda_runtime.streams import StreamBody

# AWS counts the response of a synchronous call up to 6 MiB and a margin for its own envelope.
MAX_RESPONSE = 6_291_556


@frozen(kw_only=True)
class InvocationResult:
    """What a function made of a call. Times in milliseconds.

    ``function_error`` is None, or ``Unhandled`` (AWS says so of every error of the managed runtimes).
    ``log`` is the call's, None for an event that was only taken. ``init_ms`` is None on a warm worker.
    """

    payload: bytes
    function_error: str | None
    log: InvocationLog | None = None
    executed_version: str
    request_id: str
    duration_ms: float
    billed_ms: int
    init_ms: float | None = None
    trace_id: str | None = None

    @property
    def log_tail(self) -> bytes:
        """The last 4 KB of the call's log, as ``LogResult`` shows it."""
        return self.log.tail() if self.log is not None else b""


@frozen(kw_only=True)
class StreamingResult:
    """A function's answer whose body is still coming (or, from a function that does not stream, is all there).

    ``prelude``: the JSON before the eight NULs of an ``http-integration-response``, parsed; None if there was none.
    ``streamed`` is False when the function answered in one piece. ``function_error`` and then ``body`` as in
    InvocationResult. ``body`` must be delivered or cancelled.
    """

    content_type: str
    prelude: dict[str, object] | None
    body: StreamBody
    function_error: str | None
    executed_version: str
    request_id: str
    streamed: bool


@define(eq=False, kw_only=True)
class Invocation:
    """A call on its way: made by the pool, run by a worker, resolved once."""

    function: Function
    payload: bytes
    request_id: str
    trace_id: str
    root: str = ""  # of the trace: all calls of one trace share it
    client_context: bytes | None = None
    nested: bool = False  # made by a function that runs here, and holds its worker meanwhile
    streaming: bool = False
    wants_prelude: bool = False
    arrived: float = 0.0
    started: float = 0.0
    init_ms: float | None = None
    duration_ms: float = 0.0
    billed_ms: int = 0
    log: InvocationLog = field()
    # What the caller waits for: a StreamingResult for a streaming call, else an InvocationResult.
    result: Deferred[Any] = field(init=False)
    body: StreamBody | None = None
    answering: bool = False  # a streaming call's caller was told that the answer begins
    abandoned: bool = False  # the caller is gone; the function runs on, as on AWS

    def __attrs_post_init__(self) -> None:
        self.result = Deferred(self._abandon)

    def _abandon(self, _cancelled: object) -> None:
        self.abandoned = True

    def refuse(self, error: LambdaError) -> None:
        """The call is not run: its caller gets ``error``."""
        if not self.abandoned:
            self.result.errback(error)


def timed_out(request_id: str, seconds: int) -> bytes:
    """The payload AWS answers when the function outlived its timeout."""
    return fault("Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds}.00 seconds")


def exited(request_id: str, code: int | None, signal_number: int | None) -> bytes:
    """The payload for a runtime that ended: by exit status, or by a signal, named as Go's os/exec prints it."""
    return fault("Runtime.ExitError", f"RequestId: {request_id} Error: {exit_reason(code, signal_number)}")


def exit_reason(code: int | None, signal_number: int | None) -> str:
    """``Runtime exited with error: exit status 1`` and its relatives."""
    if signal_number is not None:
        return f"Runtime exited with error: signal: {signal_text(signal_number)}"
    if code:
        return f"Runtime exited with error: exit status {code}"
    return "Runtime exited without providing a reason"


_SIGNALS = {
    signal.SIGABRT: "aborted",
    signal.SIGALRM: "alarm clock",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGPIPE: "broken pipe",
    signal.SIGQUIT: "quit",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
    signal.SIGTRAP: "trace/breakpoint trap",
}


def signal_text(number: int) -> str:
    """The signal's name as AWS's sandbox writes it."""
    try:
        return _SIGNALS[signal.Signals(number)]
    except (ValueError, KeyError):
        return f"signal {number}"


def too_large(size: int) -> bytes:
    """The payload for a response beyond the limit of a synchronous call."""
    return fault(
        "Function.ResponseSizeTooLarge",
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({MAX_RESPONSE} bytes).",
    )


def fault(error_type: str, message: str) -> bytes:
    """An error payload as the platform itself makes them."""
    return json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":")).encode()
