"""AWS to Lambda: what Lambda takes for an event, and what it says to anything else."""

from __future__ import annotations

from typing import Any

import orjson
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.integrations.aws import Aws
from emulator.integrations.dispatch import IntegrationAnswer, IntegrationRequest
from emulator.integrations.lambda_calls import LambdaTarget
from emulator.wire import Headers

URI = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:111111111111:function:f/invocations"
)


class Functions:
    """Lambda, which remembers what it is called with."""

    def __init__(self) -> None:
        self.payloads: list[tuple[bytes, bool]] = []

    def call(self, request: IntegrationRequest, target: LambdaTarget, payload: bytes) -> Deferred[IntegrationAnswer]:
        self.payloads.append((payload, request.asynchronous))
        return succeed(IntegrationAnswer(status=200, body=b"{}"))


class Calling(SynchronousTestCase):
    def setUp(self) -> None:
        self.functions = Functions()
        self.aws = Aws(Effects.fake(Clock()), self.functions, None)  # type: ignore[arg-type]

    def answered(self, body: bytes, kind: str = "", **more: Any) -> IntegrationAnswer:
        headers = Headers([("X-Amz-Invocation-Type", kind)] if kind else [])
        request = IntegrationRequest(
            type="AWS", http_method="POST", uri=URI, headers=headers, body=body, account="111111111111", **more
        )
        return self.successResultOf(self.aws.invoke(request))

    def test_no_body_is_an_empty_event(self) -> None:
        for body in (b"", b" \n"):
            self.answered(body)
        self.answered(b'{"a": 1}')
        self.assertEqual(self.functions.payloads, [(b"{}", False), (b"{}", False), (b'{"a": 1}', False)])

    def test_no_json(self) -> None:
        answer = self.answered(b"a=1")
        self.assertEqual(answer.status, 400)
        self.assertEqual(answer.headers.first("x-amzn-errortype"), "InvalidRequestContentException")
        self.assertTrue(answer.body.startswith(b'{"message": "Could not parse request body into json: '))
        self.assertEqual(list(orjson.loads(answer.body)), ["message"])
        self.assertEqual(self.functions.payloads, [])

    def test_too_long(self) -> None:
        answer = self.answered(b'"%b"' % (b"x" * 6_291_456))
        self.assertEqual((answer.status, self.functions.payloads), (413, []))

    def test_invocation_types(self) -> None:
        self.answered(b"1", "Event")
        self.answered(b"2", "'Event'")
        self.answered(b"3", "RequestResponse")
        self.assertEqual(self.functions.payloads, [(b"1", True), (b"2", True), (b"3", False)])
        self.assertEqual(self.answered(b"4", "DryRun").status, 204)
        answer = self.answered(b"5", "Frob")
        self.assertEqual(answer.status, 400)
        self.assertIn("Value 'Frob' at 'invocationType'", orjson.loads(answer.body)["message"])
        self.assertEqual(len(self.functions.payloads), 3)
