"""HTTP backends, called through treq: the type HTTP, and what HTTP_PROXY and VPC links share with it.

Belongs here: writing the mapped request down as a URL and header lines, calling, reading the answer, and what each way
of failing is called on AWS. Never here: mapping, which headers go through (``execute_api``), connections (``web``).
AWS page: "HTTP integrations for REST APIs in API Gateway"; quota "payload size" (10 MB).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from attrs import evolve
from OpenSSL.SSL import Error as TlsError
from service_identity import VerificationError
from treq.client import HTTPClient
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError, SSLError, UnknownHostError
from twisted.python.failure import Failure

from emulator.effects import Effects
from emulator.errors import GatewayError
from emulator.integrations.dispatch import INVALID_ENDPOINT, IntegrationAnswer, IntegrationRequest
from emulator.store.store import Store
from emulator.web.client_body import BodyStream, BodyTooLong, header_lines, is_broken_body, read_body
from emulator.web.client_connection import BadRequestHead, BadResponse
from emulator.web.client_pool import Body, ClientPool, HeaderLines, InvalidUrl, NoCookies, PooledAgent, ReadyUrl, Target
from emulator.web.client_tls import DIRECT, Route
from emulator.wire import Headers

# The largest answer API Gateway takes from a backend, unless it streams.
RESPONSE_LIMIT = 10 * 1024 * 1024
# Methods that AWS sends without a body, whatever the mapping made.
_BODILESS = frozenset(("GET", "HEAD"))
# What may not stand in a request target (RFC 3986); everything else is sent as it is written.
_UNWRITABLE = re.compile(r"[^!#-;=?-\[\]_a-z~]")
# An API under its name on AWS.
_API_HOST = re.compile(r"https?://([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?=[/?#:]|$)")
_NO_COOKIES = NoCookies()


def write_url(uri: str, query: tuple[tuple[str, str], ...]) -> str:
    """The URL to call: ``uri`` as it is, then the query in order: blanks as ``%20``, slashes bare (seen on AWS)."""
    if _UNWRITABLE.search(uri):
        uri = _UNWRITABLE.sub(lambda found: quote(found[0], safe=""), uri)
    if not query:
        return uri
    pairs = "&".join([f"{quote(name, safe='-._~/')}={quote(value, safe='-._~/')}" for name, value in query])
    uri = uri.partition("#")[0]
    return f"{uri}{'&' if '?' in uri else '?'}{pairs}"


class HttpCalls:
    """Calls backends over HTTP and HTTPS: one pool of connections, no redirects, no cookies, no unzipping.

    ``own_url()`` is where we listen: a call of an API of ours under its AWS name comes here.
    """

    def __init__(
        self, effects: Effects, pool: ClientPool, store: Store, own_url: Callable[[], str] = lambda: ""
    ) -> None:
        self._effects = effects
        self._pool = pool
        self._store = store
        self._own_url = own_url
        self._clients: dict[Route, HTTPClient] = {}

    def send(
        self, request: IntegrationRequest, stream: bool = False, connect: tuple[str, int] | None = None
    ) -> Deferred[IntegrationAnswer]:
        """Call the backend; ``connect`` names the host and port to connect to in place of the URI's.

        Fails with API_CONFIGURATION_ERROR (a bad URI, name or certificate, too long an answer) or INTEGRATION_FAILURE.
        """
        if connect is None and ".execute-api." in request.uri:
            request, connect = self._home(request)
        route = self._route(request, connect)
        client = self._clients.get(route)
        if client is None:
            client = self._clients[route] = HTTPClient(PooledAgent(self._pool, route), _NO_COOKIES, Body)  # type: ignore[arg-type]
        body = b"" if request.http_method in _BODILESS else request.body
        try:
            called: Deferred[Any] = client.request(
                request.http_method,
                ReadyUrl(write_url(request.uri, request.query)),
                headers=HeaderLines(self._lines(request)),
                data=body or None,
                cookies=_NO_COOKIES,
                allow_redirects=False,
                unbuffered=True,
                reactor=self._effects.reactor,
            )
        except (InvalidUrl, BadRequestHead, UnicodeError) as error:
            return fail(_invalid_endpoint(error))
        called.addCallback(_streamed if stream else _buffered)
        called.addErrback(_as_gateway_error)
        return called

    def _home(self, request: IntegrationRequest) -> tuple[IntegrationRequest, tuple[str, int] | None]:
        """The request as it is called here, over plain HTTP, and where, if its URI names an API of ours."""
        named = _API_HOST.match(request.uri)
        url = self._own_url()
        if named is None or named[1] not in self._store.apis or not url.startswith("http://"):
            return request, None
        at = Target.parse(url)
        return evolve(request, uri=f"http://{request.uri.partition('://')[2]}"), (at.host, at.port)

    @staticmethod
    def _lines(request: IntegrationRequest) -> list[tuple[str, str]]:
        """The mapped lines; the mark of an API Gateway is always among them (the front keeps it off admin paths)."""
        lines = request.headers.lines
        if "x-amzn-apigateway-api-id" not in request.headers:
            lines = [*lines, ("x-amzn-apigateway-api-id", request.api_id)]
        return lines

    def _route(self, request: IntegrationRequest, connect: tuple[str, int] | None) -> Route:
        if not (connect or request.tls_insecure or request.client_certificate):
            return DIRECT
        certificate = private_key = ""
        if request.client_certificate:
            record = self._store.region(request.account, request.region).client_certificates.get(
                request.client_certificate
            )
            if record is not None:
                certificate, private_key = record["pemEncodedCertificate"], record["privateKey"]
        return Route(connect, request.tls_insecure, certificate, private_key)


class Http:
    """The integration type HTTP."""

    def __init__(self, calls: HttpCalls) -> None:
        self._calls = calls

    def invoke(self, request: IntegrationRequest) -> Deferred[IntegrationAnswer]:
        """Call the backend and read its whole answer; a mapping needs it whole, so HTTP never streams."""
        return self._calls.send(request)


def _buffered(response: Any) -> Any:
    read = read_body(response, RESPONSE_LIMIT)
    return read.addCallback(
        lambda body: IntegrationAnswer(status=response.code, headers=Headers(header_lines(response)), body=body)
    )


def _streamed(response: Any) -> IntegrationAnswer:
    return IntegrationAnswer(status=response.code, headers=Headers(header_lines(response)), stream=BodyStream(response))


def _invalid_endpoint(cause: BaseException) -> GatewayError:
    """The log line is AWS's, which does not say why; the cause goes along."""
    error = GatewayError(
        "API_CONFIGURATION_ERROR", log=f"Execution failed due to configuration error: {INVALID_ENDPOINT}"
    )
    error.__cause__ = cause
    return error


def _unreachable(cause: BaseException | None) -> GatewayError:
    error = GatewayError(
        "INTEGRATION_FAILURE",
        "Network error communicating with endpoint",
        log="Execution failed due to a network error communicating with endpoint",
    )
    error.__cause__ = cause
    return error


def _untrusted(cause: BaseException) -> GatewayError:
    """The log line is what AWS's Java says of any handshake that fails."""
    error = GatewayError(
        "API_CONFIGURATION_ERROR", log="Execution failed due to configuration error: General SSLEngine problem"
    )
    error.__cause__ = cause
    return error


def _as_gateway_error(failure: Failure) -> Failure:
    """What a failed call is called on AWS. What is not a failure of the network is passed on: a bug, or a cancel."""
    error = failure.value
    if isinstance(error, DNSLookupError | UnknownHostError | InvalidUrl | BadRequestHead):
        return Failure(_invalid_endpoint(error))
    if isinstance(error, TlsError | SSLError | VerificationError):
        return Failure(_untrusted(error))
    if isinstance(error, BodyTooLong):
        return Failure(
            GatewayError(
                "API_CONFIGURATION_ERROR",
                log="Execution failed due to configuration error: Integration response of reported length "
                f"{error.length} is larger than allowed maximum of {error.limit} bytes.",
            )
        )
    if isinstance(error, ConnectError | ConnectionClosed | BadResponse) or is_broken_body(failure):
        return Failure(_unreachable(error))
    return failure
