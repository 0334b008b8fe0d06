"""The methods of String.

Belongs here: java.lang.String as templates may use it (Java 17's). Never here: regular expressions themselves
(java_regex.py).

Positions are Java's: UTF-16 units, which only differ from Python's characters beyond U+FFFF.
"""

from __future__ import annotations

import struct
from typing import Any

from emulator.mapping.java_types import Char, JavaArray
from emulator.mapping.values import to_text
from emulator.mapping.velocity import java_regex
from emulator.mapping.velocity.formatter import java_format
from emulator.mapping.velocity.members import (
    anything,
    array,
    collection,
    fail,
    method,
    prop,
    text,
    text_or_null,
    truth,
    whole,
)
from emulator.mapping.velocity.run import Run

STRING = (str,)


def units(run: Run, value: str) -> str:
    """The text as UTF-16 units, one character each."""
    if value.isascii():
        return value
    raw = value.encode("utf-16-le", "surrogatepass")
    if len(raw) == 2 * len(value):
        return value
    run.step(len(raw))
    return "".join(map(chr, struct.unpack(f"<{len(raw) // 2}H", raw)))


def whole_text(value: str) -> str:
    """Units back to characters."""
    if value.isascii():
        return value
    return value.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")


def cut(run: Run, value: str, start: int, end: int | None = None) -> str:
    """``substring``; raises where Java does."""
    wide = units(run, value)
    stop = len(wide) if end is None else end
    if start < 0 or stop > len(wide) or start > stop:
        raise fail(f"StringIndexOutOfBoundsException: begin {start}, end {stop}, length {len(wide)}")
    piece = wide[start:stop]
    return piece if wide is value else whole_text(piece)


@method(STRING, "length")
def _length(run: Run, value: str) -> int:
    return len(units(run, value))


@method(STRING, "substring", whole)
@method(STRING, "substring", whole, whole)
@method(STRING, "subSequence", whole, whole)
def _substring(run: Run, value: str, start: int, end: int | None = None) -> str:
    return cut(run, value, start, end)


@method(STRING, "charAt", whole)
def _char_at(run: Run, value: str, at: int) -> Char:
    wide = units(run, value)
    if not 0 <= at < len(wide):
        raise fail(f"StringIndexOutOfBoundsException: index {at}, length {len(wide)}")
    return Char(wide[at])


@method(STRING, "codePointAt", whole)
def _code_point_at(run: Run, value: str, at: int) -> int:
    return ord(cut(run, value, at)[:1] or _char_at(run, value, at).text)


def _clamp(value: int) -> int:
    return max(value, 0)


@method(STRING, "indexOf", text)
@method(STRING, "indexOf", text, whole)
def _index_of(run: Run, value: str, wanted: str, start: int = 0) -> int:
    wide = units(run, value)
    return wide.find(units(run, wanted), min(_clamp(start), len(wide)))


@method(STRING, "indexOf", whole)
@method(STRING, "indexOf", whole, whole)
def _index_of_code(run: Run, value: str, code: int, start: int = 0) -> int:
    return _index_of(run, value, chr(code), start) if 0 <= code < 0x110000 else -1


@method(STRING, "lastIndexOf", text)
def _last_index_of(run: Run, value: str, wanted: str) -> int:
    return units(run, value).rfind(units(run, wanted))


@method(STRING, "lastIndexOf", text, whole)
def _last_index_of_from(run: Run, value: str, wanted: str, start: int) -> int:
    if start < 0:
        return -1
    return units(run, value).rfind(units(run, wanted), 0, start + len(units(run, wanted)))


@method(STRING, "lastIndexOf", whole)
def _last_index_of_code(run: Run, value: str, code: int) -> int:
    return _last_index_of(run, value, chr(code)) if 0 <= code < 0x110000 else -1


@method(STRING, "contains", text)
def _contains(run: Run, value: str, wanted: str) -> bool:
    return wanted in value


@method(STRING, "startsWith", text)
def _starts_with(run: Run, value: str, prefix: str) -> bool:
    return value.startswith(prefix)


@method(STRING, "startsWith", text, whole)
def _starts_with_at(run: Run, value: str, prefix: str, start: int) -> bool:
    return 0 <= start <= len(value) and units(run, value).startswith(units(run, prefix), start)


@method(STRING, "endsWith", text)
def _ends_with(run: Run, value: str, suffix: str) -> bool:
    return value.endswith(suffix)


@method(STRING, "equalsIgnoreCase", text_or_null)
def _equals_ignore_case(run: Run, value: str, other: str | None) -> bool:
    return other is not None and len(value) == len(other) and value.upper().lower() == other.upper().lower()


@method(STRING, "contentEquals", text)
def _content_equals(run: Run, value: str, other: str) -> bool:
    return value == other


@method(STRING, "compareTo", text)
def _compare_to(run: Run, value: str, other: str) -> int:
    if value == other:
        return 0
    left, right = units(run, value), units(run, other)
    for start in range(0, min(len(left), len(right)), 4096):
        ours, theirs = left[start : start + 4096], right[start : start + 4096]
        if ours != theirs:
            for one, two in zip(ours, theirs, strict=False):
                if one != two:
                    return ord(one) - ord(two)
    return len(left) - len(right)


@method(STRING, "compareTo", anything)
def _compare_to_other(run: Run, value: str, other: Any) -> int:
    raise fail("ClassCastException: the argument is no String")


@method(STRING, "compareToIgnoreCase", text)
def _compare_to_ignore_case(run: Run, value: str, other: str) -> int:
    return _compare_to(run, value.upper().lower(), other.upper().lower())


@method(STRING, "concat", text)
def _concat(run: Run, value: str, other: str) -> str:
    return value + other


@method(STRING, "isEmpty")
@prop(STRING, "empty")
def _is_empty(run: Run, value: str) -> bool:
    return value == ""


@method(STRING, "isBlank")
@prop(STRING, "blank")
def _is_blank(run: Run, value: str) -> bool:
    return not value.strip()


@method(STRING, "toLowerCase")
def _lower(run: Run, value: str) -> str:
    return value.lower()


@method(STRING, "toUpperCase")
def _upper(run: Run, value: str) -> str:
    return value.upper()


@method(STRING, "trim")
def _trim(run: Run, value: str) -> str:
    return value.strip("".join(map(chr, range(33))))


@method(STRING, "strip")
def _strip(run: Run, value: str) -> str:
    return value.strip()


@method(STRING, "stripLeading")
def _strip_leading(run: Run, value: str) -> str:
    return value.lstrip()


@method(STRING, "stripTrailing")
def _strip_trailing(run: Run, value: str) -> str:
    return value.rstrip()


@method(STRING, "intern")
def _intern(run: Run, value: str) -> str:
    return value


@method(STRING, "repeat", whole)
def _repeat(run: Run, value: str, count: int) -> str:
    if count < 0:
        raise fail(f"IllegalArgumentException: count is negative: {count}")
    run.charge(len(value) * count)
    return value * count


@method(STRING, "replace", text, text)
def _replace(run: Run, value: str, old: str, new: str) -> str:
    if len(new) > len(old):
        run.charge(len(value) + value.count(old) * (len(new) - len(old)))
    return value.replace(old, new)


@method(STRING, "replaceAll", text, text)
def _replace_all(run: Run, value: str, pattern: str, new: str) -> str:
    _check_growth(run, value, new)
    return java_regex.replace(pattern, new, value, run)


@method(STRING, "replaceFirst", text, text)
def _replace_first(run: Run, value: str, pattern: str, new: str) -> str:
    return java_regex.replace(pattern, new, value, run, 1)


def _check_growth(run: Run, value: str, new: str) -> None:
    """A replacement may stand at every position, and hold the whole match ever again."""
    worst = (len(value) + 1) * (len(new) + 1)
    if worst > 1_000_000:
        # Between the limit of one text and the worst case lie only templates that mean harm, or bodies of megabytes.
        run.charge(min(worst // 64, len(value) + len(new) * 1000))
        if worst > 4_000_000_000:
            raise fail("The replacement would be too long")


@method(STRING, "matches", text)
def _matches(run: Run, value: str, pattern: str) -> bool:
    return java_regex.matches(pattern, value, run)


@method(STRING, "split", text)
@method(STRING, "split", text, whole)
def _split(run: Run, value: str, pattern: str, limit: int = 0) -> JavaArray:
    pieces = java_regex.split(pattern, value, run, limit)
    run.step(len(pieces) // 4)
    return JavaArray(pieces)


@method(STRING, "getBytes")
@method(STRING, "getBytes", text)
@prop(STRING, "bytes")
def _bytes(run: Run, value: str, charset: str = "UTF-8") -> JavaArray:
    name = charset.upper().replace("_", "-")
    if name not in ("UTF-8", "US-ASCII", "ISO-8859-1", "UTF-16", "UTF-16BE", "UTF-16LE"):
        raise fail(f"UnsupportedEncodingException: {charset}")
    run.step(len(value) // 16)
    codec = {"US-ASCII": "ascii", "UTF-16": "utf-16-be"}.get(name, name)
    raw = value.encode(codec, "replace")
    return JavaArray([byte - 256 if byte > 127 else byte for byte in raw], "[B")


@method(STRING, "toCharArray")
def _to_char_array(run: Run, value: str) -> JavaArray:
    run.step(4 * len(value))
    return JavaArray([Char(unit) for unit in units(run, value)], "[C")


@method(STRING, "valueOf", anything)
@method(STRING, "copyValueOf", array)
def _value_of(run: Run, value: str, other: Any) -> str:
    if type(other) is JavaArray and other.kind == "[C":
        return whole_text("".join(char.text for char in other))
    return to_text(other, run)


@method(STRING, "join", text, collection)
@method(STRING, "join", text, array)
def _join(run: Run, value: str, separator: str, items: list[Any]) -> str:
    if any(type(item) is not str and item is not None for item in items):
        raise fail("ClassCastException: an item is no String")
    pieces = [to_text(item, run) for item in items]
    run.charge(sum(map(len, pieces)) + len(separator) * len(pieces))
    return separator.join(pieces)


def _join_texts(run: Run, value: str, separator: str, *items: Any) -> str:
    return separator.join(items)


def _format(run: Run, value: str, pattern: str, *items: Any) -> str:
    if len(items) == 1 and (items[0] is None or (type(items[0]) is JavaArray and items[0].kind.startswith("[L"))):
        return java_format(run, pattern, items[0])
    return java_format(run, pattern, list(items))


@method(STRING, "formatted")
def _formatted(run: Run, value: str) -> str:
    return java_format(run, value, [])


for _count in range(9):
    method(STRING, "format", text, *[anything] * _count)(_format)
    if _count:
        method(STRING, "formatted", *[anything] * _count)(lambda run, value, *items: _format(run, value, value, *items))
        method(STRING, "join", text, *[text] * _count)(_join_texts)


@method(STRING, "regionMatches", whole, text, whole, whole)
def _region_matches(run: Run, value: str, start: int, other: str, at: int, size: int) -> bool:
    left, right = units(run, value), units(run, other)
    if start < 0 or at < 0 or start + size > len(left) or at + size > len(right):
        return False
    return left[start : start + size] == right[at : at + size]


@method(STRING, "regionMatches", truth, whole, text, whole, whole)
def _region_matches_case(run: Run, value: str, ignore: bool, start: int, other: str, at: int, size: int) -> bool:
    if ignore:
        return _region_matches(run, value.lower(), start, other.lower(), at, size)
    return _region_matches(run, value, start, other, at, size)
