"""The variables of an access log: what one finished request has to say, under their dotted names.

Belongs here: reading slots, whichever stages have run. Never here: formats (``observe/access_log.py``), sending
(``watch.py``).

AWS pages: "Variables for access logging for API Gateway"; the compute blog's "Troubleshooting Amazon API Gateway with
enhanced observability variables" on the phases: authenticate is AWS_IAM's, authorizer that of functions and tokens,
authorize the weighing of policies that follows a signature or a function's answer.
"""

from __future__ import annotations

from typing import Any

from emulator.execute_api.context import context_of, flatten, forget_context, has
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.mapping_steps import NO_OVERRIDE
from emulator.wire import Response


def access_values(invocation: Invocation, reply: Response, latency: int) -> dict[str, Any]:
    """Every variable that has a value."""
    forget_context(invocation)
    values = flatten(context_of(invocation))
    values["xrayTraceId"] = invocation.trace_id.partition(";")[0].removeprefix("Root=")
    if has(invocation, "base_path") and invocation.base_path is not None:
        values["customDomain.basePathMatched"] = invocation.base_path or "(none)"
    if has(invocation, "waf"):
        values.update(flatten(invocation.waf, "waf."))
    values["status"] = reply.status
    values["responseLatency"] = latency
    values["responseLength"] = invocation.extra.get("responseLength", len(reply.body))
    if has(invocation, "deployment"):
        values["endpointType"] = invocation.deployment.endpoint_type
    if has(invocation, "identity"):
        _gatekeepers(invocation, reply, values)
    if has(invocation, "integration_request"):
        _integration(invocation, reply, values)
    return values


def _gatekeepers(invocation: Invocation, reply: Response, values: dict[str, Any]) -> None:
    failed = invocation.error is not None and not has(invocation, "api_key")
    status, message = reply.status if failed else 200, values.get("error.message") if failed else None
    if invocation.method.authorization_type == "AWS_IAM":
        if invocation.identity.get("userArn"):
            _phase(values, "authenticate", 200, 0)
            _phase(values, "authorize", status, 0, message)
        elif failed:
            _phase(values, "authenticate", status, 0, message)
        return
    extra = invocation.extra
    if "authorizerLatency" not in extra:
        return
    answered = invocation.authorizer is not None
    if answered:
        _phase(values, "authorizer", 200, extra["authorizerLatency"])
        if "principalId" in (invocation.authorizer or ()):
            _phase(values, "authorize", status, 0, message)
    else:
        _phase(values, "authorizer", status, extra["authorizerLatency"], message)
    if "authorizerRequestId" in extra:
        values["authorizer.requestId"] = extra["authorizerRequestId"]
        values["authorizer.integrationStatus"] = 200


def _phase(values: dict[str, Any], name: str, status: int, latency: int, error: Any = None) -> None:
    values[f"{name}.status"] = status
    values[f"{name}.latency"] = latency
    values[f"{name}.error"] = error


def _integration(invocation: Invocation, reply: Response, values: dict[str, Any]) -> None:
    for name, override in (
        ("requestOverride", invocation.request_override),
        ("responseOverride", invocation.response_override),
    ):
        if override and override is not NO_OVERRIDE:
            values.update(flatten(override, f"{name}."))
    values["integration.responseTransferMode"] = "STREAMED" if invocation.integration_request.stream else "BUFFERED"
    for name in ("timeToAllHeaders", "timeToFirstContent"):
        if name in invocation.extra:
            values[f"integration.{name}"] = invocation.extra[name]
    if has(invocation, "integration_latency"):
        values["integrationLatency"] = values["integration.latency"] = invocation.integration_latency
    if not has(invocation, "answer"):
        if invocation.error is not None:
            values["integration.error"] = values["integrationErrorMessage"] = invocation.error.log
        return
    answer = invocation.answer
    # For a function in proxy integration: what Lambda said, and what the function said.
    values["integrationStatus"] = values["integration.integrationStatus"] = answer.status
    proxied = invocation.integration_request.type == "AWS_PROXY" and invocation.error is None
    values["integration.status"] = reply.status if proxied else answer.status
    if answer.request_id:
        values["awsEndpointRequestId"] = values["integration.requestId"] = answer.request_id
    if answer.function_error:
        values["integration.error"] = values["integrationErrorMessage"] = answer.function_error
