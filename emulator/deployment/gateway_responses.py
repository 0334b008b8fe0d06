"""The 21 gateway response types: what AWS answers when nobody says otherwise, and what an API defines instead.

Belongs here: the table and the compiled form of an API's own definitions. Never here: rendering
(``execute_api/gateway_response.py``).
AWS page: "Gateway response types for API Gateway".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

DEFAULT_TEMPLATE = '{"message":$context.error.messageString}'


@frozen
class ResponseType:
    """One type: its status, the text of ``$context.error.message``, and the ``x-amzn-ErrorType`` it shows."""

    status: int
    message: str | None
    error_type: str


_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)

TYPES: Mapping[str, ResponseType] = {
    "ACCESS_DENIED": ResponseType(403, "User is not authorized to access this resource", "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": ResponseType(500, "Internal server error", "InternalServerErrorException"),
    "AUTHORIZER_CONFIGURATION_ERROR": ResponseType(500, None, "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": ResponseType(500, None, "AuthorizerConfigurationException"),
    "BAD_REQUEST_BODY": ResponseType(400, "Invalid request body", "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": ResponseType(400, "Invalid request parameters", "BadRequestException"),
    "DEFAULT_4XX": ResponseType(403, "Forbidden", "ForbiddenException"),
    "DEFAULT_5XX": ResponseType(500, "Internal server error", "InternalServerErrorException"),
    "EXPIRED_TOKEN": ResponseType(
        403, "The security token included in the request is expired", "ExpiredTokenException"
    ),
    "INTEGRATION_FAILURE": ResponseType(504, "Internal server error", "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": ResponseType(504, "Endpoint request timed out", "InternalServerErrorException"),
    "INVALID_API_KEY": ResponseType(403, "Forbidden", "ForbiddenException"),
    "INVALID_SIGNATURE": ResponseType(403, _SIGNATURE, "InvalidSignatureException"),
    "MISSING_AUTHENTICATION_TOKEN": ResponseType(
        403, "Missing Authentication Token", "MissingAuthenticationTokenException"
    ),
    "QUOTA_EXCEEDED": ResponseType(429, "Limit Exceeded", "LimitExceededException"),
    "REQUEST_TOO_LARGE": ResponseType(413, "Request Too Long", "RequestTooLongException"),
    "RESOURCE_NOT_FOUND": ResponseType(404, "Not Found", "NotFoundException"),
    "THROTTLED": ResponseType(429, "Too Many Requests", "TooManyRequestsException"),
    "UNAUTHORIZED": ResponseType(401, "Unauthorized", "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": ResponseType(415, "Unsupported Media Type", "BadRequestException"),
    "WAF_FILTERED": ResponseType(403, "Forbidden", "ForbiddenException"),
}


@frozen(eq=False)
class CompiledGatewayResponse:
    """What an API defines for one type. ``parameters``: header name to ``(kind, value)``, see ``compile_response``."""

    status: int | None
    parameters: tuple[tuple[str, str, str], ...]  # (header name, "literal" | "reference", text)
    templates: Mapping[str, str]  # media type -> template text


_PREFIX = "gatewayresponse.header."


def compile_response(record: Mapping[str, Any]) -> CompiledGatewayResponse:
    """An API's GatewayResponse record, with its header parameters taken apart."""
    parameters = []
    for target, source in (record.get("responseParameters") or {}).items():
        if not target.startswith(_PREFIX):
            continue
        name = target[len(_PREFIX) :]
        if len(source) >= 2 and source[0] == source[-1] == "'":
            parameters.append((name, "literal", source[1:-1]))
        else:
            parameters.append((name, "reference", source))
    status = record.get("statusCode")
    return CompiledGatewayResponse(
        status=int(status) if status else None,
        parameters=tuple(parameters),
        templates=dict(record.get("responseTemplates") or {}),
    )
