"""The workers of one revision of a function, and the calls that wait for one of them.

Belongs here: who is idle, who is starting, who waits. Never here: how many workers there may be in all (``pool.py``).
"""

from __future__ import annotations

from collections import deque

from attrs import define, field

from emulator.lambda_runtime.functions import Function
from emulator.lambda_runtime.invocations import Invocation
from emulator.lambda_runtime.starter import Launch
from emulator.lambda_runtime.worker import Worker


@define(eq=False)
class Fleet:
    """All workers of a revision. ``preparing`` counts those that are not processes yet."""

    function: Function
    idle: list[Worker] = field(factory=list)  # the last one was used last: it is warmest, and taken first
    workers: set[Worker] = field(factory=set)
    starting: set[Worker] = field(factory=set)
    waiting: deque[Invocation] = field(factory=deque)
    preparing: int = 0
    launch: Launch | None = None
    retired: bool = False
    used: float = 0.0

    @property
    def empty(self) -> bool:
        """Nothing runs, starts or waits."""
        return not self.workers and not self.waiting and not self.preparing

    @property
    def starved(self) -> bool:
        """Somebody waits, and no worker there is or is coming could ever serve the call."""
        return bool(self.waiting) and not self.workers and not self.preparing

    @property
    def short(self) -> int:
        """How many workers more than those coming the waiting calls could use."""
        return len(self.waiting) - len(self.starting) - self.preparing

    @property
    def longest(self) -> float:
        """When the call that has waited longest came; never, if none waits."""
        return min((each.arrived for each in self.waiting), default=float("inf"))

    def enqueue(self, call: Invocation) -> None:
        """Calls made by running functions go first: somebody holds a worker while they wait."""
        if call.nested:
            self.waiting.appendleft(call)
        else:
            self.waiting.append(call)

    def forget(self, worker: Worker) -> None:
        self.workers.discard(worker)
        self.starting.discard(worker)
        if worker in self.idle:
            self.idle.remove(worker)
