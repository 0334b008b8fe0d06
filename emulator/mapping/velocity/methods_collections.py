"""The methods of lists, arrays, sets, maps and entries.

Belongs here: java.util as templates use it, and json-smart's JSONArray. Never here: reading by position or name
(members.py).
"""

from __future__ import annotations

from typing import Any

from emulator.mapping.equality import equal
from emulator.mapping.java_types import ArrayList, ContextMap, Entry, JavaArray, OverrideMap, View, class_name
from emulator.mapping.values import json_text
from emulator.mapping.velocity.members import anything, collection, fail, mapping, method, prop, put, whole
from emulator.mapping.velocity.run import Run

LISTS = (list, ArrayList)
POSITIONED = (list, ArrayList, JavaArray)
MANY = (list, ArrayList, View)
ALL = (list, ArrayList, View, JavaArray)
MAPS = (dict, ContextMap, OverrideMap)

GROWTH = 4
# A method without a result gives an empty text, and the reference goes on from it.
VOID = ""


def grown(run: Run, items: int, value: Any) -> None:
    """Notes that a container takes in values."""
    run.step(GROWTH * max(items, 1))
    if isinstance(value, list | dict):
        run.shared = True


def index_in(size: int, at: int) -> int:
    if not 0 <= at < size:
        raise fail(f"IndexOutOfBoundsException: Index: {at}, Size: {size}")
    return at


@method(ALL, "size")
@method(MAPS, "size")
def _size(run: Run, value: Any) -> int:
    return len(value)


@method(ALL, "isEmpty")
@prop(MANY, "empty")
@method(MAPS, "isEmpty")
def _is_empty(run: Run, value: Any) -> bool:
    return not value


@method(POSITIONED, "get", whole)
def _get(run: Run, value: list[Any], at: int) -> Any:
    return value[index_in(len(value), at)]


@method(POSITIONED, "set", whole, anything)
def _set(run: Run, value: list[Any], at: int, item: Any) -> Any:
    grown(run, 1, item)
    old = value[index_in(len(value), at)]
    value[at] = item
    return old


@method(LISTS, "add", anything)
def _add(run: Run, value: list[Any], item: Any) -> bool:
    grown(run, 1, item)
    value.append(item)
    return True


@method((list,), "appendElement", anything)
def _append_element(run: Run, value: list[Any], item: Any) -> list[Any]:
    _add(run, value, item)
    return value


@method(LISTS, "add", whole, anything)
def _add_at(run: Run, value: list[Any], at: int, item: Any) -> str:
    index_in(len(value) + 1, at)
    grown(run, 1 + len(value) // 256, item)
    value.insert(at, item)
    return VOID


@method(LISTS, "addAll", collection)
def _add_all(run: Run, value: list[Any], items: list[Any]) -> bool:
    grown(run, len(items), items)
    value.extend(list(items))
    return bool(items)


@method(LISTS, "addAll", whole, collection)
def _add_all_at(run: Run, value: list[Any], at: int, items: list[Any]) -> bool:
    index_in(len(value) + 1, at)
    grown(run, len(items), items)
    value[at:at] = list(items)
    return bool(items)


@method((JavaArray,), "remove", whole)
@method((View, JavaArray), "add", anything)
def _unsupported(run: Run, value: list[Any], item: Any) -> Any:
    raise fail("UnsupportedOperationException")


@method((JavaArray,), "add", whole, anything)
@method((JavaArray,), "addAll", whole, collection)
def _unsupported_at(run: Run, value: list[Any], at: int, item: Any) -> Any:
    raise fail("UnsupportedOperationException")


@method((View, JavaArray), "addAll", collection)
@method((JavaArray,), "removeAll", collection)
@method((JavaArray,), "retainAll", collection)
def _unsupported_all(run: Run, value: list[Any], items: list[Any]) -> Any:
    raise fail("UnsupportedOperationException")


@method((JavaArray,), "remove", anything)
def _remove_from_array(run: Run, value: JavaArray, item: Any) -> bool:
    if find(run, value, item) == -1:
        return False
    raise fail("UnsupportedOperationException")


@method((JavaArray,), "clear")
def _clear_array(run: Run, value: JavaArray) -> str:
    if value:
        raise fail("UnsupportedOperationException")
    return VOID


@method(LISTS, "clear")
def _clear(run: Run, value: list[Any]) -> str:
    value.clear()
    return VOID


def find(run: Run, value: list[Any], wanted: Any) -> int:
    run.step(len(value) // 16)
    for at, item in enumerate(value):
        if (item is None and wanted is None) or (item is not None and equal(item, wanted, run)):
            return at
    return -1


@method(ALL, "contains", anything)
def _contains(run: Run, value: list[Any], wanted: Any) -> bool:
    return find(run, value, wanted) != -1


@method(ALL, "containsAll", collection)
def _contains_all(run: Run, value: list[Any], items: list[Any]) -> bool:
    return all(find(run, value, item) != -1 for item in items)


@method(POSITIONED, "indexOf", anything)
def _index_of(run: Run, value: list[Any], wanted: Any) -> int:
    return find(run, value, wanted)


@method(POSITIONED, "lastIndexOf", anything)
def _last_index_of(run: Run, value: list[Any], wanted: Any) -> int:
    at = find(run, value[::-1], wanted)
    return -1 if at == -1 else len(value) - 1 - at


@method(LISTS, "remove", whole)
def _remove_at(run: Run, value: list[Any], at: int) -> Any:
    index_in(len(value), at)
    run.step(len(value) // 256)
    return value.pop(at)


@method(LISTS, "remove", anything)
def _remove(run: Run, value: list[Any], item: Any) -> bool:
    at = find(run, value, item)
    if at != -1:
        del value[at]
    return at != -1


@method(LISTS, "removeAll", collection)
def _remove_all(run: Run, value: list[Any], items: list[Any]) -> bool:
    return _keep(run, value, [item for item in value if find(run, items, item) == -1])


@method(LISTS, "retainAll", collection)
def _retain_all(run: Run, value: list[Any], items: list[Any]) -> bool:
    return _keep(run, value, [item for item in value if find(run, items, item) != -1])


def _keep(run: Run, value: list[Any], kept: list[Any]) -> bool:
    changed = len(kept) != len(value)
    value[:] = kept
    return changed


@method(POSITIONED, "subList", whole, whole)
def _sub_list(run: Run, value: list[Any], start: int, end: int) -> ArrayList:
    if start < 0:
        raise fail(f"IndexOutOfBoundsException: fromIndex = {start}")
    if end > len(value):
        raise fail(f"IndexOutOfBoundsException: toIndex = {end}")
    if start > end:
        raise fail(f"IllegalArgumentException: fromIndex({start}) > toIndex({end})")
    run.step(end - start)
    return ArrayList(value[start:end])


@method(MANY, "toArray")
def _to_array(run: Run, value: list[Any]) -> JavaArray:
    run.step(len(value))
    return JavaArray(value, "[Ljava.lang.Object;")


@method(LISTS, "clone")
def _clone(run: Run, value: list[Any]) -> list[Any]:
    run.step(len(value))
    run.shared = True
    return type(value)(value)


@method(LISTS, "sort", lambda value: value is None)
def _sort(run: Run, value: list[Any], order: None) -> str:
    """By the items' own order: texts, or numbers of one class."""
    run.step(8 * len(value))
    if len({class_name(item) for item in value}) > 1 or (value and type(value[0]) not in (str, int, float, bool)):
        raise fail("ClassCastException: the items cannot be compared")
    value.sort()
    return VOID


@method((list,), "toJSONString")
def _to_json(run: Run, value: list[Any]) -> str:
    return json_text(value, run, slashes=True)


@method((View,), "removeAll", collection)
def _remove_all_shown(run: Run, value: View, items: list[Any]) -> bool:
    return _keep_shown(run, value, items, False)


@method((View,), "retainAll", collection)
def _retain_all_shown(run: Run, value: View, items: list[Any]) -> bool:
    return _keep_shown(run, value, items, True)


def _keep_shown(run: Run, value: View, items: list[Any], wanted: bool) -> bool:
    kept = [at for at, item in enumerate(value) if (find(run, items, item) != -1) is wanted]
    if value.owner is not None:
        owner = value.owner
        for at, key in enumerate(list(owner)):
            if at not in kept:
                del owner[key]
    changed = len(kept) != len(value)
    value[:] = [value[at] for at in kept]
    return changed


@method((View,), "remove", anything)
def _remove_shown(run: Run, value: View, item: Any) -> bool:
    at = find(run, value, item)
    if at != -1:
        if value.owner is not None:
            value.owner.pop(list(value.owner)[at], None)
        del value[at]
    return at != -1


@method((View,), "clear")
def _clear_shown(run: Run, value: View) -> str:
    if value.owner is not None:
        value.owner.clear()
    value.clear()
    return VOID


@method(MAPS, "get", anything)
def _map_get(run: Run, value: dict[Any, Any], key: Any) -> Any:
    return None if isinstance(key, list | dict) else value.get(key)


@method(MAPS, "getOrDefault", anything, anything)
def _get_or_default(run: Run, value: dict[Any, Any], key: Any, other: Any) -> Any:
    return other if isinstance(key, list | dict) else value.get(key, other)


@method(MAPS, "put", anything, anything)
def _put(run: Run, value: dict[Any, Any], key: Any, item: Any) -> Any:
    return put(run, value, key, item)


@method(MAPS, "putIfAbsent", anything, anything)
def _put_if_absent(run: Run, value: dict[Any, Any], key: Any, item: Any) -> Any:
    if _map_get(run, value, key) is not None:
        return value[key]
    return put(run, value, key, item)


@method(MAPS, "replace", anything, anything)
def _replace(run: Run, value: dict[Any, Any], key: Any, item: Any) -> Any:
    return put(run, value, key, item) if _contains_key(run, value, key) else None


@method(MAPS, "replace", anything, anything, anything)
def _replace_old(run: Run, value: dict[Any, Any], key: Any, old: Any, new: Any) -> bool:
    if not _contains_key(run, value, key) or not equal(value[key], old, run):
        return False
    put(run, value, key, new)
    return True


@method(MAPS, "putAll", mapping)
def _put_all(run: Run, value: dict[Any, Any], other: dict[Any, Any]) -> str:
    for key, item in list(other.items()):
        put(run, value, key, item)
    return VOID


@method(MAPS, "containsKey", anything)
def _contains_key(run: Run, value: dict[Any, Any], key: Any) -> bool:
    return not isinstance(key, list | dict) and key in value


@method(MAPS, "containsValue", anything)
def _contains_value(run: Run, value: dict[Any, Any], item: Any) -> bool:
    return find(run, list(value.values()), item) != -1


@method(MAPS, "remove", anything)
def _map_remove(run: Run, value: dict[Any, Any], key: Any) -> Any:
    return None if isinstance(key, list | dict) else value.pop(key, None)


@method(MAPS, "remove", anything, anything)
def _map_remove_pair(run: Run, value: dict[Any, Any], key: Any, item: Any) -> bool:
    if not _contains_key(run, value, key) or not equal(value[key], item, run):
        return False
    del value[key]
    return True


@method((dict,), "clone")
def _clone_map(run: Run, value: dict[Any, Any]) -> dict[Any, Any]:
    run.step(len(value))
    run.shared = True
    return dict(value)


@method(MAPS, "clear")
def _map_clear(run: Run, value: dict[Any, Any]) -> str:
    value.clear()
    return VOID


@method(MAPS, "keySet")
def _key_set(run: Run, value: dict[Any, Any]) -> View:
    run.step(len(value) // 4)
    return View(value, value)


@method(MAPS, "values")
def _values(run: Run, value: dict[Any, Any]) -> View:
    run.step(len(value) // 4)
    return View(value.values(), value, "values")


@method(MAPS, "entrySet")
def _entry_set(run: Run, value: dict[Any, Any]) -> View:
    run.step(len(value))
    return View([Entry(value, key) for key in value], value, "entries")


@method((Entry,), "getKey")
@prop((Entry,), "key")
def _entry_key(run: Run, value: Entry) -> Any:
    return value.key


@method((Entry,), "getValue")
@prop((Entry,), "value")
def _entry_value(run: Run, value: Entry) -> Any:
    return value.value


@method((Entry,), "setValue", anything)
def _set_value(run: Run, value: Entry, item: Any) -> Any:
    old = value.value
    grown(run, 1, item)
    value.owner[value.key] = item
    return old
