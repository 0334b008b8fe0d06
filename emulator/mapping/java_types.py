"""The types that Java has and Python has not, and what one rendering may spend.

Belongs here: classes of values, their Java names, the budget. Never here: printing (values.py) or comparing
(equality.py).

Java's types in Python: String is str; Integer, Long and BigInteger are int (the size says which); Double is
float; BigDecimal
is Decimal; Boolean is bool; null is None; LinkedHashMap is dict; a list that came from JSON (json-smart's
JSONArray) is list; a
list of a template's own is ``ArrayList``.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from emulator.mapping.errors import LimitError

OUTPUT_LIMIT: Final = 10 * 1024 * 1024
# A step is about a tenth of a microsecond: whatever a template does, it ends within a second.
STEP_LIMIT: Final = 5_000_000
PATTERN_TIME: Final = 0.3


class Budget:
    """What one rendering may still spend: characters made and steps taken. Spending more raises LimitError.

    ``shared`` says that a template put one container into another, so that there may be more to print than was
    ever read.
    """

    __slots__ = ("chars", "steps", "pattern_time", "shared")

    def __init__(self) -> None:
        self.chars = 8 * OUTPUT_LIMIT
        self.steps = STEP_LIMIT
        self.pattern_time = PATTERN_TIME
        self.shared = False

    def charge(self, chars: int) -> None:
        self.chars -= chars
        if self.chars < 0 or chars > OUTPUT_LIMIT:
            raise LimitError("The template produces too much text")

    def step(self, steps: int = 1) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise LimitError("The template does too much work")

    def pattern_seconds(self) -> float:
        """How long the next regular expression may run: what the ones before have left of the time for all."""
        self.step(20)
        if self.pattern_time <= 0:
            raise LimitError("The regular expressions take too long")
        return self.pattern_time


class ArrayList(list[Any]):
    """A list made by a template."""

    __slots__ = ()


class View(list[Any]):
    """A Set or Collection (``keySet()``, ``values()``): no positions; ``owner`` is the map it shows, ``part``
    which side.
    """

    __slots__ = ("owner", "part")

    def __init__(self, items: Any, owner: dict[Any, Any] | None = None, part: str = "keys") -> None:
        super().__init__(items)
        self.owner = owner
        self.part = part

    def refresh(self) -> None:
        """Takes over what its map has become."""
        owner = self.owner
        if owner is None:
            return
        if self.part == "entries":
            self[:] = [Entry(owner, key) for key in owner]
        else:
            self[:] = owner if self.part == "keys" else owner.values()


class JavaArray(list[Any]):
    """An array (``split``, ``getBytes``): Velocity lets it act as a list of fixed length."""

    __slots__ = ("kind",)

    def __init__(self, items: Any, kind: str = "[Ljava.lang.String;") -> None:
        super().__init__(items)
        self.kind = kind


class Entry:
    """One entry of a map."""

    __slots__ = ("owner", "key")

    def __init__(self, owner: dict[Any, Any], key: Any) -> None:
        self.owner = owner
        self.key = key

    @property
    def value(self) -> Any:
        return self.owner.get(self.key)


class Char:
    """A Java character (``charAt``)."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Cursor:
    """An Iterator: ``at`` is where it stands, ``last`` the index of what it handed out last, or -1."""

    __slots__ = ("items", "at", "last")

    def __init__(self, items: list[Any], at: int = 0) -> None:
        self.items = items
        self.at = at
        self.last = -1

    def __iter__(self) -> Iterator[Any]:
        while self.at < len(self.items):
            self.at += 1
            yield self.items[self.at - 1]


class ListCursor(Cursor):
    """A ListIterator, which goes back, too."""

    __slots__ = ()


class JavaClass:
    """What ``getClass()`` gives: a name and nothing that leads anywhere."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class ContextMap(dict[str, Any]):
    """``$context`` and the maps in it: like other maps, but printed as nothing (recorded on AWS)."""

    __slots__ = ()


class OverrideMap(ContextMap):
    """A place for overrides: a name may be set once."""

    __slots__ = ()


CLASS_NAMES: Final[dict[type, str]] = {
    str: "java.lang.String",
    bool: "java.lang.Boolean",
    float: "java.lang.Double",
    Decimal: "java.math.BigDecimal",
    dict: "java.util.LinkedHashMap",
    ContextMap: "java.util.LinkedHashMap",
    OverrideMap: "java.util.LinkedHashMap",
    list: "net.minidev.json.JSONArray",
    ArrayList: "java.util.ArrayList",
    Entry: "java.util.LinkedHashMap$Entry",
    Char: "java.lang.Character",
    Cursor: "java.util.ArrayList$Itr",
    ListCursor: "java.util.ArrayList$ListItr",
    JavaClass: "java.lang.Class",
}


def class_name(value: Any) -> str:
    if type(value) is int:
        if -(2**31) <= value < 2**31:
            return "java.lang.Integer"
        return "java.lang.Long" if -(2**63) <= value < 2**63 else "java.math.BigInteger"
    if type(value) is JavaArray:
        return value.kind
    if type(value) is View:
        parts = {"keys": "LinkedKeySet", "values": "LinkedValues", "entries": "LinkedEntrySet"}
        return f"java.util.LinkedHashMap${parts[value.part]}"
    return CLASS_NAMES.get(type(value), "java.lang.Object")


class Printable:
    """A value that knows its own text (a ``#define`` block)."""

    __slots__ = ()

    def text(self) -> str:
        raise LimitError("A printable value without text")
