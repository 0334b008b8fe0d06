"""References, literals and expressions.

Belongs here: the grammar of values. Never here: directives and text (parser.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from emulator.mapping.errors import MappingError
from emulator.mapping.velocity import nodes
from emulator.mapping.velocity.references import shape_reference, string_literal
from emulator.mapping.velocity.token_reader import TokenReader

VALUE_KINDS: Final = frozenset(
    ("STRING", "INTEGER", "FLOAT", "TRUE", "FALSE", "IDENTIFIER", "LCURLY", "LBRACKET", "LEFT_CURLEY")
)
BINARY: Final = (
    ("OR",),
    ("AND",),
    ("EQ", "NE"),
    ("LT", "GT", "LE", "GE"),
    ("PLUS", "MINUS"),
    ("MULTIPLY", "DIVIDE", "MODULUS"),
)


class ValueParser(TokenReader):
    """Reads values; ``parse_string`` parses the template inside a string."""

    parse_string: Callable[[str, int], nodes.Block]

    def reference(self) -> nodes.Reference:
        node = self.open(nodes.Reference)
        assert isinstance(node, nodes.Reference)
        first = self.take("IDENTIFIER", "LCURLY")
        braced = first.kind == "LCURLY"
        name = self.take("IDENTIFIER") if braced else first
        node.steps = self.indices()
        while self.kind() == "DOT" and self.kind(1) == "IDENTIFIER":
            self.take()
            node.steps.append(self.method() if self.is_method() else self.identifier())
            node.steps.extend(self.indices())
        if braced:
            self.take("RCURLY")
        self.done(node)
        shape_reference(node, first, name.image)
        return node

    def indices(self) -> list[nodes.Node]:
        found: list[nodes.Node] = []
        while self.kind() == "INDEX_LBRACKET":
            node = self.open(nodes.Index)
            assert isinstance(node, nodes.Index)
            self.take()
            self.skip("WHITESPACE")
            if self.kind() in ("FLOAT", "LBRACKET", "LEFT_CURLEY"):
                raise self.unexpected("an index")
            node.value = self.value()
            self.skip("WHITESPACE")
            self.take("INDEX_RBRACKET")
            self.done(node)
            found.append(node)
        return found

    def is_method(self) -> bool:
        return self.kind(1) == "LPAREN" and (
            self.kind(2) in VALUE_KINDS or self.kind(2) in ("WHITESPACE", "REFMOD2_RPAREN")
        )

    def identifier(self) -> nodes.Node:
        node = self.open(nodes.Property)
        assert isinstance(node, nodes.Property)
        node.name = self.take("IDENTIFIER").image
        self.done(node)
        return node

    def method(self) -> nodes.Node:
        node = self.open(nodes.Method)
        assert isinstance(node, nodes.Method)
        node.name = self.take("IDENTIFIER").image
        self.take("LPAREN")
        node.args = []
        if self.kind() in VALUE_KINDS or self.kind() == "WHITESPACE":
            node.args = self.parameters()
        self.take("REFMOD2_RPAREN")
        self.done(node)
        return node

    def parameters(self) -> list[nodes.Node]:
        found = [self.parameter()]
        while self.kind() == "COMMA":
            self.take()
            found.append(self.parameter())
        return found

    def parameter(self) -> nodes.Node:
        self.skip("WHITESPACE")
        node = self.value()
        self.skip("WHITESPACE")
        return node

    def value(self) -> nodes.Node:
        kind = self.kind()
        if kind in ("IDENTIFIER", "LCURLY"):
            return self.reference()
        if kind == "LBRACKET":
            return self.list_or_range()
        if kind == "LEFT_CURLEY":
            return self.map_literal()
        if kind == "STRING":
            return self.string()
        if kind not in ("INTEGER", "FLOAT", "TRUE", "FALSE"):
            raise self.unexpected("a value")
        node = self.open(nodes.Literal)
        assert isinstance(node, nodes.Literal)
        # A literal of thousands of digits is no number anybody means; nor is one with a stray '#' stuck to it.
        image = self.peek().image
        if kind in ("INTEGER", "FLOAT") and (len(image) > 1000 or image[0] in "#$\\"):
            raise self.unexpected("a number")
        self.take()
        node.value = int(image) if kind == "INTEGER" else float(image) if kind == "FLOAT" else kind == "TRUE"
        self.done(node)
        return node

    def string(self) -> nodes.Node:
        token = self.peek()
        block = None
        content, interpolated, trim = string_literal(token.image)
        if interpolated:
            if self.strings_left <= 0:
                raise self.unexpected("fewer strings inside strings")
            try:
                block = type(self).parse_string(content + (" " if trim else ""), self.strings_left - 1)
            except MappingError as error:
                raise self.unexpected_here(
                    token, f"Failed to parse the string literal {token.image[:60]}: {error.message}"
                ) from error
        if block is None:
            plain = self.open(nodes.StringLiteral)
            assert isinstance(plain, nodes.StringLiteral)
            plain.value = content
            self.take()
            self.done(plain)
            return plain
        node = self.open(nodes.InterpolatedString)
        assert isinstance(node, nodes.InterpolatedString)
        node.block, node.trim, node.value = block, trim, content
        self.take()
        self.done(node)
        return node

    def list_or_range(self) -> nodes.Node:
        if self.is_range():
            node = self.open(nodes.Range)
            assert isinstance(node, nodes.Range)
            self.take("LBRACKET")
            node.low = self.bound()
            self.take("DOUBLEDOT")
            node.high = self.bound()
            self.take("RBRACKET")
            self.done(node)
            return node
        values = self.open(nodes.ListLiteral)
        assert isinstance(values, nodes.ListLiteral)
        self.take("LBRACKET")
        values.values = []
        if self.kind() != "RBRACKET":
            values.values = self.parameters()
        self.take("RBRACKET")
        self.done(values)
        return values

    def is_range(self) -> bool:
        """Looks for ``[ bound ..`` and comes back."""
        start, depth = self.at, self.depth
        known = self.ranges.get(start)
        if known is not None:
            return known
        macros = set(self.macros)
        self.take("LBRACKET")
        self.skip("WHITESPACE")
        found = False
        if self.kind() in ("INTEGER", "IDENTIFIER", "LCURLY"):
            try:
                self.value()
                self.skip("WHITESPACE")
                found = self.kind() == "DOUBLEDOT"
            except MappingError:
                # Not a bound, then; what is wrong with it is said when it is read in earnest.
                found = False
        self.at, self.depth, self.macros = start, depth, macros
        self.ranges[start] = found
        return found

    def bound(self) -> nodes.Node:
        self.skip("WHITESPACE")
        if self.kind() not in ("INTEGER", "IDENTIFIER", "LCURLY"):
            raise self.unexpected("a number or a reference")
        node = self.value()
        self.skip("WHITESPACE")
        return node

    def map_literal(self) -> nodes.Node:
        node = self.open(nodes.MapLiteral)
        assert isinstance(node, nodes.MapLiteral)
        self.take("LEFT_CURLEY")
        node.pairs = []
        at = 1 if self.kind() == "WHITESPACE" else 0
        if self.kind(at) in VALUE_KINDS:
            while True:
                key = self.parameter()
                self.take("COLON")
                node.pairs.append((key, self.parameter()))
                if self.kind() != "COMMA":
                    break
                self.take()
        else:
            self.skip("WHITESPACE")
        self.take("RIGHT_CURLEY", "RCURLY")
        self.done(node)
        return node

    # expressions

    def expression(self, level: int = 0) -> nodes.Node:
        if level == len(BINARY):
            return self.unary()
        left = self.expression(level + 1)
        while self.kind() in BINARY[level]:
            node = nodes.Binary(self.text, left.start, left.first)
            node.operator = self.take().kind
            # What a failed calculation prints in a concatenation is the text after its operator.
            node.first = self.at
            node.left, node.right = left, self.expression(level + 1)
            self.close(node)
            left = node
        return left

    def unary(self) -> nodes.Node:
        at = 1 if self.kind() == "WHITESPACE" else 0
        if self.kind(at) == "NOT":
            node = self.open(nodes.Not)
            assert isinstance(node, nodes.Not)
            self.skip("WHITESPACE")
            self.take("NOT")
            node.operand = self.unary()
            self.done(node)
            return node
        self.skip("WHITESPACE")
        if self.kind() == "LPAREN":
            self.depth += 1
            self.take()
            first = self.at
            inner = self.expression()
            inner.literal = "".join(token.literal for token in self.tokens[first : self.at])
            self.take("RPAREN")
            self.depth -= 1
            found = inner
        else:
            found = self.value()
        self.skip("WHITESPACE")
        return found
