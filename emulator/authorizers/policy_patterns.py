"""Patterns of the policy language: ``*``, ``?`` and ``${variables}``, matched in one pass over the text.

Belongs here: turning a pattern into a predicate. Never here: what the text means (actions, principals, conditions),
and never regular expressions made from what a user wrote: no pattern may cost more than one step per character.

Follows the IAM user guide's pages "Resource", "Variables and tags".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TypeAlias

from attrs import frozen

Context: TypeAlias = Mapping[str, str | tuple[str, ...]]
"""Condition keys in lower case -> a value, or several for a multi-valued key."""

Predicate: TypeAlias = Callable[[str], bool]
ContextPredicate: TypeAlias = Callable[[str, Context], bool]

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_DEFAULT = re.compile(r"\s*([^,\s]+)\s*,\s*'([^']*)'\s*\Z")


class Wild(Enum):
    """The two wildcards."""

    STAR = "*"
    ONE = "?"


@frozen
class Variable:
    """``${key}`` or ``${key, 'default'}``; ``key`` in lower case."""

    key: str
    default: str | None


Part: TypeAlias = str | Wild | Variable


def tokenise(pattern: str, *, variables: bool, wildcards: bool = True) -> list[Part]:
    """Cut a pattern into literals, wildcards and variables.

    ``variables`` is whether the document's Version knows them; ``${*}``, ``${?}``, ``${$}`` are then plain characters.
    """
    parts: list[Part] = []
    position = 0
    if variables:
        for found in _VARIABLE.finditer(pattern):
            _literals(parts, pattern[position : found.start()], wildcards)
            parts.append(_variable(found[1]))
            position = found.end()
    _literals(parts, pattern[position:], wildcards)
    return parts


def _variable(name: str) -> Part:
    if name in ("*", "?", "$"):
        return name
    default = _DEFAULT.match(name)
    if default:
        return Variable(default[1].lower(), default[2])
    return Variable(name.strip().lower(), None)


def _literals(parts: list[Part], text: str, wildcards: bool) -> None:
    if not wildcards:
        if text:
            parts.append(text)
        return
    for piece in re.split(r"([*?])", text):
        if piece == "*":
            if not parts or parts[-1] is not Wild.STAR:
                parts.append(Wild.STAR)
        elif piece == "?":
            parts.append(Wild.ONE)
        elif piece:
            parts.append(piece)


def has_variable(parts: Sequence[Part]) -> bool:
    """Whether the pattern can only be matched together with a request's context."""
    return any(isinstance(part, Variable) for part in parts)


def resolve(parts: Sequence[Part], context: Context) -> list[Part] | None:
    """Put the request's values in place of the variables, as plain text; None when one has no (single) value."""
    resolved: list[Part] = []
    for part in parts:
        if isinstance(part, Variable):
            value = context.get(part.key, part.default)
            if not isinstance(value, str):
                return None
            resolved.append(value)
        else:
            resolved.append(part)
    return resolved


def always(_text: str) -> bool:
    """The predicate of a lone ``*``."""
    return True


def glob(parts: Sequence[Part], *, ignore_case: bool = False) -> Predicate:
    """A predicate for parts without variables. The common forms are plain string methods; the rest is one pass."""
    if ignore_case:
        lowered = glob([part.lower() if isinstance(part, str) else part for part in parts])
        return lowered if lowered is always else lambda text: lowered(text.lower())
    literal = "".join(part for part in parts if isinstance(part, str))
    if all(isinstance(part, str) for part in parts):
        return literal.__eq__
    if Wild.ONE in parts:
        return _by_states(parts)
    if parts[-1] is Wild.STAR and all(isinstance(part, str) for part in parts[:-1]):
        return _by_prefix(literal) if literal else always
    return _by_pieces(parts)


def _by_prefix(prefix: str) -> Predicate:
    return lambda text: text.startswith(prefix)


def _by_pieces(parts: Sequence[Part]) -> Predicate:
    """Literals between stars: first and last are anchored, those between are found leftmost, which is always right."""
    pieces = [""]
    for part in parts:
        if part is Wild.STAR:
            pieces.append("")
        elif isinstance(part, str):
            pieces[-1] += part
    first, last, middle = pieces[0], pieces[-1], [piece for piece in pieces[1:-1] if piece]
    shortest = sum(map(len, pieces))

    def matches(text: str) -> bool:
        if len(text) < shortest or not text.startswith(first) or not text.endswith(last):
            return False
        position, end = len(first), len(text) - len(last)
        for piece in middle:
            position = text.find(piece, position, end)
            if position < 0:
                return False
            position += len(piece)
        return position <= end

    return matches


def _by_states(parts: Sequence[Part]) -> Predicate:
    """All positions of the pattern at once, one bit each: n characters take n steps, whatever the pattern."""
    accepts: dict[str, int] = {}
    any_character = stays = 0
    position = 0
    for part in parts:
        if part is Wild.STAR:
            stays |= 1 << position
        elif part is Wild.ONE:
            any_character |= 1 << position
            position += 1
        elif isinstance(part, str):
            for character in part:
                accepts[character] = accepts.get(character, 0) | 1 << position
                position += 1
    final, shortest = 1 << position, position

    def matches(text: str) -> bool:
        if len(text) < shortest:
            return False
        states = 1
        for character in text:
            states = (states & (accepts.get(character, 0) | any_character)) << 1 | states & stays
            if not states:
                return False
        return bool(states & final)

    return matches


def text_pattern(
    pattern: str, *, variables: bool, wildcards: bool = True, ignore_case: bool = False
) -> ContextPredicate:
    """A predicate for a whole string, with the request's context for its variables."""
    return contextual(
        tokenise(pattern, variables=variables, wildcards=wildcards),
        lambda parts: glob(parts, ignore_case=ignore_case),
    )


def contextual(parts: list[Part], build: Callable[[Sequence[Part]], Predicate]) -> ContextPredicate:
    """Build now if there is no variable, else anew for each request; an unresolved variable matches nothing."""
    if not has_variable(parts):
        matches = build(parts)
        return lambda text, _context: matches(text)

    def matches_with(text: str, context: Context) -> bool:
        resolved = resolve(parts, context)
        return resolved is not None and build(resolved)(text)

    return matches_with


def arn_pattern(pattern: str, *, variables: bool) -> ContextPredicate:
    """A predicate for ARNs.

    A wildcard stays within its segment of the first five; missing segments are wildcards (``arn:aws:execute-api`` means
    all of execute-api); the last segment holds the rest, colons included. A lone ``*`` is every ARN.
    A variable's value never reaches beyond its segment.
    """
    parts = tokenise(pattern, variables=variables)
    segments = _segments(parts)
    if not has_variable(parts):
        matches = _arn_glob(segments)
        return lambda text, _context: matches(text)

    def matches_with(text: str, context: Context) -> bool:
        resolved: list[list[Part]] = []
        for segment in segments:
            plain = resolve(segment, context)
            if plain is None:
                return False
            resolved.append(plain)
        return _arn_glob(resolved)(text)

    return matches_with


def _segments(parts: Sequence[Part]) -> list[list[Part]]:
    """The six segments of an ARN; the missing ones are wildcards."""
    segments: list[list[Part]] = [[]]
    for part in parts:
        if isinstance(part, str):
            first, *others = part.split(":", 6 - len(segments))
            if first:
                segments[-1].append(first)
            segments.extend([piece] if piece else [] for piece in others)
        else:
            segments[-1].append(part)
    segments.extend([Wild.STAR] for _ in range(6 - len(segments)))
    return segments


def _arn_glob(segments: Sequence[Sequence[Part]]) -> Predicate:
    """The predicate of six segments without variables. Text that is no ARN matches only the lone ``*``."""
    if all(list(segment) == [Wild.STAR] for segment in segments):
        return always
    if all(isinstance(part, str) for segment in segments[:5] for part in segment):
        head = "".join("".join(map(str, segment)) + ":" for segment in segments[:5])
        return glob([head, *segments[5]])
    predicates = [glob(segment) for segment in segments]

    def matches(text: str) -> bool:
        values = text.split(":", 5)
        return len(values) == 6 and all(predicate(value) for predicate, value in zip(predicates, values, strict=True))

    return matches
