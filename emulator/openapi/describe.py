"""Documentation parts onto a document: what they say goes where OpenAPI has a place for it.

Belongs here: finding the parts of a place, with AWS's inheritance (a path by its prefix, a method by ``*``, a status
code by ``*``; the closest part wins), and merging them in. Never here: which version of the parts.

Page followed: developer guide, "Documentation for REST APIs in API Gateway" and "API reference,
DocumentationPartLocation".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from emulator.openapi.operations import ANY_METHOD
from emulator.store.records import Record

_INHERITED = frozenset(
    {"PATH_PARAMETER", "QUERY_PARAMETER", "REQUEST_HEADER", "RESPONSE", "RESPONSE_HEADER", "RESPONSE_BODY"}
)
_PARAMETERS = {"path": "PATH_PARAMETER", "query": "QUERY_PARAMETER", "header": "REQUEST_HEADER"}


class Describer:
    """Puts parts into one document."""

    def __init__(self, parts: list[Record], swagger: bool) -> None:
        self._swagger = swagger
        self._by_type: dict[str, list[tuple[Record, Record]]] = {}
        for part in parts:
            properties = json.loads(part["properties"])
            if isinstance(properties, dict):
                location = part["location"]
                self._by_type.setdefault(location["type"], []).append((location, properties))

    def apply(self, document: dict[str, Any]) -> None:
        for _, properties in self._by_type.get("API", ()):
            _merge(document, {name: value for name, value in properties.items() if name not in ("paths", "info")})
            if isinstance(properties.get("info"), dict):
                _merge(document["info"], properties["info"])
            if document.get("description") and "description" not in document["info"]:
                document["info"]["description"] = document["description"]
            document.pop("description", None)
        for path, item in document["paths"].items():
            self._put(item, "RESOURCE", path=path)
            for verb, operation in item.items():
                if isinstance(operation, dict) and "responses" in operation:
                    self._apply_operation(path, "ANY" if verb == ANY_METHOD else verb.upper(), operation)
        components = document if self._swagger else document.get("components", {})
        for name, schema in components.get("definitions" if self._swagger else "schemas", {}).items():
            self._put(schema, "MODEL", name=name)
        schemes = components.get("securityDefinitions" if self._swagger else "securitySchemes", {})
        for name, scheme in schemes.items():
            self._put(scheme, "AUTHORIZER", name=name)

    def _apply_operation(self, path: str, method: str, operation: Record) -> None:
        place = {"path": path, "method": method}
        self._put(operation, "METHOD", **place)
        for parameter in operation.get("parameters", ()):
            kind = _PARAMETERS.get(parameter["in"])
            if kind is not None:
                self._put(parameter, kind, **place, name=parameter["name"])
            elif parameter["in"] == "body":
                self._put(parameter, "REQUEST_BODY", **place)
        if "requestBody" in operation:
            self._put(operation["requestBody"], "REQUEST_BODY", **place)
        for status, response in operation["responses"].items():
            there = {**place, "statusCode": status}
            self._put(response, "RESPONSE", **there)
            for name, header in response.get("headers", {}).items():
                self._put(header, "RESPONSE_HEADER", **there, name=name)

    def _put(self, target: Record, kind: str, **place: str) -> None:
        found = self._find(kind, place)
        if found is not None:
            _merge(target, found)

    def _find(self, kind: str, place: dict[str, str]) -> Record | None:
        """The properties of the closest part for a place."""
        best: tuple[tuple[int, int, int], Record] | None = None
        for location, properties in self._by_type.get(kind, ()):
            rank = _rank(location, place, inherits=kind in _INHERITED)
            if rank is not None and (best is None or rank > best[0]):
                best = (rank, properties)
        return None if best is None else best[1]


def _rank(location: Record, place: dict[str, str], inherits: bool) -> tuple[int, int, int] | None:
    """How close a part's location is to a place; None when it does not cover it."""
    if "name" in place and location.get("name") != place["name"]:
        return None
    prefix = location.get("path", "/")
    if "path" in place:
        within = (place["path"] + "/").startswith(prefix.rstrip("/") + "/") if inherits else place["path"] == prefix
        if not within:
            return None
    exact: Callable[[str], int | None] = lambda field: (
        1 if location.get(field) == place.get(field) else 0 if location.get(field, "*") == "*" else None
    )
    method, status = exact("method"), exact("statusCode")
    if method is None or status is None:
        return None
    return (len(prefix), method, status)


def _merge(target: Record, properties: Record) -> None:
    """Add what a part says; ``x-`` members and the shape of what is described stay the document's."""
    for name, value in properties.items():
        if name not in ("$ref", "type", "in", "name", "schema", "responses", "parameters", "security", "headers"):
            target[name] = value
