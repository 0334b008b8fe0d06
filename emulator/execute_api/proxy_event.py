"""The event a Lambda function gets for a proxied request: format 1.0, in AWS's order.

Belongs here: the event. Never here: the authorizer's event, calling the function.
AWS page: "Input format of a Lambda function for proxy integration".
"""

from __future__ import annotations

import base64
from typing import Any

import orjson

from emulator.execute_api.binary import is_binary
from emulator.execute_api.context import context_of
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.request_values import arrived_headers, carries_signature, query_lists

# Members of requestContext, in order; those that are absent are left out.
_CONTEXT = (
    "resourceId",
    "authorizer",
    "resourcePath",
    "httpMethod",
    "extendedRequestId",
    "requestTime",
    "path",
    "accountId",
    "protocol",
    "stage",
    "domainPrefix",
    "requestTimeEpoch",
    "requestId",
    "identity",
    "domainName",
    "deploymentId",
    "isCanaryRequest",
    "apiId",
)


def request_context(invocation: Invocation) -> dict[str, Any]:
    """The event's ``requestContext``, for functions and for REQUEST authorizers."""
    context = context_of(invocation)
    shown = {name: context[name] for name in _CONTEXT if name in context}
    # JWT claims keep their JSON types here, where templates see text.
    typed = invocation.extra.get("eventAuthorizer")
    if typed is not None:
        shown["authorizer"] = typed
    return shown


def event_of(invocation: Invocation) -> dict[str, Any]:
    """The event as a dictionary. Empty maps are null."""
    request = invocation.request
    headers = arrived_headers(invocation)
    if carries_signature(invocation):
        headers = headers.copy()
        headers.remove("authorization")
    query = query_lists(invocation)
    body, encoded = _body(invocation)
    return {
        "resource": invocation.method.resource_path,
        "path": invocation.request_path if invocation.base_path is not None else invocation.path,
        "httpMethod": request.method,
        "headers": headers.single() or None,
        "multiValueHeaders": headers.multi() or None,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": invocation.path_parameters or None,
        "stageVariables": invocation.stage_variables or None,
        "requestContext": request_context(invocation),
        "body": body,
        "isBase64Encoded": encoded,
    }


def _body(invocation: Invocation) -> tuple[str | None, bool]:
    body = invocation.request.body
    if not body:
        return None, False
    if is_binary(invocation.request.headers.last("content-type"), invocation.deployment.binary_media_types):
        return base64.b64encode(body).decode(), True
    return body.decode("utf-8", "replace"), False


def write(invocation: Invocation) -> bytes:
    """The event as JSON."""
    return orjson.dumps(event_of(invocation))
