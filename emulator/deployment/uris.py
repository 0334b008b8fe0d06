"""Texts with ``${stageVariables.x}`` and ``{parameter}`` in them, split once.

Belongs here: integration URIs, credentials and connection ids. Never here: what is done with the result.
AWS page: "Using API Gateway stage variables" (an unknown variable leaves an empty string).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PARTS = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}|\{([^{}]+?)\}")


class UriTemplate:
    """A text, pre-split into what stands in it and what is filled in per request."""

    __slots__ = ("_literal", "_parts", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        parts: list[tuple[str, str, str]] = []  # (literal before, kind, name)
        at = 0
        for match in _PARTS.finditer(source):
            kind = "stage" if match.group(1) is not None else "path"
            parts.append((source[at : match.start()], kind, match.group(1) or match.group(2)))
            at = match.end()
        self._parts = tuple(parts)
        self._literal = source[at:]

    def __bool__(self) -> bool:
        return bool(self.source)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names between plain braces, in order (``{proxy+}`` is ``proxy``)."""
        return tuple(name.removesuffix("+") for _, kind, name in self._parts if kind == "path")

    def fill(self, stage_variables: Mapping[str, str], parameters: Mapping[str, str]) -> str:
        """The text with everything filled in; a brace nobody has a value for stays as it is."""
        if not self._parts:
            return self.source
        out: list[str] = []
        for before, kind, name in self._parts:
            out.append(before)
            if kind == "stage":
                out.append(stage_variables.get(name, ""))
            else:
                value = parameters.get(name.removesuffix("+"))
                out.append("{" + name + "}" if value is None else value)
        out.append(self._literal)
        return "".join(out)
