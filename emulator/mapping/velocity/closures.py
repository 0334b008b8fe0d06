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

    def render(self, write: Write) -> bool:
        """Runs the block; False, with nothing written, where it is too deep in itself."""
        if self.depth >= 2:
            return False
        self.depth += 1
        self.run.step(10)
        try:
            self.block(self.run, write)
        except Break as leave:
            # A bare #break leaves the block it stands in.
            if leave.args[0] is not None:
                raise
        finally:
            self.depth -= 1
        return True

    def text(self) -> str:
        return self.text_or("")

    def text_or(self, otherwise: str) -> str:
        """What the block writes, or ``otherwise`` where it is too deep in itself."""
        pieces: list[str] = []
        return join(self.run, pieces) if self.render(pieces.append) else otherwise


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
