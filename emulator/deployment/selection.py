"""Selection patterns: the regular expression that picks an integration response.

Belongs here: AWS's reading of the pattern (Java's syntax, the whole text must match) on the ``regex`` module, with a
time limit so that no pattern holds the reactor. Never here: what the pattern is matched against.
AWS page: "Set up an integration response" (selection pattern).
"""

from __future__ import annotations

import regex

# Seconds one match may take: a pattern made to explode counts as not matching.
MATCH_LIMIT = 0.05

_JAVA_ONLY = {r"\h": r"[ \t\xA0]", r"\R": r"(?:\r\n|[\n\r])"}


class SelectionPattern:
    """One pattern, compiled; a pattern that is no regular expression matches only its own text."""

    __slots__ = ("_compiled", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        pattern = source
        for java, python in _JAVA_ONLY.items():
            pattern = pattern.replace(java, python)
        try:
            # Java's "." does not match a newline, as here; its \d, \w are ASCII.
            self._compiled = regex.compile(pattern, regex.VERSION1 | regex.ASCII)
        except regex.error:
            self._compiled = None

    def matches(self, text: str) -> bool:
        """Whether the whole ``text`` matches."""
        if self._compiled is None:
            return text == self.source
        try:
            return self._compiled.fullmatch(text, timeout=MATCH_LIMIT) is not None
        except TimeoutError:
            return False
