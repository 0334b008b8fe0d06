"""The directives with names: ``#foreach``, ``#define``, ``#literal``, ``#break``, ``#stop`` and those that do not
run on AWS.

Belongs here: what a ``nodes.Directive`` does. Never here: ``#if`` and ``#set`` (compiler.py), which are grammar
of their own.

An unknown name, a call of a macro (macros never run on AWS) and ``#evaluate`` stay text; ``#macro`` is swallowed;
``#parse`` and ``#include`` find nothing to read and fail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from typing import Any, Final

from emulator.mapping.errors import MappingError
from emulator.mapping.java_types import Cursor, View
from emulator.mapping.velocity import nodes
from emulator.mapping.velocity.closures import (
    Break,
    Definition,
    Expression,
    Statement,
    Stop,
    Write,
    located,
)
from emulator.mapping.velocity.compiler import statement
from emulator.mapping.velocity.expressions import bounds, expression
from emulator.mapping.velocity.loop import Loop
from emulator.mapping.velocity.members import shown
from emulator.mapping.velocity.run import Run

ROUNDS: Final = 1000
_MISSING: Final = object()


def directive(node: nodes.Directive) -> Statement:
    make = _KNOWN.get(node.name)
    if make is not None:
        return make(node)
    return _text(node.shown)


def _text(text: str) -> Statement:
    def run_text(run: Run, write: Write) -> None:
        write(text)

    return run_text


def _failing(node: nodes.Directive, message: str) -> Statement:
    error = (message, *node.place())

    def run_failure(run: Run, write: Write) -> None:
        raise MappingError(*error)

    return run_failure


def _swallowed(node: nodes.Directive) -> Statement:
    return _text("")


def _stop(node: nodes.Directive) -> Statement:
    def run_stop(run: Run, write: Write) -> None:
        raise Stop

    return run_stop


def _break(node: nodes.Directive) -> Statement:
    scope = expression(node.args[0]) if node.args else None

    def run_break(run: Run, write: Write) -> None:
        target = None if scope is None else scope(run)
        if scope is not None and not isinstance(target, Loop):
            raise MappingError("The argument of #break is no scope", *node.place())
        raise Break(target)

    return run_break


def _reading(node: nodes.Directive) -> Statement:
    if node.name == "include" and not node.args:
        return _text("")
    return _failing(node, f"Unable to find a resource for #{node.name}")


def _literal(node: nodes.Directive) -> Statement:
    if node.block is None:
        return _text(node.shown)
    if not node.args and node.block.last < node.block.first:
        raise MappingError("An empty #literal", *node.place())
    return _text(node.args[0].literal if node.args else node.block.literal)


def _define(node: nodes.Directive) -> Statement:
    if node.block is None or len(node.args) != 1:
        raise MappingError("#define takes one name", *node.place())
    children: list[nodes.Node] = [*node.args, node.block]
    name = _name(children[0])
    body = statement(children[1])

    def run_define(run: Run, write: Write) -> None:
        run.vars[name] = Definition(run, body)

    return run_define


def _name(node: nodes.Node) -> str:
    if isinstance(node, nodes.Reference):
        return node.root
    return node.literal[1:]


def _foreach(node: nodes.Directive) -> Statement:
    children: list[nodes.Node] = [*node.args]
    if node.block is not None:
        children.append(node.block)
    if len(children) < 3:
        raise MappingError("#foreach needs a variable, 'in' and a list", *node.place())
    name = _name(children[0])
    source = children[2]
    values_of = _iterated(source)
    body = statement(children[3]) if len(children) > 3 else _text("")

    def run_foreach(run: Run, write: Write) -> None:
        values = values_of(run)
        if values is None:
            return
        _loop(run, write, name, values, body)

    return located(node, run_foreach)


class Walk:
    """Goes over a collection; one that grew or shrank meanwhile is an error, as in Java.

    With an ``owner`` the items are its keys, and what is handed out are its values as they are by then.
    """

    __slots__ = ("source", "items", "size", "at", "owner")

    def __init__(self, source: Sized, items: Sequence[Any], owner: dict[Any, Any] | None = None) -> None:
        self.source = source
        self.items = items
        self.owner = owner
        self.size = len(source)
        self.at = 0

    def more(self) -> bool:
        """Whether there is another item; what a list got meanwhile counts, what a map got does not."""
        return self.at != (len(self.source) if isinstance(self.source, list) else self.size)

    def next(self) -> Any:
        if len(self.source) != self.size:
            raise MappingError("ConcurrentModificationException: the list was changed while #foreach runs over it")
        self.at += 1
        item = self.items[self.at - 1]
        return item if self.owner is None else self.owner.get(item)


def _iterated(node: nodes.Node) -> Callable[[Run], Walk | None]:
    if isinstance(node, nodes.Block):
        return lambda run: None
    if isinstance(node, nodes.Range):
        bounds_of = bounds(node)

        def run_range(run: Run) -> Walk | None:
            found = bounds_of(run)
            return None if found is None else Walk(found[: ROUNDS + 1], found)

        return run_range
    value_of: Expression = expression(node)
    return lambda run: _walk(run, value_of(run))


def _walk(run: Run, value: Any) -> Walk | None:
    if type(value) is View and value.owner is not None:
        shown(run, value)
        owner = value.owner
        return Walk(owner, list(owner), owner) if value.part == "values" else Walk(owner, list(value))
    if isinstance(value, list):
        return Walk(value, value)
    if isinstance(value, dict):
        return Walk(value, list(value), value)
    if isinstance(value, Cursor):
        rest = list(value)
        return Walk(rest, rest)
    if isinstance(value, Loop):
        return Walk(value.own, list(value.own.values()))
    return None


def _loop(run: Run, write: Write, name: str, walk: Walk, body: Statement) -> None:
    variables = run.vars
    saved = [(key, variables.get(key, _MISSING)) for key in (name, "velocityCount", "velocityHasNext", "foreach")]
    loop = Loop(variables.get("foreach"))
    variables["foreach"] = loop
    index = 0
    try:
        while index < ROUNDS and walk.more():
            run.step(50)
            variables[name] = walk.next()
            loop.index = index
            loop.has_next = variables["velocityHasNext"] = walk.more()
            index += 1
            variables["velocityCount"] = index
            body(run, write)
    except Break as leave:
        if leave.args[0] is not None and leave.args[0] is not loop:
            raise
    finally:
        for key, old in saved:
            if old is _MISSING:
                variables.pop(key, None)
            else:
                variables[key] = old


_KNOWN: Final[dict[str, Callable[[nodes.Directive], Statement]]] = {
    "foreach": _foreach,
    "define": _define,
    "literal": _literal,
    "macro": _swallowed,
    "break": _break,
    "stop": _stop,
    "include": _reading,
    "parse": _reading,
}
