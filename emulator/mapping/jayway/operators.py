"""The comparisons of filters.

Belongs here: ``==``, ``in``, ``=~`` and their kin on values. Never here: reading them (filters.py).

Numbers and strings that look the same are equal (``'5' == 5``); order is only between two numbers or two strings.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from emulator.mapping.equality import equal
from emulator.mapping.errors import JsonPathError
from emulator.mapping.java_types import Budget
from emulator.mapping.jayway.tokens import InvalidOperand, Walk
from emulator.mapping.values import to_text
from emulator.mapping.velocity import java_regex


class Undefined:
    """The value of a path that finds nothing."""

    __slots__ = ()


UNDEFINED: Final = Undefined()


class Pattern:
    """``/re/flags``. Raises MappingError for what Java refuses."""

    __slots__ = ("source", "flags")

    def __init__(self, source: str, flags: str) -> None:
        self.source = f"(?{flags})" + source if flags else source
        java_regex.compile_pattern(self.source)

    def matches(self, text: str, budget: Budget) -> bool:
        return java_regex.matches(self.source, text, budget)


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


def _items(value: Any) -> list[Any] | None:
    """The items of a list, None for an object; a list with lists or objects in it cannot be compared by items."""
    if isinstance(value, list):
        if any(isinstance(item, list | dict) for item in value):
            raise JsonPathError("Could not determine value type")
        return value
    if isinstance(value, dict):
        return None
    raise InvalidOperand("Expected value list node")


def _has(items: list[Any] | None, value: Any, walk: Walk) -> bool:
    if items is None:
        return False
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
    return isinstance(left, list | dict) and _has(_items(left), right, walk)


def _size(left: Any, right: Any, walk: Walk) -> bool:
    if not is_number(right) or not isinstance(left, str | list | dict):
        return False
    # A size of a million digits is not written out to see that nothing has it.
    wanted = exact(right)
    # An object's size is -1 there.
    size = -1 if isinstance(left, dict) else len(left)
    return wanted is not None and wanted.adjusted() < 10 and size == int(wanted)


def _empty(left: Any, right: Any, walk: Walk) -> bool:
    if not isinstance(left, str | list | dict):
        return False
    if isinstance(left, dict):
        raise JsonPathError("ClassCastException: an object is no Collection")
    if type(right) is not bool:
        raise InvalidOperand("Expected boolean node")
    return (len(left) == 0) == right


def _matches(left: Any, right: Any, walk: Walk) -> bool:
    if isinstance(left, Pattern) == isinstance(right, Pattern):
        return False
    pattern, value = (left, right) if isinstance(left, Pattern) else (right, left)
    if isinstance(value, list):
        return any(pattern.matches(_input(item, walk), walk.budget) for item in _items(value) or ())
    return pattern.matches(_input(value, walk), walk.budget)


def _input(value: Any, walk: Walk) -> str:
    if type(value) in (str, bool) or is_number(value):
        return to_text(value, walk.budget)
    return ""


def _by_items(compare: Callable[[list[Any], list[Any], Walk], bool]) -> Operator:
    def operate(left: Any, right: Any, walk: Walk) -> bool:
        wanted = _items(right)
        if wanted is None:
            return False
        mine = _items(left)
        return mine is not None and compare(mine, wanted, walk)

    return operate


def _no_such_operand(left: Any, right: Any, walk: Walk) -> bool:
    """``type`` and ``matches`` compare with classes and predicates of Java, which no text can name."""
    raise InvalidOperand("Expected class or predicate node")


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
    "SUBSETOF": _by_items(lambda left, right, walk: all(_has(right, item, walk) for item in left)),
    "ANYOF": _by_items(lambda left, right, walk: any(_has(right, item, walk) for item in left)),
    "NONEOF": _by_items(lambda left, right, walk: not any(_has(right, item, walk) for item in left)),
    "TYPE": _no_such_operand,
    "MATCHES": _no_such_operand,
}

EQUALITIES: Final = tuple(OPERATORS[name] for name in ("==", "!=", "===", "!=="))
