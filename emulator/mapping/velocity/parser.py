"""From tokens to the tree: Velocity 1.7's grammar by recursive descent.

Belongs here: the grammar and what it needs to look ahead. Never here: characters (lexer.py) or meaning (compiler.py).

Where the lexer's state hangs on the parser (a directive's name, the end of a ``#set``), no token has been fetched
ahead at that point;
``Parser.peek`` keeps to what the language's own parser looks at.
"""

from __future__ import annotations

from typing import Final

from emulator.mapping.errors import MappingError, position
from emulator.mapping.velocity import nodes
from emulator.mapping.velocity.lexer import Lexer, State, Token
from emulator.mapping.velocity.references import shape_reference, string_literal

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
DEPTH: Final = 120


class Parser:
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

    # statements

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

    def unexpected_here(self, token: Token, message: str) -> MappingError:
        line, column = position(self.text, token.pos)
        return MappingError(message, line, column)

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

    # references and values

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
            inner = Parser(content + (" " if trim else ""), self.strings_left - 1)
            try:
                block = inner.template()
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
            inner = self.expression()
            self.take("RPAREN")
            self.depth -= 1
            found = inner
        else:
            found = self.value()
        self.skip("WHITESPACE")
        return found
