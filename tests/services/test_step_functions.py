"""Express executions waited for, and the calls of running state machines."""

from __future__ import annotations

import datetime
from typing import Any

import orjson
from attrs import define
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.core.botocore_stubber import MockRawResponse
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.services import step_functions, step_functions_tasks
from emulator.services.step_functions import SyncExecutions
from emulator.wire import Headers, Request, Response

ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@define
class Status:
    value: str


class Execution:
    """An execution that a test ends by hand."""

    def __init__(self) -> None:
        self.exec_status: Any = "RUNNING"
        self.start_date = START
        self.stop_date: Any = None
        self.input_data = {"a": 1}
        self.output: Any = None
        self.error = self.cause = None


class Machine:
    arn = ARN

    def __init__(self, execution: Execution) -> None:
        self.executions = [execution]


class Moto:
    """moto's place: starts the one execution there is."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.machine = Machine(execution)

    def run(self, function: Any, *args: Any) -> Deferred[Any]:
        if function is step_functions._start:
            _account, _region, params, name = args
            if params.get("stateMachineArn") != ARN:
                refused = step_functions._Refused("StateMachineDoesNotExist", "no such machine")
                return maybeDeferred(self.refuse, refused)
            return succeed(step_functions._Running(self.machine, self.execution, name))
        return maybeDeferred(function, *args)

    @staticmethod
    def refuse(error: Exception) -> None:
        raise error


class SyncExecutionCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.execution = Execution()
        self.moto = Moto(self.execution)
        self.sync = SyncExecutions(Effects.fake(self.clock), self.moto)  # type: ignore[arg-type]

    def ask(self, body: bytes) -> Deferred[Response]:
        return self.sync.request(self.made(body), account="000000000000", region="us-east-1")

    @staticmethod
    def made(body: bytes, target: str = "AWSStepFunctions.StartSyncExecution") -> Request:
        headers = Headers([("X-Amz-Target", target), ("Content-Type", "application/x-amz-json-1.0")])
        return Request(method="POST", raw_path=b"/", raw_query=b"", headers=headers, body=body)

    def test_which_requests(self) -> None:
        self.assertTrue(self.sync.serves("states", self.made(b"")))
        self.assertFalse(self.sync.serves("states", self.made(b"", "AWSStepFunctions.StartExecution")))
        self.assertFalse(self.sync.serves("sqs", self.made(b"")))

    def test_answered_when_it_has_ended(self) -> None:
        asked = self.ask(orjson.dumps({"stateMachineArn": ARN, "name": "n"}))
        self.clock.pump([0.01] * 23)
        self.assertNoResult(asked)
        self.execution.exec_status = Status("SUCCEEDED")
        self.execution.stop_date = START + datetime.timedelta(seconds=1)
        self.execution.output = {"done": [1]}
        self.clock.advance(0.01)
        answer = self.successResultOf(asked)
        body = orjson.loads(answer.body)
        self.assertEqual(answer.status, 200)
        self.assertEqual((body["status"], body["output"], body["input"]), ("SUCCEEDED", '{"done":[1]}', '{"a":1}'))
        self.assertTrue(body["executionArn"].startswith(f"{ARN.replace('stateMachine', 'express')}:n:"))
        self.assertEqual(body["stopDate"] - body["startDate"], 1)
        self.assertEqual(body["billingDetails"]["billedDurationInMilliseconds"], 300)
        self.assertEqual((self.moto.machine.executions, self.clock.getDelayedCalls()), ([], []))

    def test_failed_is_an_answer_too(self) -> None:
        self.execution.exec_status = Status("FAILED")
        self.execution.error, self.execution.cause = "E", "because"  # type: ignore[assignment]
        body = orjson.loads(self.successResultOf(self.ask(orjson.dumps({"stateMachineArn": ARN}))).body)
        self.assertEqual((body["status"], body["error"], body["cause"]), ("FAILED", "E", "because"))
        self.assertNotIn("output", body)

    def test_refused(self) -> None:
        for body, code in (
            (b"{}", "StateMachineDoesNotExist"),
            (b"{", "SerializationException"),
            (b"[]", "SerializationException"),
        ):
            answer = self.successResultOf(self.ask(body))
            self.assertEqual(answer.status, 400)
            self.assertEqual(orjson.loads(answer.body)["__type"], code)


class Tasks(SynchronousTestCase):
    def test_a_call_is_served_once(self) -> None:
        import boto3
        from moto.core.models import botocore_stubber

        moto: list[Any] = []
        ours: list[Any] = []
        self.patch(botocore_stubber, "enabled", True)
        self.patch(botocore_stubber, "process_request", moto.append)
        answer = AWSResponse("https://x", 200, {}, MockRawResponse(b'{"QueueUrls": []}'))

        def lead(request: Any, **_more: Any) -> AWSResponse:
            ours.append(request)
            return answer

        client = boto3.session.Session("ak", "sk", region_name="us-east-1").client("sqs")
        self.addCleanup(client.close)
        step_functions_tasks.lead_client(client, lead)
        self.assertEqual(client.list_queues()["QueueUrls"], [])
        self.assertEqual((len(ours), moto), (1, []))

    def test_a_task_is_one_more_request(self) -> None:
        asked: list[Any] = []

        def serve(*args: Any) -> Deferred[Response]:
            asked.append(args)
            return succeed(Response(status=201, headers=Headers([("X-A", "1")]), body=b"done"))

        effects = Effects.fake(Clock())
        self.patch(type(effects), "wait_in_thread", lambda _self, call, *args: self.successResultOf(call(*args)))
        prepared = AWSPreparedRequest(
            "POST", "https://lambda.eu-west-1.amazonaws.com/2015-03-31/f?Qualifier=1", {"X-B": b"2"}, b"{}", False
        )
        answer = step_functions_tasks._send(effects, serve, "lambda", "111111111111", "eu-west-1", prepared)
        self.assertEqual((answer.status_code, answer.content, answer.headers["x-a"]), (201, b"done", "1"))
        service, request, account, region = asked[0]
        self.assertEqual((service, account, region), ("lambda", "111111111111", "eu-west-1"))
        self.assertEqual(
            (request.method, request.raw_path, request.raw_query, request.body, request.host),
            ("POST", b"/2015-03-31/f", b"Qualifier=1", b"{}", "lambda.eu-west-1.amazonaws.com"),
        )
        self.assertEqual(request.headers.first("x-b"), "2")
