"""Selection patterns: the regular expression that picks an integration response.

Belongs here: AWS's reading of the pattern (Java's syntax, the whole text must match) on the ``regex`` module, with a
time limit so that no pattern holds the reactor. Never here: what the pattern is matched against.
AWS page: "Set up an integration response" (selection pattern).
"""

from __future__ import annotations

from emulator.mapping.errors import MappingError
from emulator.mapping.velocity.java_regex import compile_pattern

# Seconds one match may take: a pattern made to explode counts as not matching.
MATCH_LIMIT = 0.05


class SelectionPattern:
    """One pattern, compiled; a pattern that is no regular expression matches only its own text."""

    __slots__ = ("_compiled", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        try:
            self._compiled = compile_pattern(source)
        except MappingError:
            self._compiled = None

    def matches(self, text: str) -> bool:
        """Whether the whole ``text`` matches."""
        if self._compiled is None:
            return text == self.source
        try:
            return self._compiled.fullmatch(text, timeout=MATCH_LIMIT) is not None
        except TimeoutError:
            return False
