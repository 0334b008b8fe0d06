"""What can be asked of a value: methods, properties, positions. A closed table per type, and nothing else.

Belongs here: the tables and the look-up in them. Never here: what a method does (methods_*.py).

An unknown name, a wrong number of arguments or an argument of another type gives null, as Velocity's
introspection does; an exception inside a Java method is a MappingError.
No name of a template ever becomes a Python attribute.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator.mapping.equality import equal, hash_code
from emulator.mapping.errors import MappingError
from emulator.mapping.java_types import (
    ArrayList,
    Budget,
    ContextMap,
    Entry,
    JavaArray,
    JavaClass,
    OverrideMap,
    View,
    class_name,
)
from emulator.mapping.values import to_text
from emulator.mapping.velocity.loop import Loop
from emulator.mapping.velocity.run import Run

Call = Callable[..., Any]
Check = Callable[[Any], bool]
Table = dict[tuple[str, int], list[tuple[tuple[Check, ...], Call]]]
METHODS: Final[dict[type, Table]] = {}
PROPERTIES: Final[dict[type, dict[str, Callable[[Run, Any], Any]]]] = {}


def text(value: Any) -> bool:
    """A String argument."""
    return type(value) is str


def text_or_null(value: Any) -> bool:
    """A String argument of a method that takes null."""
    return type(value) is str or value is None


def whole(value: Any) -> bool:
    """An int argument."""
    return type(value) is int and -(2**31) <= value < 2**31


def number(value: Any) -> bool:
    """A double argument, which takes any number."""
    return type(value) in (int, float)


def anything(value: Any) -> bool:
    """An Object argument."""
    return True


def collection(value: Any) -> bool:
    """A Collection argument."""
    return type(value) in (list, ArrayList, View)


def mapping(value: Any) -> bool:
    """A Map argument."""
    return isinstance(value, dict)


def array(value: Any) -> bool:
    return type(value) is JavaArray


def truth(value: Any) -> bool:
    """A boolean argument."""
    return type(value) is bool


def method(types: tuple[type, ...], name: str, *checks: Check) -> Callable[[Call], Call]:
    """Registers a function as a method: ``(run, value, *arguments)``; each argument must pass its check."""

    def register(function: Call) -> Call:
        for kind in types:
            METHODS.setdefault(kind, {}).setdefault((name, len(checks)), []).append((checks, function))
        return function

    return register


def prop(types: tuple[type, ...], name: str) -> Callable[[Callable[[Run, Any], Any]], Callable[[Run, Any], Any]]:
    """Registers a bean property."""

    def register(function: Callable[[Run, Any], Any]) -> Callable[[Run, Any], Any]:
        for kind in types:
            PROPERTIES.setdefault(kind, {})[name] = function
        return function

    return register


_OBJECT: Final[dict[tuple[str, int], Call]] = {
    ("toString", 0): lambda run, value: to_text(value, run),
    ("hashCode", 0): lambda run, value: hash_code(value, run),
    ("equals", 1): lambda run, value, other: equal(value, other, run),
    ("getClass", 0): lambda run, value: JavaClass(class_name(value)),
}


def shown(run: Run, view: View) -> None:
    """Brings a view up to its map."""
    if view.owner is not None:
        run.step(len(view.owner) // 4)
        view.refresh()


def _unknown(table: Table | None, key: tuple[str, int]) -> None:
    """No method fits: null; but one without parameters is called with whatever is given, and fails (Velocity
    1.7's introspection).
    """
    name, count = key
    if count and ((name, 0) in _OBJECT or (table is not None and (name, 0) in table)):
        raise MappingError(f"IllegalArgumentException: wrong number of arguments for {name}()")


def call(run: Run, value: Any, key: tuple[str, int], args: tuple[Any, ...]) -> Any:
    """Calls a method; None where there is none such."""
    kind = type(value)
    table = METHODS.get(kind)
    overloads = table.get(key) if table is not None else None
    if kind is str:
        if len(value) > 256:
            run.step(len(value) // 8)
    elif kind is View:
        shown(run, value)
    if overloads is None:
        general = _OBJECT.get(key)
        return _unknown(table, key) if general is None else general(run, value, *args)
    for checks, function in overloads:
        for check, arg in zip(checks, args, strict=True):
            if not check(arg):
                break
        else:
            result = function(run, value, *args)
            if type(result) is str and len(result) > 1024:
                run.charge(len(result))
            return result
    # A null that fits several methods fits none.
    if None in args and sum(_takes_null(checks, args) for checks, _ in overloads) == 1:
        raise MappingError(f"NullPointerException in {key[0]}()")
    return _unknown(table, key)


def _takes_null(checks: tuple[Check, ...], args: tuple[Any, ...]) -> bool:
    """Whether Java would call the method: null is an Object of any class, but no primitive."""
    objects = (text, collection, mapping, array)
    return all(check in objects if arg is None else check(arg) for check, arg in zip(checks, args, strict=True))


def fetch(run: Run, value: Any, name: str) -> Any:
    """Reads a property; a map's is always the entry of that name."""
    if isinstance(value, dict):
        if name in ("class", "Class"):
            return JavaClass(class_name(value))
        return value.get(name)
    kind = type(value)
    table = PROPERTIES.get(kind)
    if table is not None:
        getter = table.get(name) or table.get(name[:1].lower() + name[1:])
        if getter is not None:
            return getter(run, value)
    if name in ("class", "Class"):
        return JavaClass(class_name(value))
    return value.own.get(name) if kind is Loop else None


def position_in(size: int, index: int) -> int:
    """A position; a negative one counts from the end. Raises MappingError outside."""
    at = index + size if index < 0 else index
    if not 0 <= at < size:
        raise MappingError(f"IndexOutOfBoundsException: Index: {at}, Size: {size}")
    return at


def _key(value: Any) -> Any:
    """A value as a key of a map."""
    if isinstance(value, list | dict):
        raise MappingError("A list or map cannot be the key of a map")
    return value


def get_item(run: Run, value: Any, index: Any) -> Any:
    """``value[index]``."""
    if isinstance(value, dict):
        if isinstance(index, list | dict):
            return None
        return value.get(index + len(value) if type(index) is int and index < 0 else index)
    if isinstance(value, list) and type(value) is not View:
        return value[position_in(len(value), index)] if whole(index) else None
    _need_size(value, index)
    return value.own.get(index) if type(value) is Loop else None


def _need_size(value: Any, index: Any) -> None:
    """A negative position counts from the end, so that there has to be one."""
    if type(index) is int and index < 0 and type(value) is not View:
        raise MappingError(f"A 'size()' method required for negative value {index} does not exist")


def put(run: Run, owner: dict[Any, Any], key: Any, value: Any) -> Any:
    """``Map.put``: the former value, or None. A second override of one parameter is an error, as on AWS."""
    key = _key(key)
    old = owner.get(key)
    if type(owner) is OverrideMap:
        if key in owner:
            raise MappingError(f"The parameter {to_text(key, run)} is overridden more than once")
    elif len(owner) > 100_000:
        run.step(100)
    if isinstance(value, list | dict):
        run.shared = True
    run.step()
    owner[key] = value
    return old


def set_item(run: Run, owner: Any, index: Any, value: Any) -> None:
    """``#set($owner[index] = value)``."""
    if isinstance(owner, dict):
        if type(index) is int and index < 0:
            index += len(owner)
        put(run, owner, index, value)
    elif isinstance(owner, list) and type(owner) is not View and whole(index):
        if isinstance(value, list | dict):
            run.shared = True
        owner[position_in(len(owner), index)] = value
    elif not isinstance(owner, list):
        _need_size(owner, index)


def set_property(run: Run, owner: Any, name: str, value: Any) -> None:
    """``#set($owner.name = value)``; only maps and loops take one."""
    if isinstance(owner, dict):
        put(run, owner, name, value)
    elif type(owner) is Loop:
        owner.own[name] = value


def fail(message: str) -> MappingError:
    """A Java exception inside a method."""
    return MappingError(message)


__all__ = [
    "Budget",
    "ContextMap",
    "Entry",
    "call",
    "fetch",
    "get_item",
    "method",
    "prop",
    "put",
    "set_item",
    "set_property",
]
