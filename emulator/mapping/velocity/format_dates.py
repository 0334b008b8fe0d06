"""The dates of ``String.format``: ``%tF`` and its kin, of milliseconds since 1970, in UTC and English.

Belongs here: the suffixes of ``%t``. Never here: flags and widths (formatter.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from emulator.mapping.errors import MappingError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

DATES: Final[dict[str, Callable[[datetime], str]]] = {
    "H": lambda at: f"{at.hour:02d}",
    "I": lambda at: f"{at.hour % 12 or 12:02d}",
    "k": lambda at: f"{at.hour}",
    "l": lambda at: f"{at.hour % 12 or 12}",
    "M": lambda at: f"{at.minute:02d}",
    "S": lambda at: f"{at.second:02d}",
    "L": lambda at: f"{at.microsecond // 1000:03d}",
    "N": lambda at: f"{at.microsecond * 1000:09d}",
    "p": lambda at: "am" if at.hour < 12 else "pm",
    "z": lambda at: "+0000",
    "Z": lambda at: "UTC",
    "s": lambda at: str((at - _EPOCH) // timedelta(seconds=1)),
    "Q": lambda at: str((at - _EPOCH) // timedelta(milliseconds=1)),
    "B": lambda at: _MONTHS[at.month - 1],
    "b": lambda at: _MONTHS[at.month - 1][:3],
    "h": lambda at: _MONTHS[at.month - 1][:3],
    "A": lambda at: _DAYS[at.weekday()],
    "a": lambda at: _DAYS[at.weekday()][:3],
    "C": lambda at: f"{at.year // 100:02d}",
    "Y": lambda at: f"{at.year:04d}",
    "y": lambda at: f"{at.year % 100:02d}",
    "j": lambda at: f"{at.timetuple().tm_yday:03d}",
    "m": lambda at: f"{at.month:02d}",
    "d": lambda at: f"{at.day:02d}",
    "e": lambda at: f"{at.day}",
    "R": lambda at: f"{at:%H:%M}",
    "T": lambda at: f"{at:%H:%M:%S}",
    "r": lambda at: f"{at.hour % 12 or 12:02d}:{at:%M:%S} {'AM' if at.hour < 12 else 'PM'}",
    "D": lambda at: f"{at:%m/%d/%y}",
    "F": lambda at: f"{at.year:04d}-{at:%m-%d}",
    "c": lambda at: f"{_DAYS[at.weekday()][:3]} {_MONTHS[at.month - 1][:3]} {at:%d %H:%M:%S} UTC {at.year:04d}",
}


def date_text(suffix: str, milliseconds: int) -> str:
    """One suffix of ``%t``; raises MappingError for a year that no calendar here has."""
    try:
        at = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError as error:
        raise MappingError("The date is too far away") from error
    return DATES[suffix](at)
