"""Route: path and verb to a method; and the preflight the emulator answers for its users.

Belongs here: the look-up in the compiled tree. Never here: the tree (``deployment/routes.py``).
AWS page: "Set up a method for a REST API".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from emulator.authorizers import sigv4
from emulator.errors import GatewayError
from emulator.execute_api.firewall import firewall
from emulator.execute_api.invocation import Invocation
from emulator.wire import Headers, Response

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway

_PREFLIGHT_VERBS = "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"
_VERBS = frozenset(_PREFLIGHT_VERBS.split(","))


async def route(invocation: Invocation, gateway: Gateway) -> None:
    """Find the method, or answer MISSING_AUTHENTICATION_TOKEN as AWS does for what is not there."""
    if "x-http-method-override" in invocation.request.headers:
        _override(invocation)
    verb = invocation.request.method
    found = invocation.deployment.routes.find(invocation.path, verb)
    if found is None:
        # The firewall stands before everything, what is not there too.
        await firewall(invocation, gateway)
        if invocation.reply is not None:
            return
        if verb == "OPTIONS" and not gateway.settings.disable_custom_cors:
            invocation.reply = _preflight(invocation)
            if invocation.reply is not None:
                return
        raise _unknown(invocation, gateway)
    method, invocation.path_parameters = found
    invocation.method = method
    invocation.log = []


def _override(invocation: Invocation) -> None:
    """X-HTTP-Method-Override names the method from here on; the header itself goes no further ("Important notes")."""
    sent = invocation.request
    verb = (sent.headers.last("x-http-method-override") or "").strip().upper()
    if verb in _VERBS:
        headers = sent.headers.copy()
        headers.remove("x-http-method-override")
        invocation.extra["asSent"] = sent  # what a signature was made over
        invocation.request = evolve(sent, method=verb, headers=headers)


def _unknown(invocation: Invocation, gateway: Gateway) -> GatewayError:
    """What AWS says of a path or verb that is not there.

    It asks for a signature, as any AWS service would: a caller who sends some other Authorization is told what is
    wrong with it as a signature, and one who signs well is told that there is nothing.
    """
    request = invocation.extra.get("asSent", invocation.request)
    if gateway.settings.iam == "off" or not ("authorization" in request.headers or sigv4.is_signed(request)):
        return GatewayError("MISSING_AUTHENTICATION_TOKEN")
    directory = gateway.iam_directory
    if directory is None:
        return GatewayError("MISSING_AUTHENTICATION_TOKEN")
    try:
        sigv4.verify(request, invocation.deployment.region, gateway.effects.wall(), directory.find)
    except GatewayError as error:
        return error
    return GatewayError("RESOURCE_NOT_FOUND")


def _preflight(invocation: Invocation) -> Response | None:
    """The emulator's own answer to a preflight for a resource that has no OPTIONS method; None when it is none."""
    headers = invocation.request.headers
    origin, wanted = headers.first("origin"), headers.first("access-control-request-method")
    verbs = invocation.deployment.routes.verbs(invocation.path)
    if origin is None or wanted is None or verbs is None:
        return None
    allowed = _PREFLIGHT_VERBS if "ANY" in verbs else ",".join(sorted({*verbs, "OPTIONS"}))
    answer = Headers(
        [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Methods", allowed),
            ("Access-Control-Allow-Headers", headers.first("access-control-request-headers") or "*"),
            ("Access-Control-Max-Age", "600"),
            ("Vary", "Origin"),
        ]
    )
    return Response(status=204, headers=answer)
