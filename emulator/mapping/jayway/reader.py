"""From a path's text to its steps: the grammar of Jayway's paths.

Belongs here: dots, brackets, functions. Never here: what stands in ``?(…)`` (filters.py) or walking (tokens.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from emulator.mapping import json_smart
from emulator.mapping.errors import JsonError, JsonPathError
from emulator.mapping.jayway.cursor import CharacterIndex, unescape
from emulator.mapping.jayway.functions import FUNCTIONS
from emulator.mapping.jayway.tokens import (
    Filter,
    Function,
    Indices,
    Property,
    Root,
    Scan,
    Slice,
    Step,
    Test,
    Walk,
    Wildcard,
)

PATH_LIMIT: Final = 20_000
_INDEX: Final = re.compile(r"-?[0-9]{1,10}")

CompileFilter = Callable[[str], Test]
Evaluate = Callable[[list[Step], Any, Walk], Any]


class Reader:
    """Reads one path; ``steps`` are linked when it is done."""

    def __init__(self, path: str, compile_filter: CompileFilter, evaluate: Evaluate) -> None:
        # Blanks in front count: they make it a wrong path.
        text = path.rstrip(" ")
        if not text:
            raise JsonPathError("path can not be null or empty")
        if len(text) > PATH_LIMIT:
            raise JsonPathError("The path is too long")
        if text[0] not in "$@":
            text = "$." + text
        if text.endswith("."):
            raise JsonPathError("Path must not end with a '.' or '..'")
        self.cursor = CharacterIndex(text)
        self.compile_filter = compile_filter
        self.evaluate = evaluate
        self.steps: list[Step] = []

    def read(self) -> list[Step]:
        cursor = self.cursor
        self.steps.append(Root())
        if not cursor.at_tail:
            cursor.at += 1
            if cursor.char() not in (".", "["):
                raise JsonPathError(f"Illegal character at position {cursor.at} expected '.' or '['")
            self.next_token()
            while not cursor.at_tail:
                self.next_token()
        return self.linked()

    def linked(self) -> list[Step]:
        steps = self.steps
        last = steps[-1]
        if isinstance(last, Scan):
            raise JsonPathError("Path must not end with a '.' or '..'")
        if isinstance(last, Function) and len(steps) > 1 and isinstance(steps[1], Scan):
            steps = self.inverted(steps)
        return relinked(steps)

    def inverted(self, steps: list[Step]) -> list[Step]:
        """``$..x.sum()`` is the function of all that ``$..x`` finds."""
        at = next(number for number, step in enumerate(steps) if isinstance(step, Function))
        function = steps[at]
        assert isinstance(function, Function)
        self.steps = steps[:at]
        if isinstance(steps[at - 1], Scan):
            raise JsonPathError("Current path token is a leaf")
        if function.name in ("length", "size"):
            self.steps.append(Wildcard("*"))
        inner = self.linked()
        function.parameters = [lambda walk: self.evaluate(inner, walk.root, walk)]
        return [Root(), function]

    def next_token(self) -> None:
        char = self.cursor.char()
        if char == "[":
            done = self.bracket_property() or self.array() or self.wildcard() or self.filter()
            if not done:
                raise JsonPathError(
                    f"Could not parse token starting at position {self.cursor.at}. Expected ?, ', 0-9, * "
                )
            return
        if char == ".":
            self.dot()
        elif char == "*":
            self.wildcard()
        else:
            self.property_or_function()

    def dot(self) -> None:
        cursor = self.cursor
        if cursor.char(cursor.at + 1) == ".":
            self.steps.append(Scan())
            cursor.at += 2
        else:
            cursor.at += 1
        if cursor.char() == ".":
            raise JsonPathError(f"Character '.' on position {cursor.at} is not valid.")
        self.next_token()

    def property_or_function(self) -> None:
        cursor = self.cursor
        if cursor.char() in ("[", "*", ".", " ", ""):
            raise JsonPathError(f"Could not parse token starting at position {cursor.at}")
        start = end = cursor.at
        while end < len(cursor.text) and cursor.text[end] not in ".[(":
            if cursor.text[end] == " ":
                raise JsonPathError(
                    f"Use bracket notion ['my prop'] if your property contains blank characters. position: {start}"
                )
            end += 1
        name = cursor.text[start:end]
        if cursor.char(end) != "(":
            cursor.at = end
            self.steps.append(Property(name))
            return
        self.function(name, end)

    def function(self, name: str, opening: int) -> None:
        cursor = self.cursor
        depth, at = 0, opening
        while at < len(cursor.text):
            depth += {"(": 1, ")": -1}.get(cursor.text[at], 0)
            if depth == 0:
                break
            at += 1
        else:
            raise JsonPathError(f"Arguments to function: '{name}' are not closed properly.")
        parameters: list[Callable[[Walk], Any]] = []
        if cursor.char(opening + 1) == ")":
            cursor.at = opening + 1
        else:
            cursor.at = opening + 1
            parameters = self.parameters(name)
        invoke = FUNCTIONS.get(name)

        def missing(model: Any, arguments: list[Any], walk: Walk) -> Any:
            raise JsonPathError(f"Function with name: {name} does not exist.")

        self.steps.append(Function(name, invoke or missing, parameters))

    def parameters(self, name: str) -> list[Callable[[Walk], Any]]:
        """The arguments up to the closing parenthesis: JSON or paths."""
        cursor = self.cursor
        found: list[Callable[[Walk], Any]] = []
        start = cursor.at
        depth = 0
        quote = ""
        at = start
        while at < len(cursor.text):
            char = cursor.text[at]
            if quote:
                if char == "\\":
                    at += 1
                elif char == quote:
                    quote = ""
            elif char in "\"'":
                quote = char
            elif char in "([{":
                depth += 1
            elif (char == "," and depth == 0) or (char == ")" and depth == 0):
                found.append(self.parameter(cursor.text[start:at].strip(), name))
                start = at + 1
                if char == ")":
                    cursor.at = at + 1
                    return found
            elif char in ")]}":
                depth -= 1
            at += 1
        raise JsonPathError(f"Arguments to function: '{name}' are not closed properly.")

    def parameter(self, text: str, name: str) -> Callable[[Walk], Any]:
        if text[:1] in ("$", "@"):
            steps = Reader(text, self.compile_filter, self.evaluate).read()
            if name in ("length", "size") and not isinstance(steps[-1], Function):
                steps = relinked([*steps, Wildcard("*")])
            return lambda walk: self.evaluate(steps, walk.root, walk)
        if not text or not (text[0] in "\"'[{-" or text[0].isdigit()):
            raise JsonPathError(f"Function {name} has an argument that is neither JSON nor a path")
        try:
            value = json_smart.loads(text)
        except JsonError as error:
            raise JsonPathError(error.message) from error
        return lambda walk: value

    def wildcard(self) -> bool:
        cursor = self.cursor
        if cursor.char() == "[":
            star = cursor.after(cursor.at)
            if cursor.char(star) != "*":
                return False
            close = cursor.after(star)
            if cursor.char(close) != "]":
                raise JsonPathError(f"Expected wildcard token to end with ']' on position {star}1")
            cursor.at = close + 1
        else:
            cursor.at += 1
        self.steps.append(Wildcard("*"))
        return True

    def array(self) -> bool:
        cursor = self.cursor
        first = cursor.char(cursor.after(cursor.at))
        if not (first.isdigit() or first in ("-", ":")):
            return False
        end = cursor.text.find("]", cursor.at)
        if end == -1:
            return False
        expression = cursor.text[cursor.at + 1 : end].strip()
        if any(not char.isdigit() and char not in ",-: " for char in expression):
            return False
        self.steps.append(_slice(expression) if ":" in expression else _indices(expression))
        cursor.at = end + 1
        return True

    def bracket_property(self) -> bool:
        cursor = self.cursor
        quote = cursor.char(cursor.after(cursor.at))
        if quote not in ("'", '"'):
            return False
        names: list[str] = []
        at, start, end = cursor.at + 1, 0, 0
        inside = comma = False
        while at < len(cursor.text):
            char = cursor.text[at]
            if char == "\\":
                at += 1
            elif char == "]" and not inside:
                if comma:
                    raise JsonPathError(f"Found empty property at index {at}")
                break
            elif char == quote and inside:
                if cursor.char(cursor.after(at)) not in ("]", ","):
                    raise JsonPathError(f"Property must be separated by comma at index {at}")
                names.append(unescape(cursor.text[start:at]))
                end, inside = at, False
            elif char == quote:
                start, inside, comma = at + 1, True, False
            elif char == "," and not inside:
                if comma:
                    raise JsonPathError(f"Found empty property at index {at}")
                comma = True
            at += 1
        if inside:
            raise JsonPathError(f"Property has not been closed - missing closing {quote}")
        close = cursor.after(end)
        if cursor.char(close) != "]":
            raise JsonPathError("Property has not been closed - missing closing ]")
        cursor.at = close + 1
        self.steps.append(Property(*names))
        return True

    def filter(self) -> bool:
        cursor = self.cursor
        mark = cursor.after(cursor.at)
        opening = cursor.after(mark)
        if cursor.char(mark) != "?" or cursor.char(opening) != "(":
            return False
        closing = cursor.closing(opening, "(", ")", True, True)
        if closing == -1:
            return False
        end = cursor.after(closing)
        if cursor.char(end) != "]":
            return False
        self.steps.append(Filter(self.compile_filter(cursor.text[opening + 1 : closing])))
        cursor.at = end + 1
        return True


def relinked(steps: list[Step]) -> list[Step]:
    for one, two in zip(steps, steps[1:], strict=False):
        one.next, two.before = two, one
    upstream = True
    for step in steps:
        step.upstream = upstream
        upstream = upstream and step.definite
    return steps


def _integer(text: str, what: str) -> int:
    if not _INDEX.fullmatch(text) or not -(2**31) <= int(text) < 2**31:
        raise JsonPathError(f"Failed to parse {what}: {text}")
    return int(text)


def _indices(expression: str) -> Indices:
    return Indices([_integer(part.strip(), "token in ArrayIndexOperation") for part in expression.split(",")])


def _slice(expression: str) -> Slice:
    if "," in expression or " " in expression:
        raise JsonPathError(f"Failed to parse SliceOperation: {expression}")
    parts = expression.split(":")
    ends = [_integer(part, "SliceOperation") if part else None for part in parts[:2]]
    if ends[0] is None and ends[1] is None:
        raise JsonPathError(f"Failed to parse SliceOperation: {expression}")
    return Slice(ends[0], ends[1])
