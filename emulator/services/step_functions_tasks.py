"""The calls that running state machines make: to our functions and services, in the state machine's account.

Belongs here: the botocore client of moto's interpreter, led to us. Never here: what answers.
moto's interpreter runs each execution on a thread and calls services with boto3, in an account of moto's own and past
the writer; led this way, a task is one more request to the emulator, Lambda's runtime included.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from emulator.effects import Effects
from emulator.wire import Headers, Request, Response

# (service's signing name, request, account, region) -> answer
Serve = Callable[[str, Request, str, str], Deferred[Response]]

_NAME = "boto_client_for"


def install(effects: Effects, account: str, serve: Serve) -> None:
    """On the writer's thread, once moto's Step Functions is imported. ``account`` is for tasks without a role."""
    from moto.stepfunctions.parser.asl.utils import boto_client

    original = getattr(boto_client, "_emulator_original", boto_client.boto_client_for)
    boto_client._emulator_original = original

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        client = original(region, service, state_credentials)
        role = getattr(state_credentials, "role_arn", None) or ""
        owner = role.split(":")[4] if role.count(":") >= 5 else account
        lead = functools.partial(_send, effects, serve, client.meta.service_model.signing_name, owner, region)
        lead_client(client, lead)
        return client

    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.parser.") and hasattr(module, _NAME):
            setattr(module, _NAME, client_for)


def lead_client(client: Any, lead: Callable[..., Any]) -> None:
    """Have ``lead`` answer a botocore client's requests, and nobody else."""
    from moto.core.models import botocore_stubber

    # botocore calls every handler, answered or not: moto's own would serve each call a second time.
    client.meta.events.unregister("before-send", botocore_stubber)
    client.meta.events.register_first("before-send", lead)


def _send(
    effects: Effects, serve: Serve, service: str, account: str, region: str, request: Any, **_more: Any
) -> Any:
    """botocore's ``before-send``: on the execution's thread, the answer in place of one from the network."""
    from botocore.awsrequest import AWSResponse
    from moto.core.botocore_stubber import MockRawResponse

    answer: Response = effects.wait_in_thread(serve, service, _as_ours(request), account, region)
    headers = dict(answer.headers.lines)
    return AWSResponse(request.url, answer.status, headers, MockRawResponse(answer.body))


def _as_ours(request: Any) -> Request:
    _, _, rest = request.url.partition("://")
    host, slash, path = rest.partition("/")
    path, _, query = (slash + path).partition("?")
    lines = [(name, _text(value)) for name, value in request.headers.items()]
    if not any(name.lower() == "host" for name, _ in lines):
        lines.append(("Host", host))
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    return Request(
        method=request.method,
        raw_path=(path or "/").encode(),
        raw_query=query.encode(),
        headers=Headers(lines),
        body=body.encode() if isinstance(body, str) else bytes(body),
        scheme="https",
        host=host,
    )


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
