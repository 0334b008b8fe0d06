"""MOCK: the status that a rendered template names."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from emulator.errors import GatewayError
from emulator.integrations.dispatch import IntegrationRequest
from emulator.integrations.mock import Mock


class MockCase(SynchronousTestCase):
    def test_statuses(self) -> None:
        for body, status in {
            b'{"statusCode": 200}': 200,
            b' {"statusCode":404, "x": {"statusCode": 1}}\n': 404,
            b"{statusCode: 200}": 200,
            b"{ statusCode:204 }": 204,
            b"{'statusCode': 201}": 201,
            b'{"a": 1, statusCode: 500,}': 500,
            # Seen on AWS: any integer will do.
            b'{"statusCode": 0}': 0,
            b'{"statusCode": -1000}': -1000,
            b'{"statusCode": 600}': 600,
        }.items():
            answer = self.successResultOf(Mock().invoke(self.request(body)))
            self.assertEqual((answer.status, answer.body, len(answer.headers)), (status, b"", 0), body)

    def test_none(self) -> None:
        for body in (b"", b"{}", b"null", b"[]", b"[200]", b"200", b'"x"', b'{"statusCode": "200"}', b"statusCode: 200",
                     b'{"statusCode": true}', b'{"statusCode": 200.5}', b'{"statusCode": null}', b'{"statuscode": 200}',
                     b"{statusCode: }", b"\xff"):  # fmt: skip
            failure = self.failureResultOf(Mock().invoke(self.request(body)), GatewayError)
            self.assertEqual(failure.value.response_type, "API_CONFIGURATION_ERROR", body)
            self.assertIn("Unable to parse statusCode", failure.value.log)

    @staticmethod
    def request(body: bytes) -> IntegrationRequest:
        return IntegrationRequest(type="MOCK", http_method="GET", uri="", body=body)
