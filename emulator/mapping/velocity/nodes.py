"""The tree of a template: one class per construct of the language, over airspeed's elements.

Belongs here: what the parser found, and where. Never here: how it is found (parser.py) or run (compiler.py).

Each node is an airspeed element (the class of the same construct, where there is one): it knows its file, its
text, its start
and end, and so its place for errors. What airspeed's classes do by themselves, parsing and evaluating with
``getattr``, is switched off.
"""

from __future__ import annotations

from typing import Any

import airspeed

from emulator.mapping.errors import MappingError


class Node(airspeed._Element):
    """A piece of template: ``first`` and ``last`` are the indices of its tokens."""

    def __init__(self, text: str, start: int, first: int = 0) -> None:
        self.filename = "<template>"
        self._full_text = text
        self.start = self.end = start
        self.first = self.last = first
        self.literal = ""

    def parse(self) -> None:
        """The parser made us already."""

    def evaluate(self, stream: Any, namespace: Any, loader: Any) -> None:
        raise MappingError("A node is compiled, not evaluated")

    def place(self) -> tuple[int, int]:
        """Line and column of the start."""
        before = self._full_text[: self.start]
        return 1 + before.count("\n"), self.start - before.rfind("\n")


class Text(Node, airspeed.Text):
    text: str


class Block(Node, airspeed.Block):
    children: list[Node]


class Property(Node):
    name: str


class Method(Node):
    name: str
    args: list[Node]


class Index(Node):
    value: Node


class Reference(Node, airspeed.FormalReference):
    """``$a.b[0].c()``: ``root`` and ``steps``; a runt is an identifier that only looks like a reference."""

    root: str
    steps: list[Node]
    escape_prefix: str
    more_prefix: str
    escaped: bool
    quiet: bool
    runt: bool
    computable: bool
    null_text: str
    target: str


class Literal(Node):
    value: Any


class StringLiteral(Node, airspeed.StringLiteral):
    value: str


class InterpolatedString(Node, airspeed.InterpolatedStringLiteral):
    block: Block
    trim: bool
    value: str


class ListLiteral(Node):
    values: list[Node]


class MapLiteral(Node):
    pairs: list[tuple[Node, Node]]


class Range(Node, airspeed.Range):
    low: Node
    high: Node


class Binary(Node):
    operator: str
    left: Node
    right: Node


class Not(Node):
    operand: Node


class If(Node, airspeed.IfDirective):
    """``branches`` are (condition, block); the last condition is None for ``#else``."""

    branches: list[tuple[Node | None, Block]]


class Set(Node, airspeed.SetDirective):
    target: Reference
    value: Node


class Directive(Node):
    """``#name(args) … #end``: a known one (foreach, define, literal, break, stop, …) or text that looks like one."""

    name: str
    args: list[Node]
    block: Block | None
    parenthesized: bool
    shown: str


class Word(Node):
    name: str
