"""What stands in ``[?(…)]``: comparisons of values and paths, and their combination.

Belongs here: reading and testing. Never here: walking a document (tokens.py).

A value that a path does not find is UNDEFINED: no comparison with it holds, except ``!=`` and ``nin``.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from emulator.mapping import json_smart
from emulator.mapping.errors import JsonError, JsonPathError, MappingError
from emulator.mapping.jayway.cursor import CharacterIndex, unescape
from emulator.mapping.jayway.operators import EQUALITIES, OPERATORS, UNDEFINED, Pattern
from emulator.mapping.jayway.tokens import InvalidOperand, NotFound, Step, Test, Walk

ReadPath = Callable[[str], list[Step]]
Evaluate = Callable[[list[Step], Any, Walk], Any]
_OPERATOR_CHARS: Final = frozenset("<>=~!")
_DEPTH: Final = 100


class _NoOperator(Exception):
    """What follows a value is no comparison."""


class Operand:
    """One side of a comparison: a literal, or a path (``steps``) that is looked up for each item."""

    __slots__ = ("value", "steps", "rooted", "expected")

    def __init__(
        self, value: Any = None, steps: list[Step] | None = None, rooted: bool = False, expected: bool = True
    ) -> None:
        self.value = value
        self.steps = steps
        self.rooted = rooted
        self.expected = expected


class FilterReader:
    def __init__(self, text: str, read_path: ReadPath, evaluate: Evaluate) -> None:
        self.cursor = CharacterIndex(text)
        self.read_path = read_path
        self.evaluate = evaluate
        self.depth = 0

    def read(self) -> Test:
        test = self.either()
        if self.rest():
            raise JsonPathError(f"Expected end of filter expression instead of: {self.cursor.text[self.cursor.at :]}")

        def checked(item: Any, walk: Walk) -> bool:
            try:
                return test(item, walk)
            except InvalidOperand:
                return False

        return checked

    def rest(self) -> bool:
        self.cursor.skip_blanks()
        return bool(self.cursor.text[self.cursor.at :].strip())

    def accept(self, text: str) -> bool:
        start = self.cursor.at
        self.cursor.skip_blanks()
        if self.cursor.text.startswith(text, self.cursor.at):
            self.cursor.at += len(text)
            return True
        self.cursor.at = start
        return False

    def either(self) -> Test:
        tests = [self.both()]
        while self.accept("||"):
            tests.append(self.both())
        if len(tests) == 1:
            return tests[0]
        return lambda item, walk: any(test(item, walk) for test in tests)

    def both(self) -> Test:
        tests = [self.operand_test()]
        while self.accept("&&"):
            tests.append(self.operand_test())
        if len(tests) == 1:
            return tests[0]
        return lambda item, walk: all(test(item, walk) for test in tests)

    def operand_test(self) -> Test:
        self.depth += 1
        if self.depth > _DEPTH:
            raise JsonPathError("The filter is nested too deeply")
        try:
            return self._operand_test()
        finally:
            self.depth -= 1

    def _operand_test(self) -> Test:
        cursor = self.cursor
        start = cursor.at
        if cursor.skip_blanks() == "!":
            cursor.at += 1
            if cursor.skip_blanks() not in ("$", "@"):
                inner = self.operand_test()
                return lambda item, walk: not inner(item, walk)
            cursor.at = start
        if cursor.skip_blanks() == "(":
            cursor.at += 1
            test = self.either()
            if not self.accept(")"):
                raise JsonPathError("Expected character: )")
            return test
        return self.comparison()

    def comparison(self) -> Test:
        left = self.value()
        start = self.cursor.at
        try:
            operate = self.operator()
            right = self.value()
        except (_NoOperator, JsonPathError):
            self.cursor.at = start
            if left.steps is None:
                raise JsonPathError("Expected path node") from None
            return self.existence(left)
        if isinstance(left.value, list | dict) and operate in EQUALITIES:
            # Jayway compares the text of a list or object on the left, which equals nothing.
            left = Operand(UNDEFINED)
        return lambda item, walk: operate(self.look_up(left, item, walk), self.look_up(right, item, walk), walk)

    def existence(self, operand: Operand) -> Test:
        steps, expected = operand.steps, operand.expected
        assert steps is not None

        def exists(item: Any, walk: Walk) -> bool:
            inner = Walk(walk.root, walk.budget, required=True)
            try:
                self.evaluate(steps, walk.root if operand.rooted else item, inner)
            except NotFound:
                return not expected
            return expected

        return exists

    def look_up(self, operand: Operand, item: Any, walk: Walk) -> Any:
        if operand.steps is None:
            return operand.value
        try:
            return self.evaluate(operand.steps, walk.root if operand.rooted else item, Walk(walk.root, walk.budget))
        except NotFound:
            return UNDEFINED

    def operator(self) -> Callable[[Any, Any, Walk], bool]:
        cursor = self.cursor
        if not self.rest():
            raise _NoOperator
        start = cursor.at
        if cursor.char() in _OPERATOR_CHARS:
            while cursor.in_bounds and cursor.char() in _OPERATOR_CHARS:
                cursor.at += 1
        else:
            while cursor.in_bounds and cursor.char() != " ":
                cursor.at += 1
        found = OPERATORS.get(cursor.text[start : cursor.at].upper())
        if found is None:
            raise _NoOperator
        return found

    def value(self) -> Operand:
        cursor = self.cursor
        char = cursor.skip_blanks()
        if char in ("$", "@"):
            return self.path(True)
        if char == "!":
            cursor.at += 1
            if cursor.skip_blanks() not in ("$", "@"):
                raise JsonPathError("Unexpected character: !")
            return self.path(False)
        return Operand(self.literal(char))

    def path(self, expected: bool) -> Operand:
        cursor = self.cursor
        begin = cursor.at
        cursor.at += 1
        while cursor.in_bounds:
            if cursor.char() == "[":
                close = cursor.closing(cursor.at, "[", "]", True, False)
                if close == -1:
                    raise JsonPathError(f"Square brackets does not match in filter {cursor.text}")
                cursor.at = close + 1
            char = cursor.char()
            ends = char == ")" and not self.closes_function(begin)
            if not cursor.in_bounds or char in _OPERATOR_CHARS or char == " " or ends:
                break
            cursor.at += 1
        text = cursor.text[begin : cursor.at]
        return Operand(None, self.read_path(text), text.startswith("$"), expected)

    def closes_function(self, begin: int) -> bool:
        cursor = self.cursor
        at = cursor.before(cursor.at)
        if cursor.char(at) != "(":
            return False
        return "." in cursor.text[begin + 1 : at]

    def literal(self, char: str) -> Any:
        cursor = self.cursor
        if char in ("'", '"') and char:
            close = cursor.unescaped(cursor.at, char)
            if close == -1:
                raise JsonPathError(f"String literal does not have matching quotes. Expected {char}")
            text = unescape(cursor.text[cursor.at + 1 : close])
            cursor.at = close + 1
            return text
        for word, value in (("true", True), ("false", False), ("null", None)):
            if cursor.text.startswith(word, cursor.at):
                cursor.at += len(word)
                return value
        if char in ("[", "{"):
            return self.json(char)
        if char == "/":
            return self.pattern()
        return self.number()

    def number(self) -> Any:
        cursor = self.cursor
        start = cursor.at
        while cursor.in_bounds and (cursor.char().isdigit() or cursor.char() in "-.eE"):
            cursor.at += 1
        text = cursor.text[start : cursor.at]
        try:
            value = Decimal(text) if len(text) < 1000 else None
        except InvalidOperation:
            value = None
        if value is None or not value.is_finite():
            raise JsonPathError(f"Expected number literal at position {start}")
        return value

    def json(self, opening: str) -> Any:
        cursor = self.cursor
        close = cursor.closing(cursor.at, opening, {"[": "]", "{": "}"}[opening], True, False)
        if close == -1:
            raise JsonPathError("String not closed. Expected ' in " + cursor.text)
        text = cursor.text[cursor.at : close + 1]
        cursor.at = close + 1
        try:
            return json_smart.loads(text)
        except JsonError as error:
            raise JsonPathError(error.message) from error

    def pattern(self) -> Pattern:
        cursor = self.cursor
        close = cursor.unescaped(cursor.at, "/")
        if close == -1:
            raise JsonPathError("Pattern not closed. Expected / in " + cursor.text)
        source = cursor.text[cursor.at + 1 : close]
        cursor.at = close + 1
        start = cursor.at
        while cursor.in_bounds and cursor.char() in "dixmsuU":
            cursor.at += 1
        try:
            return Pattern(source, cursor.text[start : cursor.at])
        except MappingError as error:
            raise JsonPathError(error.message) from error
