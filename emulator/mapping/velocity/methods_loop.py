"""The methods and properties of ``$foreach``.

Belongs here: what a body may ask its loop. Never here: the loop's state (loop.py) or its running (directives.py).
"""

from __future__ import annotations

from typing import Any

from emulator.mapping.velocity.loop import Loop
from emulator.mapping.velocity.members import anything, get_item, method, prop, put
from emulator.mapping.velocity.run import Run

LOOP = (Loop,)


@method(LOOP, "getIndex")
@prop(LOOP, "index")
def _loop_index(run: Run, value: Loop) -> int:
    return value.index


@method(LOOP, "getCount")
@prop(LOOP, "count")
def _loop_count(run: Run, value: Loop) -> int:
    return value.index + 1


@method(LOOP, "hasNext")
@method(LOOP, "getHasNext")
@prop(LOOP, "hasNext")
def _loop_has_next(run: Run, value: Loop) -> bool:
    return value.has_next


@method(LOOP, "isFirst")
@method(LOOP, "getFirst")
@prop(LOOP, "first")
def _loop_first(run: Run, value: Loop) -> bool:
    return value.index < 1


@method(LOOP, "isLast")
@method(LOOP, "getLast")
@prop(LOOP, "last")
def _loop_last(run: Run, value: Loop) -> bool:
    return not value.has_next


@method(LOOP, "getParent")
@prop(LOOP, "parent")
def _loop_parent(run: Run, value: Loop) -> Any:
    return value.parent if isinstance(value.parent, Loop) else None


@method(LOOP, "getTopmost")
@prop(LOOP, "topmost")
def _loop_topmost(run: Run, value: Loop) -> Loop:
    return value.topmost()


@method(LOOP, "getDepth")
@prop(LOOP, "depth")
def _loop_depth(run: Run, value: Loop) -> int:
    return value.depth()


@method(LOOP, "put", anything, anything)
def _loop_put(run: Run, value: Loop, key: Any, item: Any) -> Any:
    return put(run, value.own, key, item)


@method(LOOP, "get", anything)
def _loop_get(run: Run, value: Loop, key: Any) -> Any:
    return get_item(run, value.own, key)
