"""Validate: required parameters, and the body against the model of its content type.

Belongs here: what AWS checks and in which order. Never here: JSON Schema (``deployment/models.py``).
AWS page: "Request validation for REST APIs in API Gateway".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from emulator.deployment.hash_order import hash_order
from emulator.deployment.models import BrokenModel
from emulator.errors import GatewayError
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.request_values import body_type

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway

# Bytes of a body from which on it is checked off the reactor.
LARGE = 64 * 1024

_NO_JSON = "[Unknown error parsing request body]"


async def validate(invocation: Invocation, gateway: Gateway) -> None:
    """BAD_REQUEST_PARAMETERS, then BAD_REQUEST_BODY; a method without a validator lets everything pass."""
    method = invocation.method
    if method.required:
        missing = [name for place, name in method.required if not _present(invocation, place, name)]
        if missing:
            message = f"Missing required request parameters: [{', '.join(hash_order(missing))}]"
            raise GatewayError("BAD_REQUEST_PARAMETERS", message, log=message)
    if method.models:
        await _check_body(invocation, gateway)


def _present(invocation: Invocation, place: str, name: str) -> bool:
    if place == "header":
        value = invocation.request.headers.last(name)
        return bool(value and value.strip())
    if place == "path":
        return bool(invocation.path_parameters.get(name))
    return any(each == name and value.strip() for each, value in invocation.query)


async def _check_body(invocation: Invocation, gateway: Gateway) -> None:
    models = invocation.method.models
    content_type = body_type(invocation)
    model = models.get(content_type) or models.get("$default")
    if model is None:
        return
    raw = invocation.request.body
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:  # no body at all is no JSON either
        raise _invalid(content_type, _NO_JSON) from error
    try:
        if len(raw) > LARGE:
            errors = await gateway.effects.in_thread(model.errors, document)
        else:
            errors = model.errors(document)
    except BrokenModel as error:
        raise GatewayError(
            "API_CONFIGURATION_ERROR", log=f"Execution failed due to configuration error: {error}"
        ) from error
    if errors:
        raise _invalid(content_type, f"[{', '.join(errors)}]")


def _invalid(content_type: str, found: str) -> GatewayError:
    return GatewayError(
        "BAD_REQUEST_BODY",
        validation_error=found,
        log=f"Request body does not match model schema for content type {content_type}: {found}",
    )
