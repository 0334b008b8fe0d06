"""A position in a path or filter, and the looking around that its grammar needs.

Belongs here: characters. Never here: what they mean.
"""

from __future__ import annotations


class CharacterIndex:
    """Text and a position; blanks are only ever the space character."""

    __slots__ = ("text", "at")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def char(self, at: int | None = None) -> str:
        where = self.at if at is None else at
        return self.text[where] if 0 <= where < len(self.text) else ""

    @property
    def in_bounds(self) -> bool:
        return self.at < len(self.text)

    @property
    def at_tail(self) -> bool:
        return self.at >= len(self.text) - 1

    def skip_blanks(self) -> str:
        while self.at < len(self.text) - 1 and self.text[self.at] == " ":
            self.at += 1
        return self.char()

    def after(self, at: int) -> int:
        """The index of the next character that is no blank, or the length."""
        at += 1
        while at < len(self.text) and self.text[at] == " ":
            at += 1
        return at

    def before(self, at: int) -> int:
        at -= 1
        while at >= 0 and self.text[at] == " ":
            at -= 1
        return at

    def closing(self, at: int, opening: str, closing: str, strings: bool, patterns: bool) -> int:
        """The index of the matching close character, or -1; strings and patterns may hold anything."""
        depth, text = 1, self.text
        at += 1
        while at < len(text):
            char = text[at]
            if (strings and char in "'\"") or (patterns and char == "/"):
                at = self.unescaped(at, char)
                if at == -1:
                    return -1
            elif char == opening:
                depth += 1
            elif char == closing:
                depth -= 1
                if depth == 0:
                    return at
            at += 1
        return -1

    def unescaped(self, at: int, char: str) -> int:
        """The index of the next such character that no backslash precedes, or -1."""
        at += 1
        while at < len(self.text):
            if self.text[at] == "\\":
                at += 1
            elif self.text[at] == char:
                return at
            at += 1
        return -1


_PLAIN = {"b": "\b", "n": "\n", "t": "\t", "f": "\f", "r": "\r"}


def unescape(text: str) -> str:
    """Backslash sequences of names and string literals."""
    if "\\" not in text:
        return text
    out: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text):
            following = text[at + 1]
            at += 2
            if following == "u":
                digits = text[at : at + 4]
                if len(digits) == 4 and all(c in "0123456789abcdefABCDEF" for c in digits):
                    out.append(chr(int(digits, 16)))
                at += 4
            else:
                out.append(_PLAIN.get(following, following))
        else:
            out.append(char)
            at += 1
    return "".join(out)
