"""moto asked by requests: who serves, for whom, and what becomes of moto's own failures."""

from __future__ import annotations

from typing import Any

import orjson
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.services.moto_services import MotoServices, _moto_request, _response
from emulator.settings import Settings
from emulator.wire import Headers, Request, Response

ACCOUNT = "000000000000"


def request(
    target: str = "", body: bytes = b"{}", path: bytes = b"/", method: str = "POST", host: str = "", query: bytes = b""
) -> Request:
    headers = Headers([("X-Amz-Target", target)] if target else [])
    return Request(method=method, raw_path=path, raw_query=query, headers=headers, body=body, host=host)


class Asked(SynchronousTestCase):
    def setUp(self) -> None:
        self.prepared: list[str] = []
        self.moto = MotoServices(Effects.fake(Clock()), Settings(), self.prepared.append)
        self.addCleanup(lambda: self.successResultOf(self.moto.reset()))

    def ask(self, service: str, made: Request, account: str = ACCOUNT, region: str = "us-east-1") -> Response:
        return self.successResultOf(self.moto.request(service, made, account=account, region=region))

    def create(self, name: str, **where: str) -> None:
        self.ask("sqs", request("AmazonSQS.CreateQueue", orjson.dumps({"QueueName": name})), **where)

    def queues(self, **where: str) -> list[str]:
        told = orjson.loads(self.ask("sqs", request("AmazonSQS.ListQueues"), **where).body)
        return [url.rpartition("/")[2] for url in told.get("QueueUrls", [])]

    def test_accounts_and_regions_are_apart(self) -> None:
        self.create("a")
        self.create("b", region="eu-west-1")
        self.create("c", account="111111111111")
        self.assertEqual(self.queues(), ["a"])
        self.assertEqual(self.queues(region="eu-west-1"), ["b"])
        self.assertEqual(self.queues(account="111111111111"), ["c"])
        self.assertEqual(self.queues(region="xx-nowhere-9"), [])

    def test_reset(self) -> None:
        self.create("a")
        self.successResultOf(self.moto.reset())
        self.assertEqual(self.queues(), [])

    def test_modules_are_prepared_once_and_told_of(self) -> None:
        told: list[str] = []
        self.moto.before.append(told.append)
        self.assertFalse(self.moto.in_use({"sqs"}))
        self.queues()
        self.queues()
        self.assertEqual((self.prepared, told), (["", "sqs"], ["sqs", "sqs"]))
        self.assertTrue(self.moto.in_use({"sqs", "sns"}))
        self.assertEqual(self.moto.touched, ["sqs"])

    def test_names_of_services(self) -> None:
        for service, target, member in (
            ("states", "AWSStepFunctions.ListStateMachines", "stateMachines"),
            ("stepfunctions", "AWSStepFunctions.ListStateMachines", "stateMachines"),
            ("events", "AWSEvents.ListRules", "Rules"),
            ("dynamodb", "DynamoDB_20120810.ListTables", "TableNames"),
            ("dynamodb", "DynamoDBStreams_20120810.ListStreams", "Streams"),
        ):
            self.assertIn(member, orjson.loads(self.ask(service, request(target)).body))

    def test_any_path_will_do_where_the_action_is_named(self) -> None:
        for path in (b"/", b"/000000000000/topic", b"/topic"):
            made = Request(
                method="POST", raw_path=path, raw_query=b"", body=b"Action=ListTopics&Version=2010-03-31",
                headers=Headers([("Content-Type", "application/x-www-form-urlencoded")]),
            )  # fmt: skip
            self.assertIn(b"<ListTopicsResponse", self.ask("sns", made).body)
            made = request("TrentService.ListKeys", path=path)
            self.assertEqual(self.ask("kms", made).status, 200)

    def test_what_is_not_emulated(self) -> None:
        answered = self.ask("frobnicator", request("Frob.Nicate"))
        self.assertEqual((answered.status, orjson.loads(answered.body)["__type"]), (501, "NotImplemented"))
        answered = self.ask("iam", request(path=b"/no/such/path", method="GET"))
        self.assertEqual((answered.status, orjson.loads(answered.body)["__type"]), (404, "UnknownOperationException"))

    def test_motos_failures_look_like_the_services(self) -> None:
        # moto takes for granted what the SDKs check.
        answered = self.ask("dynamodb", request("DynamoDB_20120810.Scan"))
        (logged,) = self.flushLoggedErrors(KeyError)
        self.assertEqual((answered.status, orjson.loads(answered.body)["__type"]), (500, "InternalFailure"))
        self.assertNotIn(b"TableName", answered.body)

    def test_run_beside_requests(self) -> None:
        self.assertEqual(self.successResultOf(self.moto.run(lambda one, two: one + two, 1, two=2)), 3)
        self.assertEqual(self.prepared, [""])


class Written(SynchronousTestCase):
    """Requests as moto gets them, and its answers as they are sent."""

    def made(self, service: str, given: Request, key: str = "") -> Any:
        return _moto_request(given, service, ACCOUNT, "eu-west-1", key)

    def test_a_request(self) -> None:
        given = Request(
            method="PUT", raw_path=b"/a%20b", raw_query=b"x=1", body=b"b", host="h:1", scheme="https",
            headers=Headers([("Accept", "a"), ("accept", "b"), ("Content-Length", "9"), ("Host", "other")]),
        )  # fmt: skip
        made = self.made("sqs", given)
        self.assertEqual((made.method, made.url, made.data), ("PUT", "https://h:1/a%20b?x=1", b"b"))
        self.assertEqual((made.headers["accept"], made.headers["host"]), ("a,b", "h:1"))
        self.assertEqual(made.headers["x-moto-account-id"], ACCOUNT)
        self.assertIn(f"Credential={ACCOUNT}/20000101/eu-west-1/sqs/", made.headers["authorization"])
        self.assertIn("Credential=AKIA/", self.made("sqs", given, "AKIA").headers["authorization"])

    def test_a_signature_stays(self) -> None:
        given = Request(
            method="GET", raw_path=b"/", raw_query=b"", headers=Headers([("Authorization", "mine")]), host="h"
        )
        self.assertEqual(self.made("sqs", given).headers["authorization"], "mine")

    def test_buckets_in_hosts(self) -> None:
        for host, expected in (
            ("b.s3.localhost:4566", "b.s3.eu-west-1.amazonaws.com"),
            ("my.b.s3.eu-west-1.amazonaws.com", "my.b.s3.eu-west-1.amazonaws.com"),
            ("localhost:4566", "s3.eu-west-1.amazonaws.com"),
        ):
            self.assertEqual(self.made("s3", request(host=host)).headers["host"], expected)

    def test_an_answer(self) -> None:
        made = _response("201", {"A": ["1", 2], "date": "x", "Content-Length": "3", "Server": "w"}, "ü")
        self.assertEqual(
            (made.status, made.headers.lines, made.body), (201, [("A", "1"), ("A", "2")], "ü".encode())
        )
        self.assertEqual(_response(200, {"Content-Length": 7}, "").headers.lines, [("Content-Length", "7")])
        self.assertEqual(_response(200, {}, None).body, b"")
        self.assertEqual(_response(200, {}, [b"a", "b"]).body, b"ab")
        self.assertEqual(_response(200, {}, bytearray(b"a")).body, b"a")
