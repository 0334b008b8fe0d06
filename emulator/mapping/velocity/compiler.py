"""From the tree to closures: a template is walked once, and run many times.

Belongs here: what each construct does when it runs. Never here: grammar, or what the methods of values do.

A statement becomes a function of the run and a ``write``; an expression a function of the run that gives a value.
AWS's null model is here: a reference that
leads nowhere is ``""`` wherever it stands; only arithmetic that cannot be done gives null (None).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.mapping.errors import LimitError, MappingError
from emulator.mapping.java_types import ArrayList, Printable
from emulator.mapping.values import to_text
from emulator.mapping.velocity import arithmetic, nodes
from emulator.mapping.velocity.members import call, fetch, get_item, set_item, set_property
from emulator.mapping.velocity.run import Run

Write = Callable[[str], None]
Statement = Callable[[Run, Write], None]
Expression = Callable[[Run], Any]
Step = Callable[[Run, Any], Any]

RANGE_LIMIT = 100_000


class Stop(Exception):
    """``#stop``: the rest of the template is left out."""


class Break(Exception):
    """``#break``: out of the innermost loop, or out of the template."""


class Definition(Printable):
    """What ``#define`` leaves: a block that runs where it is printed, at most two deep in itself."""

    __slots__ = ("run", "block", "depth")

    def __init__(self, run: Run, block: Statement) -> None:
        self.run = run
        self.block = block
        self.depth = 0

    def render(self, write: Write) -> None:
        if self.depth >= 2:
            return
        self.depth += 1
        self.run.step(10)
        try:
            self.block(self.run, write)
        finally:
            self.depth -= 1

    def text(self) -> str:
        return gather(self.run, self.render)


def gather(run: Run, render: Callable[[Write], None]) -> str:
    """Runs something that writes, and gives what it wrote."""
    pieces: list[str] = []
    render(pieces.append)
    return join(run, pieces)


def join(run: Run, pieces: list[str]) -> str:
    if len(pieces) == 1:
        return pieces[0]
    total = sum(map(len, pieces))
    if total > 4096:
        run.charge(total)
    return "".join(pieces)


# statements


def block(node: nodes.Block) -> Statement:
    statements: list[Statement] = []
    texts: list[str] = []

    def flush() -> None:
        if texts:
            statements.append(_text("".join(texts)))
            texts.clear()

    for child in node.children:
        if isinstance(child, nodes.Text):
            if child.text:
                texts.append(child.text)
        else:
            flush()
            statements.append(statement(child))
    flush()
    return _sequence(statements)


def _text(text: str) -> Statement:
    def run_text(run: Run, write: Write) -> None:
        write(text)

    return run_text


def _sequence(statements: list[Statement]) -> Statement:
    if len(statements) == 1:
        return statements[0]
    parts = tuple(statements)

    def run_sequence(run: Run, write: Write) -> None:
        for part in parts:
            part(run, write)

    return run_sequence


def statement(node: nodes.Node) -> Statement:
    if isinstance(node, nodes.Reference):
        return _printed_reference(node)
    if isinstance(node, nodes.Set):
        return _set(node)
    if isinstance(node, nodes.If):
        return _if(node)
    if isinstance(node, nodes.Directive):
        from emulator.mapping.velocity.directives import directive

        return directive(node)
    if isinstance(node, nodes.Block):
        return block(node)
    if isinstance(node, nodes.Text):
        return _text(node.text)
    return _text("")


def _printed_reference(node: nodes.Reference) -> Statement:
    if node.runt:
        return _text(node.root)
    if node.escaped:
        return _text(node.escape_prefix + node.null_text)
    prefix = node.escape_prefix + node.more_prefix
    value_of = reference(node)

    def run_reference(run: Run, write: Write) -> None:
        value = value_of(run)
        if type(value) is str:
            write(value)
        elif isinstance(value, Definition):
            value.render(write)
        else:
            write(to_text(value, run))

    if not prefix:
        return run_reference

    def run_prefixed(run: Run, write: Write) -> None:
        if not isinstance(value := value_of(run), Definition):
            write(prefix)
            write(to_text(value, run))
        else:
            value.render(write)

    return run_prefixed


def _if(node: nodes.If) -> Statement:
    branches = [(None if test is None else condition(test), block(body)) for test, body in node.branches]
    if len(branches) == 1:
        only, body = branches[0]
        assert only is not None

        def run_if(run: Run, write: Write) -> None:
            if only(run):
                body(run, write)

        return run_if

    def run_branches(run: Run, write: Write) -> None:
        for test, body in branches:
            if test is None or test(run):
                body(run, write)
                return

    return run_branches


def _set(node: nodes.Set) -> Statement:
    value_of = expression(node.value)
    target = node.target
    if not target.steps:
        name = target.target

        def run_set(run: Run, write: Write) -> None:
            value = value_of(run)
            if value is not None:
                run.vars[name] = value

        return run_set
    owner_of = _chain(target, target.steps[:-1])
    last = target.steps[-1]
    index = expression(last.value) if isinstance(last, nodes.Index) else None
    property_name = last.name if isinstance(last, nodes.Property | nodes.Method) else ""

    def run_set_in(run: Run, write: Write) -> None:
        value = value_of(run)
        owner = None if value is None else owner_of(run)
        if owner is None:
            return
        if index is not None:
            set_item(run, owner, index(run), value)
        else:
            set_property(run, owner, property_name, value)

    return located(node, run_set_in)


def located(node: nodes.Node, inner: Statement) -> Statement:
    place = node.place

    def run_located(run: Run, write: Write) -> None:
        try:
            inner(run, write)
        except MappingError as error:
            if not error.line:
                error.line, error.column = place()
            raise

    return run_located


# references


def _chain(node: nodes.Reference, steps: list[nodes.Node]) -> Expression:
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
    chain = _chain(node, node.steps)
    if node.runt:
        return chain
    place = node.place

    def run_reference(run: Run) -> Any:
        try:
            value = chain(run)
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

    def run_reference(run: Run) -> str:
        value = value_of(run)
        text = value if type(value) is str else to_text(value, run)
        return prefix + text if prefix else text

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
        if type(low) is not int or type(high) is not int:
            return None
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
