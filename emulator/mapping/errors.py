"""The errors of mappings: a template, a JSONPath or a body that cannot be what it has to be.

Belongs here: the error classes of this package and the line and column they point at. Never here: what AWS answers then
(the data plane's affair).

They are both ours (``EmulatorError``) and airspeed's (``TemplateError``), so that whoever knows airspeed can
catch what it knows.
"""

from __future__ import annotations

import airspeed

from emulator.errors import EmulatorError


def position(text: str, offset: int) -> tuple[int, int]:
    """The line and column (both from 1) of an offset."""
    before = text[:offset]
    return 1 + before.count("\n"), offset - before.rfind("\n")


class MappingError(EmulatorError, airspeed.TemplateError):
    """A template that is wrong or went wrong. ``line`` and ``column`` count from 1; 0 where no place is known."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{self.message} at line {self.line}, column {self.column}" if self.line else self.message


class LimitError(MappingError):
    """A template that asks for more than a request may have (output, rounds, elements)."""


class JsonPathError(MappingError):
    """A path that is no JSONPath (Jayway: ``InvalidPathException``) or a function that cannot work on what it found."""


class JsonError(MappingError):
    """Text that is not even lenient JSON."""
