"""Invocation: one request, and a named slot for what each stage finds out.

Belongs here: the slots, and which stage fills which. Never here: how they are filled.
A slot read before its stage ran raises ``SlotUnset`` with the slot's name: a bug in the order of stages says so.
"""

from __future__ import annotations

from typing import Any

from emulator.errors import GatewayError
from emulator.integrations.dispatch import IntegrationAnswer, IntegrationRequest
from emulator.store.records import Record
from emulator.wire import Request, Response


class SlotUnset(AttributeError):
    """A slot was read before the stage that fills it had run."""


class Invocation:
    """One request on its way through the pipeline."""

    __slots__ = (
        # given by the front
        "request",  # wire.Request
        "request_id",  # uuid; $context.requestId
        "extended_request_id",  # $context.extendedRequestId, x-amz-apigw-id
        "trace_id",  # "Root=1-…;Parent=…;Sampled=0"
        "started",  # clock.seconds() at arrival
        "epoch",  # wall seconds at arrival
        "address",  # ("path", api_id, stage, rest) or ("host", …): how the request named the API; see locate.py
        "log",  # the gatekeepers' notes for the execution log, or None before there is a method
        "test",  # True for TestInvokeMethod
        # locate
        "api",  # store.records.RestApi (live: stages, tags), or a test double
        "stage",  # locate.Stage: name, variables, method settings, cache, canary: live
        "deployment",  # deployment.CompiledApi
        "is_canary",
        "stage_variables",  # dict: the stage's, with the canary's overrides
        "path",  # str: the path below the stage, as it came ("/" at least)
        "request_path",  # $context.path: "/{stage}{path}", or base path + path on a custom domain
        "domain_name",
        "domain_prefix",
        "base_path",  # matched base path of a custom domain, or None
        "query",  # list[(name, value)], decoded, in order
        # route
        "method",  # deployment.CompiledMethod
        "path_parameters",  # dict[str, str], still escaped: REST APIs do not decode them
        # firewall
        "waf",  # dict: {"status", "webAclArn", "latency", …}
        # authorize (with the resource policy)
        "identity",  # dict: $context.identity
        "authorizer",  # dict | None: $context.authorizer
        "usage_identifier_key",  # from the authorizer, for apiKeySource AUTHORIZER
        # identify, throttle
        "api_key",  # Record | None
        "usage_plan",  # Record | None
        # recall
        "cache_key",
        "cache_hit",
        # integration_request
        "integration_request",  # integrations.dispatch.IntegrationRequest
        "request_override",
        # integrate
        "answer",  # integrations.dispatch.IntegrationAnswer
        "integration_latency",  # ms
        # integration_response, method_response
        "response_override",
        "response",  # wire.Response: the answer before the method response has its say
        "reply",  # wire.Response: set, it ends the pipeline
        # the way out
        "error",  # GatewayError | None
        "extra",  # dict: what observers want to know (authorizer latency …)
        "_context",
    )

    request: Request
    address: Any
    request_id: str
    extended_request_id: str
    trace_id: str
    started: float
    epoch: float
    error: GatewayError | None
    reply: Response | None
    log: list[str] | None
    extra: dict[str, Any]
    test: bool
    api: Any
    stage: Any
    deployment: Any
    is_canary: bool
    stage_variables: dict[str, str]
    path: str
    request_path: str
    domain_name: str
    domain_prefix: str
    base_path: str | None
    query: list[tuple[str, str]]
    method: Any
    path_parameters: dict[str, str]
    waf: dict[str, Any]
    identity: dict[str, Any]
    authorizer: dict[str, Any] | None
    usage_identifier_key: str | None
    api_key: Any  # Record or None
    usage_plan: Record | None
    cache_key: Any
    cache_hit: bool
    integration_request: IntegrationRequest
    request_override: dict[str, Any]
    answer: IntegrationAnswer
    integration_latency: int
    response_override: dict[str, Any]
    response: Response
    _context: dict[str, Any]

    def __init__(self, request: Request) -> None:
        self.request = request
        self.error = None
        self.reply = None
        self.log = None
        self.test = False
        self.extra = {}

    def __getattr__(self, name: str) -> Any:
        # Python comes here only when the slot is empty.
        raise SlotUnset(f"the slot {name!r} is read before the stage that fills it")
