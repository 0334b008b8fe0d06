"""The methods of iterators.

Belongs here: java.util.Iterator and ListIterator. Never here: what they go over (methods_collections.py).
"""

from __future__ import annotations

from typing import Any

from emulator.mapping.java_types import Cursor, ListCursor
from emulator.mapping.velocity.members import anything, fail, method, whole
from emulator.mapping.velocity.methods_collections import ALL, POSITIONED, VOID, grown, index_in
from emulator.mapping.velocity.run import Run

CURSORS = (Cursor, ListCursor)
LIST_CURSORS = (ListCursor,)


@method(ALL, "iterator")
def _iterator(run: Run, value: list[Any]) -> Cursor:
    return Cursor(value)


@method(POSITIONED, "listIterator")
@method(POSITIONED, "listIterator", whole)
def _list_iterator(run: Run, value: list[Any], at: int = 0) -> ListCursor:
    index_in(len(value) + 1, at)
    return ListCursor(value, at)


@method(CURSORS, "hasNext")
def _has_next(run: Run, value: Cursor) -> bool:
    return value.at < len(value.items)


@method(CURSORS, "next")
def _next(run: Run, value: Cursor) -> Any:
    if value.at >= len(value.items):
        raise fail("NoSuchElementException")
    value.last = value.at
    value.at += 1
    return value.items[value.last]


def _last(value: Cursor) -> int:
    """Where the item is that was handed out last."""
    if not 0 <= value.last < len(value.items):
        raise fail("IllegalStateException")
    return value.last


@method(CURSORS, "remove")
def _remove(run: Run, value: Cursor) -> str:
    at = _last(value)
    run.step(len(value.items) // 256)
    del value.items[at]
    value.at, value.last = (at, -1) if at < value.at else (value.at, -1)
    return VOID


@method(LIST_CURSORS, "hasPrevious")
def _has_previous(run: Run, value: ListCursor) -> bool:
    return value.at > 0


@method(LIST_CURSORS, "previous")
def _previous(run: Run, value: ListCursor) -> Any:
    if value.at <= 0:
        raise fail("NoSuchElementException")
    value.at -= 1
    value.last = value.at
    return value.items[value.at]


@method(LIST_CURSORS, "nextIndex")
def _next_index(run: Run, value: ListCursor) -> int:
    return value.at


@method(LIST_CURSORS, "previousIndex")
def _previous_index(run: Run, value: ListCursor) -> int:
    return value.at - 1


@method(LIST_CURSORS, "set", anything)
def _set(run: Run, value: ListCursor, item: Any) -> str:
    grown(run, 1, item)
    value.items[_last(value)] = item
    return VOID


@method(LIST_CURSORS, "add", anything)
def _add(run: Run, value: ListCursor, item: Any) -> str:
    grown(run, 1 + len(value.items) // 256, item)
    value.items.insert(value.at, item)
    value.at, value.last = value.at + 1, -1
    return VOID
