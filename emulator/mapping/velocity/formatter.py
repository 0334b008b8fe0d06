"""``String.format``: java.util.Formatter.

Belongs here: reading ``%[index$][flags][width][.precision]conversion``, what of it may stand together, and printing.
Never here: other ways of printing, or dates (format_dates.py).

https://docs.oracle.com/javase/8/docs/api/java/util/Formatter.html. All specifiers are read before anything is
printed, so that a wrong one at the end fails too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from attrs import frozen

from emulator.mapping.equality import hash_code
from emulator.mapping.errors import MappingError
from emulator.mapping.java_types import Budget, Char
from emulator.mapping.values import to_text
from emulator.mapping.velocity.format_dates import DATES, date_text

_SPEC: Final = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(<]*)(\d+)?(?:\.(\d+))?([tT]?)([a-zA-Z%])")
_WIDTH: Final = 100_000
_EXACT: Final = Context(prec=2000, rounding=ROUND_HALF_UP, Emax=MAX_EMAX, Emin=MIN_EMIN)
_VALID: Final = frozenset("bBhHsScCdoxXeEfgGaAn%")
# The flags a conversion never takes; those of text and numbers are looked at on their own.
_FORBIDDEN: Final = {
    **dict.fromkeys("bh", "#+ 0,("),
    "s": "+ 0,(",
    "c": "#+ 0,(",
    "d": "#",
    "o": ",",
    "x": ",",
    "e": ",",
    "f": "",
    "g": "#",
    "a": "(,",
    "t": "#+ 0,(",
}


@frozen
class Spec:
    """One specifier: ``index`` from 1, 0 for the next argument, -1 for the one before."""

    text: str
    index: int
    flags: str
    width: int
    precision: int
    kind: str
    upper: bool
    date: str = ""

    def fail(self, what: str) -> MappingError:
        return MappingError(f"{what}: {self.text}")


def java_format(budget: Budget, pattern: str, arguments: list[Any] | None) -> str:
    """Formats; raises MappingError where Java throws. ``arguments`` None is Java's null array: all are null."""
    pieces = _read(pattern)
    out: list[str] = []
    following, last = 0, -1
    for piece in pieces:
        if isinstance(piece, str):
            out.append(piece)
            continue
        if piece.kind in "n%":
            out.append("\n" if piece.kind == "n" else _justified(piece, "%"))
            continue
        if piece.index == 0:
            position = following
            following += 1
        else:
            position = last if piece.index < 0 else piece.index - 1
        last = position
        if position < 0 or (arguments is not None and position >= len(arguments)):
            raise MappingError(f"MissingFormatArgumentException: Format specifier '{piece.text}'")
        text = _PRINTERS[piece.kind](piece, None if arguments is None else arguments[position], budget)
        budget.charge(len(text))
        budget.step(20 + len(text) // 8)
        out.append(text)
    return "".join(out)


def _read(pattern: str) -> list[str | Spec]:
    pieces: list[str | Spec] = []
    at = 0
    while True:
        mark = pattern.find("%", at)
        if mark == -1:
            pieces.append(pattern[at:])
            return pieces
        pieces.append(pattern[at:mark])
        found = _SPEC.match(pattern, mark)
        if not found:
            raise MappingError("UnknownFormatConversionException: Conversion = '%'")
        at = found.end()
        pieces.append(_spec(found))


def _spec(found: re.Match[str]) -> Spec:
    index, flags, width, precision, date, conversion = found.groups()
    if len(width or "") > 6 or int(width or 0) > _WIDTH or len(precision or "") > 4:
        raise MappingError("The format is too wide")
    if len(set(flags)) < len(flags):
        raise MappingError(f"DuplicateFormatFlagsException: Flags = '{flags}'")
    if (date and conversion not in DATES) or (not date and conversion not in _VALID):
        raise MappingError(f"UnknownFormatConversionException: Conversion = '{date}{conversion}'")
    number = int(index[:9]) if index else 0
    spec = Spec(
        found.group(),
        -1 if "<" in flags else number,
        flags,
        int(width) if width else -1,
        int(precision) if precision else -1,
        "t" if date else conversion.lower(),
        (date or conversion).isupper(),
        conversion if date else "",
    )
    _check(spec)
    return spec


def _check(spec: Spec) -> None:
    kind, flags = spec.kind, spec.flags
    if kind == "n" and spec.width != -1:
        raise spec.fail("IllegalFormatWidthException")
    if kind in "ndoxct%" and spec.precision != -1:
        raise spec.fail("IllegalFormatPrecisionException")
    if kind in "n%":
        if flags and (kind == "n" or flags != "-"):
            raise spec.fail("IllegalFormatFlagsException")
        if flags and spec.width == -1:
            raise spec.fail("MissingFormatWidthException")
        return
    numeric = kind in "doxefga"
    if spec.width == -1 and ("-" in flags or (numeric and "0" in flags)):
        raise spec.fail("MissingFormatWidthException")
    if numeric and (("+" in flags and " " in flags) or ("-" in flags and "0" in flags)):
        raise spec.fail("IllegalFormatFlagsException")
    if any(flag in flags for flag in _FORBIDDEN[kind]):
        raise spec.fail("FormatFlagsConversionMismatchException")


def _justified(spec: Spec, text: str) -> str:
    if spec.width == -1:
        return text
    return text.ljust(spec.width) if "-" in spec.flags else text.rjust(spec.width)


def _text(spec: Spec, text: str) -> str:
    """Text: cut, in capitals, and brought to its width."""
    if spec.precision != -1:
        text = text[: spec.precision]
    return _justified(spec, text.upper() if spec.upper else text)


def _boolean(spec: Spec, value: Any, budget: Budget) -> str:
    return _text(spec, "false" if value is None or value is False else "true")


def _hash(spec: Spec, value: Any, budget: Budget) -> str:
    return _text(spec, "null" if value is None else f"{hash_code(value, budget) & 0xFFFFFFFF:x}")


def _string(spec: Spec, value: Any, budget: Budget) -> str:
    if "#" in spec.flags:
        raise spec.fail("FormatFlagsConversionMismatchException")
    return _text(spec, to_text(value, budget))


def _character(spec: Spec, value: Any, budget: Budget) -> str:
    if value is None:
        return _text(spec, "null")
    if type(value) is Char:
        return _text(spec, value.text)
    if type(value) is not int or not -(2**31) <= value < 2**31:
        raise spec.fail("IllegalFormatConversionException")
    if not 0 <= value < 0x110000:
        raise spec.fail("IllegalFormatCodePointException")
    return _text(spec, chr(value))


def _date(spec: Spec, value: Any, budget: Budget) -> str:
    if value is None:
        return _text(spec, "null")
    if type(value) is not int or -(2**31) <= value < 2**31 or not -(2**63) <= value < 2**63:
        raise spec.fail("IllegalFormatConversionException")
    return _text(spec, date_text(spec.date, value))


# numbers


def _magnitude(spec: Spec, sign: str, digits: str, width: int) -> str:
    """Grouping and zeros; the sign counts for the width, and zeros go between it and the digits."""
    if "," in spec.flags:
        whole, dot, rest = digits.partition(".")
        digits = f"{int(whole):,}{dot}{rest}"
    if "0" in spec.flags and width != -1:
        digits = digits.rjust(width - len(sign), "0")
    return sign + digits


def _signs(spec: Spec, negative: bool) -> tuple[str, str, int]:
    """What stands before and after the digits, and the width left for the rest."""
    if negative:
        if "(" in spec.flags:
            return "(", ")", spec.width - 1 if spec.width != -1 else -1
        return "-", "", spec.width
    return ("+" if "+" in spec.flags else " " if " " in spec.flags else ""), "", spec.width


def _integer(spec: Spec, value: Any, budget: Budget) -> str:
    if value is None:
        return _text(spec, "null")
    if type(value) is not int:
        raise spec.fail("IllegalFormatConversionException")
    before, after, width = _signs(spec, value < 0)
    if spec.kind == "d":
        return _justified(spec, _magnitude(spec, before, str(abs(value)), width) + after)
    mark = "" if "#" not in spec.flags else "0" if spec.kind == "o" else "0x"
    if -(2**63) <= value < 2**63:
        if any(flag in spec.flags for flag in "(+ "):
            raise spec.fail("FormatFlagsConversionMismatchException")
        before = after = ""
        if value < 0:
            value += 1 << (32 if value >= -(2**31) else 64)
    digits = f"{abs(value):{spec.kind}}"
    if "0" in spec.flags:
        digits = digits.rjust(spec.width - len(before) - len(after) - len(mark), "0")
    text = mark + digits
    return _justified(spec, before + (text.upper() if spec.upper else text) + after)


def _real(spec: Spec, value: Any, budget: Budget) -> str:
    if value is None:
        return _text(spec, "null")
    if type(value) not in (float, Decimal) or (spec.kind == "a" and type(value) is Decimal):
        raise spec.fail("IllegalFormatConversionException")
    negative = math.copysign(1.0, value) < 0 if type(value) is float else value < 0
    before, after, width = _signs(spec, negative)
    if type(value) is float and not math.isfinite(value):
        text = "NaN" if math.isnan(value) else f"{before}Infinity{after}"
        return _justified(spec, text.upper() if spec.upper else text)
    size = (Decimal(repr(value)) if type(value) is float else value).copy_abs()
    if abs(size.adjusted()) > 1000 and spec.kind != "e":
        raise spec.fail("The number is too long")
    if spec.kind == "a":
        text = before + _hexadecimal(spec, float(size), before) + after
        return _justified(spec, text.upper() if spec.upper else text)
    mantissa, exponent = _digits(spec, size, type(value) is Decimal)
    if exponent:
        text = _magnitude(spec, before, mantissa, width - len(exponent) if width != -1 else -1)
        return _justified(spec, text + (exponent.upper() if spec.upper else exponent) + after)
    return _justified(spec, _magnitude(spec, before, mantissa, width) + after)


def _digits(spec: Spec, size: Decimal, exact: bool) -> tuple[str, str]:
    """The digits of a number that is not negative, and its exponent (``e+05``) where it has one."""
    places = 6 if spec.precision == -1 else spec.precision
    if spec.kind == "f":
        text = f"{_to_places(size, places):f}"
        return text + ("." if "#" in spec.flags and not places else ""), ""
    if spec.kind == "g":
        places = places or 1
        if not size:
            return ("0." + "0" * (places - 1) if places > 1 else "0"), ""
        rounded = size if exact else _rounded(size, places)
        if Decimal("0.0001") <= rounded < Decimal(1).scaleb(places):
            return f"{_to_places(size, places - 1 - rounded.adjusted()):f}", ""
        places -= 1
    rounded = _rounded(size, places + 1)
    power = rounded.adjusted() if rounded else 0
    figures = "".join(map(str, rounded.as_tuple().digits)).ljust(places + 1, "0")[: places + 1]
    mantissa = figures[0] + ("." + figures[1:] if places else "." if "#" in spec.flags else "")
    return mantissa, f"e{'-' if power < 0 else '+'}{abs(power):02d}"


def _rounded(size: Decimal, figures: int) -> Decimal:
    return _to_places(size, figures - 1 - size.adjusted()) if size else size


def _to_places(size: Decimal, places: int) -> Decimal:
    """Rounded half up to so many digits after the point (before it, if negative)."""
    return size.quantize(Decimal(1).scaleb(-places, context=_EXACT), context=_EXACT)


def _hexadecimal(spec: Spec, size: float, before: str) -> str:
    """``0x1.8p0``, as ``Double.toHexString`` gives it, with zeros after the ``0x``."""
    places = spec.precision if spec.precision else 1
    whole, _, rest = size.hex()[2:].partition(".")
    fraction, _, power = rest.partition("p")
    if not size:
        fraction, power = "0", "0"
    elif 0 < places < 13:
        kept, exponent = size, int(power)
        scaled = round(kept / 2.0**exponent * 16**places)
        whole, fraction = f"{scaled >> 4 * places:x}", f"{scaled & 16**places - 1:0{places}x}"
        if whole == "2":
            whole, fraction, power = "1", "0" * places, str(exponent + 1)
    text = f"{whole}.{(fraction.rstrip('0') or '0').ljust(places, '0')}p{int(power)}"
    if "0" in spec.flags:
        text = text.rjust(spec.width - 2 - (1 if before or "+" in spec.flags or " " in spec.flags else 0), "0")
    return "0x" + text


_PRINTERS: Final[dict[str, Callable[[Spec, Any, Budget], str]]] = {
    "b": _boolean,
    "h": _hash,
    "s": _string,
    "c": _character,
    "t": _date,
    **dict.fromkeys("dox", _integer),
    **dict.fromkeys("efga", _real),
}
