"""Functions' logs in CloudWatch Logs, as moto keeps it.

Belongs here: handing log events over. Never here: their wording (``lambda_runtime.logs``).

Events are kept here and handed to moto when somebody asks for logs: a busy function writes far more than is ever
read, and moto takes 25 microseconds for each event. A stream keeps its last 10,000.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Sequence
from typing import Any

from attrs import define
from twisted.logger import Logger

from emulator.effects import Effects
from emulator.lambda_runtime.functions import Function
from emulator.lambda_runtime.logs import Event

KEPT = 10_000
_MOST_STREAMS = 1_000


@define
class _Installed:
    sink: MotoLogSink | None = None


_installed = _Installed()

Key = tuple[str, str, str, str]  # account, region, group, stream


class MotoLogSink:
    """``lambda_runtime.logs.LogSink`` on moto's log groups."""

    log = Logger()

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self._pending: dict[Key, deque[Event]] = {}
        self._watched: frozenset[tuple[str, str, str]] = frozenset()  # groups with subscription filters

    def install(self) -> None:
        """Hand over what is kept whenever CloudWatch Logs is asked; on the writer's thread."""
        _installed.sink = self
        from moto.logs.responses import LogsResponse

        if hasattr(LogsResponse, "_feeds_functions_logs"):
            return
        LogsResponse._feeds_functions_logs = True
        call = LogsResponse.call_action

        @functools.wraps(call)
        def call_action(self: Any) -> Any:
            sink = _installed.sink
            if sink is not None:
                sink.hand_over()
            try:
                return call(self)
            finally:
                if sink is not None:
                    sink.look_for_filters()

        LogsResponse.call_action = call_action

    def write(self, function: Function, stream: str, events: Sequence[Event]) -> None:
        """Keep the events; any thread but moto's work is done later."""
        key = (function.account, function.region, function.log_group, stream)
        pending = self._pending.get(key)
        if pending is None:
            pending = self._pending.setdefault(key, deque(maxlen=KEPT))
        pending.extend(events)
        if key[:3] in self._watched or len(self._pending) > _MOST_STREAMS:
            self._effects.in_writer(self.hand_over).addErrback(self._lost)

    def clear(self) -> None:
        self._pending.clear()
        self._watched = frozenset()

    def hand_over(self) -> None:
        """Give moto everything; on the writer's thread."""
        from moto.logs.models import logs_backends

        pending, self._pending = self._pending, {}
        for (account, region, group, stream), events in pending.items():
            backend = logs_backends[account][region]
            backend.ensure_log_group(group)
            kept = backend.groups[group]
            if stream not in kept.streams:
                backend.create_log_stream(group, stream)
            backend.put_log_events(group, stream, _in_order(events))
            del kept.streams[stream].events[:-KEPT]

    def look_for_filters(self) -> None:
        """Remember which groups have subscription filters: their events go to moto at once."""
        from moto.logs.models import logs_backends

        watched = {
            (account, region, name)
            for account, regions in list(logs_backends.items())
            for region, backend in list(regions.items())
            for name, group in list(backend.groups.items())
            if group.subscription_filters
        }
        if watched != self._watched:
            self._watched = frozenset(watched)

    def _lost(self, failure: Any) -> None:
        self.log.failure("Logs of functions could not be kept", failure)


def _in_order(events: Sequence[Event]) -> list[dict[str, Any]]:
    """As PutLogEvents takes them: times never go back, no message is empty."""
    latest = 0
    shaped = []
    for event in events:
        latest = max(latest, event.at)
        shaped.append({"timestamp": latest, "message": event.message.rstrip("\n") + "\n"})
    return shaped
