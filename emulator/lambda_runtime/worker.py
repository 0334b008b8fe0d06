"""An execution environment: one process, one port, one call at a time, and the table of what may happen when.

Belongs here: the states of a worker and what each event makes of them. Never here: which call goes to which worker
(``pool.py``), HTTP (``runtime_api.py``), processes (``process.py``), how a call's end is told (``outcomes.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Protocol

from attrs import define, field
from twisted.internet.interfaces import IDelayedCall

from emulator.effects import Effects
from emulator.lambda_runtime import invocations, logs
from emulator.lambda_runtime.functions import Function
from emulator.lambda_runtime.invocations import Invocation
from emulator.lambda_runtime.outcomes import Collector, Outcomes, Relay, error_type_of
from emulator.lambda_runtime.process import Process
from emulator.lambda_runtime.runtime_api import Endpoint, Headers, Refusal, RuntimeConnection, Sink
from emulator.lambda_runtime.streams import Source, StreamBody, StreamBroken

INIT_SECONDS = 10  # AWS's limit for the init phase; a longer function timeout allows as much (the init is retried)
LAST_WORDS_SECONDS = 2  # for a runtime that reported an init error to end by itself
MEMORY_SECONDS = 1  # how old the memory figure of a REPORT may be


class State(Enum):
    STARTING = "starting"  # the process runs, the runtime has not asked for work yet
    FAILED = "failed"  # it has said why it cannot start, and is about to end
    IDLE = "idle"  # it has asked for work, and waits
    BUSY = "busy"  # it has a call
    ANSWERED = "answered"  # it has answered and not yet asked for more
    DYING = "dying"  # it was killed and is not reaped yet
    DEAD = "dead"


# (state, event) -> the state after it. What is not here is refused: the Runtime API answers 403, timers do nothing.
TRANSITIONS: Mapping[tuple[State, str], State] = {
    (State.STARTING, "next"): State.IDLE,
    (State.STARTING, "init_error"): State.FAILED,
    (State.STARTING, "kill"): State.DYING,
    (State.STARTING, "exited"): State.DEAD,
    (State.FAILED, "kill"): State.DYING,
    (State.FAILED, "exited"): State.DEAD,
    (State.IDLE, "run"): State.BUSY,
    (State.IDLE, "kill"): State.DYING,
    (State.IDLE, "exited"): State.DEAD,
    (State.BUSY, "answered"): State.ANSWERED,
    (State.BUSY, "kill"): State.DYING,
    (State.BUSY, "exited"): State.DEAD,
    (State.ANSWERED, "next"): State.IDLE,
    (State.ANSWERED, "kill"): State.DYING,
    (State.ANSWERED, "exited"): State.DEAD,
    (State.DYING, "exited"): State.DEAD,
}


@define(eq=False)
class StartFailure:
    """Why a worker never became ready: AWS's error type, its text, and the runtime's own payload if it made one."""

    error_type: str
    message: str
    payload: bytes = b""


class Owner(Protocol):
    """The pool, as a worker sees it."""

    def ready(self, worker: Worker) -> None:
        """The worker is idle: it may be given a call, at once."""

    def start_failed(self, worker: Worker, failure: StartFailure) -> None:
        """The worker will never be ready."""

    def gone(self, worker: Worker) -> None:
        """The worker's process is no more. Called once."""


@define(eq=False, slots=False)
class Worker:
    """One execution environment. ``process`` and ``endpoint`` are set by who starts it, before ``begin``."""

    function: Function
    effects: Effects
    owner: Owner
    outcomes: Outcomes
    log_stream: str
    # Our paths in what the function says of itself, and AWS's in their place.
    disguise: tuple[tuple[str, str], ...] = ()
    scratch: str = ""
    process: Process | None = None
    endpoint: Endpoint | None = None
    state: State = State.STARTING
    began: float = 0.0
    idle_since: float = 0.0
    current: Invocation | None = None
    _was_ready: bool = False
    _init_ms: float | None = None
    _failure: StartFailure | None = None
    _connection: RuntimeConnection | None = None
    _timer: IDelayedCall | None = None
    _start_log: logs.InvocationLog = field(init=False)
    _cutters: dict[int, logs.LineCutter] = field(factory=lambda: {1: logs.LineCutter(), 2: logs.LineCutter()})
    _memory: tuple[float, int] = (float("-inf"), 0)

    def __attrs_post_init__(self) -> None:
        self._start_log = logs.InvocationLog(self.effects.wall)

    # Life

    def begin(self, warning: str = "") -> None:
        """The process has been started: the init phase runs."""
        self.began = self.effects.clock.seconds()
        self._start_log.add(logs.init_start(self.function, self.effects.wall()))
        if warning:
            self._start_log.add(f"[WARNING] {warning}\n")
        self._arm(max(INIT_SECONDS, self.function.timeout))

    def run(self, invocation: Invocation) -> None:
        """Give the idle worker a call."""
        connection, self._connection = self._connection, None
        if connection is None or not self._move("run"):
            raise RuntimeError(f"a worker that is {self.state.value} was given a call")
        function = invocation.function
        self.current = invocation
        invocation.started = self.effects.clock.seconds()
        invocation.init_ms, self._init_ms = self._init_ms, None
        self.hand_over_start_log()
        invocation.log.add(logs.start_line(function, invocation.request_id, self.effects.wall()))
        self._arm(function.timeout)
        connection.send_event(invocation.payload, self._headers(invocation))

    def stop(self) -> None:
        """Kill it, whatever it does. A call it has is answered as for a runtime that was killed."""
        if self._kill():
            self._lost(None, 9)

    def abandon(self) -> None:
        """It could not be started: there is no process, and nothing to tell anybody."""
        self.state = State.DEAD
        self._close()

    def hand_over_start_log(self) -> list[logs.Event]:
        """Send the init phase's log to the sink, once; what was sent."""
        events = self._start_log.take()
        if events:
            self.outcomes.sink.write(self.function, self.log_stream, events)
        return events

    # The Runtime API (runtime_api.Environment)

    def next_asked(self, connection: RuntimeConnection) -> Refusal | None:
        starting = self.state is State.STARTING
        if not self._move("next"):
            return self._wrong_state()
        self._disarm()
        self._connection = connection
        self.idle_since = self.effects.clock.seconds()
        self._was_ready = True
        if starting:
            self._init_ms = (self.idle_since - self.began) * 1000
        self.owner.ready(self)
        return None

    def answered(self, request_id: str, body: bytes, headers: Headers) -> Refusal | None:
        if refusal := self._not_current(request_id):
            return refusal
        content_type = headers.get(b"content-type", b"application/json").decode("latin-1")
        self.outcomes.answer(self._take(), body, self.log_stream, self.memory_mb(), content_type)
        limit = invocations.MAX_RESPONSE
        if len(body) > limit:
            return Refusal(413, "RequestEntityTooLarge", f"Exceeded maximum allowed payload size ({limit} bytes).")
        return None

    def failed(self, request_id: str, body: bytes, headers: Headers) -> Refusal | None:
        if refusal := self._not_current(request_id):
            return refusal
        error_type = headers.get(b"lambda-runtime-function-error-type", b"").decode("latin-1")
        payload = self._payload_as_on_aws(body)
        said = error_type or error_type_of(body)
        self.outcomes.fail(self._take(), payload, said, self.log_stream, self.memory_mb())
        return None

    def init_failed(self, body: bytes, headers: Headers) -> Refusal | None:
        if not self._move("init_error"):
            return self._wrong_state()
        error_type = headers.get(b"lambda-runtime-function-error-type", b"Runtime.Unknown").decode("latin-1")
        self._failure = StartFailure(error_type, "", self._payload_as_on_aws(body))
        self._arm(LAST_WORDS_SECONDS)
        return None

    def streaming(self, request_id: str, headers: Headers, source: Source) -> Sink | Refusal:
        refusal = self._not_current(request_id)
        if refusal is not None:
            return refusal
        invocation = self.current
        assert invocation is not None
        content_type = headers.get(b"content-type", b"application/octet-stream").decode("latin-1")
        if not invocation.streaming:
            return Collector(lambda payload, broken: self._collected(invocation, payload, broken, content_type))
        body = invocation.body = StreamBody()
        body.attach(source)
        return Relay(
            invocation, body, content_type, lambda broken: self._streamed(invocation, broken), self._payload_as_on_aws
        )

    def connection_lost(self, connection: RuntimeConnection) -> None:
        if connection is self._connection:
            # The runtime dropped the line it waits on: it cannot be given work any more.
            self._connection = None
            self.stop()

    # The process (process.Listener)

    def output(self, channel: int, data: bytes) -> None:
        target = self.current.log if self.current is not None else self._start_log
        for line in self._cutters[channel].feed(data):
            target.add(self._as_on_aws(line))

    def exited(self, code: int | None, signal_number: int | None) -> None:
        before = self.state
        if self._move("exited"):
            self._close()
            if before is not State.DYING:
                self._lost(code, signal_number)
            self.owner.gone(self)

    def memory_mb(self) -> int:
        """The most memory the process has held, in MB, as of a second ago at most."""
        now = self.effects.clock.seconds()
        if self.process is not None and now - self._memory[0] >= MEMORY_SECONDS:
            self._memory = (now, max(self._memory[1], self.process.memory_mb()))
        return self._memory[1]

    # What comes of it

    def _move(self, event: str) -> bool:
        after = TRANSITIONS.get((self.state, event))
        if after is not None:
            self.state = after
        return after is not None

    def _wrong_state(self) -> Refusal:
        return Refusal(403, "InvalidStateTransition", f"State transition is not allowed: {self.state.value}")

    def _not_current(self, request_id: str) -> Refusal | None:
        if self.current is None or self.state is not State.BUSY:
            return self._wrong_state()
        if self.current.request_id != request_id:
            return Refusal(400, "InvalidRequestID", "Invalid request ID")
        return None

    def _take(self) -> Invocation:
        """The call the runtime has just answered, with its output complete. The timer runs on until it asks again."""
        if self.process is not None:
            self.process.drain()
        self._move("answered")
        return self._release()

    def _release(self) -> Invocation:
        invocation = self.current
        assert invocation is not None
        self._flush_into(invocation.log)
        self.current = None
        return invocation

    def _flush_into(self, log: logs.InvocationLog) -> None:
        for cutter in self._cutters.values():
            for line in cutter.flush():
                log.add(self._as_on_aws(line))

    def _collected(
        self, invocation: Invocation, payload: bytes, broken: StreamBroken | None, content_type: str
    ) -> None:
        if self.current is not invocation:
            return  # it timed out or the process ended, and the caller knows
        taken = self._take()
        if broken is None:
            self.outcomes.answer(taken, payload, self.log_stream, self.memory_mb(), content_type)
        else:
            self.outcomes.fail(
                taken, self._payload_as_on_aws(broken.payload), broken.error_type, self.log_stream, self.memory_mb()
            )

    def _streamed(self, invocation: Invocation, broken: StreamBroken | None) -> None:
        if self.current is invocation:
            self.outcomes.streamed(self._take(), broken, self.log_stream, self.memory_mb())

    def _overdue(self) -> None:
        self._timer = None
        starting, invocation = self.state is State.STARTING, self.current
        seconds = self.function.timeout
        self._kill()
        if starting:
            self._failure = StartFailure("Sandbox.Timedout", f"Task timed out after {seconds}.00 seconds")
        if invocation is None:
            # Starting or failed to start; or it had answered and never asked for more: then the caller knows all.
            self._lost(None, 9)
            return
        self._release()
        at = logs.timestamp(self.effects.wall())
        invocation.log.add(f"{at} {invocation.request_id} Task timed out after {seconds}.00 seconds\n\n")
        payload = invocations.timed_out(invocation.request_id, seconds)
        self.outcomes.fail(invocation, payload, "Sandbox.Timedout", self.log_stream, self.memory_mb(), status="timeout")

    def _kill(self) -> bool:
        if self.process is not None:
            self.process.drain()
        memory = self.memory_mb()
        if not self._move("kill"):
            return False
        self._memory = (float("inf"), memory)
        self._close()
        if self.process is not None:
            self.process.kill()
        return True

    def _close(self) -> None:
        self._disarm()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.transport.loseConnection()

    def _lost(self, code: int | None, signal_number: int | None) -> None:
        """The process is gone, or as good as: tell whom it concerns."""
        invocation = self.current
        if invocation is not None:
            self._release()
            reason = invocations.exit_reason(code, signal_number)
            invocation.log.add(f"RequestId: {invocation.request_id} Error: {reason}\nRuntime.ExitError\n")
            payload = invocations.exited(invocation.request_id, code, signal_number)
            self.outcomes.fail(invocation, payload, "Runtime.ExitError", self.log_stream, self.memory_mb())
            return
        self._flush_into(self._start_log)
        if not self._was_ready:
            reason = invocations.exit_reason(code, signal_number)
            self.owner.start_failed(self, self._failure or StartFailure("Runtime.ExitError", reason))
        self.hand_over_start_log()

    def _headers(self, invocation: Invocation) -> dict[str, str]:
        function = invocation.function
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((self.effects.wall() + function.timeout) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": function.invoked_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        if invocation.client_context:
            # A header's value: one line, in the encoding JSON escapes need anyway.
            context = invocation.client_context.decode("utf-8", "replace")
            headers["Lambda-Runtime-Client-Context"] = " ".join(context.splitlines())
        return headers

    def _payload_as_on_aws(self, payload: bytes) -> bytes:
        return self._as_on_aws(payload.decode("utf-8", "replace")).encode()

    def _as_on_aws(self, text: str) -> str:
        for ours, theirs in self.disguise:
            if ours in text:
                text = text.replace(ours, theirs)
        return text

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._timer = self.effects.clock.callLater(seconds, self._overdue)

    def _disarm(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
