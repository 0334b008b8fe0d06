"""The application: its table, the headers of every answer, errors, what it tells listeners, and bugs of our own."""

from __future__ import annotations

from typing import Any

import orjson
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from emulator.control import app
from emulator.control.call import Call, CallEvent, Principal
from emulator.control.codec import shared
from emulator.errors import LimitExceededException
from emulator.wire import Headers, Request
from tests.control.support import Control, ControlTestCase


class TableTest(SynchronousTestCase):
    def test_ours_are_botocores(self) -> None:
        self.assertEqual(set(shared().operations), set(app.OPERATIONS))
        self.assertEqual(124, len(app.OPERATIONS))

    def test_each_has_its_function(self) -> None:
        control = Control().app
        for name in app.OPERATIONS:
            self.assertEqual(control.codec.operations[name].function, control.function(name).__name__)


class AppTest(ControlTestCase):
    def test_headers_of_an_answer(self) -> None:
        response = self.control.http("GET", "/account")
        self.assertEqual(200, response.status)
        self.assertEqual("application/json", response.headers.first("content-type"))
        request_id = response.headers.first("x-amzn-requestid") or ""
        self.assertRegex(request_id, r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        self.assertTrue(response.headers.first("x-amz-apigw-id"))

    def test_an_unknown_operation(self) -> None:
        response = self.control.http("GET", "/v2/apis")
        self.assertEqual(404, response.status)
        self.assertEqual("UnknownOperationException", response.headers.first("x-amzn-errortype"))

    def test_an_operation_without_a_function_says_501_and_its_name(self) -> None:
        self.patch(app, "OPERATIONS", {**app.OPERATIONS, "GetAccount": "nowhere"})
        response = self.control.http("GET", "/account")
        self.assertEqual(501, response.status)
        self.assertIn("GetAccount", orjson.loads(response.body)["message"])

    def test_a_bug_of_ours_is_500_and_logged(self) -> None:
        def broken(_call: Call, _request: Any) -> None:
            raise ZeroDivisionError

        self.control.app._functions["GetAccount"] = broken
        response = self.control.http("GET", "/account")
        self.assertEqual((500, "InternalFailure"), (response.status, response.headers.first("x-amzn-errortype")))
        self.assertEqual(1, len(self.flushLoggedErrors(ZeroDivisionError)))

    def test_further_members_of_an_error(self) -> None:
        def limited(_call: Call, _request: Any) -> None:
            raise LimitExceededException("slow", retryAfterSeconds=7)

        self.control.app._functions["GetAccount"] = limited
        response = self.control.http("GET", "/account")
        self.assertEqual((429, "7"), (response.status, response.headers.first("retry-after")))

    def test_only_changes_move_the_generation(self) -> None:
        store = self.control.store
        self.control("GetAccount")
        self.assertEqual(0, store.generation)
        api = self.api()
        self.assertEqual(1, store.generation)
        self.refused(400, "BadRequestException", None, "CreateRestApi", name="")
        self.control("GetRestApi", restApiId=api)
        self.assertEqual(1, store.generation)

    def test_accounts_and_regions_are_apart(self) -> None:
        self.api()
        self.assertEqual(b'{"item":[]}', self.control.http("GET", "/restapis", region="eu-west-1").body)
        self.assertEqual(1, len(self.control("GetRestApis")["items"]))

    def test_listeners_are_told(self) -> None:
        events: list[CallEvent] = []
        self.control.app.on_call.append(events.append)
        request = Request(
            method="POST",
            raw_path=b"/restapis",
            raw_query=b"",
            headers=Headers([("User-Agent", "me/1")]),
            body=b'{"name": "x"}',
            source_ip="10.1.2.3",
        )
        who = Principal(account="000000000000", access_key="AKIA")
        response = self.successResultOf(self.control.app.serve(request, "000000000000", "us-east-1", who))
        self.refused(404, "NotFoundException", None, "GetStage", restApiId="a", stageName="b")
        made, read = events
        self.assertEqual(("CreateRestApi", {"name": "x"}, None), (made.operation, made.request, made.error))
        assert made.answer is not None and read.error is not None
        self.assertEqual(orjson.loads(response.body)["id"], made.answer["id"])
        self.assertEqual(("10.1.2.3", "me/1", who), (made.source_ip, made.user_agent, made.principal))
        self.assertFalse(made.read_only)
        self.assertEqual(response.headers.first("x-amzn-requestid"), made.request_id)
        self.assertEqual(("GetStage", "NotFoundException", True), (read.operation, read.error.code, read.read_only))

    def test_a_hang_up_cancels_what_runs(self) -> None:
        cancelled: list[bool] = []

        def slow(_call: Call, _request: Any) -> Deferred[None]:
            return Deferred(lambda _deferred: cancelled.append(True))

        self.control.app._functions["GetAccount"] = slow
        request = Request(method="GET", raw_path=b"/account", raw_query=b"", headers=Headers())
        waiting = self.control.app.serve(request, "000000000000", "us-east-1")
        self.assertNoResult(waiting)
        waiting.cancel()
        self.failureResultOf(waiting)
        self.assertEqual([True], cancelled)
