"""The pool: calls in, workers found, started, reused and let go; never more of them than the cap.

Belongs here: which call goes to which worker, and when there is one more or one less. Never here: what a worker does
(``worker.py``) and how one is started (``starter.py``).
"""

from __future__ import annotations

import os
from collections import Counter

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from emulator.effects import Effects
from emulator.lambda_runtime import invocations, logs
from emulator.lambda_runtime.environment import NoEntrypoint
from emulator.lambda_runtime.events import Destinations, Event, EventQueue, NoDestinations
from emulator.lambda_runtime.fleet import Fleet
from emulator.lambda_runtime.functions import Function, InvokeThrottled, LambdaError, ServiceException
from emulator.lambda_runtime.invocations import Invocation, InvocationResult, StreamingResult
from emulator.lambda_runtime.outcomes import Outcomes
from emulator.lambda_runtime.starter import Launch, WorkerStarter
from emulator.lambda_runtime.worker import StartFailure, Worker

GRACE_SECONDS = 30  # how long stopping waits for running calls


def default_concurrency() -> int:
    """Twice the cores this process may use, at least four."""
    return max(4, 2 * len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


class LambdaPool(Service):
    """Runs functions. Calls beyond ``concurrency`` workers wait in order of coming.

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
        self._cap = concurrency or default_concurrency()
        self._idle_seconds = idle_seconds
        self._fleets: dict[str, Fleet] = {}
        self._current: dict[tuple[str, str], str] = {}  # (function ARN, version) -> revision
        self._open: set[Invocation] = set()
        self._running_by_function: Counter[str] = Counter()
        self._traces: Counter[str] = Counter()
        self._hungry: set[Fleet] = set()  # those that could use a worker and may not have one
        self._counted: set[Worker] = set()  # what counts towards the cap
        self._processes: set[Worker] = set()  # what is not reaped yet
        self._preparing = 0
        self._stopping = False
        self._reaper: IDelayedCall | None = None
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
        return self._submit(call).stream

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
        return len(self._counted) + self._preparing

    @property
    def open_calls(self) -> int:
        """Calls that are not answered yet, waiting ones included."""
        return len(self._open)

    async def reset(self, reason: str = "The emulator was reset.") -> None:
        """Kill all workers and refuse what waits: the emulator is being emptied."""
        self._events.clear()
        for fleet in list(self._fleets.values()):
            self._retire(fleet)
            while fleet.waiting:
                self._refuse(fleet.waiting.popleft(), ServiceException(reason))
            for worker in list(fleet.workers):
                worker.stop()
        self._sweep()

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]
        self._stopping = False
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
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None
        await self.reset("The emulator is shutting down.")
        while self._processes or self._preparing or self._open:
            await self._quiet()
        self._sweep()
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
        return Invocation(
            function=function,
            payload=payload,
            request_id=request_id or self._effects.uuid(),
            trace_id=trace_id or self._new_trace(),
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
        if limit is not None and self._running_by_function[function.arn] >= limit:
            call.refuse(InvokeThrottled())
            return call
        self._open.add(call)
        self._running_by_function[function.arn] += 1
        call.nested = self._traces[_root(call.trace_id)] > 0
        self._traces[_root(call.trace_id)] += 1
        fleet = self._fleet(function)
        fleet.used = call.arrived
        if fleet.idle and not fleet.waiting:
            fleet.idle.pop().run(call)
        else:
            fleet.enqueue(call)
            self._grow(fleet)
        return call

    def _fleet(self, function: Function) -> Fleet:
        fleet = self._fleets.get(function.revision)
        if fleet is None:
            fleet = self._fleets[function.revision] = Fleet(function)
        key = (function.arn, function.version)
        before = self._current.get(key)
        fleet.retired = False
        if before != function.revision:
            self._current[key] = function.revision
            old = self._fleets.get(before) if before is not None else None
            if old is not None:
                self._retire(old)
        return fleet

    def _refuse(self, call: Invocation, error: LambdaError) -> None:
        call.refuse(error)
        self._finished(call)

    def _finished(self, call: Invocation) -> None:
        self._open.discard(call)
        _less(self._running_by_function, call.function.arn)
        _less(self._traces, _root(call.trace_id))
        self._tell_quiet()

    def _tell_quiet(self) -> None:
        if not self._open:
            waiting, self._waiting_for_quiet = self._waiting_for_quiet, []
            for waiter in waiting:
                waiter.callback(None)

    # Workers (worker.Owner)

    def ready(self, worker: Worker) -> None:
        fleet = self._fleets.get(worker.function.revision)
        if fleet is None or worker not in fleet.workers:
            return
        fleet.starting.discard(worker)
        if fleet.waiting and not self._yields(fleet):
            worker.run(fleet.waiting.popleft())
        elif fleet.retired and not fleet.waiting:
            self._let_go(worker)
        else:
            fleet.idle.append(worker)
            self._arm_reaper()
            if self._hungry:
                self._feed()

    def start_failed(self, worker: Worker, failure: StartFailure) -> None:
        fleet = self._fleets.get(worker.function.revision)
        if fleet is not None:
            fleet.forget(worker)
        if fleet is None or not fleet.waiting:
            return
        call = fleet.waiting.popleft()
        call.started = worker.began
        call.log.add(logs.start_line(call.request_id, worker.function.version))
        # AWS starts the runtime a second time for the call, so that its last words stand in the log twice.
        for event in worker.hand_over_start_log()[1:]:
            call.log.add(event.message)
        payload = failure.payload or invocations.fault(
            failure.error_type, f"RequestId: {call.request_id} Error: {failure.message}"
        )
        status = "timeout" if failure.error_type == "Sandbox.Timedout" else "error"
        self._outcomes.fail(call, payload, failure.error_type, worker.log_stream, worker.memory_mb(), status)

    def gone(self, worker: Worker) -> None:
        self._counted.discard(worker)
        self._processes.discard(worker)
        fleet = self._fleets.get(worker.function.revision)
        if fleet is not None:
            fleet.forget(worker)
            self._grow(fleet)
        self._starter.clear(worker)
        self._arm_reaper()
        self._feed()
        self._tell_quiet()

    # More and fewer of them

    def _grow(self, fleet: Fleet) -> None:
        """Start what workers the fleet's waiting calls could use, as the cap allows."""
        while fleet.short > 0:
            if not self._room_for(fleet):
                self._hungry.add(fleet)
                return
            fleet.preparing += 1
            self._preparing += 1
            Deferred.fromCoroutine(self._start(fleet)).addErrback(self._crashed)
        self._hungry.discard(fleet)

    def _room_for(self, fleet: Fleet) -> bool:
        """Whether one more may start; an idle worker of another function is let go for it."""
        cap = 2 * self._cap if fleet.waiting[0].nested else self._cap
        if self.worker_count < cap:
            return True
        idle = [each for other in self._fleets.values() for each in other.idle]
        if not idle:
            return False
        self._let_go(min(idle, key=lambda each: each.idle_since))
        return True

    def _feed(self) -> None:
        """Something became free: the fleets that wait for a worker try again, the longest waiting first."""
        hungry = [each for each in self._hungry if each.waiting]
        self._hungry.clear()
        for fleet in sorted(hungry, key=lambda each: each.waiting[0].arrived):
            while fleet.idle and fleet.waiting:
                fleet.idle.pop().run(fleet.waiting.popleft())
            self._grow(fleet)

    def _yields(self, fleet: Fleet) -> bool:
        """Whether the fleet's free worker goes, though calls wait for it: another fleet has none and waits longer."""
        first = fleet.waiting[0].arrived
        return any(each.starved and each.waiting[0].arrived < first for each in self._hungry)

    def _let_go(self, worker: Worker) -> None:
        # Counted out at once: a killed process takes a moment to be reaped, and nobody should wait for it.
        self._counted.discard(worker)
        fleet = self._fleets.get(worker.function.revision)
        if fleet is not None:
            fleet.forget(worker)
        worker.stop()

    async def _start(self, fleet: Fleet) -> None:
        refusal: LambdaError | None = None
        try:
            launch = await self._prepared(fleet)
        except LambdaError as error:
            refusal = error
        fleet.preparing -= 1
        self._preparing -= 1
        if refusal is not None:
            self._refuse_one(fleet, refusal)
            return
        if not fleet.waiting and (self._stopping or fleet.retired):
            self._sweep()
            self._tell_quiet()
            return
        stream = logs.stream_name(fleet.function, self._effects.wall(), self._effects.hex(32))
        worker = Worker(fleet.function, self._effects, self, self._outcomes, stream)
        try:
            self._starter.start(worker, launch)
        except NoEntrypoint as error:
            worker.abandon()
            self._starter.clear(worker)
            self.start_failed(worker, StartFailure("Runtime.InvalidEntrypoint", str(error)))
            self._grow(fleet)
        except ServiceException as error:
            worker.abandon()
            self._starter.clear(worker)
            self._refuse_one(fleet, error)
        else:
            fleet.workers.add(worker)
            fleet.starting.add(worker)
            self._counted.add(worker)
            self._processes.add(worker)

    async def _prepared(self, fleet: Fleet) -> Launch:
        """What the fleet's workers are started from; gathered once, kept as long as the fleet."""
        if fleet.launch is None:
            launch = await self._starter.prepare(fleet.function)
            if fleet.launch is None:
                fleet.launch = launch
            else:
                self._starter.release(fleet.function)
        return fleet.launch

    def _refuse_one(self, fleet: Fleet, error: LambdaError) -> None:
        if fleet.waiting:
            self._refuse(fleet.waiting.popleft(), error)
        self._grow(fleet)
        self._feed()
        self._tell_quiet()

    def _crashed(self, failure: Failure) -> None:
        self.log.failure("A Lambda worker could not be started", failure)

    def _retire(self, fleet: Fleet) -> None:
        """The function has changed: workers of the old revision finish what they have, and go."""
        fleet.retired = True
        for worker in list(fleet.idle):
            self._let_go(worker)

    # Giving memory back

    def _arm_reaper(self) -> None:
        if self._reaper is None and not self._stopping:
            delay = max(0.05, self._idle_seconds / 4)
            self._reaper = self._effects.clock.callLater(delay, self._reap)

    def _reap(self) -> None:
        """Let go of workers that were idle for long; forget functions nobody has called for as long."""
        self._reaper = None
        before = self._effects.clock.seconds() - self._idle_seconds
        for fleet in self._fleets.values():
            for worker in [each for each in fleet.idle if each.idle_since <= before]:
                self._let_go(worker)
        self._sweep(before)
        if self._fleets:
            self._arm_reaper()

    def _sweep(self, before: float = float("inf")) -> None:
        for revision, fleet in list(self._fleets.items()):
            if fleet.empty and (fleet.retired or fleet.used <= before):
                del self._fleets[revision]
                if self._current.get((fleet.function.arn, fleet.function.version)) == revision:
                    del self._current[fleet.function.arn, fleet.function.version]
                if fleet.launch is not None:
                    self._starter.release(fleet.function)


def _less(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]


def _root(trace_id: str) -> str:
    """The root of an X-Ray trace header, which all calls of one trace share."""
    for part in trace_id.split(";"):
        if part.strip().lower().startswith("root="):
            return part.strip()[5:]
    return trace_id
