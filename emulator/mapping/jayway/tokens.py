"""The steps of a path, and how each walks a document.

Belongs here: one class per kind of step, over jsonpath_rw's node of the same kind. Never here: reading a path's
text (reader.py) or a filter's (filters.py).

A step hands each value it finds to the next one; the last adds it to the results. Whether something missing is an
error hangs on whether the steps
before are definite (lead to one place at most): then the whole path leads nowhere, otherwise just this branch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from jsonpath_rw import jsonpath as rw

from emulator.mapping.errors import JsonPathError
from emulator.mapping.java_types import Budget


class NotFound(Exception):
    """A definite path that leads nowhere."""


class InvalidOperand(JsonPathError):
    """A comparison that cannot work on what it was given: the item does not pass."""


class Walk:
    """One evaluation: where results go, the document filters see as ``$``, and whether a missing leaf is an error
    (inside ``?(@.x)``).
    """

    __slots__ = ("root", "budget", "required", "results", "fed")

    def __init__(self, root: Any, budget: Budget, required: bool = False) -> None:
        self.root = root
        self.budget = budget
        self.required = required
        self.results: list[Any] = []
        self.fed: dict[int, int] = {}


class Step(rw.JSONPath):
    """A step: ``definite`` by itself, ``upstream`` whether all before it are, ``next`` the step after it."""

    next: Step | None = None
    before: Step | None = None
    upstream: bool = True

    @property
    def definite(self) -> bool:
        return True

    def walk(self, value: Any, walk: Walk) -> None:
        raise JsonPathError(f"A {type(self).__name__} cannot be walked")

    def hand_on(self, value: Any, walk: Walk) -> None:
        walk.budget.step(3)
        if self.next is None:
            walk.results.append(value)
        else:
            self.next.walk(value, walk)

    def hand_on_named(self, value: Any, walk: Walk) -> None:
        """Hands on a member of an object.

        A last step that a deep scan fed with the items of a list keeps only the item at the index of the step before
        (Jayway 2.7 compares their texts, so that ``$..[0].a`` finds one, and ``$..*.a`` none, once a list was met).
        """
        at = walk.fed.get(id(self)) if self.next is None and walk.fed else None
        if at is not None:
            before = self.before
            if not isinstance(before, Indices) or before.indices != [at]:
                return
        self.hand_on(value, walk)

    def at_index(self, items: list[Any], index: int, walk: Walk) -> None:
        at = index + len(items) if index < 0 else index
        if 0 <= at < len(items):
            self.hand_on(items[at], walk)

    def matches(self, value: Any, walk: Walk) -> bool:
        """Whether a deep scan lets this step have a value."""
        return False


class Root(Step, rw.Root):
    def walk(self, value: Any, walk: Walk) -> None:
        self.hand_on(value, walk)


class Property(Step, rw.Fields):
    """``.a``, ``['a']``, ``['a','b']``: several names at the end make one object, before the end they fan out."""

    fields: tuple[str, ...]

    @property
    def definite(self) -> bool:
        return len(self.fields) == 1 or self.next is None

    def walk(self, value: Any, walk: Walk) -> None:
        if not isinstance(value, dict):
            if not self.upstream:
                return
            raise NotFound
        if len(self.fields) == 1:
            self.one(self.fields[0], value, walk)
        elif self.next is None:
            self.merged(value, walk)
        else:
            for name in self.fields:
                self.one(name, value, walk)

    def one(self, name: str, value: dict[Any, Any], walk: Walk) -> None:
        if name in value:
            self.hand_on_named(value[name], walk)
        elif self.next is None:
            if walk.required:
                raise NotFound
        elif walk.required or (self.upstream and self.definite):
            raise NotFound

    def merged(self, value: dict[Any, Any], walk: Walk) -> None:
        if walk.required and any(name not in value for name in self.fields):
            raise NotFound
        walk.results.append({name: value[name] for name in self.fields if name in value})

    def matches(self, value: Any, walk: Walk) -> bool:
        if not isinstance(value, dict):
            return False
        return not self.definite or all(name in value for name in self.fields)


class ArrayStep(Step):
    def checked(self, value: Any) -> bool:
        if isinstance(value, list):
            return True
        if not self.upstream:
            return False
        raise NotFound

    def matches(self, value: Any, walk: Walk) -> bool:
        return isinstance(value, list)


class Indices(ArrayStep, rw.Index):
    """``[0]``, ``[-1]``, ``[0,2]``."""

    def __init__(self, indices: list[int]) -> None:
        super().__init__(indices[0])
        self.indices = indices

    @property
    def definite(self) -> bool:
        return len(self.indices) == 1

    def walk(self, value: Any, walk: Walk) -> None:
        if self.checked(value):
            for index in self.indices:
                self.at_index(value, index, walk)


class Slice(ArrayStep, rw.Slice):
    """``[1:]``, ``[:2]``, ``[0:2]``."""

    start: int | None
    end: int | None

    @property
    def definite(self) -> bool:
        return False

    def walk(self, value: Any, walk: Walk) -> None:
        if not self.checked(value):
            return
        size = len(value)
        start, end = self.start, self.end
        if start is None:
            assert end is not None
            found = range(min(size, end + size if end < 0 else end))
        elif end is None:
            found = range(max(0, start + size if start < 0 else start), size)
        else:
            found = range(max(start, -size), min(size, end)) if size else range(0)
        for index in found:
            self.at_index(value, index, walk)


class Wildcard(Step, rw.Fields):
    @property
    def definite(self) -> bool:
        return False

    def walk(self, value: Any, walk: Walk) -> None:
        if isinstance(value, dict):
            for item in list(value.values()):
                self.hand_on_named(item, walk)
            return
        for item in list(value) if isinstance(value, list) else []:
            try:
                self.hand_on(item, walk)
            except NotFound:
                if walk.required:
                    raise

    def matches(self, value: Any, walk: Walk) -> bool:
        return True


class Scan(Step, rw.Descendants):
    """``..``: the following step at every depth."""

    def __init__(self) -> None:
        super().__init__(rw.This(), rw.This())

    @property
    def definite(self) -> bool:
        return False

    def walk(self, value: Any, walk: Walk) -> None:
        assert self.next is not None
        self.scan(self.next, value, walk)

    def scan(self, step: Step, value: Any, walk: Walk) -> None:
        walk.budget.step(4)
        if isinstance(value, dict):
            if step.matches(value, walk):
                step.walk(value, walk)
            for item in list(value.values()):
                if isinstance(item, list | dict):
                    self.scan(step, item, walk)
        elif isinstance(value, list):
            if step.matches(value, walk):
                self.array(step, value, walk)
            for item in list(value):
                if isinstance(item, list | dict):
                    self.scan(step, item, walk)

    def array(self, step: Step, value: list[Any], walk: Walk) -> None:
        """In a list, what comes after the step is given every item; that is Jayway's way."""
        if step.next is None:
            step.walk(value, walk)
            return
        for at, item in enumerate(list(value)):
            walk.fed[id(step.next)] = at
            step.next.walk(item, walk)


class Test(Protocol):
    """A compiled filter."""

    def __call__(self, item: Any, walk: Walk) -> bool: ...


class Filter(Step, rw.Where):
    """``[?(…)]``: an object passes itself, a list passes its items."""

    def __init__(self, test: Test) -> None:
        super().__init__(rw.This(), rw.This())
        self.test = test

    @property
    def definite(self) -> bool:
        return False

    def walk(self, value: Any, walk: Walk) -> None:
        if isinstance(value, dict):
            if self.accepts(value, walk):
                self.hand_on(value, walk)
        elif isinstance(value, list):
            for at, item in enumerate(list(value)):
                if self.accepts(item, walk):
                    self.at_index(value, at, walk)
        elif self.upstream:
            raise InvalidOperand("A filter can not be applied to primitives")

    def accepts(self, value: Any, walk: Walk) -> bool:
        walk.budget.step(12)
        return self.test(value, walk)

    def matches(self, value: Any, walk: Walk) -> bool:
        return self.accepts(value, walk)


Invoke = Callable[[Any, list[Any], Walk], Any]


class Function(Step):
    """``.length()``: a function of what the steps before found."""

    def __init__(self, name: str, invoke: Invoke, parameters: list[Callable[[Walk], Any]]) -> None:
        self.name = name
        self.counts = name in ("length", "size")
        self.invoke = invoke
        self.parameters = parameters

    def walk(self, value: Any, walk: Walk) -> None:
        parameters = [parameter(walk) for parameter in self.parameters]
        if parameters and self.counts:
            # Counting reads its parameter a second time, and then from the value before it.
            parameters = [parameter(Walk(value, walk.budget)) for parameter in self.parameters[:1]]
        result = self.invoke(value, parameters, walk)
        walk.results.append(result)
        if self.next is not None:
            self.next.walk(result, walk)
