"""Event sources: queues and streams that moto keeps, polled for functions as Lambda's pollers do.

Belongs here: when a function gets which records, retries, deleting what was handled. Never here: the queues and
streams themselves (moto), events by push from SNS and EventBridge (``lambda_pushes.py``).

moto calls the function inside ``send_message``; here the message only rings: the poll, the call and its end come
after, so that the writer never waits for a function that may itself need the writer.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from emulator.effects import Effects
from emulator.lambda_runtime.events import Destinations, Outgoing
from emulator.lambda_runtime.functions import LambdaError
from emulator.lambda_runtime.invocations import InvocationResult
from emulator.lambda_runtime.pool import LambdaPool
from emulator.services import lambda_mappings, lambda_pushes, lambda_streams
from emulator.services.lambda_filters import passes
from emulator.services.lambda_functions import MotoFunctionSource
from emulator.services.lambda_records import sqs_record
from emulator.services.lambda_streams import StreamSources

MOST_BATCHES = 5  # of one queue with one function at a time: what AWS's pollers begin with


@define
class _Installed:
    sources: LambdaSources | None = None


_installed = _Installed()


@define(eq=False)
class _Batch:
    """Messages of a queue that a function has."""

    account: str
    region: str
    queue: str
    function: str  # ARN
    uuid: str  # of the event source mapping
    receipts: dict[str, str]  # message id -> receipt handle
    payload: bytes
    partial: bool  # the function reports which messages failed
    visibility: float


class LambdaSources:
    """The pollers."""

    log = Logger()

    def __init__(
        self, effects: Effects, pool: LambdaPool, source: MotoFunctionSource, destinations: Destinations
    ) -> None:
        self._effects = effects
        self._pool = pool
        self._source = source
        self._destinations = destinations
        self.streams = StreamSources(effects, self._call, self._later, self._give_up)
        self._timers: set[IDelayedCall] = set()
        self._flying: Counter[str] = Counter()  # batches a function has, by event source mapping
        self._stopped = False
        self._rung: dict[tuple[str, str, str], bool] = {}  # queues that are being polled: rung again since?
        self._opened: set[str] = set()  # event source mappings whose batching window is running
        self._due: set[str] = set()  # and those whose window is over

    def install(self) -> None:
        """Take over from moto; on the writer's thread."""
        _installed.sources = self
        from moto.awslambda import models

        if hasattr(models.LambdaBackend, "_polls"):
            return
        models.LambdaBackend._polls = True
        lambda_mappings.install(models, _ring_for, lambda mapping: _sources().streams.began(mapping))
        lambda_streams.install(models, lambda: _sources().streams)
        _patch_queues()
        lambda_pushes.install()

    def stop(self) -> None:
        """Poll no more."""
        self._stopped = True
        self.clear()

    def clear(self) -> None:
        """Forget everything: the emulator is emptied."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self.streams.clear()
        self._rung.clear()
        self._opened.clear()
        self._due.clear()

    # Queues. ``ring``, ``_collect`` and ``_delete`` on the writer's thread, the rest on the reactor.

    def ring(self, account: str, region: str, queue: str, delay: float = 0.0) -> None:
        """Something is in the queue, or will be after ``delay`` seconds; or a function was pointed at it."""
        if delay > 0:
            self._effects.from_thread(self._later, delay + 0.05, self._rang, account, region, queue)
        else:
            self._effects.from_thread(self._rang, account, region, queue)

    def _rang(self, account: str, region: str, queue: str) -> None:
        # One poll for all that was sent meanwhile: a batch, where AWS would make one too.
        key = (account, region, queue)
        polling = key in self._rung
        self._rung[key] = polling  # rung again: the poll that runs may have looked already
        if not polling:
            flying, due = dict(self._flying), frozenset(self._due)
            self._writing(_collect, account, region, queue, flying, due).addCallback(self._collected, key)

    def _collected(self, found: tuple[list[_Batch], dict[str, float]], key: tuple[str, str, str]) -> None:
        again = self._rung.pop(key, False)
        batches, windows = found
        for uuid, window in windows.items():
            if uuid not in self._opened:
                self._opened.add(uuid)
                self._later(window, self._window_over, uuid, key)
        for batch in batches:
            self._due.discard(batch.uuid)
            self._flying[batch.uuid] += 1
            self._call(batch.account, batch.region, batch.function, batch.payload).addBoth(self._handled, batch)
        if again:
            self._rang(*key)

    def _window_over(self, uuid: str, key: tuple[str, str, str]) -> None:
        self._opened.discard(uuid)
        self._due.add(uuid)
        self._rang(*key)

    def _handled(self, result: InvocationResult | Failure, batch: _Batch) -> None:
        if isinstance(result, Failure):
            result.trap(LambdaError)
            failed = set(batch.receipts)
        elif result.function_error:
            failed = set(batch.receipts)
        else:
            failed = _reported(result.payload, batch) if batch.partial else set()
        done = [receipt for message, receipt in batch.receipts.items() if message not in failed]
        self._flying[batch.uuid] -= 1
        if self._stopped:
            return
        self._writing(_delete, batch, done).addCallback(lambda _: self._rang(batch.account, batch.region, batch.queue))
        if failed:
            # Seen again when its visibility timeout is over, as on AWS; the redrive policy counts.
            self._later(batch.visibility + 0.05, self._rang, batch.account, batch.region, batch.queue)

    # Queues and streams

    def _call(self, account: str, region: str, arn: str, payload: bytes) -> Deferred[InvocationResult]:
        async def invoke() -> InvocationResult:
            return await self._pool.invoke(self._source.resolve(account, region, arn), payload)

        return Deferred.fromCoroutine(invoke())

    def _give_up(self, account: str, region: str, arn: str, target: str, record: bytes) -> None:
        """Records of a stream that are given up: where they are goes to the mapping's destination."""
        try:
            function = self._source.resolve(account, region, arn)
        except LambdaError:
            return  # it is gone, and with it whom its records concern
        self._destinations.send(
            Outgoing(target=target, body=record, function=function, condition="RetryAttemptsExhausted")
        )

    def _writing(self, function: Callable[..., Any], *args: Any) -> Deferred[Any]:
        return self._effects.in_writer(function, *args)

    def _later(self, seconds: float, function: Callable[..., None], *args: Any) -> None:
        if self._stopped:
            return

        def run() -> None:
            self._timers.discard(timer)
            function(*args)

        timer: IDelayedCall = self._effects.clock.callLater(seconds, run)
        self._timers.add(timer)


def _collect(
    account: str, region: str, name: str, flying: Mapping[str, int], due: frozenset[str]
) -> tuple[list[_Batch], dict[str, float]]:
    """Receive for each function that listens to the queue; on the writer's thread.

    The batches, and of mappings that wait for a full batch how many seconds they may. ``due``: they have waited.
    """
    from moto.sqs.models import sqs_backends

    backend = sqs_backends[account][region]
    queue = backend.queues.get(name)
    batches: list[_Batch] = []
    windows: dict[str, float] = {}
    mappings = list(queue.lambda_event_source_mappings.values()) if queue is not None else []
    for mapping in mappings:
        limit = int((mapping.scaling_config or {}).get("MaximumConcurrency") or MOST_BATCHES)
        room = limit - flying.get(mapping.uuid, 0)
        window = float(mapping.max_batch_window or 0)
        here = len(queue.messages) if window and mapping.uuid not in due else 0
        if 0 < here < mapping.batch_size:
            windows[mapping.uuid] = window
            continue
        while mapping.enabled and room > 0:
            visibility = queue.visibility_timeout
            messages = backend.receive_message(name, mapping.batch_size, 0, visibility, ["All"])
            if not messages:
                break
            records = [sqs_record(each, queue.queue_arn, region) for each in messages]
            wanted = [each for each in records if passes(mapping.filter_criteria, each)]
            # What the filters leave out is deleted, as on AWS.
            for each in records:
                if each not in wanted:
                    backend.delete_message(name, each["receiptHandle"])
            if not wanted:
                continue
            room -= 1
            batches.append(
                _Batch(
                    account=account,
                    region=region,
                    queue=name,
                    function=mapping.function_arn,
                    uuid=mapping.uuid,
                    receipts={each["messageId"]: each["receiptHandle"] for each in wanted},
                    payload=json.dumps({"Records": wanted}).encode(),
                    partial="ReportBatchItemFailures" in (mapping.function_response_types or ()),
                    visibility=float(visibility),
                )
            )
    return batches, windows


def _reported(payload: bytes, batch: _Batch) -> set[str]:
    """The message ids that the function reported as failed; all of them when the report makes no sense."""
    try:
        failures = (json.loads(payload) or {}).get("batchItemFailures") or []
        failed = {each["itemIdentifier"] for each in failures}
    except (ValueError, AttributeError, TypeError, KeyError):
        return set(batch.receipts)
    return failed if failed <= set(batch.receipts) else set(batch.receipts)


def _delete(batch: _Batch, receipts: list[str]) -> None:
    """Delete handled messages; on the writer's thread."""
    from moto.sqs.exceptions import ReceiptHandleIsInvalid
    from moto.sqs.models import sqs_backends

    backend = sqs_backends[batch.account][batch.region]
    if batch.queue not in backend.queues:
        return
    for receipt in receipts:
        try:
            backend.delete_message(batch.queue, receipt)
        except ReceiptHandleIsInvalid:
            continue  # its visibility timeout was over, and somebody else has it


def _sources() -> LambdaSources:
    sources = _installed.sources
    assert sources is not None
    return sources


def _patch_queues() -> None:
    from moto.core.utils import unix_time
    from moto.sqs.models import Queue

    add = Queue.add_message

    @functools.wraps(add)
    def add_message(self: Any, message: Any) -> None:
        mappings, self.lambda_event_source_mappings = self.lambda_event_source_mappings, {}
        try:
            add(self, message)
        finally:
            self.lambda_event_source_mappings = mappings
        if mappings:
            until = float(message.delayed_until or 0) / 1000
            _sources().ring(self.account_id, self.region, self.name, max(0.0, until - unix_time()))

    Queue.add_message = add_message


def _ring_for(mapping: Any) -> None:
    if ":sqs:" in mapping.event_source_arn:
        _sources().ring(mapping.account_id, mapping.region, mapping.event_source_arn.rpartition(":")[2])
