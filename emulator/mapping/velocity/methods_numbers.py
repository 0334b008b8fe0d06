"""The methods of Integer, Long, Double, BigDecimal and Boolean.

Belongs here: java.lang's numbers as templates use them (``#set($Integer = 0)$Integer.parseInt("42")``). Never
here: operators (arithmetic.py).
"""

from __future__ import annotations

import math
import re
import struct
from decimal import Decimal
from typing import Any, Final

from emulator.mapping.equality import hash_code
from emulator.mapping.values import to_text
from emulator.mapping.velocity.arithmetic import narrow, to_int
from emulator.mapping.velocity.members import anything, fail, method, number, prop, text, text_or_null, truth, whole
from emulator.mapping.velocity.run import Run

INT = (int,)
REAL = (float,)
NUMBERS = (int, float, Decimal)
BOOL = (bool,)
_DECIMAL: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?[dDfF]?", re.ASCII)
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def integer(value: Any) -> bool:
    return type(value) is int


def parse_int(source: str, radix: int, bits: int) -> int:
    """``Integer.parseInt`` and ``Long.parseLong``."""
    digits = source[1:] if source[:1] in ("-", "+") else source
    allowed = _DIGITS[: radix if 2 <= radix <= 36 else 0]
    if not digits or len(digits) > 70 or any(char not in allowed for char in digits.lower()):
        raise fail(f'NumberFormatException: For input string: "{source[:100]}"')
    value = int(source, radix)
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise fail(f'NumberFormatException: For input string: "{source[:100]}"')
    return value


def parse_double(source: str) -> float:
    """``Double.parseDouble``."""
    trimmed = source.strip()
    if trimmed in ("NaN", "Infinity", "-Infinity", "+Infinity"):
        return float(trimmed.replace("Infinity", "inf"))
    if not _DECIMAL.fullmatch(trimmed):
        raise fail(f'NumberFormatException: For input string: "{source[:100]}"')
    return float(trimmed.rstrip("dDfF"))


@method(INT, "valueOf", text)
def _value_of(run: Run, value: int, source: str) -> int:
    return parse_int(source, 10, 32 if whole(value) else 64)


@method(INT, "parseInt", text)
def _parse_int(run: Run, value: int, source: str) -> int | None:
    return parse_int(source, 10, 32) if whole(value) else None


@method(INT, "decode", text)
def _decode(run: Run, value: int, source: str) -> int:
    sign = "-" if source.startswith("-") else ""
    digits = source.lstrip("+-")
    for mark, radix in (("0x", 16), ("0X", 16), ("#", 16), ("0", 8)):
        if digits.startswith(mark) and len(digits) > len(mark):
            return parse_int(sign + digits[len(mark) :], radix, 32)
    return parse_int(sign + digits, 10, 32)


@method(INT, "parseInt", text, whole)
@method(INT, "valueOf", text, whole)
def _parse_radix(run: Run, value: int, source: str, radix: int) -> int:
    return parse_int(source, radix, 32)


@method(INT, "parseLong", text)
def _parse_long(run: Run, value: int, source: str) -> int | None:
    return None if whole(value) else parse_int(source, 10, 64)


@method(INT, "valueOf", whole)
def _same_int(run: Run, value: int, other: int) -> int:
    return other


@method(NUMBERS, "intValue")
def _int_value(run: Run, value: Any) -> int:
    return to_int(value, 32)


@method(NUMBERS, "longValue")
def _long_value(run: Run, value: Any) -> int:
    return to_int(value, 64)


@method(NUMBERS, "shortValue")
def _short_value(run: Run, value: Any) -> int:
    return narrow(to_int(value, 32), 16)


@method(NUMBERS, "byteValue")
def _byte_value(run: Run, value: Any) -> int:
    return narrow(to_int(value, 32), 8)


@method(NUMBERS, "doubleValue")
def _double_value(run: Run, value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


@method(NUMBERS, "floatValue")
def _float_value(run: Run, value: Any) -> float:
    single = struct.unpack("f", struct.pack("f", float(value)))[0]
    for digits in range(1, 10):
        short = float(f"{single:.{digits}g}")
        if struct.unpack("f", struct.pack("f", short))[0] == single:
            return short
    return float(single)


@method(INT, "toString", whole)
def _int_text(run: Run, value: int, other: int) -> str:
    return str(other)


@method(INT, "toString", whole, whole)
def _radix_text(run: Run, value: int, other: int, radix: int) -> str:
    return in_radix(other, radix if 2 <= radix <= 36 else 10)


def in_radix(value: int, radix: int) -> str:
    size, digits = abs(value), ""
    while True:
        size, digit = divmod(size, radix)
        digits = _DIGITS[digit] + digits
        if not size:
            return "-" + digits if value < 0 else digits


@method(INT, "toHexString", whole)
def _hex(run: Run, value: int, other: int) -> str:
    return f"{other & 0xFFFFFFFF:x}"


@method(INT, "toBinaryString", whole)
def _binary(run: Run, value: int, other: int) -> str:
    return f"{other & 0xFFFFFFFF:b}"


@method(INT, "toOctalString", whole)
def _octal(run: Run, value: int, other: int) -> str:
    return f"{other & 0xFFFFFFFF:o}"


@method(INT, "compareTo", integer)
def _compare_ints(run: Run, value: int, other: int) -> int:
    if whole(value) != whole(other):
        raise fail("ClassCastException: Integer and Long")
    return (value > other) - (value < other)


@method((int, float, bool), "hashCode", lambda value: type(value) in (int, float, bool))
def _hash_of(run: Run, value: Any, other: Any) -> int | None:
    return hash_code(float(other) if type(value) is float else other, run)


@method(REAL, "isNaN", number)
def _is_nan_of(run: Run, value: float, other: float) -> bool:
    return math.isnan(other)


@method(REAL, "isInfinite", number)
def _is_infinite_of(run: Run, value: float, other: float) -> bool:
    return math.isinf(other)


@method(REAL, "isFinite", number)
def _is_finite_of(run: Run, value: float, other: float) -> bool:
    return math.isfinite(other)


@method(INT, "compare", whole, whole)
def _compare(run: Run, value: int, left: int, right: int) -> int:
    return (left > right) - (left < right)


@method(INT, "max", whole, whole)
def _max(run: Run, value: int, left: int, right: int) -> int:
    return max(left, right)


@method(INT, "min", whole, whole)
def _min(run: Run, value: int, left: int, right: int) -> int:
    return min(left, right)


@method(INT, "sum", whole, whole)
def _sum(run: Run, value: int, left: int, right: int) -> int:
    return narrow(left + right, 32)


@method(INT, "signum", whole)
def _signum(run: Run, value: int, other: int) -> int:
    return (other > 0) - (other < 0)


@method(INT, "bitCount", whole)
def _bit_count(run: Run, value: int, other: int) -> int:
    return (other & 0xFFFFFFFF).bit_count()


@method(REAL, "parseDouble", text)
@method(REAL, "valueOf", text)
def _parse_double(run: Run, value: float, source: str) -> float:
    return parse_double(source)


@method(REAL, "valueOf", number)
def _same_double(run: Run, value: float, other: float) -> float:
    return float(other)


@method(REAL, "toString", number)
def _double_text(run: Run, value: float, other: float) -> str:
    return to_text(float(other), run)


@method(REAL, "isNaN")
@prop(REAL, "naN")
def _is_nan(run: Run, value: float) -> bool:
    return math.isnan(value)


@method(REAL, "isInfinite")
@prop(REAL, "infinite")
def _is_infinite(run: Run, value: float) -> bool:
    return math.isinf(value)


@method(REAL, "compareTo", lambda value: type(value) is float)
def _compare_doubles(run: Run, value: float, other: float) -> int:
    return (value > other) - (value < other)


@method(REAL, "compare", number, number)
def _compare_two(run: Run, value: float, left: float, right: float) -> int:
    return (left > right) - (left < right)


@method(REAL, "max", number, number)
def _max_double(run: Run, value: float, left: float, right: float) -> float:
    return float(max(left, right))


@method(REAL, "min", number, number)
def _min_double(run: Run, value: float, left: float, right: float) -> float:
    return float(min(left, right))


@method(REAL, "sum", number, number)
def _sum_double(run: Run, value: float, left: float, right: float) -> float:
    return float(left + right)


@method(BOOL, "booleanValue")
def _boolean_value(run: Run, value: bool) -> bool:
    return value


@method(BOOL, "parseBoolean", text_or_null)
@method(BOOL, "valueOf", text_or_null)
def _parse_boolean(run: Run, value: bool, source: str | None) -> bool:
    return source is not None and source.lower() == "true"


@method(BOOL, "valueOf", truth)
def _same_boolean(run: Run, value: bool, other: bool) -> bool:
    return other


@method(BOOL, "toString", truth)
def _boolean_text(run: Run, value: bool, other: bool) -> str:
    return "true" if other else "false"


@method(BOOL, "compareTo", truth)
def _compare_booleans(run: Run, value: bool, other: bool) -> int:
    return int(value) - int(other)


@method(BOOL, "logicalAnd", truth, truth)
def _logical_and(run: Run, value: bool, left: bool, right: bool) -> bool:
    return left and right


@method(BOOL, "logicalOr", truth, truth)
def _logical_or(run: Run, value: bool, left: bool, right: bool) -> bool:
    return left or right


@method(BOOL, "logicalXor", truth, truth)
def _logical_xor(run: Run, value: bool, left: bool, right: bool) -> bool:
    return left != right


@method((Decimal,), "compareTo", lambda value: type(value) is Decimal)
def _compare_decimals(run: Run, value: Decimal, other: Decimal) -> int:
    return (value > other) - (value < other)


@method((int, float, bool, Decimal), "compareTo", anything)
def _compare_other(run: Run, value: Any, other: Any) -> int:
    raise fail("ClassCastException: the argument is of another class")
