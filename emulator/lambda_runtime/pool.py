"""The pool: calls in, results out.

Belongs here: which calls are taken, what is open, starting and stopping it all. Never here: which worker gets a call
(``workforce.py``), what becomes of events (``events.py``).
"""

from __future__ import annotations

import os

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from emulator.effects import Effects
from emulator.lambda_runtime import logs
from emulator.lambda_runtime.events import Destinations, Event, EventQueue, NoDestinations
from emulator.lambda_runtime.functions import Function, InvokeThrottled, LambdaError, ServiceException
from emulator.lambda_runtime.invocations import Invocation, InvocationResult, StreamingResult
from emulator.lambda_runtime.outcomes import Outcomes
from emulator.lambda_runtime.starter import WorkerStarter
from emulator.lambda_runtime.workforce import Workforce

MOST = 25  # times the default concurrency: the most workers there may be when calls are slow
GRACE_SECONDS = 30  # how long stopping waits for running calls


def default_concurrency() -> int:
    """Twice the cores this process may use, at least four."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(4, 2 * cores)


class LambdaPool(Service):
    """Runs functions. Calls beyond ``concurrency`` workers wait in order of coming; without a number given, those that
    have waited for long get more workers.

    A call made by a running function (known by its trace) may have a worker beyond the cap, up to twice the cap:
    otherwise functions that call each other would wait for each other until they time out.
    """

    name = "lambda"
    log = Logger()

    def __init__(
        self,
        effects: Effects,
        starter: WorkerStarter,
        sink: logs.LogSink,
        *,
        concurrency: int = 0,
        idle_seconds: float = 300.0,
        destinations: Destinations | None = None,
    ) -> None:
        self._effects = effects
        self._starter = starter
        self._outcomes = Outcomes(effects, sink, self._finished)
        self._events = EventQueue(effects, self._run_event, destinations or NoDestinations())
        self.workforce = Workforce(
            effects,
            starter,
            self._outcomes,
            self,
            cap=concurrency or default_concurrency(),
            most=0 if concurrency else MOST * default_concurrency(),
            idle_seconds=idle_seconds,
        )
        self._open: set[Invocation] = set()
        self._running_by_function: dict[str, int] = {}
        self._traces: dict[str, int] = {}
        self._stopping = False
        self._waiting_for_quiet: list[Deferred[None]] = []

    # Calls

    def invoke(
        self,
        function: Function,
        payload: bytes,
        *,
        client_context: bytes | None = None,
        trace_id: str | None = None,
        request_id: str | None = None,
    ) -> Deferred[InvocationResult]:
        """Run the function. Fails with a LambdaError when it cannot be run; a function that fails is a result.

        Cancelling means that the caller hung up: the function runs on.
        """
        return self._submit(self._call(function, payload, client_context, trace_id, request_id)).result

    def invoke_streaming(
        self,
        function: Function,
        payload: bytes,
        *,
        client_context: bytes | None = None,
        trace_id: str | None = None,
        request_id: str | None = None,
        prelude: bool = False,
    ) -> Deferred[StreamingResult]:
        """Run the function and hand over its answer as it comes.

        ``prelude``: look for the JSON that eight NULs end at the front of the body (API Gateway does).
        """
        call = self._call(function, payload, client_context, trace_id, request_id)
        call.streaming, call.wants_prelude = True, prelude
        return self._submit(call).result

    def invoke_async(
        self, function: Function, payload: bytes, *, trace_id: str | None = None, request_id: str | None = None
    ) -> None:
        """Take an event: run when there is room, tried again as AWS does, sent on to its destination.

        Raises ServiceException when the pool is stopping; whatever else befalls the event is not the caller's.
        """
        self._events.accept(function, payload, request_id or self._effects.uuid(), trace_id)

    def _run_event(self, event: Event) -> Deferred[InvocationResult]:
        return self.invoke(event.function, event.payload, trace_id=event.trace_id, request_id=event.request_id)

    @property
    def worker_count(self) -> int:
        """Workers that are processes now, or about to be."""
        return self.workforce.count

    @property
    def open_calls(self) -> int:
        """Calls that are not answered yet, waiting ones included."""
        return len(self._open)

    async def reset(self, reason: str = "The emulator was reset.") -> None:
        """Kill all workers and refuse what waits: the emulator is being emptied."""
        self._events.clear()
        self.workforce.dismiss(ServiceException(reason))

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]
        self._stopping = False
        self.workforce.open()
        self._events.start()

    def stopService(self) -> Deferred[None]:
        """Finish running calls (up to half a minute), kill all workers, remove all files."""
        super().stopService()  # type: ignore[no-untyped-call]
        self._stopping = True
        self._events.stop()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self._open:
            quiet = self._quiet()
            quiet.addTimeout(GRACE_SECONDS, self._effects.clock, onTimeoutCancel=lambda *_: None)
            await quiet
        self.workforce.close()
        await self.reset("The emulator is shutting down.")
        while self._open or not self.workforce.settled:
            await self._quiet()
        self.workforce.sweep()
        await self._starter.clean_up()

    def _quiet(self) -> Deferred[None]:
        """Fires when a call or a worker is over and, if nothing is left, at once after it."""
        waiter: Deferred[None] = Deferred()
        self._waiting_for_quiet.append(waiter)
        return waiter

    # A call's way

    def _call(
        self,
        function: Function,
        payload: bytes,
        client_context: bytes | None,
        trace_id: str | None,
        request_id: str | None,
    ) -> Invocation:
        trace_id = trace_id or self._new_trace()
        return Invocation(
            function=function,
            payload=payload,
            request_id=request_id or self._effects.uuid(),
            trace_id=trace_id,
            root=_root(trace_id),
            client_context=client_context,
            log=logs.InvocationLog(self._effects.wall),
        )

    def _new_trace(self) -> str:
        root = f"1-{int(self._effects.wall()):08x}-{self._effects.hex(24)}"
        return f"Root={root};Parent={self._effects.hex(16)};Sampled=0"

    def _submit(self, call: Invocation) -> Invocation:
        function = call.function
        call.arrived = self._effects.clock.seconds()
        limit = function.reserved_concurrency
        if self._stopping:
            call.refuse(ServiceException("The emulator is shutting down."))
            return call
        running = self._running_by_function.get(function.arn, 0)
        if limit is not None and running >= limit:
            call.refuse(InvokeThrottled())
            return call
        self._open.add(call)
        self._running_by_function[function.arn] = running + 1
        of_trace = self._traces.get(call.root, 0)
        call.nested = of_trace > 0
        self._traces[call.root] = of_trace + 1
        self.workforce.place(call)
        return call

    # The workforce's employer

    def refuse(self, call: Invocation, error: LambdaError) -> None:
        call.refuse(error)
        self._finished(call)

    def _finished(self, call: Invocation) -> None:
        self._open.discard(call)
        _less(self._running_by_function, call.function.arn)
        _less(self._traces, call.root)
        self.changed()

    def changed(self) -> None:
        if not self._open:
            waiting, self._waiting_for_quiet = self._waiting_for_quiet, []
            for waiter in waiting:
                waiter.callback(None)


def _less(counts: dict[str, int], key: str) -> None:
    left = counts[key] - 1
    if left:
        counts[key] = left
    else:
        del counts[key]


def _root(trace_id: str) -> str:
    """The root of an X-Ray trace header, which all calls of one trace share."""
    if trace_id.startswith("Root="):
        return trace_id[5:].partition(";")[0]
    for part in trace_id.split(";"):
        if part.strip().lower().startswith("root="):
            return part.strip()[5:]
    return trace_id
