"""The front: one port for everything; each request goes to the plane it is for.

Belongs here: telling requests apart, the guards against foreign sites and hosts, the emulator's own pages, and the
Klein trees of both planes. Never here: what an API or a service answers.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Protocol
from urllib.parse import urlsplit

from klein import Klein
from klein.resource import KleinResource
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from emulator import wire
from emulator.pages import json_response
from emulator.services import detect, failures
from emulator.settings import Settings
from emulator.web.request import Request

EXECUTE_API_LIMIT = 10 * 1024 * 1024  # bytes of body; AWS's quota, not adjustable
CONTROL_LIMIT = 32 * 1024 * 1024  # a document of 6 MB is refused by its operation, with its own text
SERVICES_LIMIT = 1024 * 1024 * 1024

_PAGES = b"/_emulator/"
# On every request of an HTTP integration; neither a client of the API nor a mapping can take it away.
_FROM_AN_API = "x-amzn-apigateway-api-id"
_LOOPBACK_NAMES = frozenset({"localhost", "ip6-localhost", "host.docker.internal"})
_HOME_SUFFIXES = (".localhost", ".amazonaws.com", ".amazonaws.com.cn", ".localhost.localstack.cloud", ".on.aws")


class Planes(Protocol):
    """What the front hands requests to. ``assembly`` makes it; until it is ready requests wait."""

    settings: Settings

    @property
    def loaded(self) -> bool: ...
    def when_ready(self) -> Deferred[Any]: ...
    def address_of(self, host: str, raw_path: bytes, headers: wire.Headers) -> Any: ...
    def execute(self, request: wire.Request, address: Any) -> Deferred[wire.Response]: ...
    def too_large(self, request: wire.Request, address: Any) -> wire.Response: ...
    def control(self, request: wire.Request, target: detect.Target) -> Deferred[wire.Response]: ...
    def service(self, request: wire.Request, target: detect.Target) -> Deferred[wire.Response]: ...
    def page(self, request: wire.Request) -> Deferred[wire.Response] | wire.Response: ...
    def serves_host(self, host: str) -> bool: ...
    def new_request_id(self) -> str: ...


class BranchResource(KleinResource):
    """A Klein application with a single branch route, served without a Werkzeug map for each request.

    Klein's own resource would take a path apart that must stay as it came: ``//`` redirects, ``%2F`` is lost.
    """

    def __init__(self, app: Klein) -> None:
        super().__init__(app)
        self._endpoint = next(name for name in app.endpoints if not name.endswith("_branch"))

    def render(self, request: Any) -> Any:
        return _answer(request, self._app.execute_endpoint(self._endpoint, request))


def _answer(request: Request, answer: Any) -> Any:
    """Write an answer when it is there; give the work up when the client hangs up before."""
    if isinstance(answer, Deferred):
        request.on_hang_up = answer.cancel
        answer.addCallbacks(request.respond, _failed, errbackArgs=(request,))
        answer.addErrback(request.processingFailed)
    else:
        request.respond(answer)
    return NOT_DONE_YET


def _failed(failure: Failure, request: Request) -> None:
    if failure.check(CancelledError) and request._disconnected:
        return  # the client has gone: nobody to answer
    request.processingFailed(failure)


class ExecuteApi:
    """The data plane's Klein tree: one branch route; routing below it is the API's own."""

    klein = Klein()

    def __init__(self, planes: Planes) -> None:
        self._planes = planes

    @klein.route("/", branch=True)
    def serve(self, request: Request) -> Deferred[wire.Response] | wire.Response:
        """Answer a request for a deployed API."""
        incoming, address = request.incoming, request.address  # type: ignore[attr-defined]
        if incoming.truncated or len(incoming.body) > EXECUTE_API_LIMIT:
            return self._planes.too_large(incoming, address)
        return self._planes.execute(incoming, address)


class ControlPlane:
    """The control plane's Klein tree: its routes are botocore's, in ``control.codec``."""

    klein = Klein()

    def __init__(self, planes: Planes) -> None:
        self._planes = planes

    @klein.route("/", branch=True)
    def serve(self, request: Request) -> Deferred[wire.Response] | wire.Response:
        """Answer an operation of API Gateway."""
        incoming, target = request.incoming, request.target  # type: ignore[attr-defined]
        return _with_cors(incoming, self._planes.control(incoming, target))


class Front(Resource):
    """The root: every request of every plane."""

    isLeaf = True
    log = Logger()

    def __init__(self, planes: Planes) -> None:
        super().__init__()
        self._planes = planes
        self._settings = planes.settings
        self._execute = BranchResource(ExecuteApi(planes).klein)
        self._control = BranchResource(ControlPlane(planes).klein)

    def body_limit(self, uri: bytes, host: bytes) -> int:
        """How many bytes of body the plane of a request takes, known from its first lines."""
        name = host.decode("latin-1")
        path = uri.partition(b"?")[0]
        if self._planes.address_of(name, path, wire.Headers()) is not None or self._planes.serves_host(name):
            return EXECUTE_API_LIMIT
        if path.startswith((b"/restapis", _PAGES)):
            return CONTROL_LIMIT
        return SERVICES_LIMIT

    def render(self, request: Any) -> Any:
        incoming = request.incoming = request.wire_request()
        if not self._planes.loaded and not incoming.raw_path.startswith(_PAGES):
            ready = self._planes.when_ready().addCallback(lambda _: self._route(request, incoming))
            ready.addErrback(request.processingFailed)
            return NOT_DONE_YET
        return self._route(request, incoming)

    def _route(self, request: Any, incoming: wire.Request) -> Any:
        address = self._planes.address_of(incoming.host, incoming.raw_path, incoming.headers)
        if address is not None:
            request.address = address
            return self._execute.render(request)
        refusal = self._guard(incoming)
        if refusal is not None:
            refusal.headers.set("x-amzn-RequestId", self._planes.new_request_id())
            return _answer(request, refusal)
        if incoming.raw_path.startswith(_PAGES):
            return _answer(request, self._planes.page(incoming))
        target = detect.locate(incoming, self._settings.account_id, self._settings.region)
        if incoming.truncated:
            code, message = "RequestEntityTooLargeException", "Request Too Long"
            request_id = self._planes.new_request_id()
            return _answer(request, failures.render(incoming, target.service, 413, code, message, request_id))
        preflight = _preflight(incoming, target)
        if preflight is not None:
            return _answer(request, preflight)
        if target.service == "apigateway":
            request.target = target
            return self._control.render(request)
        return _answer(request, _with_cors(incoming, self._planes.service(incoming, target)))

    # Guards: a web page of another site must not drive the emulator with the user's browser.

    def _guard(self, incoming: wire.Request) -> wire.Response | None:
        host = host_name(incoming.host)
        if not self._is_home(host):
            return forbidden(f"The Host {incoming.host!r} is not one this emulator answers to (see allowed_hosts)")
        origin = incoming.headers.first("origin")
        if origin is not None and not self._is_friend(origin):
            return forbidden(f"Requests from the origin {origin!r} are refused (see allowed_origins)")
        if _FROM_AN_API in incoming.headers and _is_for_the_owner(incoming):
            return forbidden("An API's integration does not reach the emulator's own pages, nor an unsigned API call")
        return None

    def _is_home(self, host: str) -> bool:
        """Names that only lead here: an attacker's DNS name does not, whatever it resolves to."""
        if not host or host in _LOOPBACK_NAMES or "." not in host or host.endswith(_HOME_SUFFIXES):
            return True
        if host in self._settings.allowed_hosts or _is_address(host):
            return True
        return any(suffix.startswith(".") and host.endswith(suffix) for suffix in self._settings.allowed_hosts)

    def _is_friend(self, origin: str) -> bool:
        if origin in self._settings.allowed_origins or "*" in self._settings.allowed_origins:
            return True
        host = (urlsplit(origin).hostname or "") if origin != "null" else ""
        return host == "localhost" or host.endswith(".localhost") or (_is_address(host) and _is_loopback(host))


def _is_for_the_owner(incoming: wire.Request) -> bool:
    """Our pages, and API Gateway's operations without a signature, which AWS would refuse anybody."""
    if incoming.raw_path.startswith(_PAGES.rstrip(b"/")):
        return True
    target = detect.locate(incoming, "", "")
    return target.service == "apigateway" and not target.signed


def _preflight(incoming: wire.Request, target: detect.Target) -> wire.Response | None:
    origin = incoming.headers.first("origin")
    asked = incoming.headers.first("access-control-request-method")
    if incoming.method != "OPTIONS" or origin is None or asked is None or target.signed:
        return None
    wanted = incoming.headers.first("access-control-request-headers")
    lines = [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        ("Access-Control-Max-Age", "600"),
        ("Vary", "Origin"),
    ]
    if wanted:
        lines.append(("Access-Control-Allow-Headers", wanted))
    return wire.Response(status=204, headers=wire.Headers(lines))


def _with_cors(incoming: wire.Request, answer: Any) -> Any:
    origin = incoming.headers.first("origin")
    if origin is None:
        return answer

    def allow(response: wire.Response) -> wire.Response:
        if "access-control-allow-origin" not in response.headers:
            response.headers.add("Access-Control-Allow-Origin", origin)
            response.headers.add("Access-Control-Expose-Headers", "*")
        return response

    return answer.addCallback(allow)


def host_name(host: str) -> str:
    """The name in a Host header, lower case, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback


def forbidden(message: str) -> wire.Response:
    """The guards' answer."""
    return json_response(403, {"message": message}, ("x-amzn-ErrorType", "ForbiddenException"))
