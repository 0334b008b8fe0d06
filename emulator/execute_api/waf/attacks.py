"""SQL injection and cross-site scripting: what we take for an attack.

Belongs here: two predicates. A documented simplification: AWS's own detection is not public. Ours knows the forms that
tests and tutorials use (tautologies, UNION SELECT, stacked statements, comments behind quotes, time delays; script
tags, event attributes, script URLs) and is meant to find those, not to guard a server.

Every expression here is linear: no nested repetition.
"""

from __future__ import annotations

import re

_SQL = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rb"['\"`)]\s{0,9}(?:or|and|\|\||&&)\s{0,9}[('\"`]{0,3}\s{0,9}[\w.@]{1,64}['\"`]?\s{0,9}(?:=|<|>|like|is|in)",
        rb"(?:^|[\s'\"`)\d])(?:or|and)\s{1,9}(\d{1,9})\s{0,9}=\s{0,9}\1(?!\d)",
        rb"\bunion\b[\s/*()]{1,64}(?:all[\s/*()]{1,64}|distinct[\s/*()]{1,64})?select\b",
        rb";\s{0,9}(?:select|insert|update|delete|drop|alter|create|truncate|exec|execute|declare|shutdown)\b",
        rb"['\"`]\s{0,9}(?:--|#|/\*)",
        rb"['\"`]\s{0,9};",
        rb"\b(?:sleep|benchmark|pg_sleep|waitfor\s{1,9}delay|dbms_pipe\.receive_message)\b\s{0,9}[('\"]",
        rb"\bselect\b[^;]{1,256}\bfrom\b[^;]{1,256}\b(?:where|information_schema|pg_catalog|sysobjects|dual)\b",
        rb"\b(?:information_schema|xp_cmdshell|load_file|into\s{1,9}(?:out|dump)file)\b",
        rb"\bdrop\s{1,9}(?:table|database|schema|view)\b",
        rb"\binsert\s{1,9}into\b[^;]{1,256}\bvalues\b",
        rb"\bdelete\s{1,9}from\b",
    )
)
_SQL_HIGH = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rb"['\"`]\s{0,9}(?:or|and|\|\||&&)\b",
        rb"\bselect\b[^;]{1,256}\bfrom\b",
        rb"(?:--|#)\s{0,9}$",
    )
)
_XSS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rb"<\s{0,9}/?\s{0,9}(?:script|iframe|object|embed|applet|meta|link|style|base|form|svg|math|frameset)\b",
        rb"<[^>]{1,512}[\s/\"']on[a-z]{3,32}\s{0,9}=",
        rb"[\"'\s/]on(?:error|load|click|mouse[a-z]{2,8}|focus|blur|key[a-z]{2,8}|submit|toggle)\s{0,9}=",
        rb"(?:java|vb|live)\s{0,9}script\s{0,9}:",
        rb"data\s{0,9}:\s{0,9}text/html",
        rb"\bexpression\s{0,9}\(",
        rb"<\s{0,9}img\b[^>]{0,512}\bsrc\s{0,9}=\s{0,9}[\"']?\s{0,9}(?:x\b|javascript)",
        rb"\bdocument\s{0,9}\.\s{0,9}(?:cookie|write|location)",
        rb"<!\[cdata\[|<!entity|<\?xml-stylesheet",
    )
)


def looks_like_sql(text: bytes, *, high: bool = False) -> bool:
    """Whether a text carries SQL; ``high`` finds more, and more that is innocent."""
    return any(each.search(text) for each in _SQL) or (high and any(each.search(text) for each in _SQL_HIGH))


def looks_like_script(text: bytes) -> bool:
    """Whether a text carries script."""
    return any(each.search(text) for each in _XSS)
