"""``$context``: the variables of one request, as a nested dictionary.

Belongs here: which variables there are and where each comes from. Never here: how a template reads them, or the
variables that exist only in access logs (``observe/access_log.py``).
AWS page: "Variables for data transformations for API Gateway".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from emulator.deployment.gateway_responses import TYPES
from emulator.errors import GatewayError
from emulator.execute_api.client_certificate import client_certificate
from emulator.execute_api.invocation import Invocation
from emulator.wire import Request

# The members of $context.identity that are always there; null ones print an empty text.
IDENTITY = (
    "cognitoIdentityPoolId",
    "accountId",
    "cognitoIdentityId",
    "caller",
    "sourceIp",
    "principalOrgId",
    "accessKey",
    "cognitoAuthenticationType",
    "cognitoAuthenticationProvider",
    "userArn",
    "userAgent",
    "user",
)


def caller_identity(request: Request, source_ip: str | None = None) -> dict[str, Any]:
    """The identity of a caller nobody has asked to identify: address and user agent."""
    identity: dict[str, Any] = dict.fromkeys(IDENTITY)
    identity["sourceIp"] = source_ip or request.source_ip
    identity["userAgent"] = request.headers.last("user-agent")
    if request.client_certificate is not None:
        identity["clientCert"] = client_certificate(request.client_certificate)
    return identity


_minute: tuple[int, str] = (-1, "")


def request_time(epoch: float) -> str:
    """Common log format, UTC: ``09/Jun/2024:11:22:33 +0000``."""
    global _minute
    whole = int(epoch)
    minute, second = divmod(whole, 60)
    known, text = _minute
    if known != minute:
        text = datetime.fromtimestamp(minute * 60, UTC).strftime("%d/%b/%Y:%H:%M:")
        _minute = (minute, text)
    return f"{text}{second:02d} +0000"


def context_of(invocation: Invocation) -> dict[str, Any]:
    """The invocation's ``$context``, made once; whatever stage has not run yet is left out."""
    try:
        known: dict[str, Any] = invocation._context
        return known
    except AttributeError:
        pass
    context = _routed(invocation) if has(invocation, "method") else _early(invocation)
    if "vpceId" in invocation.extra:
        extra = invocation.extra
        context["identity"] = {**context["identity"], "vpcId": extra["vpcId"], "vpceId": extra["vpceId"]}
    if invocation.error is not None:
        context["error"] = error_of(invocation.error, invocation)
    invocation._context = context
    return context


def _routed(invocation: Invocation) -> dict[str, Any]:
    """The context of a request that found its method, in the order in which AWS lists it to templates."""
    request, deployment, method = invocation.request, invocation.deployment, invocation.method
    context: dict[str, Any] = {
        "resourceId": method.resource_id,
        "resourcePath": method.resource_path,
        "httpMethod": request.method,
        "extendedRequestId": invocation.extended_request_id,
        "requestTime": request_time(invocation.epoch),
        "path": invocation.request_path,
        "accountId": deployment.account,
        "protocol": request.protocol,
        "requestOverride": None,  # the template's own
        "stage": invocation.stage.name,
        "domainPrefix": invocation.domain_prefix,
        "requestTimeEpoch": int(invocation.epoch * 1000),
        "requestId": invocation.request_id,
        "identity": invocation.identity if has(invocation, "identity") else caller_identity(request),
        "domainName": invocation.domain_name,
        "deploymentId": deployment.deployment_id,
        "responseOverride": None,
        "apiId": deployment.api_id,
    }
    if invocation.stage.canary is not None:
        context["isCanaryRequest"] = invocation.is_canary
    if has(invocation, "authorizer") and invocation.authorizer is not None:
        context["authorizer"] = invocation.authorizer
    if has(invocation, "answer") and invocation.answer.request_id:
        context["awsEndpointRequestId"] = invocation.answer.request_id
    if has(invocation, "waf") and invocation.waf:
        waf = invocation.waf
        context["wafResponseCode"] = waf.get("wafResponseCode")
        context["webaclArn"] = waf.get("webAclArn") or waf.get("webaclArn")
    return context


def _early(invocation: Invocation) -> dict[str, Any]:
    """The context of a request that ended before its method was found."""
    request = invocation.request
    context: dict[str, Any] = {
        "httpMethod": request.method,
        "extendedRequestId": invocation.extended_request_id,
        "requestTime": request_time(invocation.epoch),
        "protocol": request.protocol,
        "requestTimeEpoch": int(invocation.epoch * 1000),
        "requestId": invocation.request_id,
        "identity": caller_identity(request),
    }
    if has(invocation, "deployment"):
        deployment = invocation.deployment
        context["apiId"] = deployment.api_id
        context["accountId"] = deployment.account
        context["deploymentId"] = deployment.deployment_id
        context["stage"] = invocation.stage.name
    if has(invocation, "path"):
        context["path"] = invocation.request_path
        context["domainName"] = invocation.domain_name
        context["domainPrefix"] = invocation.domain_prefix
    return context


def forget_context(invocation: Invocation) -> None:
    """Have ``context_of`` look again: a stage has found out more."""
    try:
        del invocation._context
    except AttributeError:
        return  # nobody has asked yet


def note_endpoint(invocation: Invocation, request_id: str) -> None:
    """Tell the context, where it was made already, under what identifier the AWS service answered."""
    if has(invocation, "_context"):
        invocation._context["awsEndpointRequestId"] = request_id


def has(invocation: Invocation, slot: str) -> bool:
    """Whether the stage that fills ``slot`` has run."""
    try:
        getattr(invocation, slot)
    except AttributeError:
        return False
    return True


def error_of(error: GatewayError, invocation: Invocation) -> dict[str, Any]:
    """``$context.error``. ``messageString`` is the message in quotes (JSON)."""
    message = TYPES[error.response_type].message if error.default_message else error.message
    return {
        "message": message,
        "messageString": orjson.dumps(message).decode(),
        "responseType": error.response_type,
        # Its quotes come escaped, so that a template may put it between quotes.
        "validationErrorString": None
        if error.validation_error is None
        else orjson.dumps(error.validation_error).decode()[1:-1],
    }


def flatten(context: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Every leaf under its dotted name."""
    flat: dict[str, Any] = {}
    for name, value in context.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat
