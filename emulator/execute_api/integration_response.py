"""Integration response: from what the backend answered to the method's response.

Belongs here: selection of the integration response, mappings, templates, content handling, for the integrations that
are no proxies; headers as they pass for HTTP_PROXY. Never here: Lambda's proxy reply (``proxy_reply.py``).
AWS pages: "Set up an integration response in API Gateway", "Content type conversions in API Gateway".
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from emulator.deployment.compiled import CompiledIntegration, CompiledIntegrationResponse, CompiledTemplate
from emulator.execute_api import proxy_reply
from emulator.execute_api.binary import as_text, convert_response, decodes, is_binary
from emulator.execute_api.context import note_endpoint
from emulator.execute_api.header_rules import BODY_LIMIT, TRACED, leave, refuse_line_breaks
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.mapping_steps import NO_OVERRIDE, configuration_error, render, scope_for
from emulator.execute_api.request_values import RequestValues, ResponseValues
from emulator.integrations.dispatch import IntegrationAnswer
from emulator.mapping.parameters import text_of
from emulator.wire import Headers, Response, media_type

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway

_JSON = "application/json"


async def integration_response(invocation: Invocation, gateway: Gateway) -> None:
    """Fill ``response``: the answer before the method response has its say."""
    integration = invocation.method.integration
    answer: IntegrationAnswer = invocation.answer
    if integration.type == "AWS_PROXY":
        response = proxy_reply.read(invocation, answer)
    elif integration.type == "HTTP_PROXY":
        response = _passed(invocation, answer)
    else:
        response = _mapped(invocation, integration, answer)
    if integration.type in TRACED:
        response.headers.remove("x-amzn-trace-id")
        response.headers.lines.insert(0, ("X-Amzn-Trace-Id", invocation.trace_id))
    invocation.response = response


def _passed(invocation: Invocation, answer: IntegrationAnswer) -> Response:
    """HTTP_PROXY: the backend's answer, its headers renamed or dropped as AWS does."""
    body = answer.body
    lines = answer.headers.lines
    encoding = (answer.headers.last("content-encoding") or "").strip().lower()
    headers = Headers()
    kind = "TEST" if invocation.test else "HTTP_PROXY"
    for name, value in lines:
        left = leave(kind, name)
        if left is not None:
            headers.lines.append((left, value))
    if invocation.test:
        headers.remove("content-encoding")
    if encoding and encoding != "identity":
        plain = None if answer.stream is not None else _decoded(body, encoding) if body else body
        if plain is None:
            # Without the header nobody could read the body.
            headers.add("Content-Encoding", encoding)
        else:
            body = plain
    if answer.stream is None:
        binary = is_binary(answer.headers.last("content-type"), invocation.deployment.binary_media_types)
        if not binary and "content-encoding" not in headers:
            body = as_text(body)
    if "content-type" not in headers:
        headers.add("Content-Type", _JSON)
    return Response(status=answer.status, headers=headers, body=body, stream=answer.stream)


def _decoded(body: bytes, encoding: str) -> bytes | None:
    try:
        if encoding in ("gzip", "x-gzip"):
            engine = zlib.decompressobj(16 + zlib.MAX_WBITS)
        elif encoding == "deflate":
            engine = zlib.decompressobj()
        else:
            return None
        plain = engine.decompress(body, BODY_LIMIT)
    except zlib.error:
        return None
    # What is too long, cut short or in several members goes on as it came.
    return plain if engine.eof and not engine.unused_data else None


def _mapped(invocation: Invocation, integration: CompiledIntegration, answer: IntegrationAnswer) -> Response:
    """HTTP, AWS and MOCK: the selected integration response shapes the answer."""
    if answer.request_id:
        note_endpoint(invocation, answer.request_id)
    chosen = select(integration, answer)
    method = invocation.method
    kind = "TEST" if invocation.test else integration.type
    declared = method.responses.get(chosen.status)
    if declared is None:
        raise configuration_error(f"Output mapping refers to an invalid method response: {chosen.status}")
    deployment = invocation.deployment
    accept = invocation.request.headers.last("accept")
    binary_types = deployment.binary_media_types
    body = answer.body
    answered = answer.headers.last("content-type")
    binary = answered is not None and is_binary(answered, binary_types)
    readable = not binary or chosen.content_handling == "CONVERT_TO_TEXT"
    if body:
        wants_binary = is_binary(accept, binary_types) if accept else "*/*" in binary_types
        body = convert_response(body, binary, wants_binary, chosen.content_handling)
        # Text that was decoded on its way is as little a template's as what came binary.
        readable = readable and (binary or not decodes(wants_binary, chosen.content_handling))
    text = body.decode("utf-8", "replace") if chosen.parameters or chosen.templates else ""
    headers = Headers()
    for mapping in chosen.parameters:
        value = mapping.evaluate(ResponseValues(invocation, answer.headers, text))
        if value is not None and mapping.name.lower() in declared:
            _give(headers, kind, mapping.name, ",".join(value) if isinstance(value, list) else value)
    status = int(chosen.status)
    template = _template(chosen, accept)
    if template is not None and template.source.strip():
        if not readable:
            raise configuration_error("Unable to transform response: the body is binary")
        body = _transformed(invocation, template, text)
    if invocation.response_override is not NO_OVERRIDE:
        status = _override(invocation.response_override, kind, headers, status)
    if "content-type" not in headers:
        headers.add("Content-Type", _JSON if template is None else template.media_type)
    return Response(status=status, headers=headers, body=body)


def _transformed(invocation: Invocation, template: CompiledTemplate, text: str) -> bytes:
    """The rendered body; ``response_override`` holds the overrides of both templates."""
    if template.constant is not None:
        return template.constant
    scope = scope_for(invocation, RequestValues(invocation), text)
    scope.request_override = invocation.request_override or scope.request_override
    if invocation.response_override is not NO_OVERRIDE:
        scope.response_override = invocation.response_override
    body = render(template, scope).encode("utf-8", "surrogatepass")
    invocation.response_override = scope.response_override
    return body


def select(integration: CompiledIntegration, answer: IntegrationAnswer) -> CompiledIntegrationResponse:
    """The integration response for an answer: by Lambda's error message, else by the backend's status."""
    if answer.function_error is not None:
        value = answer.function_error
    elif ":lambda:path/" in integration.uri.source:
        value = ""
    else:
        value = str(answer.status)
    found: CompiledIntegrationResponse | None = None
    for response in integration.responses:
        if response.selection is not None and response.selection.matches(value):
            if response.status == value:
                # Of several that match, the one of that very status (measured on AWS).
                return response
            found = found or response
    if found is not None:
        return found
    if integration.default_response is not None:
        return integration.default_response
    raise configuration_error(
        "No match for output mapping and no default output mapping configured. "
        f"Endpoint Response Status Code: {answer.status}"
    )


def _template(chosen: CompiledIntegrationResponse, accept: str | None) -> CompiledTemplate | None:
    """By the first media type of Accept, else the first template there is."""
    templates = chosen.templates
    if not templates:
        return None
    found = templates.get(media_type(accept) or _JSON)
    return found if found is not None else next(iter(templates.values()))


def _give(headers: Headers, kind: str, name: str, value: str) -> None:
    refuse_line_breaks(name, value)
    left = leave(kind, name)
    if left is not None:
        headers.set(left, value)


def _override(overrides: dict[str, Any], kind: str, headers: Headers, status: int) -> int:
    """The status after the overrides; one that is no status changes nothing."""
    for name, value in overrides["header"].items():
        if isinstance(value, list | tuple):
            _give(headers, kind, name, ",".join(text_of(each) for each in value))
        elif value is not None:
            _give(headers, kind, name, text_of(value))
    wanted = overrides["status"]
    if wanted is None or wanted == "":
        return status
    try:
        number = int(wanted)
    except (TypeError, ValueError):
        number = 0
    return number if 100 <= number <= 599 else status
