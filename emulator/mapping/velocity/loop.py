"""``$foreach``: where a loop is.

Belongs here: the state of one ``#foreach`` that its body may ask for. Never here: the running of it (directives.py).
"""

from __future__ import annotations

from typing import Any

from emulator.mapping.java_types import Budget, Printable
from emulator.mapping.values import to_text


class Loop(Printable):
    """Position of a loop, the loop around it, and what the template keeps in it (``#set($foreach.x = 1)``)."""

    __slots__ = ("index", "has_next", "parent", "own")

    def __init__(self, outer: Any) -> None:
        self.index = -1
        self.has_next = False
        self.parent = outer
        self.own: dict[Any, Any] = {}

    def text(self) -> str:
        return to_text(self.own, Budget())

    def topmost(self) -> Loop:
        found = self
        while isinstance(found.parent, Loop):
            found = found.parent
        return found

    def depth(self) -> int:
        found, count = self, 1
        while isinstance(found.parent, Loop):
            found, count = found.parent, count + 1
        return count
