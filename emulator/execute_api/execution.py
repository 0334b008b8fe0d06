"""From an invocation to what the observers see of it: its execution log and metrics.

Belongs here: reading slots, whichever stages have run. Never here: formats (``observe``), sending (``watch.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from emulator.execute_api.context import has
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.request_values import arrived_headers
from emulator.integrations.dispatch import INVALID_ENDPOINT
from emulator.observe.execution_log import Endpoint, Execution, masked
from emulator.observe.metrics import Observation
from emulator.wire import Headers, Response


def execution_of(invocation: Invocation, reply: Response) -> Execution:
    """The execution log's view."""
    error = invocation.error
    request = invocation.request
    made = error is None and has(invocation, "response")
    tested = invocation.test
    failure = "" if error is None else error.log or ""
    if tested and error is not None:
        failure = failure or f"Gateway response type: {error.response_type}"
    return Execution(
        request_id=invocation.request_id,
        extended_request_id=invocation.extended_request_id,
        http_method=request.method,
        resource_path=invocation.path if has(invocation, "path") else "/",
        path_parameters=invocation.path_parameters if has(invocation, "path_parameters") else {},
        query=invocation.query if has(invocation, "query") else (),
        headers=_redacted(arrived_headers(invocation) if has(invocation, "identity") else request.headers),
        body=_text(request.body),
        notes=tuple(note for note in invocation.log or () if error is None or note != error.log),
        endpoint=_endpoint(invocation),
        response_headers=invocation.response.headers.lines if made else None,
        response_body=_text(invocation.response.body) if made else "",
        failure=failure,
        status=reply.status,
        started=tested or _started(invocation),
        api_key="" if tested else _shown_key(invocation),
        preface=() if tested else tuple(_usage_plan(invocation)),
        backend_request_id=invocation.answer.request_id if has(invocation, "answer") else "",
        response_type="" if tested or error is None else error.response_type,
        gateway_headers=[line for line in reply.headers.lines if line[0].lower() not in _ALWAYS_THERE],
        gateway_body="" if error is None else _text(reply.body),
    )


_REDACTED = frozenset({"authorization", "x-api-key", "x-amz-security-token"})
_ALWAYS_THERE = frozenset({"content-type", "x-amzn-requestid", "x-amz-apigw-id", "x-amzn-errortype"})
_KEPT_OUT = frozenset({"INVALID_API_KEY", "THROTTLED", "QUOTA_EXCEEDED", "WAF_FILTERED"})


def _redacted(headers: Headers) -> list[tuple[str, str]]:
    """API Gateway stars out credentials and API keys."""
    return [(name, masked(value) if name.lower() in _REDACTED else value) for name, value in headers.lines]


def _started(invocation: Invocation) -> bool:
    """Whether the gatekeepers let the request in."""
    error = invocation.error
    return has(invocation, "usage_plan") and (error is None or error.response_type not in _KEPT_OUT)


def _shown_key(invocation: Invocation) -> str:
    known = has(invocation, "api_key") and invocation.api_key is not None
    return masked(str(invocation.api_key["value"])) if known else ""


def _usage_plan(invocation: Invocation) -> Iterable[str]:
    """What the log says of API keys and usage plans, once they were looked at."""
    if not has(invocation, "api_key"):
        return
    shown = _shown_key(invocation)
    stage = f"{invocation.deployment.api_id}/{invocation.stage.name}"
    yield f"Verifying Usage Plan for request: {invocation.request_id}. API Key: {shown} API Stage: {stage}"
    if not invocation.method.api_key_required:
        where = f"{invocation.method.verb} {invocation.method.resource_path}"
        yield (
            f"API Key {shown} authorized because method '{where}' does not require API Key. "
            "Request will not contribute to throttle or quota limits"
        )
    elif invocation.error is not None and invocation.error.response_type in _KEPT_OUT:
        yield f"Usage Plan check failed for API Key {shown} and API Stage {stage}"
        return
    yield f"Usage Plan check succeeded for API Key {shown} and API Stage {stage}"


def _text(body: bytes) -> str:
    """As much of a body as a log shows, and enough more for it to say that it was cut."""
    return body[:8192].decode("utf-8", "replace")


def _endpoint(invocation: Invocation) -> Endpoint | None:
    if not has(invocation, "integration_request") or _nowhere(invocation):
        return None
    request = invocation.integration_request
    if request.type == "MOCK":
        return None
    uri = url = request.uri
    lines: Iterable[tuple[str, str]] = request.headers.lines
    if request.type in ("AWS", "AWS_PROXY"):
        url = uri = service_url(request.uri, request.region)
        lines = _signed(invocation)
    answer = invocation.answer if has(invocation, "answer") else None
    sent = request.event if request.type == "AWS_PROXY" else request.body
    return Endpoint(
        uri=uri,
        url=url,
        headers=lines,
        body=_text(sent),
        status=None if answer is None else answer.status,
        latency=invocation.integration_latency if has(invocation, "integration_latency") else 0,
        response_headers=() if answer is None else answer.headers.lines,
        response_body="" if answer is None else _text(answer.body),
    )


def _nowhere(invocation: Invocation) -> bool:
    """Whether the endpoint's address turned out to be none: AWS logs nothing of such a call."""
    error = invocation.error
    return error is not None and (error.log or "").endswith(INVALID_ENDPOINT)


def service_url(uri: str, region: str) -> str:
    """``arn:aws:apigateway:{region}:{service}:path/…`` as the URL that is called."""
    parts = uri.split(":", 5)
    if len(parts) < 6 or parts[2] != "apigateway":
        return uri
    host = f"{parts[4]}.{parts[3] or region}.amazonaws.com"
    kind, _, rest = parts[5].partition("/")
    return f"https://{host}/?Action={rest}" if kind == "action" else f"https://{host}/{rest}"


def _signed(invocation: Invocation) -> list[tuple[str, str]]:
    """What API Gateway signs a call to AWS with, its secrets starred out."""
    request = invocation.integration_request
    stamp = datetime.fromtimestamp(invocation.epoch, UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = [
        ("x-amzn-lambda-integration-tag", invocation.request_id),
        ("Authorization", "*" * 64),
        ("X-Amz-Date", stamp),
        ("x-amzn-apigateway-api-id", request.api_id),
    ]
    lines.extend(request.headers.lines or [("Accept", "application/json"), ("User-Agent", _agent(invocation))])
    return lines


def _agent(invocation: Invocation) -> str:
    return f"AmazonAPIGateway_{invocation.deployment.api_id}"


def observation_of(invocation: Invocation, reply: Response, latency: int) -> Observation:
    """The metrics' view; only for a request that found its stage."""
    deployment, stage = invocation.deployment, invocation.stage
    routed = has(invocation, "method")
    cached = has(invocation, "cache_hit") and (invocation.cache_hit or invocation.cache_key is not None)
    return Observation(
        account=deployment.account,
        region=deployment.region,
        api_name=deployment.name,
        stage=stage.name,
        resource=invocation.method.resource_path if routed else "",
        method=invocation.method.verb if routed else invocation.request.method,
        status=reply.status,
        latency=latency,
        integration_latency=invocation.integration_latency if has(invocation, "integration_latency") else None,
        cache_hit=invocation.cache_hit if cached else None,
        detailed=routed and stage.settings(invocation.method, invocation.request.method).metrics,
    )
