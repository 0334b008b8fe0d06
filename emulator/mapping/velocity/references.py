"""What a reference's and a string's raw text say: escapes, prefixes, quiet marks, doubled quotes.

Belongs here: reading the image of one token. Never here: grammar or values.
"""

from __future__ import annotations

import re
from typing import Final

from emulator.mapping.velocity import nodes
from emulator.mapping.velocity.lexer import Token

_UNICODE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")


def shape_reference(node: nodes.Reference, first: Token, name: str) -> None:
    """Splits the first token's image into prefix, escape, quiet mark and root.

    ``\\$x`` prints ``$x``; ``\\\\$x`` prints ``\\`` and the value; text stuck to the front (``$$x``) is a prefix.
    The token keeps only the reference's own text, as a directive that is printed as text shows it.
    """
    image = first.image
    node.escaped = node.quiet = node.runt = False
    node.computable, node.escape_prefix, node.more_prefix, node.root = True, "", "", name
    node.target = ""
    slash_bang = image.find("\\!")
    if slash_bang != -1:
        start = image.find("\\", image.find("$"))
        end = start
        while end < len(image) and image[end] == "\\":
            end += 1
        node.null_text = image[:start] + image[start : end - 1] + image[end:] + node.literal[len(first.literal) :]
        node.computable = False
        return
    slashes = len(image) - len(image.lstrip("\\"))
    if slashes:
        node.escaped = slashes % 2 == 1
        node.escape_prefix = image[: slashes // 2]
        image = image[slashes:]
    dollar = image.rfind("$")
    if dollar > 0:
        node.more_prefix = image[:dollar]
        image = image[dollar:]
    node.literal = image + node.literal[len(first.literal) :]
    first.image = image
    node.null_text = node.literal
    if image.startswith("$!"):
        node.quiet = True
        if not node.escaped:
            node.null_text = ""
        node.root = name if image.startswith("$!{") else image[2:]
    elif image == "${":
        node.root = name
    elif image.startswith("$"):
        node.root = image[1:]
    else:
        node.runt = True
        node.root = image
    node.target = image[1:]


def string_literal(image: str) -> tuple[str, bool, bool]:
    """Content, whether it holds VTL to run, and whether a space must be added to parse it (and taken off what it
    prints).

    A backslash is no escape, except ``\\u`` and four digits between double quotes; a doubled quote is one quote.
    """
    quote = image[0]
    content = image[1:-1]
    if quote == '"':
        content = _UNICODE.sub(lambda found: chr(int(found.group(1), 16)), content)
    content = content.replace(quote * 2, quote)
    interpolated = quote == '"' and ("$" in image or "#" in image)
    return content, interpolated, "##" not in content
