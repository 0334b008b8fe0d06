"""What a template sees of a request, and what it leaves behind.

Belongs here: the plain record that the data plane fills before rendering and reads after it. Never here: how
values are found or printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

NOTHING: Mapping[str, str] = {}


def _request_override() -> dict[str, dict[str, Any]]:
    return {"header": {}, "querystring": {}, "path": {}}


def _response_override() -> dict[str, Any]:
    return {"header": {}, "status": None}


@define(slots=True)
class Scope:
    """One rendering's surroundings.

    ``body`` is the payload's text ("" when there is none). ``context`` is ``$context``: plain values, None prints
    as nothing; a callable that makes
    it is called when the template first needs it. ``request_override`` and ``response_override`` are what
    ``#set($context.requestOverride…)`` left:
    text, or a list for several values; ``status`` is an int or None. A response template begins with the request's.
    """

    body: str = ""
    path: Mapping[str, str] = NOTHING
    querystring: Mapping[str, str] = NOTHING
    header: Mapping[str, str] = NOTHING
    stage_variables: Mapping[str, str] = NOTHING
    context: Mapping[str, Any] | Callable[[], Mapping[str, Any]] = NOTHING
    request_override: dict[str, dict[str, Any]] = field(factory=_request_override)
    response_override: dict[str, Any] = field(factory=_response_override)
