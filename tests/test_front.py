"""The front: which plane a request is for, and whom it refuses."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.execute_api.locate import address_of
from emulator.front import EXECUTE_API_LIMIT, Front
from emulator.settings import Settings
from emulator.web.site import Site
from emulator.wire import Headers, Request, Response


class Planes:
    """Says who was asked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.loaded = True
        self.asked: list[tuple[str, Any]] = []
        self.pending: Deferred[Any] = Deferred()

    def when_ready(self) -> Deferred[Any]:
        return self.pending

    def address_of(self, host: str, raw_path: bytes, headers: Headers) -> Any:
        return address_of(host, raw_path, headers, self.settings)

    def serves_host(self, host: str) -> bool:
        return False

    def _answer(self, who: str, what: Any) -> Deferred[Response]:
        self.asked.append((who, what))
        return succeed(Response(status=200, body=who.encode()))

    def execute(self, request: Request, address: Any) -> Deferred[Response]:
        return self._answer("execute", address)

    def too_large(self, request: Request, address: Any) -> Response:
        self.asked.append(("too large", address))
        return Response(status=413)

    def control(self, request: Request, target: Any) -> Deferred[Response]:
        return self._answer("control", target)

    def service(self, request: Request, target: Any) -> Deferred[Response]:
        return self._answer("service", target)

    def page(self, request: Request) -> Deferred[Response]:
        return self._answer("page", request.raw_path)

    def new_request_id(self) -> str:
        return "id"


def signed(service: str, key: str = "test", region: str = "eu-west-1") -> str:
    """An Authorization header line."""
    scope = f"{key}/20240101/{region}/{service}/aws4_request"
    return f"Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"


class FrontCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.planes = Planes(Settings(allowed_origins=("https://friend.example",), allowed_hosts=(".home.example",)))
        self.front = Front(self.planes)
        self.clock = Clock()
        self.site = Site(self.front, Effects.fake(self.clock, self.clock), self.front.body_limit)

    def ask(self, line: str, *headers: str, host: str = "localhost:4566", body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of an answer."""
        self.transport = StringTransport()
        channel = self.site.buildProtocol(None)
        channel.makeConnection(self.transport)
        head = [f"{line} HTTP/1.1", f"Host: {host}", *headers]
        if body:
            head.append(f"Content-Length: {len(body)}")
        channel.dataReceived("\r\n".join([*head, "", ""]).encode() + body)
        self.clock.advance(0)
        self.head, _, answer = self.transport.value().partition(b"\r\n\r\n")
        return int(self.head.split()[1]) if self.head else 0, answer

    def test_deployed_apis_by_all_forms(self) -> None:
        for line, host in (
            ("GET /restapis/abc/prod/_user_request_/x//y%2F", "localhost:4566"),
            ("GET /_aws/execute-api/abc/prod/x//y%2F", "localhost:4566"),
            ("GET /prod/x//y%2F", "abc.execute-api.localhost:4566"),
            ("GET /prod/x//y%2F", "abc.execute-api.eu-west-1.amazonaws.com"),
        ):
            self.assertEqual(self.ask(line, host=host), (200, b"execute"))
            self.assertEqual(self.planes.asked[-1][1].api_id, "abc")
            self.assertTrue(self.planes.asked[-1][1].path.endswith(b"/x//y%2F"))

    def test_control_plane_and_services_by_signature(self) -> None:
        self.assertEqual(self.ask("GET /restapis", signed("apigateway", "111122223333")), (200, b"control"))
        target = self.planes.asked[-1][1]
        self.assertEqual((target.account, target.region), ("111122223333", "eu-west-1"))
        self.assertEqual(self.ask("GET /v2/apis", signed("apigateway")), (200, b"service"))
        self.assertEqual(self.planes.asked[-1][1].service, "apigatewayv2")
        self.assertEqual(self.ask("POST /", signed("dynamodb")), (200, b"service"))
        self.assertEqual(self.ask("GET /restapis"), (200, b"control"))
        self.assertEqual(self.ask("GET /bucket/key"), (200, b"service"))
        self.assertEqual(self.planes.asked[-1][1].service, "s3")

    def test_own_pages(self) -> None:
        self.assertEqual(self.ask("GET /_emulator/health"), (200, b"page"))

    def test_foreign_origins_are_refused(self) -> None:
        for origin in ("http://evil.example", "null", "http://localhost.evil.example", "http://10.0.0.1"):
            status, _ = self.ask("GET /restapis", f"Origin: {origin}")
            self.assertEqual(status, 403, origin)
            self.assertEqual(self.ask("POST /_emulator/reset", f"Origin: {origin}")[0], 403)
            self.assertEqual(self.ask("POST /", signed("sqs"), f"Origin: {origin}")[0], 403)
        self.assertEqual(self.planes.asked, [])

    def test_friendly_origins_are_let_in(self) -> None:
        for origin in ("http://localhost:3000", "https://friend.example", "http://127.0.0.1:8080", "http://[::1]:1"):
            self.assertEqual(self.ask("GET /restapis", f"Origin: {origin}"), (200, b"control"))
            self.assertIn(f"Access-Control-Allow-Origin: {origin}".encode(), self.head)
        preflight = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: x-amz-date")
        status, _ = self.ask("OPTIONS /restapis", "Origin: http://localhost:3000", *preflight)
        self.assertEqual(status, 204)
        self.assertIn(b"Access-Control-Allow-Headers: x-amz-date", self.head)

    def test_an_api_minds_its_own_origins(self) -> None:
        line = "GET /restapis/abc/prod/_user_request_/x"
        self.assertEqual(self.ask(line, "Origin: http://evil.example"), (200, b"execute"))

    def test_foreign_hosts_are_refused(self) -> None:
        self.assertEqual(self.ask("GET /restapis", host="evil.example:4566")[0], 403)
        self.assertIn(b"\r\nx-amzn-RequestId: ", self.head)
        self.assertEqual(self.ask("GET /restapis", host="localhost.evil.example")[0], 403)
        for host in ("emulator:4566", "127.0.0.1", "[::1]:4566", "x.home.example", "sqs.eu-west-1.amazonaws.com"):
            self.assertEqual(self.ask("GET /restapis", host=host)[0], 200, host)

    def test_bodies_too_long_for_an_api(self) -> None:
        line = "POST /restapis/abc/prod/_user_request_/x"
        self.assertEqual(self.ask(line, f"Content-Length: {EXECUTE_API_LIMIT + 1}")[0], 413)
        self.assertEqual(self.planes.asked[-1][0], "too large")
        self.assertEqual(self.ask("PUT /bucket/key", f"Content-Length: {EXECUTE_API_LIMIT + 1}")[0], 0)

    def test_requests_wait_until_the_planes_are_there(self) -> None:
        self.planes.loaded = False
        self.assertEqual(self.ask("GET /restapis"), (0, b""))
        self.assertEqual(self.ask("GET /_emulator/health"), (200, b"page"))
        self.ask("GET /restapis")
        self.planes.pending.callback(None)
        self.assertTrue(self.transport.value().endswith(b"control"))
