"""Gateway responses: how a failed check or step looks to the client.

Belongs here: finding the definition (the API's own type, its DEFAULT_4XX/5XX, AWS's), the plain substitution its
templates use (no Velocity), its header parameters. Never here: the table of types (``deployment``), or who fails.
AWS page: "Gateway responses in API Gateway".
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from emulator.deployment.compiled import CompiledApi
from emulator.deployment.gateway_responses import DEFAULT_TEMPLATE, TYPES, CompiledGatewayResponse
from emulator.errors import GatewayError
from emulator.execute_api.context import context_of, forget_context, has
from emulator.execute_api.invocation import Invocation
from emulator.mapping.parameters import context_value, text_of
from emulator.wire import Headers, Response, media_type

_NAME = r"(?:context|stageVariables|method\.request)(?:\.[A-Za-z0-9_$-]+)+"
_REFERENCE = re.compile(rf"\$(?:\{{({_NAME})\}}|({_NAME}))")
_JSON = "application/json"


def render(invocation: Invocation, error: GatewayError) -> Response:
    """The answer for ``error``."""
    forget_context(invocation)
    invocation.error = error
    kind = TYPES[error.response_type]
    status = error.status or kind.status
    deployment: CompiledApi | None = invocation.deployment if has(invocation, "deployment") else None
    definition = _definition(deployment, error.response_type, status)
    if definition is not None and definition.status is not None:
        status = definition.status
    content_type, template = _template(invocation, definition)
    headers = Headers([("Content-Type", content_type), ("x-amzn-ErrorType", error.error_type or kind.error_type)])
    if definition is not None:
        _parameters(invocation, definition, headers)
    invocation.extra["gatewayStatus"] = status
    return Response(status=status, headers=headers, body=_body(invocation, error, template).encode())


def _definition(
    deployment: CompiledApi | None, response_type: str, status: int
) -> CompiledGatewayResponse | None:
    """The API's own definition of the type, else its DEFAULT_4XX or DEFAULT_5XX, else None."""
    if deployment is None or not deployment.gateway_responses:
        return None
    defined = deployment.gateway_responses
    return defined.get(response_type) or defined.get("DEFAULT_5XX" if status >= 500 else "DEFAULT_4XX")


def _template(invocation: Invocation, definition: CompiledGatewayResponse | None) -> tuple[str, str]:
    """``(content type, template)`` by the request's Accept among those defined."""
    if definition is None or not definition.templates:
        return _JSON, DEFAULT_TEMPLATE
    templates = definition.templates
    for entry in (invocation.request.headers.last("accept") or "").split(","):
        wanted = media_type(entry)
        for content_type, template in templates.items():
            if wanted == media_type(content_type):
                return content_type, template
    if _JSON in templates:
        return _JSON, templates[_JSON]
    return next(iter(templates.items()))


def _body(invocation: Invocation, error: GatewayError, template: str) -> str:
    if template == DEFAULT_TEMPLATE:
        kind = TYPES[error.response_type]
        # AWS spells the member of a policy's denial with a capital letter.
        name = "Message" if error.response_type == "ACCESS_DENIED" else "message"
        message = kind.message if error.default_message else error.message
        return f'{{"{name}":{orjson.dumps(message).decode()}}}'

    def replace(match: re.Match[str]) -> str:
        value = reference(invocation, match.group(1) or match.group(2))
        return "" if value is None else value

    return _REFERENCE.sub(replace, template)


def reference(invocation: Invocation, name: str) -> str | None:
    """``context.x``, ``stageVariables.x`` or ``method.request.{header,querystring,path,body}.x`` as text, or None."""
    root, _, rest = name.partition(".")
    value: Any = None
    if root == "context":
        value = context_value(context_of(invocation), rest)
    elif root == "stageVariables":
        value = invocation.stage_variables.get(rest) if has(invocation, "stage_variables") else None
    elif root == "method":
        value = _request_value(invocation, rest.removeprefix("request."))
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return None if value is None else text_of(value)


def _request_value(invocation: Invocation, name: str) -> str | None:
    place, _, key = name.partition(".")
    if place in ("header", "multivalueheader"):
        return invocation.request.headers.last(key)
    if place in ("querystring", "multivaluequerystring"):
        found = [value for each, value in invocation.query if each == key] if has(invocation, "query") else []
        return found[-1] if found else None
    if place == "path":
        return invocation.path_parameters.get(key) if has(invocation, "path_parameters") else None
    if place == "body" and not key:
        return invocation.request.body.decode("utf-8", "replace")
    return None


def _parameters(invocation: Invocation, definition: CompiledGatewayResponse, headers: Headers) -> None:
    for name, kind, text in definition.parameters:
        value = text if kind == "literal" else reference(invocation, text)
        if value is not None and "\r" not in value and "\n" not in value:
            headers.set(name, value)
