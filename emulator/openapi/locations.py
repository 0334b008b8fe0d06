"""Where a documentation part belongs: which fields each type of location has, and their defaults.

Belongs here: ``DocumentationPart.location`` as a value. Never here: storing parts.

Page followed: API reference, "DocumentationPartLocation". Fields left out get ``/`` (path), ``*`` (method) and ``*``
(statusCode) where the type has them, as recorded on AWS.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from emulator.store.records import Record

_METHOD_LIKE = ("path", "method")
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "API": (),
    "AUTHORIZER": ("name",),
    "MODEL": ("name",),
    "RESOURCE": ("path",),
    "METHOD": _METHOD_LIKE,
    "PATH_PARAMETER": (*_METHOD_LIKE, "name"),
    "QUERY_PARAMETER": (*_METHOD_LIKE, "name"),
    "REQUEST_HEADER": (*_METHOD_LIKE, "name"),
    "REQUEST_BODY": (*_METHOD_LIKE, "name"),
    "RESPONSE": (*_METHOD_LIKE, "statusCode"),
    "RESPONSE_HEADER": (*_METHOD_LIKE, "statusCode", "name"),
    "RESPONSE_BODY": (*_METHOD_LIKE, "statusCode"),
}
_DEFAULTS = {"path": "/", "method": "*", "statusCode": "*"}
TYPES = tuple(_FIELDS)


class InvalidLocation(Exception):
    """A location with a field its type has not, or without the name it needs."""


def normal(location: Record) -> Record:
    """The location with its defaults filled in. Raises ``InvalidLocation`` with AWS's text."""
    kind = location.get("type")
    fields = _FIELDS.get(str(kind))
    if fields is None:
        raise InvalidLocation(f"Invalid documentation part type specified: {kind}")
    for field in ("path", "method", "statusCode", "name"):
        if location.get(field) is not None and field not in fields:
            raise InvalidLocation(f"Invalid location specified: '{field}' is not a valid field for type {kind}")
    if "name" in fields and not location.get("name") and kind != "REQUEST_BODY":
        raise InvalidLocation(f"Invalid location specified: 'name' is required for type {kind}")
    result: Record = {"type": kind}
    for field in fields:
        value = location.get(field) or _DEFAULTS.get(field)
        if value is not None:
            result[field] = str(value)
    return result


def key(location: Record) -> tuple[str, ...]:
    """What makes two locations the same."""
    return tuple(str(location.get(field, "")) for field in ("type", "path", "method", "statusCode", "name"))


def properties_text(properties: Any) -> str:
    """Properties as a part keeps them: the text of a JSON object."""
    return properties if isinstance(properties, str) else json.dumps(properties, separators=(",", ":"))
