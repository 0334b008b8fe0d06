"""The tokens of a template, as Velocity 1.7's lexer sees them.

Belongs here: lexical states, token patterns, the state stack, and the text that terminators leave behind. Never here:
what tokens mean together (parser.py) or what they print (compiler.py).

Velocity's lexer is a stack of states, and AWS's white-space and escape rules are its by-products; so the states
are kept as
they are in the language's own definition: the longest match wins, the earlier rule on a tie; a ``MORE`` rule adds
its text to the
token that follows; a special token (a terminator) gives its last character back and lends its ``$`` or ``#`` to
the next token's text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum
from typing import Final

from emulator.mapping.errors import MappingError, position


class State(IntEnum):
    DEFAULT = 0
    REFERENCE = 1
    REFMODIFIER = 2
    REFINDEX = 3
    DIRECTIVE = 4
    REFMOD2 = 5
    PRE_DIRECTIVE = 6
    TEXTBLOCK = 7
    BLOCK_COMMENT = 8
    FORMAL_COMMENT = 9
    LINE_COMMENT = 10


class Token:
    """One token: its kind, its text, what terminators before it left to print, where it starts (an offset)."""

    __slots__ = ("kind", "image", "special", "pos")

    def __init__(self, kind: str, image: str, special: str, pos: int) -> None:
        self.kind = kind
        self.image = image
        self.special = special
        self.pos = pos

    @property
    def literal(self) -> str:
        return "" if self.kind == "BLOCK_COMMENT_END" else self.special + self.image


D, R, M, X, V, F, P = (
    State.DEFAULT,
    State.REFERENCE,
    State.REFMODIFIER,
    State.REFINDEX,
    State.DIRECTIVE,
    State.REFMOD2,
    State.PRE_DIRECTIVE,
)
TB, BC, FC, LC = State.TEXTBLOCK, State.BLOCK_COMMENT, State.FORMAL_COMMENT, State.LINE_COMMENT
EVERY = tuple(State)

_WORD = r"[A-Za-z_@][A-Za-z0-9_@]*"
_BRACKETED = r"\{[A-Za-z_][A-Za-z0-9_@]*\}"
_NL = r"(?:[ \t]*(?:\r\n|\n|\r))?"
_ALPHA = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = "0123456789"

# kind, states, pattern, the characters it may start with (None: any). The order is the language's: it breaks ties.
RULES: Final[tuple[tuple[str, tuple[State, ...], str, str | None], ...]] = (
    ("INDEX_LBRACKET", (R, M), r"\[", "["),
    ("INDEX_RBRACKET", (X,), r"\]", "]"),
    ("LBRACKET", (V, F), r"\[", "["),
    ("RBRACKET", (V, F), r"\]", "]"),
    ("COMMA", (V, F), r",", ","),
    ("DOUBLEDOT", (V, F), r"\.\.", "."),
    ("COLON", (V, F), r":", ":"),
    ("LEFT_CURLEY", (V, F), r"\{", "{"),
    ("RIGHT_CURLEY", (V, F), r"\}", "}"),
    ("LPAREN", (V, M), r"\(", "("),
    ("RPAREN", (V,), r"\)" + _NL, ")"),
    ("REFMOD2_RPAREN", (F,), r"\)", ")"),
    ("ESCAPE_DIRECTIVE", (D,), rf"(?:\\\\)*\\#(?:{_WORD}|{_BRACKETED})", "\\"),
    ("SET", (D, R, M, F), r"[ \t]*(?:#set|#\{set\}) *\(", " \t#"),
    ("DOLLAR", EVERY, r"\\*\$(?:\\*!)?", "\\$"),
    ("TEXTBLOCK_START", EVERY, r"#\[\[", "#"),
    ("FORMAL_START", EVERY, r"#\*\*[^#]", "#"),
    ("BLOCK_START", EVERY, r"#\*", "#"),
    ("HASH", EVERY, r"#", "#"),
    ("LINE_COMMENT_START", (D, P, V, R), r"##", "#"),
    ("DOUBLE_ESCAPE", (D,), r"\\\\", "\\"),
    ("ESCAPE", (D,), r"\\", "\\"),
    ("TEXT", (D,), r"[^$#\\]+", None),
    ("LINE_COMMENT_END", (LC,), r"\r\n|\n|\r", "\r\n"),
    ("FORMAL_COMMENT_END", (FC,), r"\*#", "*"),
    ("BLOCK_COMMENT_END", (BC,), r"\*#", "*"),
    ("TEXTBLOCK", (TB,), r"\]\]#", "]"),
    ("SKIP", (LC, FC, BC), r"[^\r\n$#\\*]+|[\s\S]", None),
    ("BLOCK_TEXT", (TB,), r"[^\]$#\\]+|[\s\S]", None),
    ("WHITESPACE", (V, F, X), r"[ \t\n\r]+", " \t\n\r"),
    ("STRING", (V, F, X), r'"[^"]*(?:""[^"]*)*"' + r"|'[^']*(?:''[^']*)*'", "\"'"),
    ("TRUE", (R, V, M, F, X), r"true", "t"),
    ("FALSE", (R, V, M, F, X), r"false", "f"),
    ("MINUS", (V,), r"-", "-"),
    ("PLUS", (V,), r"\+", "+"),
    ("MULTIPLY", (V,), r"\*", "*"),
    ("DIVIDE", (V,), r"/", "/"),
    ("MODULUS", (V,), r"%", "%"),
    ("AND", (V,), r"&&|and", "&a"),
    ("OR", (V,), r"\|\||or", "|o"),
    ("LT", (V,), r"<|lt", "<l"),
    ("LE", (V,), r"<=|le", "<l"),
    ("GT", (V,), r">|gt", ">g"),
    ("GE", (V,), r">=|ge", ">g"),
    ("EQ", (V,), r"==|eq", "=e"),
    ("NE", (V,), r"!=|ne", "!n"),
    ("NOT", (V,), r"!|not", "!n"),
    ("EQUALS", (V,), r"=", "="),
    ("END", (P,), r"(?:end|\{end\})" + _NL, "e{"),
    ("IF", (P,), r"if|\{if\}", "i{"),
    ("ELSEIF", (P,), r"elseif|\{elseif\}", "e{"),
    ("ELSE", (P,), r"(?:else|\{else\})" + _NL, "e{"),
    ("INTEGER", (P, V, F, X), r"-?[0-9]+(?:\.\.)?", "-" + _DIGITS),
    (
        "FLOAT",
        (P, V, F, X),
        r"-?[0-9]+\.[0-9]*(?:[eE][+-]?[0-9]+)?|-?\.[0-9]+(?:[eE][+-]?[0-9]+)?|-?[0-9]+[eE][+-]?[0-9]+",
        "-." + _DIGITS,
    ),
    ("WORD", (P, V), _WORD, _ALPHA + "_@"),
    ("BRACKETED_WORD", (P, V), _BRACKETED, "{"),
    ("IDENTIFIER", (R, M, F), r"[A-Za-z_][A-Za-z0-9_-]*", _ALPHA + "_"),
    ("DOT", (R, M, F), r"\.[A-Za-z]", "."),
    ("LCURLY", (R, M), r"\{", "{"),
    ("RCURLY", (R, M), r"\}", "}"),
    ("REFERENCE_TERMINATOR", (R, M), r"[\s\S]", None),
    ("DIRECTIVE_TERMINATOR", (P,), r"[\s\S]", None),
    ("EMPTY_INDEX", (D, R), r"\$\[|\$!\[|\$\\!\[|\$\.", "$"),
)

_MORE: Final = frozenset({"DOLLAR", "TEXTBLOCK_START", "FORMAL_START", "BLOCK_START", "HASH", "BLOCK_TEXT"})
_SPECIAL: Final = frozenset({"REFERENCE_TERMINATOR", "DIRECTIVE_TERMINATOR"})

Matcher = Callable[[str, int], "re.Match[str] | None"]
Candidates = tuple[tuple[str, Matcher], ...]


def _by_first_character() -> dict[State, tuple[dict[str, Candidates], Candidates]]:
    compiled: list[tuple[str, tuple[State, ...], Matcher, str | None]] = [
        (kind, states, re.compile(pattern).match, first) for kind, states, pattern, first in RULES
    ]
    table: dict[State, tuple[dict[str, Candidates], Candidates]] = {}
    for state in State:
        mine = [(kind, match, first) for kind, states, match, first in compiled if state in states]
        chars = {char: tuple((k, m) for k, m, f in mine if f is None or char in f) for char in map(chr, range(128))}
        table[state] = (chars, tuple((k, m) for k, m, f in mine if f is None))
    return table


_TABLE: Final = _by_first_character()
_TERMINATED: Final = re.compile(r"(\\+\$)[\s\S]?|([#$])")


def _left_over(image: str) -> str:
    """What a terminator lends to the next token; the language itself loses the character after an escaped ``$``."""
    return "".join(found.group(1) or found.group(2) for found in _TERMINATED.finditer(image))


class Lexer:
    """Hands out one token at a time; the parser may push it into another state between two tokens."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.state: State = State.DEFAULT
        self.stack: list[tuple[int, int, State]] = []
        self.lparen = 0
        self.rparen = 0
        self.in_comment = False
        self.in_set = False
        self.slashes_end = 0

    def push(self, state: State) -> None:
        self.stack.append((self.lparen, self.rparen, self.state))
        self.lparen = 0
        self.state = state

    def pop(self) -> bool:
        if not self.stack:
            self.lparen = 0
            self.state = State.DEFAULT
            return False
        self.lparen, self.rparen, self.state = self.stack.pop()
        return True

    def at_left_parenthesis(self) -> bool:
        """Whether a ``(`` follows, after white space at most."""
        text, pos = self.text, self.pos
        while pos < len(text) and text[pos] in " \n\r\t":
            pos += 1
        return pos < len(text) and text[pos] == "("

    def error(self, pos: int) -> MappingError:
        line, column = position(self.text, pos)
        got = repr(self.text[pos]) if pos < len(self.text) else "the end of the template"
        return MappingError(f"Lexical error: unexpected {got}", line, column)

    def _longest(self, pos: int) -> tuple[str, int]:
        text = self.text
        chars, others = _TABLE[self.state]
        kind, end = "", pos
        left_out = self._impossible(pos) if text[pos] == "\\" else ()
        for name, match in chars.get(text[pos], others):
            if name in left_out:
                continue
            found = match(text, pos)
            if found is not None and found.end() > end:
                kind, end = name, found.end()
        if not kind:
            raise self.error(pos)
        return kind, end

    def _impossible(self, pos: int) -> tuple[str, ...]:
        """What cannot start at a backslash, seen from where the run of them ends: no rule goes over a long run
        again and again.
        """
        if pos >= self.slashes_end:
            end = pos
            while end < len(self.text) and self.text[end] == "\\":
                end += 1
            self.slashes_end = end
        following = self.text[self.slashes_end : self.slashes_end + 1]
        if following == "$":
            return ("ESCAPE_DIRECTIVE",)
        if following == "#" and (self.slashes_end - pos) % 2:
            return ("DOLLAR",)
        return ("DOLLAR", "ESCAPE_DIRECTIVE")

    def next(self) -> Token:
        """The next token; past the end, ``EOF`` again and again. Raises MappingError on text that is no token."""
        special, lost = "", False
        while True:
            if self.pos >= len(self.text):
                return Token("EOF", "", "" if lost else special, len(self.text))
            start = pos = self.pos
            while True:
                kind, end = self._longest(pos)
                if kind not in _MORE:
                    break
                pos = self._more(kind, end)
                if pos >= len(self.text):
                    raise self.error(pos)
            if kind == "SKIP":
                self.pos = end
            elif kind in _SPECIAL:
                left = self.text[start:end]
                special += _left_over(left)
                lost = left.startswith("##")
                self.pos = end - 1
                self.pop()
            else:
                # What looks like a comment right before the token takes all with it that went before.
                return self._token(kind, start, end, "" if lost else special)

    def _more(self, kind: str, end: int) -> int:
        if self.in_comment or kind == "BLOCK_TEXT":
            return end
        if kind == "DOLLAR":
            if self.state is State.REFERENCE:
                self.pop()
            self.push(State.REFERENCE)
        elif kind == "HASH":
            if self.state in (State.REFERENCE, State.REFMODIFIER):
                self.pop()
            self.push(State.PRE_DIRECTIVE)
        else:
            self.in_comment = True
            if kind == "TEXTBLOCK_START":
                self.push(State.TEXTBLOCK)
            elif kind == "BLOCK_START":
                self.push(State.BLOCK_COMMENT)
            else:
                self.push(State.FORMAL_COMMENT)
                return end - 1
        return end

    def _token(self, kind: str, start: int, end: int, special: str) -> Token:
        image = self.text[start:end]
        self.pos = end
        if kind in ("INTEGER", "FLOAT"):
            if image.endswith("..") and kind == "INTEGER":
                self.pos = end - 2
                image = image[:-2]
            alone = self.lparen == 0 and not self.in_set and self.state is not State.REFMOD2
            if alone and not (kind == "INTEGER" and self.state is State.REFINDEX):
                self.pop()
        elif kind == "DOT":
            self.pos = end - 1
            image = "."
            self.state = State.REFMODIFIER
        else:
            action = _ACTIONS.get(kind)
            if action is not None:
                action(self)
        return Token(kind, image, special, start)

    def _close_parenthesis(self) -> None:
        """Drops to the state below the one that has an open parenthesis."""
        while not self.in_comment:
            if self.lparen > 0:
                if self.lparen == self.rparen + 1:
                    self.pop()
                else:
                    self.rparen += 1
                return
            if not self.pop():
                return

    def _open_parenthesis(self) -> None:
        self.lparen += 1
        if self.state is State.REFMODIFIER:
            self.state = State.REFMOD2

    def _open_set(self) -> None:
        self.push(State.DIRECTIVE)
        self.in_set = True
        self.lparen += 1

    def _open_line_comment(self) -> None:
        if self.state is State.REFERENCE:
            self.pop()
        self.in_comment = True
        self.push(State.LINE_COMMENT)

    def _close_comment(self) -> None:
        self.in_comment = False
        self.pop()

    def _close_string(self) -> None:
        if self.state is State.DIRECTIVE and not self.in_set and self.lparen == 0:
            self.pop()

    def _switch(self, state: State) -> None:
        self.state = state

    def _pop(self) -> None:
        self.pop()


_ACTIONS: Final[dict[str, Callable[[Lexer], None]]] = {
    "INDEX_LBRACKET": lambda lexer: lexer.push(State.REFINDEX),
    "INDEX_RBRACKET": Lexer._pop,
    "LPAREN": Lexer._open_parenthesis,
    "RPAREN": Lexer._close_parenthesis,
    "REFMOD2_RPAREN": lambda lexer: lexer._switch(State.REFERENCE),
    "SET": Lexer._open_set,
    "LINE_COMMENT_START": Lexer._open_line_comment,
    "LINE_COMMENT_END": Lexer._close_comment,
    "FORMAL_COMMENT_END": Lexer._close_comment,
    "BLOCK_COMMENT_END": Lexer._close_comment,
    "TEXTBLOCK": Lexer._close_comment,
    "STRING": Lexer._close_string,
    "END": Lexer._pop,
    "ELSE": Lexer._pop,
    "IF": lambda lexer: lexer._switch(State.DIRECTIVE),
    "ELSEIF": lambda lexer: lexer._switch(State.DIRECTIVE),
    "RCURLY": Lexer._pop,
}
