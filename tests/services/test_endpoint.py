"""A real server in the place of a service."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionRefusedError
from twisted.trial.unittest import SynchronousTestCase

from emulator.services.endpoint import Endpoints
from emulator.settings import ServiceEndpoint, Settings
from emulator.wire import Headers, Request
from tests.integrations.backend import Backend


class EndpointCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.backend = Backend()
        settings = Settings(
            services={
                "dynamodb": ServiceEndpoint(endpoint="http://10.0.0.1:8000"),
                "s3": ServiceEndpoint(endpoint="http://minio:s3cret%2F@10.0.0.2:9000/base/"),
            }
        )
        self.endpoints = Endpoints(self.backend.effects, settings, self.backend.pool)

    def ask(self, service: str = "dynamodb", principal: str | None = None, accept: bool = True, **more: Any) -> Any:
        request = Request(
            **{
                "method": "POST",
                "raw_path": b"/",
                "raw_query": b"",
                "headers": Headers(
                    [("Host", "dynamodb.us-east-1.amazonaws.com"), ("X-Amz-Target", "T.A"), ("Content-Length", "2")]
                ),
                "body": b"{}",
                **more,
            }
        )
        asked = self.endpoints.request(
            service, request, account="000000000000", region="eu-west-1", action=None, principal=principal
        )
        if accept:
            self.backend.accept()
        return asked

    def test_asked_and_answered(self) -> None:
        asked = self.ask()
        head, _, body = self.backend.heard().partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        self.assertEqual(lines[:3], [b"POST / HTTP/1.1", b"Host: 10.0.0.1:8000", b"X-Amz-Target: T.A"])
        self.assertIn(b"Authorization: AWS4-HMAC-SHA256 Credential=000000000000/", head)
        self.assertIn(b"/eu-west-1/dynamodb/aws4_request", head)
        self.assertEqual((lines[-1], body), (b"Content-Length: 2", b"{}"))
        self.backend.say(b"HTTP/1.1 400 Bad\r\nX-a: 1\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc")
        answer = self.successResultOf(asked)
        self.assertEqual((answer.status, answer.body), (400, b"abc"))
        self.assertEqual(answer.headers.lines, [("X-a", "1"), ("Content-Length", "3")])

    def test_the_endpoints_own_credentials_and_base(self) -> None:
        self.ask("s3", method="PUT", raw_path=b"/b/a/../k", raw_query=b"x=1&y")
        heard = self.backend.heard()
        self.assertTrue(heard.startswith(b"PUT /base/b/a/../k?x=1&y HTTP/1.1\r\nHost: 10.0.0.2:9000\r\n"))
        self.assertIn(b"Credential=minio/", heard)

    def test_the_callers_key(self) -> None:
        self.ask(principal="AKIA1")
        self.assertIn(b"Credential=AKIA1/", self.backend.heard())
        self.ask(principal="arn:aws:iam::000000000000:role/r")
        self.assertIn(b"Credential=000000000000/", self.backend.heard(1))

    def test_by_either_name(self) -> None:
        settings = Settings(services={"stepfunctions": ServiceEndpoint(endpoint="http://10.0.0.3")})
        endpoints = Endpoints(self.backend.effects, settings, self.backend.pool)
        self.assertTrue(endpoints.serves("states") and endpoints.serves("stepfunctions"))
        self.assertFalse(endpoints.serves("sqs"))
        self.assertTrue(self.endpoints.serves("dynamodb"))

    def test_nobody_there(self) -> None:
        asked = self.ask(accept=False)
        self.backend.refuse(ConnectionRefusedError())
        answer = self.successResultOf(asked)
        self.assertEqual(answer.status, 503)
        self.assertIn(b"ServiceUnavailable", answer.body)
