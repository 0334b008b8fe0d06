"""Reading tokens: looking ahead, taking, saying what was expected, and marking where nodes begin and end.

Belongs here: what every part of the grammar needs. Never here: grammar.

Where the lexer's state hangs on the parser (a directive's name, the end of a ``#set``), no token has been fetched
ahead at that point;
``peek`` keeps to what the language's own parser looks at.
"""

from __future__ import annotations

from typing import Final

from emulator.mapping.errors import MappingError, position
from emulator.mapping.velocity import nodes
from emulator.mapping.velocity.lexer import Lexer, Token

DEPTH: Final = 120


class TokenReader:
    def __init__(self, text: str, strings_left: int = 20) -> None:
        self.text = text
        self.lexer = Lexer(text)
        self.tokens: list[Token] = []
        self.at = 0
        self.macros: set[str] = set()
        self.depth = 0
        self.strings_left = strings_left
        self.ranges: dict[int, bool] = {}

    # tokens

    def peek(self, ahead: int = 0) -> Token:
        while len(self.tokens) <= self.at + ahead:
            self.tokens.append(self.lexer.next())
        return self.tokens[self.at + ahead]

    def kind(self, ahead: int = 0) -> str:
        return self.peek(ahead).kind

    def take(self, *kinds: str) -> Token:
        token = self.peek()
        if kinds and token.kind not in kinds:
            raise self.unexpected(" or ".join(kinds))
        self.at += 1
        return token

    def skip(self, kind: str) -> None:
        if self.kind() == kind:
            self.at += 1

    def unexpected(self, wanted: str) -> MappingError:
        token = self.peek()
        line, column = position(self.text, token.pos)
        got = "the end of the template" if token.kind == "EOF" else repr(token.image)
        return MappingError(f"Encountered {got}, expecting {wanted}", line, column)

    def close(self, node: nodes.Node) -> None:
        """Fills in where a node ends and what its text is."""
        node.last = self.at - 1
        mine = self.tokens[node.first : self.at]
        node.literal = "".join(token.literal for token in mine)
        node.end = mine[-1].pos + len(mine[-1].image) if mine else node.start

    def open(self, cls: type[nodes.Node]) -> nodes.Node:
        self.depth += 1
        if self.depth > DEPTH:
            line, column = position(self.text, self.peek().pos)
            raise MappingError("The template is nested too deeply", line, column)
        return cls(self.text, self.peek().pos, self.at)

    def done(self, node: nodes.Node) -> None:
        self.depth -= 1
        self.close(node)
        if isinstance(node, nodes.Directive):
            node.shown = "".join(token.image for token in self.tokens[node.first : self.at])

    def unexpected_here(self, token: Token, message: str) -> MappingError:
        line, column = position(self.text, token.pos)
        return MappingError(message, line, column)
