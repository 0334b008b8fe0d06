"""The request path, top to bottom: the file to read first.

Belongs here: the order of the stages, and running them. Never here: what a stage does.
A stage is ``async def stage(invocation, gateway) -> None``. It fills its slots, and may end the request in one of two
ways: it sets ``invocation.reply``, or raises a ``GatewayError``, which ``gateway_response`` renders.
AWS pages: "Request processing", "How API Gateway resource policies affect authorization workflow".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from emulator.errors import GatewayError
from emulator.execute_api import gateway_response
from emulator.execute_api.authorize import authorize
from emulator.execute_api.cache import recall
from emulator.execute_api.firewall import firewall
from emulator.execute_api.identify import identify
from emulator.execute_api.integrate import integrate
from emulator.execute_api.integration_request import integration_request
from emulator.execute_api.integration_response import integration_response
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.locate import locate
from emulator.execute_api.method_response import compress, finish, method_response
from emulator.execute_api.receive import receive
from emulator.execute_api.route import route
from emulator.execute_api.throttle import throttle
from emulator.execute_api.validate import validate
from emulator.wire import Response

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway

Stage = Callable[[Invocation, "Gateway"], Awaitable[None]]


STAGES: tuple[Stage, ...] = (
    locate,
    route,
    firewall,
    authorize,
    identify,
    throttle,
    validate,
    recall,
    integration_request,
    integrate,
    integration_response,
    method_response,
)


async def run(invocation: Invocation, gateway: Gateway, stages: tuple[Stage, ...] = STAGES) -> Response:
    """The answer to one request. Only cancellation (the client hung up) and bugs of ours come out as exceptions."""
    try:
        receive(invocation)
        for stage in stages:
            await stage(invocation, gateway)
            if invocation.reply is not None:
                break
    except GatewayError as error:
        return refuse(invocation, gateway, error)
    assert invocation.reply is not None, "no stage set a reply"
    reply = invocation.reply
    if invocation.request.method != "HEAD":
        reply = invocation.reply = await compress(invocation, gateway, reply)
    return finish(invocation, reply)


def refuse(invocation: Invocation, gateway: Gateway, error: GatewayError) -> Response:
    """The gateway response for ``error``."""
    # The invocation keeps the error, and its frames would keep the invocation: a circle for the collector each time.
    error.__traceback__ = error.__context__ = error.__cause__ = None
    if invocation.log is not None and error.log:
        invocation.log.append(error.log)
    invocation.reply = gateway_response.render(invocation, error)
    return finish(invocation, invocation.reply)
