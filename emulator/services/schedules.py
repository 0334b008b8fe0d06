"""When a rule's schedule comes round: ``rate(...)`` and ``cron(...)`` as EventBridge writes them.

Belongs here: expressions and dates, all UTC. Never here: timers (``event_schedules.py``).

Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_RATE = re.compile(r"rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)")
_CRON = re.compile(r"cron\(\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*\)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_YEARS_AHEAD = 30  # a date that is not within them is not waited for

Matches = Callable[[date], bool]


def next_time(expression: str, since: float) -> float | None:
    """The first time after ``since`` (seconds since the epoch); None when there is none, or no such expression."""
    rate = _RATE.fullmatch(expression)
    if rate is not None:
        seconds = int(rate[1]) * _UNITS[rate[2]]
        return since + seconds if seconds else None
    try:
        fields = _fields(expression)
    except ValueError:
        return None
    return _next(fields, since) if fields is not None else None


class _Fields:
    """A cron expression, read."""

    def __init__(self, minutes: str, hours: str, days: str, months: str, weekdays: str, years: str) -> None:
        self.minutes = sorted(_numbers(minutes, 0, 59))
        self.hours = sorted(_numbers(hours, 0, 23))
        self.months = _numbers(months, 1, 12, _MONTHS)
        self.years = None if years == "*" else _numbers(years, 1970, 2199)
        self.of_month = None if days in "*?" else _days_of_month(days)
        self.of_week = None if weekdays in "*?" else _days_of_week(weekdays)

    def on(self, day: date) -> bool:
        if day.month not in self.months or (self.years is not None and day.year not in self.years):
            return False
        return (self.of_month is None or self.of_month(day)) and (self.of_week is None or self.of_week(day))


@lru_cache(maxsize=256)
def _fields(expression: str) -> _Fields | None:
    found = _CRON.fullmatch(expression)
    return _Fields(*(each.upper() for each in found.groups())) if found is not None else None


def _next(fields: _Fields, since: float) -> float | None:
    # The next whole minute is the first that counts.
    start = datetime.fromtimestamp((int(since) // 60 + 1) * 60, UTC)
    day, last = start.date(), start.date().replace(day=1).replace(year=start.year + _YEARS_AHEAD)
    hour, minute = start.hour, start.minute
    while day <= last:
        if fields.on(day):
            for each in fields.hours:
                if each < hour:
                    continue
                for at in fields.minutes:
                    if each > hour or at >= minute:
                        return datetime(day.year, day.month, day.day, each, at, tzinfo=UTC).timestamp()
        day += timedelta(days=1)
        hour = minute = -1
    return None


def _numbers(text: str, low: int, high: int, names: tuple[str, ...] = ()) -> frozenset[int]:
    """``*``, ``a``, ``a-b``, ``a/step``, ``a-b/step`` and lists of them. Raises ValueError."""
    numbers: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        if span == "*":
            first, last = low, high
        else:
            start, dash, end = span.partition("-")
            first = _number(start, names, low)
            last = _number(end, names, low) if dash else high if slash else first
        if not low <= first <= high or not low <= last <= high or (slash and int(step) < 1):
            raise ValueError(text)
        numbers.update(range(first, last + 1, int(step) if slash else 1))
    return frozenset(numbers)


def _number(text: str, names: tuple[str, ...], low: int) -> int:
    return names.index(text) + low if text in names else int(text)


def _days_of_month(text: str) -> Matches:
    if text in ("L", "LW"):
        return lambda day: day == (_workday(_month_end(day)) if text == "LW" else _month_end(day))
    if text.endswith("W"):
        number = int(text[:-1])
        return lambda day: day == _workday(day.replace(day=min(number, _month_end(day).day)))
    numbers = _numbers(text, 1, 31)
    return lambda day: day.day in numbers


def _days_of_week(text: str) -> Matches:
    if "#" in text:
        name, _, nth = text.partition("#")
        weekday, number = _number(name, _DAYS, 1), int(nth)
        return lambda day: _weekday(day) == weekday and (day.day - 1) // 7 + 1 == number
    if text.endswith("L"):
        weekday = _number(text[:-1], _DAYS, 1) if text != "L" else 7
        return lambda day: _weekday(day) == weekday and (text == "L" or day.day > _month_end(day).day - 7)
    numbers = _numbers(text, 1, 7, _DAYS)
    return lambda day: _weekday(day) in numbers


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1  # Sunday is 1


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _workday(day: date) -> date:
    """The working day that is nearest, within the month."""
    weekday = day.weekday()
    if weekday < 5:
        return day
    step = -1 if weekday == 5 else 1
    moved = day + timedelta(days=step)
    return moved if moved.month == day.month else day - timedelta(days=step * 2)
