"""The comparisons of filters.

Belongs here: ``==``, ``in``, ``=~`` and their kin on values. Never here: reading them (filters.py).

Numbers and strings that look the same are equal (``'5' == 5``); order is only between two numbers or two strings.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from emulator.mapping.equality import equal
from emulator.mapping.java_types import Budget
from emulator.mapping.jayway.tokens import InvalidOperand, Walk
from emulator.mapping.values import to_text
from emulator.mapping.velocity import java_regex


class Undefined:
    """The value of a path that finds nothing."""

    __slots__ = ()


UNDEFINED: Final = Undefined()


class Pattern:
    """``/re/flags``."""

    __slots__ = ("source", "flags")

    def __init__(self, source: str, flags: str) -> None:
        self.source = source
        self.flags = flags

    def matches(self, text: str, budget: Budget) -> bool:
        prefix = f"(?{self.flags})" if self.flags else ""
        return java_regex.matches(prefix + self.source, text, budget)


Operator = Callable[[Any, Any, Walk], bool]


def is_number(value: Any) -> bool:
    return type(value) in (int, float, Decimal)


def exact(value: Any) -> Decimal | None:
    """A number, or a string that reads as one."""
    if type(value) is Decimal:
        return value
    try:
        found = Decimal(repr(value) if type(value) is float else value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def same(left: Any, right: Any, walk: Walk) -> bool:
    if type(left) is str and type(right) is str:
        return left == right
    if is_number(left) and (is_number(right) or type(right) is str):
        one, two = exact(left), exact(right)
        return one is not None and two is not None and one == two
    if type(left) is str and is_number(right):
        return left == to_text(right, walk.budget)
    if isinstance(left, list | dict) and isinstance(right, list | dict):
        return equal(left, right, walk.budget)
    if left is None or right is None:
        return left is right
    return type(left) is bool and left is right


def _strictly_same(left: Any, right: Any, walk: Walk) -> bool:
    kinds = [_kind(value) for value in (left, right)]
    return kinds[0] == kinds[1] and same(left, right, walk)


def _kind(value: Any) -> str:
    if is_number(value):
        return "number"
    return "json" if isinstance(value, list | dict) else type(value).__name__


def _order(compare: Callable[[Any, Any], bool]) -> Operator:
    def operate(left: Any, right: Any, walk: Walk) -> bool:
        if is_number(left) and is_number(right):
            one, two = exact(left), exact(right)
            return one is not None and two is not None and compare(one, two)
        return type(left) is str and type(right) is str and compare(left, right)

    return operate


def _items(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return []
    raise InvalidOperand("Expected value list node")


def _has(items: list[Any], value: Any, walk: Walk) -> bool:
    walk.budget.step(1 + len(items) // 8)
    return value is not UNDEFINED and any(same(value, item, walk) for item in items)


def _in(left: Any, right: Any, walk: Walk) -> bool:
    return _has(_items(right), left, walk)


def _all(left: Any, right: Any, walk: Walk) -> bool:
    """Jayway never turns the right side into a list here, so that nothing passes."""
    raise InvalidOperand("Expected value list node")


def _contains(left: Any, right: Any, walk: Walk) -> bool:
    if type(left) is str and type(right) is str:
        return right in left
    return isinstance(left, list) and _has(left, right, walk)


def _size(left: Any, right: Any, walk: Walk) -> bool:
    if not is_number(right):
        return False
    return isinstance(left, str | list | dict) and len(left) == int(right)


def _empty(left: Any, right: Any, walk: Walk) -> bool:
    if not isinstance(left, str | list | dict):
        return False
    if type(right) is not bool:
        raise InvalidOperand("Expected boolean node")
    return (len(left) == 0) == right


def _matches(left: Any, right: Any, walk: Walk) -> bool:
    if isinstance(left, Pattern) == isinstance(right, Pattern):
        return False
    pattern, value = (left, right) if isinstance(left, Pattern) else (right, left)
    if isinstance(value, list):
        return any(pattern.matches(_input(item, walk), walk.budget) for item in value)
    return pattern.matches(_input(value, walk), walk.budget)


def _input(value: Any, walk: Walk) -> str:
    if type(value) in (str, bool) or is_number(value):
        return to_text(value, walk.budget)
    return ""


def _subset(left: Any, right: Any, walk: Walk) -> bool:
    wanted = _items(right)
    return isinstance(left, list) and all(_has(wanted, item, walk) for item in left)


def _any_of(left: Any, right: Any, walk: Walk) -> bool:
    wanted = _items(right)
    return isinstance(left, list) and any(_has(wanted, item, walk) for item in left)


def _none_of(left: Any, right: Any, walk: Walk) -> bool:
    wanted = _items(right)
    return isinstance(left, list) and not any(_has(wanted, item, walk) for item in left)


OPERATORS: Final[dict[str, Operator]] = {
    "==": same,
    "!=": lambda left, right, walk: not same(left, right, walk),
    "===": _strictly_same,
    "!==": lambda left, right, walk: not _strictly_same(left, right, walk),
    "<": _order(lambda left, right: left < right),
    "<=": _order(lambda left, right: left <= right),
    ">": _order(lambda left, right: left > right),
    ">=": _order(lambda left, right: left >= right),
    "IN": _in,
    "NIN": lambda left, right, walk: not _in(left, right, walk),
    "ALL": _all,
    "CONTAINS": _contains,
    "SIZE": _size,
    "EMPTY": _empty,
    "=~": _matches,
    "SUBSETOF": _subset,
    "ANYOF": _any_of,
    "NONEOF": _none_of,
}
