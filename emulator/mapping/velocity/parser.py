"""From tokens to the tree: Velocity 1.7's grammar by recursive descent.

Belongs here: the grammar and what it needs to look ahead. Never here: characters (lexer.py) or meaning (compiler.py).

"""

from __future__ import annotations

from typing import Final

from emulator.mapping.velocity import nodes
from emulator.mapping.velocity.lexer import State, Token
from emulator.mapping.velocity.value_parser import ValueParser

TEXT_KINDS: Final = frozenset(
    [
        "TEXT",
        "DOT",
        "RPAREN",
        "LPAREN",
        "INTEGER",
        "FLOAT",
        "STRING",
        "ESCAPE",
        "LCURLY",
        "RCURLY",
        "EMPTY_INDEX",
        "REFMOD2_RPAREN",
    ]
) - {"REFMOD2_RPAREN"}
COMMENT_KINDS: Final = frozenset(("LINE_COMMENT_START", "BLOCK_COMMENT_END", "FORMAL_COMMENT_END"))
# The directives of AWS's engine: Velocity's own without #evaluate.
BLOCK_DIRECTIVES: Final = frozenset(("foreach", "macro", "literal", "define"))
DIRECTIVES: Final = BLOCK_DIRECTIVES | {"include", "parse", "break", "stop"}
CONTROL: Final = frozenset(("if", "end", "set", "else", "elseif", "stop"))


class Parser(ValueParser):
    """Reads a whole template."""

    @staticmethod
    def parse_string(text: str, strings_left: int) -> nodes.Block:
        """The template inside a string."""
        return Parser(text, strings_left).template()

    def template(self) -> nodes.Block:
        block = self.block(("EOF",))
        self.take("EOF")
        return block

    def block(self, ends: tuple[str, ...]) -> nodes.Block:
        node = self.open(nodes.Block)
        assert isinstance(node, nodes.Block)
        node.children = []
        while self.kind() not in ends:
            child = self.statement()
            if child is not None:
                node.children.append(child)
        self.done(node)
        return node

    def statement(self) -> nodes.Node | None:
        kind = self.kind()
        if kind == "IF":
            return self.if_statement()
        if kind == "IDENTIFIER" or (kind == "LCURLY" and self.kind(1) == "IDENTIFIER"):
            if kind == "IDENTIFIER":
                self.peek(1)
            return self.reference()
        if kind in COMMENT_KINDS:
            return self.comment()
        if kind == "TEXTBLOCK":
            return self.text_node(self.take().image[3:-3])
        if kind == "SET":
            return self.set_directive()
        if kind == "ESCAPE_DIRECTIVE":
            return self.text_node(self.escaped_directive(self.take().image))
        if kind == "DOUBLE_ESCAPE":
            return self.escape()
        if kind in ("WORD", "BRACKETED_WORD"):
            return self.directive()
        if kind in TEXT_KINDS:
            return self.text_node(self.take().literal)
        raise self.unexpected("text, a reference or a directive")

    def text_node(self, text: str) -> nodes.Text:
        node = nodes.Text(self.text, self.tokens[self.at - 1].pos, self.at - 1)
        node.text = text
        self.close(node)
        return node

    def comment(self) -> nodes.Node | None:
        token = self.take()
        if token.kind == "LINE_COMMENT_START":
            self.skip("LINE_COMMENT_END")
        starts = [at for at in (token.image.find("##"), token.image.find("#*")) if at != -1]
        if not starts:
            return None
        first = token.image.find("##")
        return self.text_node(token.image[: first if first != -1 else starts[0]])

    def escaped_directive(self, image: str) -> str:
        last = image.rfind("\\")
        name = image[last + 2 :]
        if name.startswith("{"):
            name = name[1:-1]
        if name in DIRECTIVES or name in CONTROL or name in self.macros:
            return image[: last // 2] + image[last + 1 :]
        return image

    def escape(self) -> nodes.Node:
        count = 0
        while self.kind() == "DOUBLE_ESCAPE":
            self.take()
            count += 1
        follower = self.peek()
        name = follower.image[1:]
        control = follower.kind in ("IF", "ELSE", "ELSEIF", "END") or name in DIRECTIVES or name in self.macros
        return self.text_node(("\\" if control else "\\\\") * count)

    def if_statement(self) -> nodes.Node:
        node = self.open(nodes.If)
        assert isinstance(node, nodes.If)
        ends = ("ELSEIF", "ELSE", "END")
        self.take("IF")
        node.branches = [(self.condition(), self.block((*ends, "EOF")))]
        while self.kind() == "ELSEIF":
            self.take()
            node.branches.append((self.condition(), self.block((*ends, "EOF"))))
        if self.kind() == "ELSE":
            self.take()
            node.branches.append((None, self.block((*ends, "EOF"))))
        self.take("END")
        self.done(node)
        return node

    def condition(self) -> nodes.Node:
        self.skip("WHITESPACE")
        self.take("LPAREN")
        expression = self.expression()
        self.take("RPAREN")
        return expression

    def set_directive(self) -> nodes.Node:
        node = self.open(nodes.Set)
        assert isinstance(node, nodes.Set)
        self.take("SET")
        self.skip("WHITESPACE")
        node.target = self.reference()
        self.skip("WHITESPACE")
        self.take("EQUALS")
        node.value = self.expression()
        self.take("RPAREN")
        self.lexer.in_set = False
        self.done(node)
        return node

    def directive(self) -> nodes.Node:
        node = self.open(nodes.Directive)
        assert isinstance(node, nodes.Directive)
        token = self.take()
        node.name = token.image[2:-1] if token.kind == "BRACKETED_WORD" else token.image[1:]
        node.args, node.block, node.parenthesized = [], None, False
        self.lexer.state = State.DIRECTIVE
        if not self.lexer.at_left_parenthesis():
            if node.name == "macro":
                raise self.unexpected_here(token, "A macro declaration requires at least a name argument")
            self.lexer.pop()
            self.done(node)
            return node
        node.parenthesized = True
        self.skip("WHITESPACE")
        self.take("LPAREN")
        self.directive_args(node, token)
        self.take("RPAREN")
        if node.name in BLOCK_DIRECTIVES or node.name.startswith("@"):
            node.block = self.block(("END", "EOF"))
            self.take("END")
            if node.name == "macro":
                self.declare_macro(node, token)
        self.done(node)
        return node

    def directive_args(self, node: nodes.Directive, token: Token) -> None:
        while True:
            self.skip("WHITESPACE")
            if self.kind() == "RPAREN":
                return
            if self.kind() == "COMMA":
                self.take()
                self.skip("WHITESPACE")
            number = len(node.args)
            if self.kind() == "WORD":
                allowed = node.name not in DIRECTIVES or (node.name, number) in (("foreach", 1), ("macro", 0))
                if not allowed:
                    raise self.unexpected_here(token, f"Invalid arg #{number} in directive {token.image}")
                word = nodes.Word(self.text, self.peek().pos, self.at)
                word.name = self.take().image
                self.close(word)
                node.args.append(word)
                continue
            if node.name == "macro" and number == 0:
                raise self.unexpected_here(token, "Invalid first arg in #macro() directive - must be a word token")
            node.args.append(self.value())

    def declare_macro(self, node: nodes.Directive, token: Token) -> None:
        if not node.args:
            raise self.unexpected_here(token, "A macro declaration requires at least a name argument")
        name = node.args[0]
        assert isinstance(name, nodes.Word)
        self.macros.add(name.name)
