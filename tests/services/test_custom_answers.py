"""Answers of custom resources: taken once, waited for no longer than need be."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.errors import ServiceError
from emulator.lambda_runtime.functions import FunctionNotFound
from emulator.lambda_runtime.invocations import InvocationResult
from emulator.services.custom_answers import PATH, CustomAnswers
from emulator.wire import Headers, Request


def ran(error: str | None = None) -> InvocationResult:
    return InvocationResult(
        payload=b"{}", function_error=error, executed_version="1", request_id="r", duration_ms=1.0, billed_ms=1
    )


class CustomAnswersTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.outcome: Deferred[Any] = succeed(ran())
        self.answers = CustomAnswers(Effects.fake(self.clock), self, self, lambda: "http://127.0.0.1:9")

    def invoke(self, arn: str, payload: bytes) -> Deferred[Any]:
        self.sent.append((arn, json.loads(payload)))
        return self.outcome

    def call(self, service: str, action: str, params: Any, *, account: str, region: str) -> Deferred[Any]:
        self.sent.append((f"{service}:{action}", params))
        return succeed({})

    def ask(self, token: str = "arn:aws:lambda:us-east-1:0:function:f", **properties: str) -> Deferred[Any]:
        event = {"RequestType": "Create", "ServiceToken": token, "ResourceProperties": properties}
        return self.answers.ask("000000000000", "us-east-1", event)

    def put(self, url: str, body: bytes, method: str = "PUT") -> int:
        path = url.removeprefix("http://127.0.0.1:9").encode()
        request = Request(method=method, raw_path=path, raw_query=b"", headers=Headers(), body=body)
        return self.answers.take(request).status

    def test_an_answer_is_taken_once(self) -> None:
        asked = self.ask()
        (arn, event) = self.sent[0]
        self.assertEqual("arn:aws:lambda:us-east-1:0:function:f", arn)
        self.assertTrue(event["ResponseURL"].startswith(f"http://127.0.0.1:9{PATH.decode()}"))
        self.assertNoResult(asked)
        self.assertEqual(404, self.put(event["ResponseURL"], b"{}", "POST"))
        self.assertEqual(404, self.put(event["ResponseURL"] + "x", b"{}"))
        self.assertEqual(200, self.put(event["ResponseURL"], b'{"Status": "SUCCESS"}'))
        self.assertEqual({"Status": "SUCCESS"}, self.successResultOf(asked))
        self.assertEqual(404, self.put(event["ResponseURL"], b"{}"))
        self.assertEqual([], self.clock.getDelayedCalls())

    def test_no_answer(self) -> None:
        self.outcome = succeed(ran("Unhandled"))
        self.assertIn("did not receive a response", str(self.failureResultOf(self.ask(), ServiceError).value))
        self.outcome = fail(FunctionNotFound("f"))
        self.failureResultOf(self.ask(), ServiceError)
        self.outcome = succeed(ran())
        for seconds, properties in ((3600, {}), (5, {"ServiceTimeout": "5"})):
            asked = self.ask(**properties)
            self.clock.advance(seconds - 1)
            self.assertNoResult(asked)
            self.clock.advance(1)
            self.failureResultOf(asked, ServiceError)

    def test_nonsense(self) -> None:
        for body in (b"", b"[]", b"x" * 5000):
            asked = self.ask()
            self.assertEqual(200, self.put(self.sent[-1][1]["ResponseURL"], body))
            self.assertEqual("FAILED", self.successResultOf(asked)["Status"])

    def test_a_topic_is_told(self) -> None:
        asked = self.ask("arn:aws:sns:us-east-1:0:t")
        self.assertEqual("sns:Publish", self.sent[0][0])
        event = json.loads(self.sent[0][1]["Message"])
        self.put(event["ResponseURL"], b'{"Status": "SUCCESS"}')
        self.assertEqual("SUCCESS", self.successResultOf(asked)["Status"])
