"""What a usage plan's quota has been spent: pure functions over ``Region.usage``.

Belongs here: the arithmetic of quotas. Never here: clocks (the caller passes the day), errors, or who may call.

``region.usage[(plan_id, key_id)]`` maps a day (``"YYYY-MM-DD"``, UTC) to ``[used, remaining]``: the requests spent on
that day and what was left of the period when the day ended (for the running day: what is left now). Days on which
nothing happened are absent; ``days`` fills them in as GetUsage shows them.

A period is a UTC day, a week from Sunday, or a calendar month. ``quota["offset"]`` requests count as spent already in
a key's first period with the plan: that of the earliest day on record. UpdateUsage writes what remains of the running
period (``set_remaining``), which may exceed the limit: that is how an extension is granted.
Follows AWS's pages on usage plans and the API reference's ``QuotaSettings`` and ``Usage``.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from emulator.store.records import Record, Region


def day_of(epoch: float) -> str:
    """The UTC day of an instant, as usage is kept under it."""
    return datetime.fromtimestamp(epoch, UTC).date().isoformat()


def period_start(day: str, period: str) -> str:
    """The first day of the DAY, WEEK (from Sunday) or MONTH that ``day`` lies in."""
    if period == "DAY":
        return day
    when = date.fromisoformat(day)
    if period == "WEEK":
        return (when - timedelta(days=(when.weekday() + 1) % 7)).isoformat()
    return when.replace(day=1).isoformat()


def period_end(day: str, period: str) -> str:
    """The last day of the period that ``day`` lies in."""
    if period == "DAY":
        return day
    start = date.fromisoformat(period_start(day, period))
    if period == "WEEK":
        return (start + timedelta(days=6)).isoformat()
    return start.replace(day=calendar.monthrange(start.year, start.month)[1]).isoformat()


def remaining(region: Region, plan: Record, key: str, day: str) -> int | None:
    """What ``key`` may still spend of the plan's quota on ``day``; None when the plan has no quota."""
    quota = plan.get("quota")
    if not quota:
        return None
    ledger = region.usage.get((plan["id"], key), {})
    return _left(ledger, quota, day)


def spend(region: Region, plan: Record, key: str, day: str) -> bool:
    """Count one request of ``key``; False, with nothing counted, when the quota is used up."""
    ledger = region.usage.setdefault((plan["id"], key), {})
    quota = plan.get("quota")
    left = 0
    if quota:
        left = _left(ledger, quota, day) - 1
        if left < 0:
            return False
    entry = ledger.get(day)
    if entry is None:
        ledger[day] = [1, left]
    else:
        entry[0] += 1
        entry[1] = left
    return True


def set_remaining(region: Region, plan: Record, key: str, day: str, value: int) -> None:
    """Say what remains of the running period for ``key`` (UpdateUsage)."""
    ledger = region.usage.setdefault((plan["id"], key), {})
    ledger.setdefault(day, [0, 0])[1] = value


def days(region: Region, plan: Record, key: str, start: str, end: str) -> list[list[int]]:
    """``[used, remaining]`` for each day from ``start`` to ``end``, both included."""
    ledger = region.usage.get((plan["id"], key), {})
    quota = plan.get("quota")
    return [_shown(ledger, quota, day) for day in _each_day(start, end)]


def rebase(region: Region, plan: Record, before: Record | None, day: str) -> None:
    """The plan's quota changed: what was spent in the running period stays spent, the new limit holds at once."""
    quota = plan.get("quota")
    if not quota:
        return
    for (plan_id, _), ledger in region.usage.items():
        if plan_id != plan["id"] or not ledger:
            continue
        first = period_start(day, quota["period"])
        spent = sum(used for when, (used, _) in ledger.items() if first <= when <= day)
        entry = ledger.setdefault(day, [0, 0])
        entry[1] = max(0, quota["limit"] - _offset(ledger, quota, first) - spent)


def forget(region: Region, plan_id: str | None = None, key_id: str | None = None) -> None:
    """Drop what was counted for a plan, a key, or the pair of both."""
    for pair in list(region.usage):
        if (plan_id is None or pair[0] == plan_id) and (key_id is None or pair[1] == key_id):
            del region.usage[pair]


def _left(ledger: dict[str, list[int]], quota: Record, day: str) -> int:
    entry = ledger.get(day)
    if entry is not None:
        return entry[1]
    first = period_start(day, quota["period"])
    latest = max((when for when in ledger if first <= when < day), default=None)
    if latest is not None:
        return ledger[latest][1]
    return max(0, int(quota["limit"]) - _offset(ledger, quota, first))


def _offset(ledger: dict[str, list[int]], quota: Record, first: str) -> int:
    """The plan's offset while the key's first period lasts, else 0."""
    offset = int(quota.get("offset") or 0)
    if not offset:
        return 0
    earliest = min(ledger, default=None)
    return offset if earliest is None or earliest >= first else 0


def _shown(ledger: dict[str, list[int]], quota: Record | None, day: str) -> list[int]:
    entry = ledger.get(day)
    if entry is not None:
        return [entry[0], entry[1]]
    return [0, _left(ledger, quota, day) if quota else 0]


def _each_day(start: str, end: str) -> Iterator[str]:
    when, last = date.fromisoformat(start), date.fromisoformat(end)
    while when <= last:
        yield when.isoformat()
        when += timedelta(days=1)
