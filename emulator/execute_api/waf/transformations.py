"""Text transformations: bytes in, bytes out, before a statement looks at them.

Belongs here: each of AWS's transformations under its own name. Never here: which apply where. What cannot be decoded
stays as it is, as on AWS. AWS page: "Using text transformations in AWS WAF".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

Transformation: TypeAlias = Callable[[bytes], bytes]

_WHITE = re.compile(rb"[\f\t\n\r\v\xa0 ]+")
_SQL_COMMENT = re.compile(rb"/\*.*?(?:\*/|\Z)", re.DOTALL)
_COMMENT_CHARS = re.compile(rb"/\*|\*/|--|#")
_SQL_HEX = re.compile(rb"0x((?:[0-9a-fA-F]{2})+)")
_CSS_ESCAPE = re.compile(rb"\\(?:([0-9a-fA-F]{1,6})\s?|\n|(.))", re.DOTALL)
_JS_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))", re.DOTALL)
_UNI_ESCAPE = re.compile(rb"%u([0-9a-fA-F]{4})")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_SLASHES = re.compile(rb"/+")
_ESCAPES = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def _code(number: int) -> bytes:
    """A character by its number, in UTF-8; below 256 the byte itself."""
    if number < 256:
        return bytes((number,))
    return chr(min(number, 0x10FFFF)).encode("utf-8", "surrogatepass")


def compress_white_space(text: bytes) -> bytes:
    return _WHITE.sub(b" ", text)


def html_entity_decode(text: bytes) -> bytes:
    return html.unescape(text.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def cmd_line(text: bytes) -> bytes:
    """What hides a command: quotes and carets go, blanks before ``/`` and ``(`` go, ``,`` and ``;`` are blanks."""
    text = re.sub(rb"[\\\"'^]", b"", text)
    text = re.sub(rb"[,;\s]+", b" ", text)
    return re.sub(rb" +([/(])", rb"\1", text).lower()


def cmd_line_unix(text: bytes) -> bytes:
    """As ``cmd_line``, but backslashes stay only where they cut names (``\\n``), and case stays."""
    text = re.sub(rb"\\(?!\s)|['\"]", b"", text)
    return re.sub(rb"\s+", b" ", text)


def cmd_line_win(text: bytes) -> bytes:
    return re.sub(rb"\s+", b" ", re.sub(rb"[\^\"]", b"", text)).lower()


def base64_decode(text: bytes) -> bytes:
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return text


def base64_decode_ext(text: bytes) -> bytes:
    """As ``base64_decode``, with whatever is no base64 passed over."""
    clean = _NOT_BASE64.sub(b"", text)
    clean = clean[: len(clean) - 1] if len(clean) % 4 == 1 else clean
    return base64.b64decode(clean + b"=" * (-len(clean) % 4))


def hex_decode(text: bytes) -> bytes:
    try:
        return binascii.unhexlify(text)
    except binascii.Error:
        return text


def escape_seq_decode(text: bytes) -> bytes:
    return _JS_ESCAPE.sub(_js_character, text)


def _js_character(found: re.Match[bytes]) -> bytes:
    wide, narrow, octal, plain = found.groups()
    if wide or narrow:
        return _code(int(wide or narrow, 16))
    if octal:
        return _code(int(octal, 8) & 0xFF)
    return _ESCAPES.get(plain, plain)


def sql_hex_decode(text: bytes) -> bytes:
    return _SQL_HEX.sub(lambda found: binascii.unhexlify(found[1]), text)


def css_decode(text: bytes) -> bytes:
    return _CSS_ESCAPE.sub(lambda found: _code(int(found[1], 16)) if found[1] else found[2] or b"", text)


def url_decode(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def url_decode_uni(text: bytes) -> bytes:
    return url_decode(_UNI_ESCAPE.sub(lambda found: _code(int(found[1], 16)), text))


def normalize_path(text: bytes) -> bytes:
    """``//``, ``/./`` and inner ``/../`` removed."""
    parts: list[bytes] = []
    for part in _SLASHES.sub(b"/", text).split(b"/"):
        if part == b".":
            continue
        if part == b".." and parts and parts[-1] not in (b"", b".."):
            parts.pop()
        else:
            parts.append(part)
    return b"/".join(parts)


def normalize_path_win(text: bytes) -> bytes:
    return normalize_path(text.replace(b"\\", b"/"))


def utf8_to_unicode(text: bytes) -> bytes:
    """Characters beyond ASCII as ``%uXXXX``."""
    decoded = text.decode("utf-8", "surrogateescape")
    return b"".join(each.encode() if each.isascii() else f"%u{ord(each):04x}".encode("ascii") for each in decoded)


TRANSFORMATIONS: Mapping[str, Transformation] = {
    "NONE": lambda text: text,
    "COMPRESS_WHITE_SPACE": compress_white_space,
    "HTML_ENTITY_DECODE": html_entity_decode,
    "LOWERCASE": bytes.lower,
    "UPPERCASE": bytes.upper,
    "CMD_LINE": cmd_line,
    "CMD_LINE_WIN": cmd_line_win,
    "CMD_LINE_UNIX": cmd_line_unix,
    "URL_DECODE": url_decode,
    "URL_DECODE_UNI": url_decode_uni,
    "BASE64_DECODE": base64_decode,
    "BASE64_DECODE_EXT": base64_decode_ext,
    "HEX_DECODE": hex_decode,
    "MD5": lambda text: hashlib.md5(text, usedforsecurity=False).digest(),
    "SHA256": lambda text: hashlib.sha256(text).digest(),
    "REPLACE_COMMENTS": lambda text: _SQL_COMMENT.sub(b" ", text),
    "REMOVE_COMMENTS_CHAR": lambda text: _COMMENT_CHARS.sub(b"", text),
    "ESCAPE_SEQ_DECODE": escape_seq_decode,
    "SQL_HEX_DECODE": sql_hex_decode,
    "CSS_DECODE": css_decode,
    "JS_DECODE": escape_seq_decode,
    "JS_DECODE_EXT": escape_seq_decode,
    "NORMALIZE_PATH": normalize_path,
    "NORMALIZE_PATH_WIN": normalize_path_win,
    "REMOVE_NULLS": lambda text: text.replace(b"\0", b""),
    "REPLACE_NULLS": lambda text: text.replace(b"\0", b" "),
    "UTF8_TO_UNICODE": utf8_to_unicode,
    "REMOVE_WHITESPACE": lambda text: _WHITE.sub(b"", text),
    "TRIM": bytes.strip,
    "TRIM_LEFT": bytes.lstrip,
    "TRIM_RIGHT": bytes.rstrip,
}


def compile_transformations(listed: Sequence[Mapping[str, Any]] | None) -> Transformation:
    """One function for a statement's transformations, in the order of their priorities.

    Raises ValueError for a transformation there is not.
    """
    chain: list[Transformation] = []
    for each in sorted(listed or (), key=lambda each: int(each.get("Priority", 0))):
        name = each.get("Type", "NONE")
        if name not in TRANSFORMATIONS:
            raise ValueError(f"Unknown text transformation {name}")
        if name != "NONE":
            chain.append(TRANSFORMATIONS[name])
    if not chain:
        return TRANSFORMATIONS["NONE"]
    if len(chain) == 1:
        return chain[0]

    def transform(text: bytes) -> bytes:
        for step in chain:
            text = step(text)
        return text

    return transform
