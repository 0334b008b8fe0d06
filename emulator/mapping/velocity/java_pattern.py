"""Java's pattern syntax, translated to that of the ``regex`` package.

Belongs here: the translation, and what Java refuses. Never here: matching (java_regex.py).

https://docs.oracle.com/javase/8/docs/api/java/util/regex/Pattern.html
"""

from __future__ import annotations

import unicodedata
from typing import Final

import regex

from emulator.mapping.errors import MappingError

_POSIX: Final = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": "\\x00-\\x7F",
    "Alpha": "A-Za-z",
    "Digit": "0-9",
    "Alnum": "A-Za-z0-9",
    "Punct": "!-/:-@\\[-`{-\\~",
    "Graph": "!-\\~",
    "Print": " -\\~",
    "Blank": " \\t",
    "Cntrl": "\\x00-\\x1F\\x7F",
    "XDigit": "0-9A-Fa-f",
    "Space": " \\t\\n\\x0B\\f\\r",
}
_CLASSES: Final = {
    "d": "0-9",
    "w": "A-Za-z0-9_",
    "s": " \\t\\n\\x0B\\f\\r",
    "h": " \\t\\xA0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000",
    "v": "\\n\\x0B\\f\\r\\x85\\u2028\\u2029",
}
_JAVA_NAMES: Final = {
    "javaLowerCase": "Ll",
    "javaUpperCase": "Lu",
    "javaLetter": "L",
    "javaDigit": "Nd",
    "javaLetterOrDigit": "L",
    "javaWhitespace": "White_Space",
}
_ANCHORS: Final = {
    "b": "\\b",
    "B": "\\B",
    "A": "\\A",
    "G": "\\G",
    "Z": "(?=(?:\\r\\n|[\\n\\r\\x85\\u2028\\u2029])?\\Z)",
    "z": "\\Z",
}
_QUANTIFIER: Final = regex.compile(r"(?:\{([0-9]+)(?:,([0-9]*))?\}|[*+?])[?+]?")
_FLAGS: Final = regex.compile(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])")


class Translator:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.out: list[str] = []
        self.dot_all = False
        self.multiline = False
        self.groups = 0

    def fail(self, what: str) -> MappingError:
        return MappingError(f"PatternSyntaxException: {what} near index {self.at}: {self.pattern[:200]}")

    def run(self) -> str:
        pattern = self.pattern
        repeatable = False
        while self.at < len(pattern):
            char = pattern[self.at]
            if char == "\\":
                self.out.append(self.escape(False))
            elif char == "[":
                self.out.append(self.char_class())
            elif char == "(":
                self.group()
                repeatable = False
                continue
            elif char in "{*+?":
                self.quantifier(char, repeatable)
            elif char == ".":
                self.out.append("." if self.dot_all else "[^\\n\\r\\x85\\u2028\\u2029]")
                self.at += 1
            elif char in "^$":
                # In a group of their own they may be repeated, as in Java.
                self.out.append("(?:^)" if char == "^" else "(?:$)" if self.multiline else _ANCHORS["Z"])
                self.at += 1
            else:
                self.out.append("\\" + char if char in "]}" else char)
                self.at += 1
            repeatable = char not in "|{*+?"
        return "".join(self.out)

    def quantifier(self, char: str, repeatable: bool) -> None:
        """``{2,3}``, ``*``, ``+``, ``?``, and the ``?`` or ``+`` that makes one lazy or possessive."""
        found = _QUANTIFIER.match(self.pattern, self.at)
        if not found:
            raise self.fail("Illegal repetition")
        low, high = found.group(1), found.group(2)
        if high and int(high) < int(low):
            raise self.fail("Illegal repetition range")
        if char == "{" and not repeatable:
            # With nothing before it, or after another one, it repeats the empty text.
            self.out.append("(?:)")
        elif not repeatable:
            raise self.fail(f"Dangling meta character '{char}'")
        else:
            self.out.append(found.group())
        self.at = found.end()

    def group(self) -> None:
        """Groups are the same, but for names and flags."""
        pattern = self.pattern
        found = _FLAGS.match(pattern, self.at)
        if found:
            on = "".join(flag for flag in found.group(1) if flag in "imsx")
            off = "".join(flag for flag in found.group(2) or "" if flag in "imsx")
            if any(flag not in "imsxduU" for flag in found.group(1) + (found.group(2) or "")):
                raise self.fail("Unknown inline modifier")
            self.dot_all = self.dot_all or "s" in on
            self.multiline = self.multiline or "m" in on
            if on or off or found.group(3) == ":":
                self.out.append(f"(?{on}{'-' + off if off else ''}{found.group(3)}")
            self.at = found.end()
            return
        if pattern.startswith("(?", self.at) and pattern[self.at + 2 : self.at + 3] not in ("=", "!", ">", "<"):
            raise self.fail("Unknown group type")
        for opening in ("(?<=", "(?<!", "(?<", "(?=", "(?!", "(?>", "("):
            if pattern.startswith(opening, self.at):
                self.out.append(opening)
                self.groups += opening in ("(?<", "(")
                self.at += len(opening)
                return

    def hexadecimal(self, digits: int) -> str:
        code = self.pattern[self.at + 2 : self.at + 2 + digits]
        if len(code) < digits or any(char not in "0123456789abcdefABCDEF" for char in code):
            raise self.fail("Illegal hexadecimal escape sequence")
        self.at += 2 + digits
        return regex.escape(chr(int(code, 16)))  # type: ignore[no-any-return]

    def escape(self, inside: bool) -> str:
        """One backslash sequence; ``inside`` a class it gives what stands between the brackets."""
        pattern = self.pattern
        if self.at + 1 >= len(pattern):
            raise self.fail("Unexpected internal error")
        char = pattern[self.at + 1]
        if char == "Q":
            end = pattern.find("\\E", self.at + 2)
            quoted = pattern[self.at + 2 : end if end != -1 else len(pattern)]
            self.at = end + 2 if end != -1 else len(pattern)
            return "".join("\\" + c if not c.isalnum() and ord(c) < 128 else c for c in quoted)
        if char in "pP":
            return self.property(inside)
        if char == "u":
            return self.hexadecimal(4)
        if char == "x":
            if pattern.startswith("{", self.at + 2):
                end = pattern.find("}", self.at)
                code = pattern[self.at + 3 : max(end, 0)]
                if not code or len(code) > 6 or any(c not in "0123456789abcdefABCDEF" for c in code):
                    raise self.fail("Illegal hexadecimal escape sequence")
                self.at = end + 1
                return regex.escape(chr(min(int(code, 16), 0x10FFFF)))  # type: ignore[no-any-return]
            return self.hexadecimal(2)
        if char == "0":
            digits = pattern[self.at + 2 : self.at + 5]
            octal = regex.match(r"[0-3][0-7][0-7]|[0-7]{1,2}", digits)
            if not octal:
                raise self.fail("Illegal octal escape sequence")
            self.at += 2 + octal.end()
            return regex.escape(chr(int(octal.group(), 8)))  # type: ignore[no-any-return]
        if char == "N":
            return self.named()
        self.at += 2
        if char == "c":
            self.at += 1
            if self.at > len(pattern):
                raise self.fail("Illegal control escape sequence")
            return regex.escape(chr(ord(pattern[self.at - 1]) ^ 64))  # type: ignore[no-any-return]
        if char.lower() in _CLASSES:
            body = _CLASSES[char.lower()]
            if char.isupper():
                return f"[^{body}]"
            return body if inside else f"[{body}]"
        if char in "tnrf":
            return "\\" + char
        if char in "ae":
            return "\\x07" if char == "a" else "\\x1B"
        if inside:
            if char.isalpha():
                raise self.fail("Illegal/unsupported escape sequence")
            return "\\" + char
        return self.outside(char)

    def named(self) -> str:
        """``\\N{DIGIT ONE}``."""
        end = self.pattern.find("}", self.at)
        name = self.pattern[self.at + 3 : end]
        try:
            char = unicodedata.lookup(name) if self.pattern[self.at + 2 : self.at + 3] == "{" and end != -1 else ""
        except KeyError:
            char = ""
        if not char:
            raise self.fail("Illegal character name escape sequence")
        self.at = end + 1
        return regex.escape(char)  # type: ignore[no-any-return]

    def outside(self, char: str) -> str:
        if char in _ANCHORS:
            return _ANCHORS[char]
        if char == "X":
            return "\\X"
        if char == "R":
            return "(?:\\r\\n|[\\n\\x0B\\f\\r\\x85\\u2028\\u2029])"
        if char == "k":
            end = self.pattern.find(">", self.at)
            if self.pattern[self.at : self.at + 1] != "<" or end == -1:
                raise self.fail("\\k is not followed by '<' for named capturing group")
            name = self.pattern[self.at + 1 : end]
            self.at = end + 1
            return f"(?P={name})"
        if char.isdigit():
            return self.back_reference(int(char))
        if char.isascii() and char.isalpha():
            raise self.fail("Illegal/unsupported escape sequence")
        return "\\" + char

    def back_reference(self, number: int) -> str:
        """``\\1``: more digits belong to it while there are so many groups; to a group that is not there nothing
        matches.
        """
        while self.pattern[self.at : self.at + 1].isdigit():
            longer = number * 10 + int(self.pattern[self.at])
            if longer > self.groups:
                break
            number = longer
            self.at += 1
        return f"(?:\\{number})" if number <= self.groups else "(?!)"

    def property(self, inside: bool) -> str:
        pattern = self.pattern
        negated = pattern[self.at + 1] == "P"
        if pattern.startswith("{", self.at + 2):
            end = pattern.find("}", self.at)
            if end == -1:
                raise self.fail("Unclosed character family")
            name = pattern[self.at + 3 : end]
            self.at = end + 1
        else:
            name = pattern[self.at + 2 : self.at + 3]
            self.at += 3
        if name in _POSIX:
            body = _POSIX[name]
            return f"[^{body}]" if negated else body if inside else f"[{body}]"
        name = _JAVA_NAMES.get(name, name[2:] if name.startswith(("Is", "In")) else name)
        return f"\\{'P' if negated else 'p'}{{{name}}}"

    def char_class(self) -> str:
        """A class, with nested classes and ``&&``."""
        pattern = self.pattern
        self.at += 1
        out = ["["]
        if pattern.startswith("^", self.at):
            out.append("^")
            self.at += 1
        first = True
        while True:
            if self.at >= len(pattern):
                raise self.fail("Unclosed character class")
            char = pattern[self.at]
            if char == "]" and not first:
                self.at += 1
                return "".join(out) + "]"
            if char == "[":
                out.append(self.char_class())
            elif char == "\\":
                out.append(self.escape(True))
            elif pattern.startswith("&&", self.at):
                self.at += 2
                if out[-1] not in ("[", "^", "&&") and pattern[self.at : self.at + 1] != "]":
                    out.append("&&")
            elif char == "-":
                ranged = (
                    not first
                    and pattern[self.at + 1 : self.at + 2] not in ("]", "[", "")
                    and out[-1] not in ("-", "&&")
                )
                out.append("-" if ranged else "\\-")
                self.at += 1
            else:
                out.append("\\" + char if char in "|~&^]:" else char)
                self.at += 1
            first = False
