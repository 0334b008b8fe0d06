"""``equals`` and ``hashCode`` as Java has them.

Belongs here: comparing and hashing values. Never here: the operators of templates (velocity/arithmetic.py) or
filters (jayway/operators.py).
"""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import Any

from emulator.mapping.java_types import Budget, Char, Entry, JavaArray, JavaClass, View, class_name


def equal(left: Any, right: Any, budget: Budget) -> bool:
    """``Object.equals``: numbers only with their own kind, lists and maps by what is in them."""
    budget.step(5)
    kind = type(left)
    if isinstance(left, list) and isinstance(right, list):
        if left is right:
            return True
        if kind is JavaArray or type(right) is JavaArray or (kind is View) != (type(right) is View):
            return False
        if isinstance(left, View) and left.part != "values":
            return len(left) == len(right) and all(any(equal(a, b, budget) for b in right) for a in left)
        return len(left) == len(right) and all(equal(a, b, budget) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        if len(left) != len(right):
            return False
        return all(key in right and equal(item, right[key], budget) for key, item in left.items())
    if kind is not type(right):
        return False
    if kind is int:
        return class_name(left) == class_name(right) and left == right  # type: ignore[no-any-return]
    if kind is Char:
        return left.text == right.text  # type: ignore[no-any-return]
    if kind is Entry:
        return equal(left.key, right.key, budget) and equal(left.value, right.value, budget)
    if kind is JavaClass:
        return left.name == right.name  # type: ignore[no-any-return]
    if left is None or kind in (str, bool, float, Decimal):
        return left == right  # type: ignore[no-any-return]
    return left is right


def _int32(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - 0x100000000 if value & 0x80000000 else value


def string_hash(text: str) -> int:
    """``String.hashCode`` over UTF-16 units."""
    value = 0
    raw = text.encode("utf-16-be", "surrogatepass")
    for at in range(0, len(raw), 2):
        value = (31 * value + (raw[at] << 8 | raw[at + 1])) & 0xFFFFFFFF
    return _int32(value)


def _big_hash(value: int) -> int:
    """``BigInteger.hashCode``."""
    total, size = 0, abs(value)
    for shift in range((size.bit_length() + 31) // 32 * 32 - 32, -1, -32):
        total = 31 * total + (size >> shift & 0xFFFFFFFF) & 0xFFFFFFFF
    return _int32(-total if value < 0 else total)


def hash_code(value: Any, budget: Budget) -> int:
    """``Object.hashCode``."""
    budget.step(5)
    kind = type(value)
    if value is None:
        return 0
    if kind is str:
        budget.step(2 * len(value))
        return string_hash(value)
    if kind is bool:
        return 1231 if value else 1237
    if kind is int:
        if -(2**31) <= value < 2**31:
            return value  # type: ignore[no-any-return]
        if -(2**63) <= value < 2**63:
            return _int32((value & 0xFFFFFFFFFFFFFFFF) ^ ((value & 0xFFFFFFFFFFFFFFFF) >> 32))
        return _big_hash(value)
    if kind is Decimal:
        sign, digits, exponent = value.as_tuple()
        unscaled = int("".join(map(str, digits)))
        return _int32(31 * _big_hash(-unscaled if sign else unscaled) - int(exponent))
    if kind is float:
        bits = struct.unpack(">Q", struct.pack(">d", value))[0]
        return _int32(bits ^ (bits >> 32))
    if kind is Entry:
        return _int32(hash_code(value.key, budget) ^ hash_code(value.value, budget))
    if isinstance(value, dict):
        return _int32(sum(hash_code(k, budget) ^ hash_code(v, budget) for k, v in value.items()))
    if isinstance(value, View) and value.part != "values":
        return _int32(sum(hash_code(item, budget) for item in value))
    if isinstance(value, list) and kind is not JavaArray:
        total = 1
        for item in value:
            total = (31 * total + hash_code(item, budget)) & 0xFFFFFFFF
        return _int32(total)
    if kind is Char:
        return ord(value.text[0])
    return id(value) & 0x7FFFFFFF
