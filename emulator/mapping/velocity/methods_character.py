"""The methods of Character and Class.

Belongs here: what ``charAt`` and ``getClass`` give may be asked. Never here: texts (methods_string.py).
"""

from __future__ import annotations

from typing import Any

from emulator.mapping.java_types import Char, JavaClass
from emulator.mapping.velocity.members import anything, fail, method, prop
from emulator.mapping.velocity.run import Run


def _is_char(value: Any) -> bool:
    return type(value) is Char


@method((Char,), "charValue")
def _char_value(run: Run, value: Char) -> Char:
    return value


@method((Char,), "compareTo", _is_char)
def _compare_chars(run: Run, value: Char, other: Char) -> int:
    return ord(value.text) - ord(other.text)


@method((Char,), "isDigit", _is_char)
def _is_digit(run: Run, value: Char, other: Char) -> bool:
    return other.text.isdigit()


@method((Char,), "isLetter", _is_char)
def _is_letter(run: Run, value: Char, other: Char) -> bool:
    return other.text.isalpha()


@method((Char,), "toUpperCase", _is_char)
def _char_upper(run: Run, value: Char, other: Char) -> Char:
    return Char(other.text.upper()[:1])


@method((Char,), "toLowerCase", _is_char)
def _char_lower(run: Run, value: Char, other: Char) -> Char:
    return Char(other.text.lower()[:1])


@method((Char,), "compareTo", anything)
def _compare_other(run: Run, value: Char, other: Any) -> int:
    raise fail("ClassCastException: the argument is no Character")


@method((Char,), "isLetterOrDigit", _is_char)
def _is_letter_or_digit(run: Run, value: Char, other: Char) -> bool:
    return other.text.isalpha() or other.text.isdigit()


@method((Char,), "isWhitespace", _is_char)
def _is_whitespace(run: Run, value: Char, other: Char) -> bool:
    return other.text.isspace() and other.text not in "\xa0\u2007\u202f\x85"


@method((Char,), "isUpperCase", _is_char)
def _is_upper(run: Run, value: Char, other: Char) -> bool:
    return other.text.isupper()


@method((Char,), "isLowerCase", _is_char)
def _is_lower(run: Run, value: Char, other: Char) -> bool:
    return other.text.islower()


@method((Char,), "getNumericValue", _is_char)
def _numeric_value(run: Run, value: Char, other: Char) -> int:
    text = other.text.lower()
    return int(text, 36) if text.isascii() and text.isalnum() else -1


@method((JavaClass,), "getName")
@prop((JavaClass,), "name")
def _class_name(run: Run, value: JavaClass) -> str:
    return value.name


@method((JavaClass,), "getSimpleName")
@prop((JavaClass,), "simpleName")
def _simple_name(run: Run, value: JavaClass) -> str:
    return value.name.rsplit(".", 1)[-1].rsplit("$", 1)[-1]
