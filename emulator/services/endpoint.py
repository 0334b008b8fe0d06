"""A real server elsewhere in the place of a service: ``[services.dynamodb] endpoint = "http://localhost:8000"``.

Belongs here: sending a service's request to that server, signed, by treq. Never here: which services have one
(``calls.py`` asks the settings).
The signature is by the endpoint's own credentials (``http://KEY:SECRET@host``), else by the caller's account or key and
the secret ``test``: stand-ins such as DynamoDB Local only read the key, MinIO checks the signature.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from treq.client import HTTPClient
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError

from emulator.effects import Effects
from emulator.services import failures
from emulator.settings import Settings
from emulator.web.client_body import header_lines, read_body
from emulator.web.client_connection import BadResponse
from emulator.web.client_pool import Body, ClientPool, HeaderLines, InvalidUrl, NoCookies, PooledAgent, ReadyUrl
from emulator.wire import Headers, Request, Response

# What a service may answer at most; S3's largest object of a single PUT is far beyond any test.
ANSWER_LIMIT = 512 * 1024 * 1024
# What users call a service where its signing name is another.
_NAMES = {
    "stepfunctions": "states",
    "cloudwatch": "monitoring",
    "eventbridge": "events",
    "ses": "email",
    "cognito": "cognito-idp",
    "elbv2": "elasticloadbalancing",
}
_HOP = frozenset(("host", "content-length", "connection", "transfer-encoding", "authorization", "x-amz-date"))


class Endpoints:
    """The servers the settings name, by service."""

    def __init__(self, effects: Effects, settings: Settings, pool: ClientPool) -> None:
        self._effects = effects
        self._endpoints = {_NAMES.get(name, name): each.endpoint for name, each in settings.services.items()}
        self._cookies = NoCookies()
        self._client = HTTPClient(PooledAgent(pool), self._cookies, Body)  # type: ignore[arg-type]

    def serves(self, service: str) -> bool:
        """Whether the settings name a server for ``service``."""
        return _NAMES.get(service, service) in self._endpoints

    def request(
        self, service: str, request: Request, *, account: str, region: str, action: str | None, principal: str | None
    ) -> Deferred[Response]:
        """The server's answer. A server that is not there is answered as the service's own 503."""
        return Deferred.fromCoroutine(self._request(service, request, account, region, principal))

    async def _request(
        self, service: str, request: Request, account: str, region: str, principal: str | None
    ) -> Response:
        base = urlsplit(self._endpoints[_NAMES.get(service, service)])
        host = base.netloc.rpartition("@")[2]
        key = principal if principal and ":" not in principal else account
        if base.username:
            key, secret = unquote(base.username), unquote(base.password or "")
        else:
            secret = "test"
        path = base.path.rstrip("/") + request.raw_path.decode("latin-1")
        query = request.raw_query.decode("latin-1")
        url = f"{base.scheme}://{host}{path}" + (f"?{query}" if query else "")
        lines = [line for line in request.headers if line[0].lower() not in _HOP]
        signed = signature(request.method, url, lines, request.body, key, secret, region, service)
        try:
            answer: Any = await self._client.request(
                request.method,
                ReadyUrl(url),
                headers=HeaderLines([("Host", host), *lines, *signed]),
                data=request.body or None,
                cookies=self._cookies,
                allow_redirects=False,
                unbuffered=True,
                reactor=self._effects.reactor,
            )
            body = await read_body(answer, ANSWER_LIMIT)
        except (ConnectError, ConnectionClosed, DNSLookupError, InvalidUrl, BadResponse) as error:
            message = f"{service} at {base.scheme}://{host} cannot be reached: {error}"
            return failures.render(request, service, 503, "ServiceUnavailable", message, self._effects.uuid())
        headers = Headers(
            [line for line in header_lines(answer) if line[0].lower() not in ("connection", "transfer-encoding")]
        )
        return Response(status=answer.code, headers=headers, body=body)


def signature(
    method: str,
    url: str,
    lines: list[tuple[str, str]],
    body: bytes,
    key: str,
    secret: str,
    region: str,
    service: str,
) -> list[tuple[str, str]]:
    """The header lines that sign a request by SigV4 (S3's own way of writing paths for S3)."""
    from botocore.auth import S3SigV4Auth, SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    # Headers that proxies on the way change, or that the server's framework rewrites, are left unsigned.
    signable = {name: value for name, value in lines if name.lower().startswith(("x-amz-", "content-type"))}
    asked = AWSRequest(method=method, url=url, headers=signable, data=body)
    auth = S3SigV4Auth if service == "s3" else SigV4Auth
    auth(Credentials(key, secret), service, region).add_auth(asked)
    before = {name.lower() for name in signable}
    return [(name, value) for name, value in asked.headers.items() if name.lower() not in before]
