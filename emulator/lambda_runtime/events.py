"""Asynchronous invocations: accepted at once, run when there is room, tried again, and their end sent on.

Belongs here: Lambda's rules of retrying, ages, destinations and dead letters. Never here: running (``pool.py``),
queues and topics (``services/lambda_destinations.py``).

Follows https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html: an error of the function is tried twice
more, after one and after two minutes; a throttled or impossible start for up to six hours, after 1 s to 5 min.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Protocol

from attrs import define, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from emulator.effects import Effects
from emulator.lambda_runtime.functions import Function, FunctionNotFound, InvokeThrottled, LambdaError, ServiceException
from emulator.lambda_runtime.invocations import InvocationResult
from emulator.lambda_runtime.logs import timestamp

RETRY_SECONDS = (60.0, 120.0)
LONGEST_BACKOFF = 300.0


@frozen(kw_only=True)
class Outgoing:
    """Something to send to a destination or dead-letter queue. ``attributes`` are a message's, all strings."""

    target: str  # ARN of a queue, topic, function or event bus
    body: bytes
    function: Function
    condition: str
    attributes: tuple[tuple[str, str], ...] = ()
    dead_letter: bool = False


class Destinations(Protocol):
    """Where ends of invocations are sent."""

    def send(self, outgoing: Outgoing) -> None:
        """Deliver, some time; never blocks, and logs what it cannot do."""


class NoDestinations:
    """For tools and tests that have none."""

    def send(self, outgoing: Outgoing) -> None:
        return None


@define(eq=False)
class Event:
    """An asynchronous invocation that is not at its end."""

    function: Function
    payload: bytes
    request_id: str
    trace_id: str | None
    accepted: float
    attempts: int = 0
    backoff: float = 1.0
    timer: IDelayedCall | None = None


Run = Callable[[Event], Deferred[InvocationResult]]


class EventQueue:
    """The asynchronous invocations that are not at their end."""

    log = Logger()

    def __init__(self, effects: Effects, run: Run, destinations: Destinations) -> None:
        self._effects = effects
        self._run = run
        self._destinations = destinations
        self._events: set[Event] = set()
        self._stopped = False

    def __len__(self) -> int:
        return len(self._events)

    def accept(self, function: Function, payload: bytes, request_id: str, trace_id: str | None) -> None:
        """Take the event on. Raises ServiceException when stopping."""
        if self._stopped:
            raise ServiceException("The emulator is shutting down.")
        event = Event(function, payload, request_id, trace_id, self._effects.clock.seconds())
        self._events.add(event)
        self._attempt(event)

    def clear(self) -> None:
        """Forget what waits for another attempt; what runs is not tried again."""
        for event in self._events:
            if event.timer is not None:
                event.timer.cancel()
                event.timer = None
        self._events.clear()

    def start(self) -> None:
        self._stopped = False

    def stop(self) -> None:
        self._stopped = True
        self.clear()

    def _attempt(self, event: Event) -> None:
        event.timer = None
        self._run(event).addCallbacks(self._ran, self._not_run, callbackArgs=(event,), errbackArgs=(event,)).addErrback(
            lambda failure: self.log.failure("An asynchronous invocation was lost", failure)
        )

    def _ran(self, result: InvocationResult, event: Event) -> None:
        event.attempts += 1
        settings = event.function.events
        if result.function_error is None:
            self._end(event, result, "Success", settings.on_success)
        elif event.attempts > settings.retries:
            self._end(event, result, "RetriesExhausted", settings.on_failure)
        else:
            delay = RETRY_SECONDS[min(event.attempts, len(RETRY_SECONDS)) - 1]
            self._again(event, delay, result)

    def _not_run(self, failure: Failure, event: Event) -> None:
        if failure.check(FunctionNotFound):
            self._events.discard(event)
            return
        failure.trap(LambdaError)
        if not failure.check(InvokeThrottled):
            self.log.warn(
                "{function} could not be invoked: {problem}", function=event.function.name, problem=failure.value
            )
        delay, event.backoff = event.backoff, min(event.backoff * 2, LONGEST_BACKOFF)
        self._again(event, delay, None)

    def _again(self, event: Event, delay: float, result: InvocationResult | None) -> None:
        if event not in self._events:
            return
        if self._effects.clock.seconds() + delay - event.accepted > event.function.events.max_age:
            self._end(event, result, "EventAgeExceeded", event.function.events.on_failure)
        else:
            event.timer = self._effects.clock.callLater(delay, self._attempt, event)

    def _end(self, event: Event, result: InvocationResult | None, condition: str, target: str | None) -> None:
        if event not in self._events:
            return
        self._events.discard(event)
        function = event.function
        if target:
            body = json.dumps(self._record(event, result, condition)).encode()
            self._destinations.send(Outgoing(target=target, body=body, function=function, condition=condition))
        if condition != "Success" and function.events.dead_letter:
            text = _member(result.payload, "errorMessage") if result is not None else "Rate Exceeded."
            attributes = (
                ("RequestID", event.request_id),
                ("ErrorCode", "200" if result is not None else "429"),
                ("ErrorMessage", text[:1024]),
            )
            self._destinations.send(
                Outgoing(
                    target=function.events.dead_letter,
                    body=event.payload,
                    function=function,
                    condition=condition,
                    attributes=attributes,
                    dead_letter=True,
                )
            )

    def _record(self, event: Event, result: InvocationResult | None, condition: str) -> dict[str, object]:
        """The invocation record that destinations get."""
        function = event.function
        record: dict[str, object] = {
            "version": "1.0",
            "timestamp": timestamp(self._effects.wall()),
            "requestContext": {
                "requestId": event.request_id,
                "functionArn": f"{function.arn}:{function.qualifier or function.version}",
                "condition": condition,
                "approximateInvokeCount": event.attempts,
            },
            "requestPayload": _parsed(event.payload),
        }
        if result is not None:
            context: dict[str, object] = {"statusCode": 200, "executedVersion": result.executed_version}
            if result.function_error:
                context["functionError"] = result.function_error
            record["responseContext"] = context
            record["responsePayload"] = _parsed(result.payload)
        return record


def _parsed(payload: bytes) -> object:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")


def _member(payload: bytes, name: str) -> str:
    parsed = _parsed(payload)
    return str(parsed.get(name, "")) if isinstance(parsed, dict) else ""
