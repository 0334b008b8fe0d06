"""References within a document: ``#/…`` and nothing else.

Belongs here: following ``$ref``. Never here: files or URLs, which are never fetched.

Why no OpenAPI library does this: the kept ones (openapi-core, openapi-spec-validator, prance) hold documents to the
specification, resolve references over the network or inline them, and refuse what AWS takes with a warning; AWS
follows only references into the document, and leaves those between models as they are.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

MAX_HOPS = 50


class UnresolvedReference(Exception):
    """A reference to what is not in the document, or round in a circle."""


class References:
    """Looks up references of one document. ``swagger`` is true for version 2.0."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.swagger = "swagger" in document
        self.schema_prefix = "#/definitions/" if self.swagger else "#/components/schemas/"

    def schema_name(self, reference: str) -> str | None:
        """The name of the schema that ``reference`` points to, if it points among the document's schemas."""
        if reference.startswith(self.schema_prefix):
            name = _unescape(reference[len(self.schema_prefix) :])
            return name if "/" not in name else None
        if self.swagger and reference and "/" not in reference and not reference.startswith("#"):
            return reference  # swagger 1's habit, which the parser still follows
        return None

    def resolve(self, node: Any) -> Any:
        """``node``, or what its ``$ref`` points to. Raises ``UnresolvedReference``."""
        hops = 0
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            hops += 1
            if hops > MAX_HOPS:
                raise UnresolvedReference(f"Reference loop at {node['$ref']}")
            node = self.at(node["$ref"])
        return node

    def at(self, reference: str) -> Any:
        """What a reference points to."""
        if not reference.startswith("#/"):
            raise UnresolvedReference(f"Could not resolve reference {reference}")
        node: Any = self.document
        for part in reference[2:].split("/"):
            name = _unescape(part)
            if isinstance(node, dict) and name in node:
                node = node[name]
            elif isinstance(node, list) and name.isdecimal() and int(name) < len(node):
                node = node[int(name)]
            else:
                raise UnresolvedReference(f"Could not resolve reference {reference}")
        return node


def _unescape(part: str) -> str:
    return unquote(part).replace("~1", "/").replace("~0", "~")
