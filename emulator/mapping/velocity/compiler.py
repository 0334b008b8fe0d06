"""From the tree to closures: a template is walked once, and run many times.

Belongs here: text, printed references, ``#if`` and ``#set``. Never here: directives with names (directives.py),
expressions, grammar.

A statement becomes a function of the run and a ``write``; an expression a function of the run that gives a value.
"""

from __future__ import annotations

from emulator.mapping.values import to_text
from emulator.mapping.velocity import nodes
from emulator.mapping.velocity.closures import (
    Definition,
    Statement,
    Write,
    located,
)
from emulator.mapping.velocity.expressions import chain, condition, expression, reference
from emulator.mapping.velocity.members import set_item, set_property
from emulator.mapping.velocity.run import Run


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
    # A block too deep in itself leaves its own name, as an undefined reference does outside AWS.
    too_deep = node.escape_prefix + prefix + node.null_text

    def run_reference(run: Run, write: Write) -> None:
        value = value_of(run)
        if type(value) is str:
            write(value)
        elif isinstance(value, Definition):
            if not value.render(write):
                write(too_deep)
        else:
            write(to_text(value, run))

    if not prefix:
        return run_reference

    def run_prefixed(run: Run, write: Write) -> None:
        if not isinstance(value := value_of(run), Definition):
            write(prefix)
            write(to_text(value, run))
        elif not value.render(write):
            write(too_deep)

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
    owner_of = chain(target, target.steps[:-1])
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
