"""How Java and json-smart print values.

Belongs here: ``toString`` and JSON text. Never here: what methods do (velocity/methods_*.py) or text coming in
(json_smart.py).

A map prints as Java's ``{a=1}``, a list of the template's as ``[1, a]``, a list from JSON as JSON.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any, Final

from emulator.mapping.java_types import (
    ArrayList,
    Budget,
    Char,
    ContextMap,
    Entry,
    JavaArray,
    JavaClass,
    Printable,
    View,
    class_name,
)

_LONG_LOW: Final = -(2**63)
_LONG_HIGH: Final = 2**63 - 1


def _whole_double(value: float) -> str:
    """The digits of a double that is a whole number and a long: Java (before 19) drops of them what the gap to the
    next double makes meaningless, and so may show one more than are needed.
    """
    gap = math.frexp(value)[1] - 54
    dropped = int(math.log10(2) * (gap - 1)) if gap > 1 else 0
    scale = 10**dropped
    whole, rest = divmod(abs(int(value)), scale)
    return f"{'-' if value < 0 else ''}{whole + (2 * rest >= scale and scale > 1)}e{dropped}"


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
    if 2.0**53 <= size < 2.0**63:
        text = _whole_double(value)
    elif size == 5e-324:
        text = text.replace("5", "4.9")
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
        if not _LONG_LOW <= value <= _LONG_HIGH:
            budget.step(value.bit_length() // 8)
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
    if kind is str:
        budget.charge(len(value))
        out.append(value)
        return
    # Containers cost the most: it is by nesting them that a few lines make a great deal to print.
    budget.step(10)
    if kind is dict:
        _print_map(value, out, budget)
    elif kind is list:
        plain = None if budget.shared else plain_json(value)
        if plain is not None:
            budget.step(len(plain) // 8)
            budget.charge(len(plain))
        out.append(json_text(value, budget, slashes=True) if plain is None else plain.replace("/", "\\/"))
    elif kind is ArrayList or kind is View:
        if kind is View:
            value.refresh()
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
    budget.step(10 if isinstance(value, list | dict) and budget.shared else 4)
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


__all__ = ["Budget", "double_text", "json_string", "json_text", "plain_json", "to_text"]
