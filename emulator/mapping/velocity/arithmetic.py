"""The operators of expressions: Velocity's numbers and comparisons.

Belongs here: ``+ - * / %``, ``== != < <= > >=`` on values. Never here: concatenation and short circuits (compiler.py).

Integers divide towards zero and never overflow (they become longer); a float on either side makes a float; what
is no number gives null, and so does a division by zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_DOWN, Context, Decimal
from typing import Any, Final

from emulator.mapping.equality import equal
from emulator.mapping.errors import LimitError, MappingError
from emulator.mapping.java_types import ArrayList, Budget
from emulator.mapping.values import to_text

Number = int | float | Decimal
_EXACT: Final = Context(prec=200, rounding=ROUND_HALF_DOWN, Emax=MAX_EMAX, Emin=MIN_EMIN)
_BITS: Final = 13_000
_LEAST: Final = -(2**63)


def is_number(value: Any) -> bool:
    kind = type(value)
    return kind is int or kind is float or kind is Decimal


def narrow(value: int, bits: int) -> int:
    """The lowest bits of an integer, as a signed one."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


def to_int(value: Any, bits: int) -> int:
    """A Java cast: integers wrap, doubles stop at the ends."""
    if type(value) is int:
        return narrow(value, bits)
    if value != value:
        return 0
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1
    if type(value) is float and math.isinf(value):
        return high if value > 0 else low
    if type(value) is float:
        return max(low, min(high, int(value)))
    exponent = value.as_tuple().exponent
    # Ten to the 64th has no bits down there, and a million zeros are not written out to find that.
    return 0 if exponent >= 64 or value.adjusted() < 0 else narrow(int(value), bits)


def _same(left: Any, right: Any) -> tuple[Any, Any]:
    """Both as one kind: exact where either is a BigDecimal, or one is a BigInteger and the other a double."""
    kinds = (type(left), type(right))
    if kinds[0] is kinds[1] is int or kinds == (float, float):
        return left, right
    big = any(type(n) is int and not -(2**63) <= n < 2**63 for n in (left, right))
    if Decimal in kinds or big:
        if any(type(n) is float and not math.isfinite(n) for n in (left, right)):
            raise MappingError("NumberFormatException: Infinite or NaN")
        return Decimal(left), Decimal(right)
    return float(left), float(right)


def _arithmetic(operate: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def run(left: Any, right: Any) -> Any:
        if not is_number(left) or not is_number(right):
            return None
        try:
            value = operate(*_same(left, right))
        except OverflowError:
            return math.inf
        except (ArithmeticError, ValueError):
            return None
        if type(value) is int:
            if value.bit_length() > _BITS:
                raise LimitError("The number is too long")
        elif type(value) is Decimal and not value:
            return value.copy_abs()
        return value

    return run


def _add(left: Any, right: Any) -> Any:
    return _EXACT.add(left, right) if type(left) is Decimal else left + right


def _subtract(left: Any, right: Any) -> Any:
    return _EXACT.subtract(left, right) if type(left) is Decimal else left - right


def _multiply(left: Any, right: Any) -> Any:
    if left == _LEAST and right == -1 and type(left) is type(right) is int:
        return left  # The one overflow that Velocity does not see.
    return _EXACT.multiply(left, right) if type(left) is Decimal else left * right


def _divide(left: Any, right: Any) -> Any:
    if right == 0:
        return None
    if type(left) is int:
        if left == _LEAST and right == -1:
            return left
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    if type(left) is Decimal:
        exponent = left.as_tuple().exponent
        assert isinstance(exponent, int)
        return _EXACT.divide(left, right).quantize(Decimal(1).scaleb(min(exponent, 0)), context=_EXACT)
    return left / right


def _modulo(left: Any, right: Any) -> Any:
    if right == 0:
        return None
    if type(left) is int:
        if not (_LEAST <= left < -_LEAST and _LEAST <= right < -_LEAST):
            # BigInteger.mod is never negative.
            if right < 0:
                raise MappingError("ArithmeticException: BigInteger: modulus not positive")
            return left % right
        remainder = abs(left) % abs(right)
        return -remainder if left < 0 else remainder
    if type(left) is Decimal:
        raise MappingError("ArithmeticException: Cannot calculate the modulo of BigDecimals.")
    return math.fmod(left, right)


OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "PLUS": _arithmetic(_add),
    "MINUS": _arithmetic(_subtract),
    "MULTIPLY": _arithmetic(_multiply),
    "DIVIDE": _arithmetic(_divide),
    "MODULUS": _arithmetic(_modulo),
}


def same_value(left: Any, right: Any, budget: Budget) -> bool:
    """``==``: numbers by value, one family by ``equals``, all else by text."""
    kind, other = type(left), type(right)
    if kind is str and other is str:
        return left == right  # type: ignore[no-any-return]
    if is_number(left) and is_number(right):
        left, right = _same(left, right)
        # A NaN is neither less nor greater, and so it is equal.
        return left == right or not (left < right or left > right)
    if left is None or right is None:
        return left is right
    if kind is other or (isinstance(left, dict) and isinstance(right, dict)) or _both_lists(left, right):
        return equal(left, right, budget)
    return to_text(left, budget) == to_text(right, budget)


def _both_lists(left: Any, right: Any) -> bool:
    return type(left) in (list, ArrayList) and type(right) in (list, ArrayList)


def _ordering(order: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Budget], bool]:
    def run(left: Any, right: Any, budget: Budget) -> bool:
        if not is_number(left) or not is_number(right):
            return False
        return order(*_same(left, right))

    return run


COMPARISONS: Final[dict[str, Callable[[Any, Any, Budget], bool]]] = {
    "EQ": same_value,
    "NE": lambda left, right, budget: not same_value(left, right, budget),
    "LT": _ordering(lambda left, right: left < right),
    "LE": _ordering(lambda left, right: not left > right),
    "GT": _ordering(lambda left, right: left > right),
    "GE": _ordering(lambda left, right: not left < right),
}
