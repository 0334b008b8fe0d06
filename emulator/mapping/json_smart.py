"""JSON as json-smart's permissive parser reads it: quotes may be single or missing, commas may be too many, text
may follow.

Belongs here: text in, plain values out. Never here: printing (values.py) or paths (jsonpath).

What is strict JSON goes through the standard decoder; only what it refuses is read by the lenient reader below.
A text that is no JSON at all is a string: ``a=b&c=d`` is the string ``a=b&c=d``.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Final

from emulator.mapping.errors import JsonError

DEPTH: Final = 400
LENIENT: Final = 1_500_000
_DIGITS_LIMIT: Final = 4000
# What Java's trim() takes off.
_TRIMMED: Final = "".join(map(chr, range(33)))

_STOP_ARRAY: Final = re.compile(r"[,\]]")
_STOP_KEY: Final = re.compile(r":")
_STOP_VALUE: Final = re.compile(r"[,}]")
_STOP_NEVER: Final = re.compile(r"(?!)")
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_NUMBER: Final = re.compile(r"[-0-9][0-9]*(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_UNESCAPED: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "b": "\b", "\\": "\\", "/": "/", "'": "'", '"': '"'}
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([\s\S]))|[\x00-\x1f\x7f]")


def _float(text: str) -> float | Decimal:
    """A double; what is longer than 18 characters is kept exactly."""
    if len(text) <= 18:
        return float(text)
    try:
        return Decimal(text)
    except ArithmeticError:
        # An exponent beyond what Decimal has: infinite or zero as a double.
        return float(text)


def _constant(text: str) -> Any:
    return float("nan") if text == "NaN" else text


_STRICT: Final = json.JSONDecoder(parse_float=_float, parse_constant=_constant)


def loads(text: str) -> Any:
    """Parses a document; raises JsonError for what even the lenient parser refuses (an unclosed object, too deep
    a nesting).
    """
    try:
        return _STRICT.decode(text)
    except ValueError:
        return _lenient(text)
    except RecursionError as error:
        raise JsonError("The JSON is nested too deeply") from error


def _lenient(text: str) -> Any:
    start = text.lstrip(" \t\r\n")
    if len(text) > LENIENT and start.startswith(("{", "[")):
        # It would hold everybody else up for seconds; what only has text behind it is read without looking at that.
        try:
            return _STRICT.raw_decode(start)[0]
        except ValueError as error:
            raise JsonError(f"{error}, and too long to be read leniently") from error
    return _Reader(text).document()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.depth = 0

    def fail(self, what: str = "") -> JsonError:
        if self.pos >= len(self.text):
            return JsonError(f"Unexpected End Of File position {len(self.text) - 1}: null")
        return JsonError(f"Unexpected {what or 'character'} ({self.text[self.pos]}) at position {self.pos}.")

    def char(self) -> str:
        return self.text[self.pos] if self.pos < len(self.text) else ""

    def space(self) -> None:
        found = _SPACE.match(self.text, self.pos)
        assert found is not None
        self.pos = found.end()

    def document(self) -> Any:
        return self.value(_STOP_NEVER)

    def value(self, stop: re.Pattern[str]) -> Any:
        self.space()
        char = self.char()
        if char and char in ":}]":
            raise self.fail()
        if char == "{":
            return self.nested(self.object)
        if char == "[":
            return self.nested(self.array)
        if char and char in "\"'":
            return self.string()
        if char and char in "-0123456789":
            return self.number(stop)
        word = self.word(stop)
        if word == "NaN":
            return float("nan")
        return {"null": None, "true": True, "false": False}.get(word, word)

    def nested(self, read: Any) -> Any:
        self.depth += 1
        if self.depth > DEPTH:
            raise JsonError("The JSON is nested too deeply")
        found = read()
        self.depth -= 1
        return found

    def word(self, stop: re.Pattern[str]) -> str:
        found = stop.search(self.text, self.pos)
        end = found.start() if found else len(self.text)
        word = self.text[self.pos : end].strip(_TRIMMED)
        self.pos = end
        return word

    def number(self, stop: re.Pattern[str]) -> Any:
        start = self.pos
        found = _NUMBER.match(self.text, start)
        assert found is not None
        text = found.group()
        self.pos = found.end()
        self.space()
        char = self.char()
        unfinished = not found.group(2) and char in ("e", "E") and self.pos == found.end()
        if unfinished or (char and ord(char) < 126 and not stop.match(char)):
            self.pos = start
            return self.word(stop)
        if found.group(1) is not None or found.group(2):
            try:
                return _float(text)
            except (ValueError, ArithmeticError) as error:
                raise JsonError(f"Unexpected token {text} at position {start}.") from error
        if len(text) > _DIGITS_LIMIT:
            raise JsonError(f"Too long a number at position {start}.")
        return 0 if text == "-" else int(text)

    def string(self) -> str:
        quote = self.char()
        start = self.pos + 1
        end = self.text.find(quote, start)
        slash = self.text.find("\\", start, end if end != -1 else len(self.text))
        if slash != -1:
            end = start
            while end < len(self.text) and self.text[end] != quote:
                end += 2 if self.text[end] == "\\" else 1
        if end == -1 or end >= len(self.text):
            self.pos = len(self.text)
            raise self.fail()
        self.pos = end + 1
        raw = self.text[start:end]
        return raw if slash == -1 else _ESCAPE.sub(self.unescape, raw)

    def unescape(self, found: re.Match[str]) -> str:
        code = found.group(1) or found.group(2)
        if code:
            return chr(int(code, 16))
        letter = found.group(3)
        if letter in ("u", "x"):
            raise JsonError(f"Unexpected unicode sequence at position {self.pos}.")
        return _UNESCAPED.get(letter, "") if letter else ""

    def array(self) -> list[Any]:
        found: list[Any] = []
        self.pos += 1
        while True:
            self.space()
            char = self.char()
            if char == "]":
                self.pos += 1
                return found
            if char == ",":
                self.pos += 1
            elif char == "" or char in ":}":
                raise self.fail()
            else:
                found.append(self.value(_STOP_ARRAY))

    def object(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self.pos += 1
        while True:
            self.space()
            char = self.char()
            if char == "}":
                self.pos += 1
                return found
            if char == ",":
                self.pos += 1
                continue
            if char == "" or char in ":][{":
                raise self.fail()
            key = self.string() if char in "\"'" else self.word(_STOP_KEY)
            self.space()
            if self.char() != ":":
                raise self.fail()
            self.pos += 1
            found[key] = self.value(_STOP_VALUE)
            self.space()
            if self.char() not in (",", "}"):
                raise self.fail("token")
