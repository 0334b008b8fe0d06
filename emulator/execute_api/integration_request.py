"""Integration request: from what the client sent to what the backend gets, all of it pure.

Belongs here: template choice and passthrough, mappings and overrides, headers added, the URI. Never here: the Lambda
event (``proxy_event.py``), calls.
AWS pages: "Set up an integration request in API Gateway", "Method request behavior for payloads without mapping
templates", "Use a mapping template to override an API's request and response parameters".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.deployment.compiled import CompiledIntegration, CompiledTemplate
from emulator.errors import GatewayError
from emulator.execute_api import proxy_event
from emulator.execute_api.binary import convert_request, is_binary
from emulator.execute_api.header_rules import NEVER_SENT, REQUEST_DROPPED, REQUEST_REFUSED
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.mapping_steps import NO_OVERRIDE, Mapped, configuration_error, render, scope_for
from emulator.execute_api.request_values import RequestValues, body_type, carries_signature
from emulator.integrations.dispatch import INVALID_ENDPOINT, IntegrationRequest
from emulator.wire import Headers

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway


_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})


async def integration_request(invocation: Invocation, gateway: Gateway) -> None:
    """Fill ``integration_request``, ``request_override`` and ``response_override``."""
    integration = invocation.method.integration
    if integration is None:
        raise configuration_error("No integration defined for method")
    invocation.request_override = {}
    invocation.response_override = NO_OVERRIDE
    prepare = _PREPARE[integration.type]
    invocation.integration_request = prepare(invocation, integration)


def _mock(invocation: Invocation, integration: CompiledIntegration) -> IntegrationRequest:
    body, _ = _transform(invocation, integration)
    return IntegrationRequest(
        type="MOCK",
        http_method=invocation.request.method,
        uri="",
        body=body,
        request_id=invocation.request_id,
        trace_id=invocation.trace_id,
    )


def _transform(invocation: Invocation, integration: CompiledIntegration) -> tuple[bytes, Mapped]:
    """The body and the mapped parameters of a non-proxy integration."""
    request = invocation.request
    content_type = body_type(invocation)
    template = _template(integration, content_type)
    binary = is_binary(content_type, invocation.deployment.binary_media_types)
    body = convert_request(request.body, binary, integration.content_handling)
    still_binary = (binary and integration.content_handling != "CONVERT_TO_TEXT") or (
        not binary and integration.content_handling == "CONVERT_TO_BINARY"
    )
    mapped = Mapped()
    # An empty template is the documented way to let the body through.
    passes = template is None or template.source.strip() == ""
    if not passes and still_binary:
        raise configuration_error("Unable to transform request: the body is binary")
    if template is not None and template.constant is not None and not integration.parameters:
        return body if passes else template.constant, mapped
    values = RequestValues(invocation, None if still_binary else body.decode("utf-8", "replace"))
    if integration.parameters:
        mapped.apply(integration.parameters, values)
    if template is None or passes:
        return body, mapped
    scope = scope_for(invocation, values, values.body)
    text = render(template, scope)
    invocation.request_override = scope.request_override
    invocation.response_override = scope.response_override
    mapped.override(scope.request_override)
    return text.encode("utf-8", "surrogatepass"), mapped


def _template(integration: CompiledIntegration, content_type: str) -> CompiledTemplate | None:
    """The template for a content type, or None to pass the body through; UNSUPPORTED_MEDIA_TYPE as configured."""
    templates = integration.templates
    template = templates.get(content_type) or templates.get("$default")
    if template is None:
        passthrough = integration.passthrough
        if passthrough == "NEVER" or (passthrough == "WHEN_NO_TEMPLATES" and templates):
            raise GatewayError("UNSUPPORTED_MEDIA_TYPE")
    return template


def _mapped_http(invocation: Invocation, integration: CompiledIntegration) -> IntegrationRequest:
    """HTTP and AWS: only what is mapped goes on."""
    kind = integration.type
    body, mapped = _transform(invocation, integration)
    _refuse(kind, mapped)
    dropped = REQUEST_DROPPED[kind]
    lines = [line for line in mapped.headers.items() if line[0].lower() not in dropped]
    headers = Headers(lines)
    if "content-type" not in headers:
        content_type = invocation.request.headers.last("content-type")
        # Recorded: an HTTP backend is told no type of a body that is not there.
        if kind == "AWS" or body or (content_type and invocation.request.method not in _BODILESS):
            headers.add("Content-Type", content_type or "application/json")
    _common(invocation, kind, headers)
    return _request(invocation, integration, headers, _pairs(mapped), body, mapped)


def _pairs(mapped: Mapped) -> list[tuple[str, str]]:
    return [(name, value) for name, values in mapped.query.items() for value in values]


def _http_proxy(invocation: Invocation, integration: CompiledIntegration) -> IntegrationRequest:
    """HTTP_PROXY: everything goes on, and mappings on top."""
    request = invocation.request
    values = RequestValues(invocation)
    mapped = Mapped()
    mapped.apply(integration.parameters, values)
    _refuse("HTTP_PROXY", mapped)
    set_here = {name.lower() for name in mapped.headers}
    set_here |= REQUEST_DROPPED["HTTP_PROXY"]
    if carries_signature(invocation):
        set_here.add("authorization")
    headers = Headers(line for line in values.headers if line[0].lower() not in set_here)
    for name, value in mapped.headers.items():
        if name.lower() not in NEVER_SENT:
            headers.add(name, value)
    _common(invocation, "HTTP_PROXY", headers)
    query = [pair for pair in invocation.query if pair[0] not in mapped.query]
    query.extend(_pairs(mapped))
    binary = is_binary(request.headers.last("content-type"), invocation.deployment.binary_media_types)
    body = convert_request(request.body, binary, integration.content_handling)
    return _request(invocation, integration, headers, query, body, mapped)


def _aws_proxy(invocation: Invocation, integration: CompiledIntegration) -> IntegrationRequest:
    """AWS_PROXY: the request as an event; of the mappings only the invocation type counts."""
    mapped = Mapped()
    if integration.parameters:
        mapped.apply(integration.parameters, RequestValues(invocation))
        _refuse("AWS_PROXY", mapped)
    event = proxy_event.write(invocation)
    return _request(invocation, integration, Headers(), [], b"", mapped, event)


def _refuse(kind: str, mapped: Mapped) -> None:
    refused = REQUEST_REFUSED[kind]
    for name in mapped.headers:
        if name.lower() in refused:
            raise configuration_error(f"Header {name} may not be mapped")


def _common(invocation: Invocation, kind: str, headers: Headers) -> None:
    """The headers API Gateway adds: the first two when absent, the others always."""
    api_id = invocation.deployment.api_id
    if "accept" not in headers:
        headers.add("Accept", "application/json")
    if "user-agent" not in headers:
        headers.add("User-Agent", f"AmazonAPIGateway_{api_id}")
    headers.set("X-Amzn-Trace-Id", invocation.trace_id)
    if kind != "AWS":
        headers.set("X-Amzn-Apigateway-Api-Id", api_id)


def _request(
    invocation: Invocation,
    integration: CompiledIntegration,
    headers: Headers,
    query: list[tuple[str, str]],
    body: bytes,
    mapped: Mapped,
    event: bytes = b"",
) -> IntegrationRequest:
    deployment = invocation.deployment
    variables = invocation.stage_variables
    method = integration.http_method
    kind = integration.type
    invocation_type = next((v for n, v in mapped.headers.items() if n.lower() == "x-amz-invocation-type"), "")
    if kind == "AWS_PROXY" and not invocation_type:
        invocation_type = invocation.request.headers.last("x-amz-invocation-type") or ""
    return IntegrationRequest(
        type=kind,
        http_method=invocation.request.method if method in ("", "ANY") else method,
        uri=_uri(invocation, integration, mapped),
        headers=headers,
        query=tuple(query),
        body=body,
        event=event,
        account=deployment.account,
        region=deployment.region,
        api_id=deployment.api_id,
        stage=invocation.stage.name,
        credentials=integration.credentials.fill(variables, {}),
        caller=invocation.identity,
        connection_type=integration.connection_type,
        connection_id=integration.connection_id.fill(variables, {}),
        integration_target=integration.integration_target.fill(variables, {}),
        tls_insecure=integration.tls_insecure,
        client_certificate=invocation.stage.record.get("clientCertificateId") or "",
        stream=integration.stream,
        asynchronous=invocation_type == "Event",
        timeout=integration.timeout,
        idle_timeout=30.0 if deployment.endpoint_type == "EDGE" else 300.0,
        trace_id=invocation.trace_id,
        request_id=invocation.request_id,
    )


def _uri(invocation: Invocation, integration: CompiledIntegration, mapped: Mapped) -> str:
    """The URI; only mapped path parameters fill its braces, and one left open is no address."""
    for name in integration.uri.parameters:
        if name not in mapped.path:
            raise configuration_error(INVALID_ENDPOINT)
    return integration.uri.fill(invocation.stage_variables, mapped.path)


_PREPARE = {
    "MOCK": _mock,
    "HTTP": _mapped_http,
    "AWS": _mapped_http,
    "HTTP_PROXY": _http_proxy,
    "AWS_PROXY": _aws_proxy,
}
