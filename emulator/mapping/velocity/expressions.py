"""Values at work: references, literals, operators, conditions.

Belongs here: what an expression does when it runs. Never here: statements (compiler.py), grammar, or what the
methods of values do.

AWS's null model is here: a reference that leads nowhere is ``""`` wherever it stands; only arithmetic that cannot
be done gives null (None).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator.mapping.errors import LimitError, MappingError
from emulator.mapping.java_types import ArrayList
from emulator.mapping.values import to_text
from emulator.mapping.velocity import arithmetic, nodes
from emulator.mapping.velocity.closures import (
    Definition,
    Expression,
    Step,
    join,
)
from emulator.mapping.velocity.members import call, fetch, get_item, set_item
from emulator.mapping.velocity.run import Run

RANGE_LIMIT: Final = 100_000


def chain(node: nodes.Reference, steps: list[nodes.Node]) -> Expression:
    """The value of a reference, or None where it leads nowhere."""
    root = node.root
    if node.runt:
        return lambda run: None
    parts = tuple(step(item) for item in steps)

    def run_root(run: Run) -> Any:
        value = run.vars.get(root)
        return run.root(root) if value is None and root not in run.vars else value

    if not parts:
        return run_root
    if len(parts) == 1:
        only = parts[0]

        def run_one(run: Run) -> Any:
            value = run.vars.get(root)
            if value is None:
                value = run_root(run)
                if value is None:
                    return None
            return only(run, value)

        return run_one

    def run_chain(run: Run) -> Any:
        value = run.vars.get(root)
        if value is None:
            value = run_root(run)
        for part in parts:
            if value is None:
                return None
            value = part(run, value)
        return value

    return run_chain


def reference(node: nodes.Reference) -> Expression:
    """The value of a reference; what leads nowhere is ``""`` (a runt is null)."""
    value_of = chain(node, node.steps)
    if node.runt:
        return value_of
    place = node.place

    def run_reference(run: Run) -> Any:
        try:
            value = value_of(run)
        except MappingError as error:
            if not error.line:
                error.line, error.column = place()
            raise
        return "" if value is None else value

    return run_reference


def step(node: nodes.Node) -> Step:
    if isinstance(node, nodes.Property):
        name = node.name
        return lambda run, value: (
            value.get(name) if type(value) is dict and name != "class" else fetch(run, value, name)
        )
    if isinstance(node, nodes.Method):
        return _method(node.name, [expression(arg) for arg in node.args])
    assert isinstance(node, nodes.Index)
    index = expression(node.value)
    return lambda run, value: get_item(run, value, index(run))


def _method(name: str, args: list[Expression]) -> Step:
    key = (name, len(args))
    if not args:
        return lambda run, value: call(run, value, key, ())
    if len(args) == 1:
        only = args[0]
        return lambda run, value: call(run, value, key, (only(run),))
    return lambda run, value: call(run, value, key, tuple([arg(run) for arg in args]))


# expressions


def expression(node: nodes.Node) -> Expression:
    if isinstance(node, nodes.Reference):
        return reference(node)
    if isinstance(node, nodes.InterpolatedString):
        return _interpolated(node)
    if isinstance(node, nodes.Literal | nodes.StringLiteral):
        value = node.value
        return lambda run: value
    if isinstance(node, nodes.ListLiteral):
        return _list(node)
    if isinstance(node, nodes.MapLiteral):
        return _map(node)
    if isinstance(node, nodes.Range):
        return _range(node)
    if isinstance(node, nodes.Binary):
        return _binary(node)
    if isinstance(node, nodes.Not):
        return condition(node)
    return lambda run: None


def _interpolated(node: nodes.InterpolatedString) -> Expression:
    # The one circle of the language: strings hold templates, and templates hold strings.
    from emulator.mapping.velocity.compiler import block

    run_block = block(node.block)
    alone = _alone(node)
    if alone is not None:
        return _only_reference(alone)
    trim = node.trim

    def run_string(run: Run) -> str:
        pieces: list[str] = []
        run_block(run, pieces.append)
        text = join(run, pieces)
        return text[:-1] if trim else text

    return run_string


def _alone(node: nodes.InterpolatedString) -> nodes.Reference | None:
    """The reference of ``"$x"``, when there is nothing else in the string."""
    children = node.block.children
    if not node.trim or len(children) != 2 or not isinstance(children[1], nodes.Text) or children[1].text != " ":
        return None
    only = children[0]
    return only if isinstance(only, nodes.Reference) and not only.runt and not only.escaped else None


def _only_reference(node: nodes.Reference) -> Expression:
    """``"$x"``: the text of a value."""
    value_of = reference(node)
    prefix = node.escape_prefix + node.more_prefix
    too_deep = node.escape_prefix + prefix + node.null_text

    def run_reference(run: Run) -> str:
        value = value_of(run)
        if type(value) is str:
            return prefix + value
        if isinstance(value, Definition):
            return value.text_or(too_deep)
        return prefix + to_text(value, run)

    return run_reference


def _list(node: nodes.ListLiteral) -> Expression:
    parts = tuple(expression(item) for item in node.values)

    def run_list(run: Run) -> ArrayList:
        run.step(len(parts))
        return ArrayList([part(run) for part in parts])

    return run_list


def _map(node: nodes.MapLiteral) -> Expression:
    pairs = tuple((expression(key), expression(value)) for key, value in node.pairs)

    def run_map(run: Run) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key, value in pairs:
            set_item(run, made, key(run), value(run))
        return made

    return run_map


def bounds(node: nodes.Range) -> Callable[[Run], range | None]:
    low_of, high_of = expression(node.low), expression(node.high)

    def run_bounds(run: Run) -> range | None:
        low, high = low_of(run), high_of(run)
        if not arithmetic.is_number(low) or not arithmetic.is_number(high):
            return None
        low, high = arithmetic.to_int(low, 32), arithmetic.to_int(high, 32)
        return range(low, high + 1) if low <= high else range(low, high - 1, -1)

    return run_bounds


def _range(node: nodes.Range) -> Expression:
    bounds_of = bounds(node)

    def run_range(run: Run) -> ArrayList | None:
        found = bounds_of(run)
        if found is None:
            return None
        if abs(found.stop - found.start) > RANGE_LIMIT:
            raise LimitError("The range is too long", *node.place())
        run.step(len(found))
        return ArrayList(found)

    return run_range


def _binary(node: nodes.Binary) -> Expression:
    operate = arithmetic.OPERATORS.get(node.operator)
    if operate is None:
        return condition(node)
    left_of, right_of = expression(node.left), expression(node.right)
    adds = node.operator == "PLUS"
    left_literal, right_literal = node.left.literal, node.right.literal

    def run_binary(run: Run) -> Any:
        left, right = left_of(run), right_of(run)
        if adds and (type(left) is str or type(right) is str):
            text = (left_literal if left is None else to_text(left, run)) + (
                right_literal if right is None else to_text(right, run)
            )
            if len(text) > 4096:
                run.charge(len(text))
            return text
        return operate(left, right)

    return run_binary


def condition(node: nodes.Node) -> Callable[[Run], bool]:
    """Whether something counts as true: a reference unless it is false; ``true``; a comparison. No other literal
    does.
    """
    if isinstance(node, nodes.Reference):
        value_of = reference(node)

        def run_truth(run: Run) -> bool:
            value = value_of(run)
            return value is not None and value is not False

        return run_truth
    if isinstance(node, nodes.Literal):
        truth = node.value is True
        return lambda run: truth
    if isinstance(node, nodes.Not):
        operand = condition(node.operand)
        return lambda run: not operand(run)
    if isinstance(node, nodes.Binary):
        return _comparison(node)
    return lambda run: False


def _comparison(node: nodes.Binary) -> Callable[[Run], bool]:
    if node.operator in ("AND", "OR"):
        first, second = condition(node.left), condition(node.right)
        if node.operator == "AND":
            return lambda run: first(run) and second(run)
        return lambda run: first(run) or second(run)
    compare = arithmetic.COMPARISONS.get(node.operator)
    if compare is None:
        return lambda run: False
    left_of, right_of = expression(node.left), expression(node.right)
    return lambda run: compare(left_of(run), right_of(run), run)
