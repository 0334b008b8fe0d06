"""JSONPath as AWS reads it: compiled once, then found in many documents.

Belongs here: the names that the rest of the emulator knows. Never here: the grammar or the walking (jayway/).

The rules are Jayway JsonPath 2.7's; of jsonpath_rw we use the nodes (``jayway/tokens.py``: each step of ours is
one of its classes), its parser and its searching are
replaced, as they lack filters, functions and the difference between definite and indefinite paths.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from emulator.mapping.errors import JsonPathError
from emulator.mapping.java_types import Budget
from emulator.mapping.jayway.filters import FilterReader
from emulator.mapping.jayway.reader import Reader
from emulator.mapping.jayway.tokens import Function, Indices, NotFound, Property, Step, Test, Walk


class Missing:
    """What a definite path finds where there is nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


def _evaluate(steps: list[Step], document: Any, walk: Walk) -> Any:
    """One value for a definite path (NotFound where there is none), a list for an indefinite one."""
    inner = Walk(walk.root, walk.budget, walk.required)
    steps[0].walk(document, inner)
    if not all(step.definite for step in steps):
        return inner.results
    if not inner.results:
        raise NotFound
    return inner.results[-1]


def _compile_filter(text: str) -> Test:
    return FilterReader(text, _read, _evaluate).read()


def _read(path: str) -> list[Step]:
    return Reader(path, _compile_filter, _evaluate).read()


class Path:
    """A compiled path. ``definite``: leads to one place at most (Jayway's ``isDefinite``)."""

    __slots__ = ("text", "steps", "definite", "_simple")

    def __init__(self, text: str, steps: list[Step]) -> None:
        self.text = text
        self.steps = steps
        self.definite = all(step.definite for step in steps)
        self._simple = _simple(steps)

    def find(self, document: Any, budget: Budget | None = None) -> Any:
        """The value, or MISSING; for an indefinite path a list, maybe empty. Raises JsonPathError (a filter on a
        number, an empty ``sum()``).
        """
        if self._simple is not None:
            return _follow(self._simple, document)
        budget = budget or Budget()
        try:
            return _evaluate(self.steps, document, Walk(document, budget))
        except NotFound:
            return MISSING
        except RecursionError as error:
            raise JsonPathError("The document is nested too deeply") from error


def _simple(steps: list[Step]) -> tuple[str | int, ...] | None:
    """Names and positions of a path that has nothing else."""
    found: list[str | int] = []
    for step in steps[1:]:
        if isinstance(step, Property) and len(step.fields) == 1:
            found.append(step.fields[0])
        elif isinstance(step, Indices) and step.definite:
            found.append(step.indices[0])
        else:
            return None
    return tuple(found)


def _follow(keys: tuple[str | int, ...], document: Any) -> Any:
    value = document
    for key in keys:
        if type(key) is str:
            if not isinstance(value, dict) or key not in value:
                return MISSING
        else:
            assert isinstance(key, int)
            if not isinstance(value, list):
                return MISSING
            if key < 0:
                key += len(value)
            if not 0 <= key < len(value):
                return MISSING
        value = value[key]
    return value


@lru_cache(maxsize=2048)
def compile_path(path: str) -> Path:
    """Compiles (and remembers) a path; raises JsonPathError for what is none."""
    try:
        return Path(path, _read(path))
    except RecursionError as error:
        raise JsonPathError("The path is nested too deeply") from error


__all__ = ["MISSING", "Function", "JsonPathError", "Path", "compile_path"]
