"""Java's regular expressions on the ``regex`` package, with a limit on how long one may run.

Belongs here: translating patterns and replacements, matching, splitting. Never here: the methods of String that
use them.

https://docs.oracle.com/javase/8/docs/api/java/util/regex/Pattern.html. A pattern that backtracks without end
raises MappingError instead of holding the process up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import regex

from emulator.effects import monotonic
from emulator.mapping.errors import LimitError, MappingError
from emulator.mapping.java_types import Budget
from emulator.mapping.velocity.java_pattern import Translator

PATTERN_LIMIT: Final = 4000
# Literals, escaped punctuation and plain classes: what such a pattern finds is never empty.
_NEVER_EMPTY: Final = regex.compile(r"(?:[^\\\[\](){}*?+|^$]|\\[^A-Za-z0-9]|\\[dDsSwWntr]|\[[^\[\]\\&]+\])+")
_LITERAL: Final = regex.compile(r"(?:[^\\\[\](){}*?+|^$.]|\\[^A-Za-z0-9])+")
_ESCAPED: Final = regex.compile(r"\\(.)", regex.DOTALL)
_META: Final = frozenset("\\^$.|?*+()[]{}")


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Any:
    """Compiles; raises MappingError for what Java refuses."""
    if len(pattern) > PATTERN_LIMIT:
        raise LimitError("The regular expression is too long")
    translated = Translator(pattern).run()
    try:
        return regex.compile(translated, regex.VERSION1)
    except (regex.error, OverflowError, ValueError, RecursionError) as error:
        raise MappingError(f"PatternSyntaxException: {error}: {pattern[:200]}") from error


@contextmanager
def _timed(budget: Budget) -> Iterator[None]:
    """Takes what the block needs from the time that one rendering has for all its regular expressions."""
    budget.pattern_seconds()
    began = monotonic()
    try:
        yield
    except TimeoutError as error:
        raise LimitError("The regular expression takes too long") from error
    finally:
        budget.pattern_time -= monotonic() - began


def matches(pattern: str, text: str, budget: Budget) -> bool:
    """``String.matches``: the whole text."""
    with _timed(budget):
        return compile_pattern(pattern).fullmatch(text, timeout=budget.pattern_time) is not None


def _replacement(template: str) -> list[str | int]:
    """``$1`` and ``\\x`` of a replacement, as texts and group numbers (names stay texts with ``$`` in front)."""
    parts: list[str | int] = []
    at = 0
    while at < len(template):
        char = template[at]
        if char == "\\":
            if at + 1 >= len(template):
                raise MappingError("IllegalArgumentException: character to be escaped is missing")
            parts.append("=" + template[at + 1])
            at += 2
        elif char == "$":
            following = template[at + 1 : at + 2]
            if following == "{":
                end = template.find("}", at)
                if end == -1:
                    raise MappingError("IllegalArgumentException: named capturing group is missing trailing '}'")
                parts.append("${" + template[at + 2 : end])
                at = end + 1
            elif following.isascii() and following.isdigit():
                parts.append(int(following))
                at += 2
                while template[at : at + 1].isascii() and template[at : at + 1].isdigit():
                    parts.append(-1 - int(template[at]))
                    at += 1
            else:
                raise MappingError("IllegalArgumentException: Illegal group reference")
        else:
            end = at
            while end < len(template) and template[end] not in "\\$":
                end += 1
            parts.append("=" + template[at:end])
            at = end
    return parts


def _expand(parts: list[str | int], groups: int, found: Any) -> str:
    out: list[str] = []
    number: int | None = None
    for part in parts:
        if isinstance(part, int) and part < 0 and number is not None:
            longer = number * 10 - 1 - part
            if longer <= groups:
                number = longer
                out[-1] = found.group(longer) or ""
            else:
                number = None
                out.append(str(-1 - part))
        elif isinstance(part, int):
            if part < 0:
                out.append(str(-1 - part))
                continue
            if part > groups:
                raise MappingError(f"IndexOutOfBoundsException: No group {part}")
            number = part
            out.append(found.group(part) or "")
        else:
            number = None
            out.append(_named(part, found))
    return "".join(out)


def _named(part: str, found: Any) -> str:
    if part.startswith("="):
        return part[1:]
    if part.startswith("${"):
        groups = found.groupdict()
        if part[2:] not in groups:
            raise MappingError(f"IllegalArgumentException: No group with name {{{part[2:]}}}")
        return groups[part[2:]] or ""
    return part


def _finds(compiled: Any, text: str, budget: Budget) -> Iterator[Any]:
    """``Matcher.find`` again and again: after an empty match Java looks no more at its place."""
    start, empty_at = 0, -1
    while start <= len(text):
        begin, start = start, len(text) + 1
        budget.step(50)
        for found in compiled.finditer(text, begin, timeout=budget.pattern_time):
            if found.start() == empty_at:
                start = empty_at + 1
                break
            empty_at = found.start() if found.end() == found.start() else -1
            yield found


def replace(pattern: str, template: str, text: str, budget: Budget, count: int = 0) -> str:
    """``replaceAll`` (count 0) and ``replaceFirst`` (count 1)."""
    parts: list[str | int] | None = None if "\\" in template or "$" in template else ["=" + template]
    if parts is not None and not count and _LITERAL.fullmatch(pattern):
        return text.replace(_ESCAPED.sub(r"\1", pattern), template)
    out: list[str] = []
    end = 0
    with _timed(budget):
        compiled = compile_pattern(pattern)
        if parts is not None and not count and _NEVER_EMPTY.fullmatch(pattern):
            return compiled.sub(template, text, timeout=budget.pattern_time)  # type: ignore[no-any-return]
        for found in _finds(compiled, text, budget):
            if parts is None:
                parts = _replacement(template)
            out.append(text[end : found.start()])
            out.append(_expand(parts, compiled.groups, found))
            end = found.end()
            if count:
                break
    out.append(text[end:])
    return "".join(out)


def split(pattern: str, text: str, budget: Budget, limit: int = 0) -> list[str]:
    """``String.split``: empty strings at the end are dropped when the limit is 0."""
    if len(pattern) == 1 and pattern not in _META:
        pieces = text.split(pattern, limit - 1 if limit > 0 else -1)
    else:
        with _timed(budget):
            pieces = _split(compile_pattern(pattern), text, limit, budget)
    if limit == 0 and len(pieces) > 1:
        while pieces and not pieces[-1]:
            pieces.pop()
    return pieces


def _split(compiled: Any, text: str, limit: int, budget: Budget) -> list[str]:
    pieces: list[str] = []
    start = 0
    for found in _finds(compiled, text, budget):
        if limit > 0 and len(pieces) >= limit - 1:
            break
        if found.end() == 0:
            continue
        pieces.append(text[start : found.start()])
        start = found.end()
    pieces.append(text[start:])
    return pieces
