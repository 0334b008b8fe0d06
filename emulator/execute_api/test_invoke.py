"""TestInvokeMethod and TestInvokeAuthorizer: the API as it is being edited, called without a stage or a client.

Belongs here: making such a request, running the stages AWS runs, and the operation's output. Never here: the stages.
AWS pages: "Use the API Gateway console to test a REST API method", TestInvokeMethod in the API reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
from attrs import evolve
from twisted.internet.defer import CancelledError, Deferred

from emulator.deployment.compiled import CompiledApi
from emulator.deployment.compiler import compile_api
from emulator.errors import NotFoundException
from emulator.execute_api import identifiers, pipeline
from emulator.execute_api.authorize_trial import try_authorizer
from emulator.execute_api.context import caller_identity
from emulator.execute_api.execution import execution_of
from emulator.execute_api.integrate import integrate
from emulator.execute_api.integration_request import integration_request
from emulator.execute_api.integration_response import integration_response
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.locate import Address
from emulator.execute_api.method_response import method_response
from emulator.execute_api.stages import StageView
from emulator.execute_api.validate import validate
from emulator.observe import execution_log
from emulator.store.records import Frozen, Record, RestApi
from emulator.wire import Headers, Request, Response, Stream, parse_query

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway

__test__ = False  # the name is AWS's; there is no test in here

STAGE = "test-invoke-stage"
COMPILED_AT_ONCE = 20_000  # bytes of records, at most; a thousand characters of templates take some 4 ms
# A test of a streaming method answers with what has come after so many bytes or seconds.
STREAM_LENGTH = 1024 * 1024
STREAM_SECONDS = 35.0


async def _uncached(invocation: Invocation, gateway: Gateway) -> None:
    """A test meets no cache."""
    invocation.cache_key = None
    invocation.cache_hit = False


# Authorizers, keys, throttles and caches do not take part in a test.
STAGES: tuple[pipeline.Stage, ...] = (
    validate,
    _uncached,
    integration_request,
    integrate,
    integration_response,
    method_response,
)


async def _compiled(gateway: Gateway, api: RestApi, resource: Record) -> CompiledApi:
    """The API with the one resource, from the records as they are; off the reactor if its templates are long."""
    alone = {resource["id"]: resource}
    parts = (api.record, alone, api.models, api.validators, api.authorizers, api.gateway_responses)
    # The thread gets a copy: the records may be edited meanwhile.
    frozen = Frozen(api.account, api.region, orjson.dumps(parts))
    if len(frozen.text) <= COMPILED_AT_ONCE:
        return compile_api(frozen.thaw())
    work: Deferred[CompiledApi] = gateway.effects.in_thread(lambda: compile_api(frozen.thaw()))
    return await work


async def test_method(gateway: Gateway, api_id: str, request: Record) -> Record:
    """TestInvokeMethod's output."""
    api = gateway.store.apis[api_id]
    resource = api.resources[request["resourceId"]]
    deployment = await _compiled(gateway, api, resource)
    deployment.deployment_id = "test-invoke"
    method = deployment.methods.get((request["resourceId"], request["httpMethod"]))
    if method is None:
        raise NotFoundException("Invalid Method identifier specified")
    invocation = _invocation(gateway, api, deployment, request, method.resource_path)
    invocation.method = method
    found = deployment.routes.capture(method.resource_path, invocation.path)
    invocation.path_parameters = found or {}
    streams = method.integration is not None and method.integration.stream
    begun = gateway.effects.clock.seconds()
    reply = await (_streamed(invocation, gateway) if streams else pipeline.run(invocation, gateway, STAGES))
    latency = int((gateway.effects.clock.seconds() - begun) * 1000)
    if reply is None:
        return {"status": 0, "body": "", "headers": {}, "multiValueHeaders": {}, "log": "", "latency": latency}
    # Of what was answered, the backend's own identifiers are shown; ours, and a gateway response's, are not.
    headers = invocation.response.headers if invocation.error is None else _refusal(reply.headers)
    return {
        "status": reply.status,
        "body": reply.body.decode("utf-8", "replace"),
        "headers": headers.single(),
        "multiValueHeaders": headers.multi(),
        "log": "" if streams else execution_log.for_test(execution_of(invocation, reply), invocation.epoch),
        "latency": latency,
    }


async def _streamed(invocation: Invocation, gateway: Gateway) -> Response | None:
    """The reply of a streaming method, as far as a test waits for it; None when not even its head has come by then.

    AWS page: "Troubleshoot issues with response streaming", which also says that there is no log.
    """
    clock = gateway.effects.clock
    until = clock.seconds() + STREAM_SECONDS
    running = Deferred.fromCoroutine(pipeline.run(invocation, gateway, STAGES))
    late = clock.callLater(STREAM_SECONDS, running.cancel)
    try:
        reply = await running
    except CancelledError:
        if late.active():
            raise  # it is the caller who no longer waits
        return None
    finally:
        if late.active():
            late.cancel()
    if reply.stream is None:
        return reply
    return await _whole(invocation, gateway, reply, reply.stream, until - clock.seconds())


async def _whole(
    invocation: Invocation, gateway: Gateway, reply: Response, stream: Stream, seconds: float
) -> Response:
    """A streamed reply with the body that has come after ``seconds``, or STREAM_LENGTH of it."""
    body = bytearray()
    ended: Deferred[None] = Deferred(lambda _: stream.cancel())

    def write(part: bytes) -> None:
        body.extend(part)
        if len(body) > STREAM_LENGTH:
            enough()

    def enough(_: object = None) -> None:
        if not ended.called:
            stream.cancel()
            ended.callback(None)

    late = gateway.effects.clock.callLater(seconds, enough)
    try:
        stream.start(write, lambda _failure: None if ended.called else ended.callback(None))
        await ended
    finally:
        if late.active():
            late.cancel()
    whole = bytes(body)
    invocation.answer = evolve(invocation.answer, body=whole, stream=None)
    invocation.response = evolve(invocation.response, body=whole, stream=None)
    return evolve(reply, body=whole, stream=None)


def _refusal(headers: Headers) -> Headers:
    """A gateway response's headers as a test tells them: the error's type, and no media type."""
    hidden = ("x-amzn-requestid", "x-amz-apigw-id", "content-type")
    return Headers(line for line in headers if line[0].lower() not in hidden)


async def test_authorizer(gateway: Gateway, api_id: str, request: Record) -> Record:
    """TestInvokeAuthorizer's output."""
    api = gateway.store.apis[api_id]
    return await try_authorizer(gateway, api, api.authorizers[request["authorizerId"]], request)


def _invocation(
    gateway: Gateway, api: RestApi, deployment: CompiledApi, request: Record, resource_path: str
) -> Invocation:
    """The slots that locate, route and the gatekeepers would have filled."""
    raw = request.get("pathWithQueryString") or resource_path
    path, _, query = raw.partition("?")
    lines = list(_lines(request.get("headers"), request.get("multiValueHeaders")))
    method = request["httpMethod"]
    made = Request(
        method="GET" if method == "ANY" else method,
        raw_path=quote(path, safe="/%{}+:@!$&'()*,;=~-._").encode(),
        raw_query=query.encode(),
        headers=Headers(lines),
        body=(request.get("body") or "").encode(),
        source_ip="test-invoke-source-ip",
    )
    invocation = Invocation(made)
    invocation.test = True
    invocation.log = []
    invocation.address = Address(form="path", path=made.raw_path, api_id=api.id, stage=STAGE)
    identifiers.stamp(invocation, gateway.effects)
    variables = {str(name): str(value) for name, value in (request.get("stageVariables") or {}).items()}
    invocation.api = api
    invocation.deployment = deployment
    invocation.stage = StageView(
        api=api,
        name=STAGE,
        record={"stageName": STAGE, "clientCertificateId": request.get("clientCertificateId")},
        deployment=deployment,
        variables=variables,
        canary=None,
        cache_size=0.0,
        settings={},
    )
    invocation.is_canary = False
    invocation.stage_variables = variables
    invocation.path = path or "/"
    invocation.request_path = invocation.path
    invocation.domain_name = "testPrefix.testDomainName"
    invocation.domain_prefix = "testPrefix"
    invocation.base_path = None
    invocation.query = parse_query(made.raw_query)
    invocation.identity = _identity(made, deployment)
    invocation.authorizer = None
    invocation.usage_identifier_key = None
    return invocation


def _identity(request: Request, deployment: CompiledApi) -> dict[str, Any]:
    """Who AWS says makes a test call."""
    identity = caller_identity(request)
    identity["accountId"] = deployment.account
    identity["apiKey"] = "test-invoke-api-key"
    identity["apiKeyId"] = "test-invoke-api-key-id"
    identity["user"] = identity["caller"] = deployment.account
    identity["userArn"] = f"arn:aws:iam::{deployment.account}:root"
    return identity


def _lines(
    single: Mapping[str, str] | None, multi: Mapping[str, Iterable[str]] | None
) -> Iterable[tuple[str, str]]:
    listed = {name.lower() for name in multi or {}}
    for name, value in (single or {}).items():
        if name.lower() not in listed:
            yield name, value
    for name, values in (multi or {}).items():
        for value in values:
            yield name, value

