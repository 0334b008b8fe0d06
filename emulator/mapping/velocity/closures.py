"""What compiled pieces are, and what they share: stopping, definitions, gathering text, saying where something failed.

Belongs here: the kinds of closures and what both statements and expressions need. Never here: a construct of the
language.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.mapping.errors import MappingError
from emulator.mapping.java_types import Printable
from emulator.mapping.velocity import nodes
from emulator.mapping.velocity.run import Run

Write = Callable[[str], None]
Statement = Callable[[Run, Write], None]
Expression = Callable[[Run], Any]
Step = Callable[[Run, Any], Any]


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
