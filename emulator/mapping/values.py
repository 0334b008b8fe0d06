"""The values templates work on and how Java prints them.

Belongs here: the types that Java has and Python has not, ``toString``, JSON as json-smart writes it, ``equals``
and ``hashCode``. Never here:
what methods do (velocity/methods) or text coming in (json_smart.py).

Java's types in Python: String is str; Integer, Long and BigInteger are int (the size says which); Double is
float; BigDecimal is Decimal; Boolean is bool; null is None;
LinkedHashMap is dict; a list that came from JSON (json-smart's JSONArray) is list; a list of a template's own is
``ArrayList``.
A map prints as Java's ``{a=1}``, a list of the template's as ``[1, a]``, a list from JSON as JSON.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from emulator.mapping.errors import LimitError

OUTPUT_LIMIT: Final = 10 * 1024 * 1024
STEP_LIMIT: Final = 5_000_000


class Budget:
    """What one rendering may still spend: characters made and steps taken. Spending more raises LimitError."""

    __slots__ = ("chars", "steps", "patterns")

    def __init__(self) -> None:
        self.chars = 8 * OUTPUT_LIMIT
        self.steps = STEP_LIMIT
        self.patterns = 0

    def charge(self, chars: int) -> None:
        self.chars -= chars
        if self.chars < 0 or chars > OUTPUT_LIMIT:
            raise LimitError("The template produces too much text")

    def step(self, steps: int = 1) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise LimitError("The template does too much work")

    def pattern_seconds(self) -> float:
        """How long the next regular expression may run: the more there are, the shorter."""
        self.step(500)
        self.patterns += 1
        return max(0.25 / self.patterns, 0.001)


class ArrayList(list[Any]):
    """A list made by a template."""

    __slots__ = ()


class View(list[Any]):
    """A Set or Collection (``keySet()``, ``values()``): no positions; ``owner`` is the map it shows, ``part``
    which side.
    """

    __slots__ = ("owner", "part")

    def __init__(self, items: Any, owner: dict[Any, Any] | None = None, part: str = "keys") -> None:
        super().__init__(items)
        self.owner = owner
        self.part = part


class JavaArray(list[Any]):
    """An array (``split``, ``getBytes``): Velocity lets it act as a list of fixed length."""

    __slots__ = ("kind",)

    def __init__(self, items: Any, kind: str = "[Ljava.lang.String;") -> None:
        super().__init__(items)
        self.kind = kind


class Entry:
    """One entry of a map."""

    __slots__ = ("owner", "key")

    def __init__(self, owner: dict[Any, Any], key: Any) -> None:
        self.owner = owner
        self.key = key

    @property
    def value(self) -> Any:
        return self.owner.get(self.key)


class Char:
    """A Java character (``charAt``)."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Cursor:
    """An Iterator."""

    __slots__ = ("items", "at")

    def __init__(self, items: list[Any]) -> None:
        self.items = items
        self.at = 0

    def __iter__(self) -> Iterator[Any]:
        while self.at < len(self.items):
            self.at += 1
            yield self.items[self.at - 1]


class JavaClass:
    """What ``getClass()`` gives: a name and nothing that leads anywhere."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class ContextMap(dict[str, Any]):
    """``$context`` and the maps in it: like other maps, but printed as nothing (recorded on AWS)."""

    __slots__ = ()


class OverrideMap(ContextMap):
    """A place for overrides: a name may be set once."""

    __slots__ = ()


CLASS_NAMES: Final[dict[type, str]] = {
    str: "java.lang.String",
    bool: "java.lang.Boolean",
    float: "java.lang.Double",
    Decimal: "java.math.BigDecimal",
    dict: "java.util.LinkedHashMap",
    ContextMap: "java.util.LinkedHashMap",
    OverrideMap: "java.util.LinkedHashMap",
    list: "net.minidev.json.JSONArray",
    ArrayList: "java.util.ArrayList",
    Entry: "java.util.LinkedHashMap$Entry",
    Char: "java.lang.Character",
    Cursor: "java.util.ArrayList$Itr",
    JavaClass: "java.lang.Class",
}


def class_name(value: Any) -> str:
    if type(value) is int:
        if -(2**31) <= value < 2**31:
            return "java.lang.Integer"
        return "java.lang.Long" if -(2**63) <= value < 2**63 else "java.math.BigInteger"
    if type(value) is JavaArray:
        return value.kind
    if type(value) is View:
        parts = {"keys": "LinkedKeySet", "values": "LinkedValues", "entries": "LinkedEntrySet"}
        return f"java.util.LinkedHashMap${parts[value.part]}"
    return CLASS_NAMES.get(type(value), "java.lang.Object")


def double_text(value: float) -> str:
    """``Double.toString``: plain from 1e-3 to 1e7, else with ``E``."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    size = abs(value)
    text = repr(value)
    if size == 0 or 1e-3 <= size < 1e7:
        if "e" not in text:
            return text
        return f"{Decimal(text):f}"
    sign, digits, exponent = Decimal(text).as_tuple()
    assert isinstance(exponent, int)
    figures = "".join(map(str, digits))
    power = exponent + len(figures) - 1
    figures = figures.rstrip("0") or "0"
    return f"{'-' if sign else ''}{figures[0]}.{figures[1:] or '0'}E{power}"


def to_text(value: Any, budget: Budget) -> str:
    """``String.valueOf``."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return double_text(value)
    if value is None:
        return "null"
    out: list[str] = []
    _print(value, out, budget)
    return "".join(out)


def _print(value: Any, out: list[str], budget: Budget) -> None:
    kind = type(value)
    budget.step(2)
    if kind is dict:
        _print_map(value, out, budget)
    elif kind is list:
        text = json_text(value, budget, slashes=True)
        out.append(text)
    elif kind is ArrayList or kind is View:
        separator = "["
        for item in value:
            out.append(separator)
            separator = ", "
            if item is value:
                out.append("(this Collection)")
            else:
                _print(item, out, budget)
        out.append("]" if value else "[]")
    elif kind is Entry:
        _print(value.key, out, budget)
        out.append("=")
        _print(value.value, out, budget)
    else:
        text = _scalar_text(value, budget)
        budget.charge(len(text))
        out.append(text)


def _print_map(value: dict[Any, Any], out: list[str], budget: Budget) -> None:
    separator = "{"
    for key, item in value.items():
        out.append(separator)
        separator = ", "
        _print(key, out, budget)
        out.append("=")
        if item is value:
            out.append("(this Map)")
        else:
            _print(item, out, budget)
    out.append("}" if value else "{}")


def _scalar_text(value: Any, budget: Budget) -> str:
    kind = type(value)
    if value is None or kind in (str, bool, int, float):
        return to_text(value, budget)
    if kind is Char:
        return value.text  # type: ignore[no-any-return]
    if kind is JavaClass:
        return f"class {value.name}"
    if kind is Decimal:
        return str(value)
    if isinstance(value, ContextMap):
        return ""
    if kind is JavaArray:
        return f"{value.kind}@{id(value) & 0x7FFFFFFF:x}"
    text = own_text(value)
    if text is not None:
        return text
    return f"{class_name(value)}@{id(value) & 0x7FFFFFFF:x}"


class Printable:
    """A value that knows its own text (a ``#define`` block)."""

    __slots__ = ()

    def text(self) -> str:
        raise LimitError("A printable value without text")


def own_text(value: Any) -> str | None:
    """The text of a value that knows it, else None."""
    return value.text() if isinstance(value, Printable) else None


_RISKY: Final = re.compile(r"\\u00|[0-9]{8}\.[0-9]|0\.000[0-9]|[0-9]e[-+]?[0-9]|NaN|Infinity|[\x7f-\x9f\u2000-\u20ff]")
_ESCAPED: Final = re.compile(r'["\\\x00-\x1f\x7f-\x9f\u2000-\u20ff]')
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(found: re.Match[str]) -> str:
    char = found.group()
    return _ESCAPES.get(char) or f"\\u{ord(char):04X}"


def json_string(text: str) -> str:
    """A JSON string as json-smart writes it (slashes left alone)."""
    return '"' + _ESCAPED.sub(_escape, text) + '"'


class _NotPlain(Exception):
    """The fast encoder met a value that JSON does not have."""


def _refuse(value: Any) -> Any:
    raise _NotPlain


_FAST: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False, default=_refuse)


def plain_json(value: Any) -> str | None:
    """JSON by the standard encoder, or None where json-smart would write it otherwise.

    Only for values that a parser made and nobody changed: the encoder does not count its work.
    """
    try:
        text = _FAST.encode(value)
    except _NotPlain:
        return None
    return None if _RISKY.search(text) else text


def json_text(value: Any, budget: Budget, slashes: bool = False) -> str:
    """JSON as json-smart writes it: ``$input.json`` (LT_COMPRESS), and with ``slashes`` a list's own toString
    (``\\/``).
    """
    out: list[str] = []
    _write(value, out, budget)
    text = "".join(out)
    return text.replace("/", "\\/") if slashes else text


def _write(value: Any, out: list[str], budget: Budget) -> None:
    kind = type(value)
    budget.step()
    if kind is str:
        text = json_string(value)
    elif isinstance(value, list) and kind is not JavaArray:
        separator = "["
        for item in value:
            out.append(separator)
            separator = ","
            _write(item, out, budget)
        out.append("]" if value else "[]")
        return
    elif isinstance(value, dict):
        separator = "{"
        for key, item in value.items():
            out.append(separator)
            separator = ","
            out.append(json_string(to_text(key, budget)) + ":")
            _write(item, out, budget)
        out.append("}" if value else "{}")
        return
    elif kind is float and math.isinf(value):
        text = "null"
    elif value is None or kind in (bool, int, float, Decimal):
        text = _scalar_text(value, budget)
    else:
        text = json_string(_scalar_text(value, budget))
    budget.charge(len(text))
    out.append(text)


def equal(left: Any, right: Any, budget: Budget) -> bool:
    """``Object.equals``: numbers only with their own kind, lists and maps by what is in them."""
    budget.step(3)
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


def hash_code(value: Any, budget: Budget) -> int:
    """``Object.hashCode``."""
    budget.step(3)
    kind = type(value)
    if value is None:
        return 0
    if kind is str:
        budget.step(len(value) // 16)
        return string_hash(value)
    if kind is bool:
        return 1231 if value else 1237
    if kind is int:
        if -(2**31) <= value < 2**31:
            return value  # type: ignore[no-any-return]
        return _int32((value & 0xFFFFFFFFFFFFFFFF) ^ ((value & 0xFFFFFFFFFFFFFFFF) >> 32))
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
