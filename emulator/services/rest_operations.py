"""Which operation of a REST service a method and a path name, and what its body lacks, by the service's model.

Belongs here: the paths of botocore's models. Never here: other protocols, where a header or parameter names the action.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

import orjson
from attrs import frozen

from emulator.services.protocols import Description
from emulator.wire import Request

_LABEL = re.compile(r"\{(\w+)(\+?)\}")


@frozen
class _Route:
    """``fixed`` are parameters of the query that the path's template itself has."""

    action: str
    pattern: re.Pattern[str]
    fixed: frozenset[tuple[str, str]]
    labels: int


_routes: dict[str, dict[str, tuple[_Route, ...]]] = {}


def operation_at(description: Description, request: Request) -> str | None:
    """The operation's name; None when the service has none there. Paths without labels go before those with."""
    by_method = _routes.get(description.name)
    if by_method is None:
        by_method = _routes[description.name] = _compiled(description)
    path = request.raw_path.decode("latin-1")
    query = frozenset(parse_qsl(request.raw_query.decode("latin-1"), keep_blank_values=True))
    for route in by_method.get(request.method, ()):
        if route.fixed <= query and route.pattern.fullmatch(path) is not None:
            return route.action
    return None


def missing_members(description: Description, request: Request) -> Sequence[str] | None:
    """The required members that a JSON body lacks, of an operation that has a ValidationException to say so with.

    None when the body is no JSON object.
    """
    action = operation_at(description, request)
    if action is None:
        return ()
    operation = description.model.operation_model(action)
    shape = operation.input_shape
    if shape is None or "payload" in shape.serialization:
        return ()
    inside = {name: each for name, each in shape.members.items() if "location" not in each.serialization}
    if not inside:
        return ()
    try:
        given: Any = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError:
        return None
    if not isinstance(given, dict):
        return None
    if all(each.name != "ValidationException" for each in operation.error_shapes):
        return ()
    required = [name for name in shape.required_members if name in inside]
    return [name for name in required if given.get(inside[name].serialization.get("name", name)) is None]


def _compiled(description: Description) -> dict[str, tuple[_Route, ...]]:
    made: dict[str, list[_Route]] = {}
    for name in description.model.operation_names:
        http = description.model.operation_model(name).http
        made.setdefault(http.get("method", "POST"), []).append(_route(name, http.get("requestUri", "/")))
    return {
        method: tuple(sorted(routes, key=lambda each: (each.labels, -len(each.fixed))))
        for method, routes in made.items()
    }


def _route(name: str, uri: str) -> _Route:
    path, _, query = uri.partition("?")
    pattern, at = "", 0
    for found in _LABEL.finditer(path):
        pattern += re.escape(path[at : found.start()]) + (".+" if found[2] else "[^/]+")
        at = found.end()
    pattern += re.escape(path[at:]).removesuffix("/") + "/?"
    fixed = frozenset(parse_qsl(query, keep_blank_values=True))
    return _Route(name, re.compile(pattern), fixed, path.count("{"))
