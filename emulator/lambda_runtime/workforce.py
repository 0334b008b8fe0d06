"""The workforce: workers started, handed calls, reused and let go; never more of them than the cap.

Belongs here: which worker gets which call, and when there is one more or one less. Never here: what a worker does
(``worker.py``), how one is started (``starter.py``), whether a call is allowed at all (``pool.py``).
"""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from emulator.effects import Effects
from emulator.lambda_runtime import invocations, logs
from emulator.lambda_runtime.environment import NoEntrypoint
from emulator.lambda_runtime.fleet import Fleet
from emulator.lambda_runtime.functions import Function, LambdaError, ServiceException
from emulator.lambda_runtime.invocations import Invocation
from emulator.lambda_runtime.outcomes import Outcomes
from emulator.lambda_runtime.starter import Launch, WorkerStarter
from emulator.lambda_runtime.worker import StartFailure, Worker

PATIENCE = 0.5  # seconds that a call waits for a place below the cap


class Employer(Protocol):
    """The pool, as its workforce sees it."""

    def refuse(self, call: Invocation, error: LambdaError) -> None:
        """The call cannot be run."""

    def changed(self) -> None:
        """A worker is gone, or will not come."""


class Workforce:
    """All workers, in fleets: one for each revision of a function (``worker.Owner``)."""

    log = Logger()

    def __init__(
        self,
        effects: Effects,
        starter: WorkerStarter,
        outcomes: Outcomes,
        employer: Employer,
        *,
        cap: int,
        idle_seconds: float,
        most: int = 0,
    ) -> None:
        """``cap``: how many workers there are while calls are short. ``most``: and when they are not (0: no more)."""
        self._effects = effects
        self._starter = starter
        self._outcomes = outcomes
        self._employer = employer
        self._cap = cap
        self._most = max(cap, most)
        self._idle_seconds = idle_seconds
        self._fleets: dict[str, Fleet] = {}
        self._current: dict[tuple[str, str], str] = {}  # (function ARN, version) -> revision
        self._hungry: set[Fleet] = set()  # those that could use a worker and may not have one
        self._counted: set[Worker] = set()  # what counts towards the cap
        self.processes: set[Worker] = set()  # what is not reaped yet
        self._preparing = 0
        self._reaper: IDelayedCall | None = None
        self._relenting: IDelayedCall | None = None
        self._closed = False

    @property
    def count(self) -> int:
        """Workers that are processes now, or about to be."""
        return len(self._counted) + self._preparing

    @property
    def settled(self) -> bool:
        """Whether nothing lives and nothing is coming."""
        return not self.processes and not self._preparing

    def place(self, call: Invocation) -> None:
        """Give the call to the warmest idle worker, or let it wait for one."""
        fleet = self._fleet(call.function)
        fleet.used = call.arrived
        if fleet.idle and not fleet.waiting:
            fleet.idle.pop().run(call)
        else:
            fleet.enqueue(call)
            self._grow(fleet)

    def open(self) -> None:
        self._closed = False

    def close(self) -> None:
        """Nothing is let go by the clock any more: all of it will be, by ``dismiss``."""
        self._closed = True
        for timer in (self._reaper, self._relenting):
            if timer is not None:
                timer.cancel()
        self._reaper = self._relenting = None

    def dismiss(self, reason: LambdaError) -> None:
        """Kill all workers, and refuse what waits."""
        for fleet in list(self._fleets.values()):
            self._retire(fleet)
            while fleet.waiting:
                self._employer.refuse(fleet.waiting.popleft(), reason)
            for worker in list(fleet.workers):
                worker.stop()
        self.sweep()

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
        call.log.add(logs.start_line(worker.function, call.request_id, self._effects.wall()))
        # AWS starts the runtime a second time for the call, so that its last words stand in the log twice.
        for event in worker.hand_over_start_log()[1:]:
            call.log.add(event.message)
        if failure.error_type == "Sandbox.Timedout":
            call.log.add(f"{logs.timestamp(self._effects.wall())} {call.request_id} {failure.message}\n\n")
        elif not failure.payload:
            call.log.add(f"RequestId: {call.request_id} Error: {failure.message}\n{failure.error_type}\n")
        payload = failure.payload or invocations.fault(
            failure.error_type, f"RequestId: {call.request_id} Error: {failure.message}"
        )
        status = "timeout" if failure.error_type == "Sandbox.Timedout" else "error"
        self._outcomes.fail(call, payload, failure.error_type, worker.log_stream, worker.memory_mb(), status)

    def gone(self, worker: Worker) -> None:
        self._counted.discard(worker)
        self.processes.discard(worker)
        fleet = self._fleets.get(worker.function.revision)
        if fleet is not None:
            fleet.forget(worker)
            self._grow(fleet)
        self._starter.clear(worker)
        self._arm_reaper()
        self._feed()
        self._employer.changed()

    # More and fewer of them

    def _grow(self, fleet: Fleet) -> None:
        """Start what workers the fleet's waiting calls could use, as the cap allows."""
        while fleet.short > 0:
            if not self._room_for(fleet):
                self._hungry.add(fleet)
                self._arm_relenting()
                return
            self._add_to(fleet)
        self._hungry.discard(fleet)

    def _add_to(self, fleet: Fleet) -> None:
        fleet.preparing += 1
        self._preparing += 1
        Deferred.fromCoroutine(self._start(fleet)).addErrback(self._crashed)

    def _room_for(self, fleet: Fleet) -> bool:
        """Whether one more may start; idle workers of other functions are let go for it, if that is enough.

        It is not when calls of running functions have gone beyond the cap: then every place below it is taken by a
        worker that is busy, and a start would take the room those calls need.
        """
        cap = 2 * self._cap if fleet.waiting[0].nested else self._cap
        surplus = self.count - cap + 1
        if surplus <= 0:
            return True
        idle = [each for other in self._fleets.values() if other.idle for each in other.idle]
        if len(idle) < surplus:
            return False
        idle.sort(key=lambda each: each.idle_since)
        for worker in idle[:surplus]:
            self._let_go(worker)
        return True

    def _arm_relenting(self) -> None:
        if self._relenting is None and not self._closed and self._most > self._cap:
            self._relenting = self._effects.clock.callLater(PATIENCE, self._relent)

    def _relent(self) -> None:
        """Calls have waited for long: the workers are held by slow ones, or by such as wait for those that wait.

        More workers start than the cap says, a cap of them at a time.
        """
        self._relenting = None
        self._hungry = {each for each in self._hungry if each.waiting}
        before = self._effects.clock.seconds() - PATIENCE
        for _ in range(self._cap):
            patient = [each for each in self._hungry if each.short > 0 and each.longest <= before]
            if not patient or self.count >= self._most:
                break
            self._add_to(min(patient, key=lambda each: each.longest))
        if self._hungry:
            self._arm_relenting()

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
        except OSError as error:
            refusal = ServiceException(f"No worker could be started: {error.strerror or error}")
        finally:
            fleet.preparing -= 1
            self._preparing -= 1
        if refusal is not None:
            self._refuse_one(fleet, refusal)
            return
        if not fleet.waiting and (self._closed or fleet.retired):
            self.sweep(float("-inf"))
            self._employer.changed()
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
            self.processes.add(worker)

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
            self._employer.refuse(fleet.waiting.popleft(), error)
        self._grow(fleet)
        self._feed()
        self._employer.changed()

    def _crashed(self, failure: Failure) -> None:
        self.log.failure("A Lambda worker could not be started", failure)

    def _retire(self, fleet: Fleet) -> None:
        """The function has changed: workers of the old revision finish what they have, and go."""
        fleet.retired = True
        for worker in list(fleet.idle):
            self._let_go(worker)

    # Giving memory back

    def _arm_reaper(self) -> None:
        if self._reaper is None and not self._closed:
            delay = max(0.05, self._idle_seconds / 4)
            self._reaper = self._effects.clock.callLater(delay, self._reap)

    def _reap(self) -> None:
        """Let go of workers that were idle for long; forget functions nobody has called for as long."""
        self._reaper = None
        before = self._effects.clock.seconds() - self._idle_seconds
        for fleet in self._fleets.values():
            for worker in [each for each in fleet.idle if each.idle_since <= before]:
                self._let_go(worker)
        self.sweep(before)
        if self._fleets:
            self._arm_reaper()

    def sweep(self, before: float = float("inf")) -> None:
        """Forget fleets that are empty, if they were last used before then or are retired; their code goes."""
        for revision, fleet in list(self._fleets.items()):
            if fleet.empty and (fleet.retired or fleet.used <= before):
                del self._fleets[revision]
                if self._current.get((fleet.function.arn, fleet.function.version)) == revision:
                    del self._current[fleet.function.arn, fleet.function.version]
                if fleet.launch is not None:
                    self._starter.release(fleet.function)
