"""``String.format``: java.util.Formatter for the conversions templates use.

Belongs here: ``%[index$][flags][width][.precision]conversion``. Never here: other ways of printing.

https://docs.oracle.com/javase/8/docs/api/java/util/Formatter.html; dates (``%t``) have no values in templates.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from emulator.mapping.equality import hash_code
from emulator.mapping.errors import MappingError
from emulator.mapping.java_types import Budget, Char
from emulator.mapping.values import to_text

_SPEC: Final = re.compile(r"%(\d+\$|<)?([-#+ 0,(]*)(\d+)?(\.\d+)?([a-zA-Z%])")
_WIDTH: Final = 100_000


def java_format(budget: Budget, pattern: str, arguments: list[Any]) -> str:
    """Formats; raises MappingError where Java throws (a missing argument, a wrong type)."""
    out: list[str] = []
    at = following = 0
    last = -1
    for found in _SPEC.finditer(pattern):
        plain = pattern[at : found.start()]
        if "%" in plain:
            raise MappingError("UnknownFormatConversionException: Conversion = '%'")
        out.append(plain)
        at = found.end()
        index, flags, width, precision, conversion = found.groups()
        if int(width or 0) > _WIDTH or len(precision or "") > 5:
            raise MappingError("The format is too wide")
        if conversion in "n%":
            out.append("\n" if conversion == "n" else _pad("%", flags, width))
            continue
        if index == "<":
            position = last
        elif index:
            position = int(index[:-1]) - 1
        else:
            position, following = following, following + 1
        last = position
        if not 0 <= position < len(arguments):
            raise MappingError(f"MissingFormatArgumentException: Format specifier '{found.group()}'")
        text = _one(budget, conversion, flags, width, precision, arguments[position])
        budget.charge(len(text))
        out.append(text)
    rest = pattern[at:]
    if "%" in rest:
        raise MappingError("UnknownFormatConversionException: Conversion = '%'")
    return "".join([*out, rest])


def _pad(text: str, flags: str, width: str | None) -> str:
    if width is None:
        return text
    return text.ljust(int(width)) if "-" in flags else text.rjust(int(width))


def _one(budget: Budget, conversion: str, flags: str, width: str | None, precision: str | None, value: Any) -> str:
    kind = conversion.lower()
    if kind in "dxo" and value is not None:
        text = _integer(kind, flags, width, value)
    elif kind in "feg" and value is not None:
        text = _decimal(kind, flags, width, int(precision[1:]) if precision else 6, value)
    elif kind in "sbchdxofeg":
        text = _general(budget, kind, value)
        if precision and kind in "sbh":
            text = text[: int(precision[1:])]
    else:
        raise MappingError(f"UnknownFormatConversionException: Conversion = '{conversion}'")
    text = _pad(text, flags, width)
    return text.upper() if conversion.isupper() else text


def _general(budget: Budget, kind: str, value: Any) -> str:
    if kind == "b":
        return "false" if value is None or value is False else "true"
    if value is None:
        return "null"
    if kind == "h":
        return f"{hash_code(value, budget) & 0xFFFFFFFF:x}"
    if kind == "c":
        if type(value) is Char:
            return value.text
        if type(value) is int and 0 <= value < 0x110000:
            return chr(value)
        raise MappingError("IllegalFormatConversionException: c")
    return to_text(value, budget)


def _integer(kind: str, flags: str, width: str | None, value: Any) -> str:
    if type(value) is not int:
        raise MappingError(f"IllegalFormatConversionException: {kind}")
    if kind == "d":
        digits = f"{abs(value):,}" if "," in flags else str(abs(value))
        return _signed(digits, value < 0, flags, width)
    if value < 0:
        value += 1 << (32 if value >= -(2**31) else 64)
    digits = f"{value:{kind}}"
    if "#" in flags:
        digits = ("0x" if kind == "x" else "0") + digits
    return digits.rjust(int(width), "0") if width and "0" in flags else digits


def _decimal(kind: str, flags: str, width: str | None, places: int, value: Any) -> str:
    if type(value) not in (float, Decimal):
        raise MappingError(f"IllegalFormatConversionException: {kind}")
    exact = Decimal(repr(value)) if type(value) is float else value
    if not exact.is_finite():
        return to_text(value, Budget())
    size = abs(exact)
    if kind == "f":
        rounded = size.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP) if size.adjusted() < 20 else size
        digits = f"{rounded:{',' if ',' in flags else ''}f}"
    elif kind == "e":
        digits = f"{size:.{places}e}"
        mantissa, _, exponent = digits.partition("e")
        digits = f"{mantissa}e{exponent[0]}{exponent[1:].rjust(2, '0')}"
    else:
        digits = f"{size:.{max(places, 1)}g}"
    return _signed(digits, exact < 0, flags, width)


def _signed(digits: str, negative: bool, flags: str, width: str | None) -> str:
    sign = "-" if negative else "+" if "+" in flags else " " if " " in flags else ""
    if negative and "(" in flags:
        return f"({digits})"
    if width and "0" in flags:
        digits = digits.rjust(int(width) - len(sign), "0")
    return sign + digits
