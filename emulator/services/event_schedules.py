"""Rules with a schedule: a timer for each, and its event when it comes round.

Belongs here: the timers. Never here: reading expressions (``schedules.py``), targets (``event_rules.py``).

Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html.
"""

from __future__ import annotations

import functools
from typing import Any

from attrs import define
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from emulator.effects import Effects
from emulator.services.event_rules import EventRules
from emulator.services.schedules import next_time

Key = tuple[str, str, str]  # account, region, name: rules with a schedule are on the default bus
_LONGEST = 86_400.0  # a timer is looked at once a day at least: the wall clock may have been set


@define
class _Installed:
    schedules: EventSchedules | None = None


_installed = _Installed()


class EventSchedules:
    """The timers of all rules that have a schedule and are enabled."""

    log = Logger()

    def __init__(self, effects: Effects, rules: EventRules) -> None:
        self._effects = effects
        self._rules = rules
        self._timers: dict[Key, tuple[str, IDelayedCall]] = {}
        self._stopped = False

    def install(self) -> None:
        """Hear of moto's rules as they are made and unmade; on the writer's thread."""
        _installed.schedules = self
        from moto.events.models import EventsBackend

        if hasattr(EventsBackend, "_keeps_schedules"):
            return
        EventsBackend._keeps_schedules = True
        for name in ("put_rule", "delete_rule", "enable_rule", "disable_rule"):
            setattr(EventsBackend, name, _noticing(getattr(EventsBackend, name)))

    def start(self) -> None:
        self._stopped = False

    def stop(self) -> None:
        """Nothing comes round any more."""
        self._stopped = True
        self.clear()

    def clear(self) -> None:
        """Forget all: the emulator is emptied."""
        for _, timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def notice(self, account: str, region: str, name: str, expression: str | None) -> None:
        """A rule is as it is now, or (None) has no schedule, is disabled or gone; on the writer's thread."""
        self._effects.from_thread(self._noticed, (account, region, name), expression)

    def _noticed(self, key: Key, expression: str | None) -> None:
        known, timer = self._timers.get(key, (None, None))
        if known == expression:
            return
        if timer is not None:
            timer.cancel()
            del self._timers[key]
        if expression and not self._stopped:
            self._arm(key, expression, self._effects.wall())

    def _arm(self, key: Key, expression: str, since: float) -> None:
        now = self._effects.wall()
        due = next_time(expression, since)
        if due is not None and due < now:
            due = next_time(expression, now)  # the machine slept: what was missed is not made up for
        if due is None:
            self.log.warn("The schedule of rule {name} never comes round: {text}", name=key[2], text=expression)
        else:
            self._wait(key, expression, due)

    def _wait(self, key: Key, expression: str, due: float) -> None:
        delay = min(max(0.0, due - self._effects.wall()), _LONGEST)
        self._timers[key] = (expression, self._effects.clock.callLater(delay, self._look, key, expression, due))

    def _look(self, key: Key, expression: str, due: float) -> None:
        del self._timers[key]
        if due > self._effects.wall() + 0.001:
            self._wait(key, expression, due)
            return
        self._arm(key, expression, due)
        self._effects.in_writer(self._fire, key, due).addErrback(
            lambda failure: self.log.failure("A scheduled rule could not be run", failure)
        )

    def _fire(self, key: Key, due: float) -> None:
        from moto.events.models import events_backends

        account, region, name = key
        rule = events_backends[account][region].event_buses["default"].rules.get(name)
        if rule is None:
            return
        event = {
            "version": "0",
            "id": self._effects.uuid(),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": account,
            "time": int(due),
            "region": region,
            "resources": [rule.arn],
            "detail": {},
        }
        self._rules.send(rule, rule.targets, event)


def _noticing(change: Any) -> Any:
    """One of the backend's methods, which then tells what became of the rule named."""

    @functools.wraps(change)
    def changed(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        result = change(self, name, *args, **kwargs)
        rule = self.event_buses["default"].rules.get(name)
        enabled = rule is not None and rule.state == "ENABLED"
        schedules = _installed.schedules
        assert schedules is not None
        schedules.notice(self.account_id, self.region_name, name, rule.scheduled_expression if enabled else None)
        return result

    return changed
