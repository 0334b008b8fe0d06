"""The part of a REQUEST authorizer's event that describes the request.

Belongs here: that event's shape. Never here: the proxy integration's event, which differs: it has a body, and null
where this one has an empty map.

AWS page: "Input to an API Gateway Lambda authorizer".
"""

from __future__ import annotations

from typing import Any

from emulator.execute_api.invocation import Invocation
from emulator.execute_api.proxy_event import request_context
from emulator.execute_api.request_values import arrived_headers, query_lists


def _identity(invocation: Invocation, identity: dict[str, Any]) -> dict[str, Any]:
    """The caller so far: the API key is shown before anybody has checked it."""
    more: dict[str, Any] = {}
    key = invocation.request.headers.last("x-api-key") if invocation.method.api_key_required else None
    if key is not None:
        more["apiKey"] = key
    if "vpceId" in invocation.extra:
        more["vpceId"] = invocation.extra["vpceId"]
    return {**identity, **more}


def details(invocation: Invocation) -> dict[str, Any]:
    """From ``resource`` to ``requestContext``; header names as the client wrote them."""
    headers = arrived_headers(invocation)
    query = query_lists(invocation)
    shown = request_context(invocation)
    shown["identity"] = _identity(invocation, shown["identity"])
    return {
        "resource": invocation.method.resource_path,
        "path": invocation.path if invocation.base_path is None else invocation.request_path,
        "httpMethod": invocation.request.method,
        "headers": headers.single(),
        "multiValueHeaders": headers.multi(),
        "queryStringParameters": {name: values[-1] for name, values in query.items()},
        "multiValueQueryStringParameters": query,
        "pathParameters": dict(invocation.path_parameters),
        "stageVariables": dict(invocation.stage_variables),
        "requestContext": shown,
    }
