"""ServiceCalls: who answers, and what one operation called by name comes to."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.errors import ServiceError
from emulator.services import moto_services
from emulator.services.calls import ServiceCalls
from emulator.services.moto_services import MotoServices
from emulator.services.protocols import describe
from emulator.settings import Settings
from emulator.wire import Headers, Request, Response

WHERE = {"account": "000000000000", "region": "us-east-1"}
ROLE = "arn:aws:iam::000000000000:role/r"


class Elsewhere:
    """A real server that stands in for DynamoDB."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def serves(self, service: str) -> bool:
        return service == "dynamodb"

    def request(self, service: str, request: Request, **how: Any) -> Deferred[Response]:
        self.asked.append((service, how))
        return succeed(Response(status=200, body=b'{"there": null}'))


class Calls(SynchronousTestCase):
    def setUp(self) -> None:
        effects = Effects.fake(Clock())
        self.calls = ServiceCalls(effects, Settings(), MotoServices(effects, Settings()))
        self.addCleanup(lambda: self.successResultOf(self.calls.moto.reset()))

    def raw(self, service: str, target: str, body: bytes, described: bool, principal: str | None = None) -> Response:
        lines = [("X-Amz-Target", target), ("Content-Type", "application/x-amz-json-1.0")]
        request = Request(method="POST", raw_path=b"/", raw_query=b"", headers=Headers(lines), body=body)
        description = describe(service) if described else None
        action = target.rpartition(".")[2]
        return self.successResultOf(
            self.calls.request(service, request, action=action, principal=principal, description=description, **WHERE)
        )

    def test_one_operation(self) -> None:
        made = self.successResultOf(self.calls.call("sqs", "CreateQueue", {"QueueName": "q"}, **WHERE))
        self.assertTrue(made["QueueUrl"].endswith("/000000000000/q"))
        told = self.successResultOf(self.calls.call("sqs", "ListQueues", {}, **WHERE))
        self.assertEqual(told["QueueUrls"], [made["QueueUrl"]])

    def test_a_request_is_let_go_at_once(self) -> None:
        # moto's knows itself: its body would stay until the garbage collector comes by.
        made: list[Any] = []
        real = moto_services._moto_request
        self.patch(moto_services, "_moto_request", lambda *args: made.append(real(*args)) or made[-1])
        self.successResultOf(self.calls.call("sqs", "ListQueues", {}, **WHERE))
        self.assertEqual([vars(each) for each in made], [{}])

    def test_each_protocol(self) -> None:
        topic = self.successResultOf(self.calls.call("sns", "CreateTopic", {"Name": "t"}, **WHERE))
        self.assertEqual(topic["TopicArn"], "arn:aws:sns:us-east-1:000000000000:t")
        self.successResultOf(self.calls.call("s3", "CreateBucket", {"Bucket": "bucket"}, **WHERE))
        put = {"Bucket": "bucket", "Key": "a b/ü", "Body": b"\xff\x00"}
        self.successResultOf(self.calls.call("s3", "PutObject", put, **WHERE))
        got = self.successResultOf(self.calls.call("s3", "GetObject", {"Bucket": "bucket", "Key": "a b/ü"}, **WHERE))
        self.assertEqual(got["Body"], b"\xff\x00")
        listed = self.successResultOf(self.calls.call("scheduler", "ListSchedules", {}, **WHERE))
        self.assertEqual(listed["Schedules"], [])

    def test_a_refusal(self) -> None:
        called = self.calls.call("sqs", "GetQueueUrl", {"QueueName": "nope"}, **WHERE)
        error = self.failureResultOf(called, ServiceError).value
        self.assertEqual((error.code, error.status), ("AWS.SimpleQueueService.NonExistentQueue", 400))

    def test_checked_and_tidied_for_those_without_an_sdk(self) -> None:
        self.assertEqual(self.raw("kms", "TrentService.ListKeys", b"{}", True).body, b'{"Keys":[],"Truncated":false}')
        self.assertIn(b"null", self.raw("kms", "TrentService.ListKeys", b"{}", False).body)
        self.assertEqual(self.raw("kms", "TrentService.Encrypt", b"{}", True).status, 400)
        self.assertIn(b"2 validation errors", self.raw("kms", "TrentService.Encrypt", b"{}", True).body)

    def test_a_server_elsewhere_sees_everything(self) -> None:
        elsewhere = self.calls.elsewhere = Elsewhere()
        answered = self.raw("dynamodb", "DynamoDB_20120810.Scan", b"{}", True, ROLE)
        self.assertEqual(answered.body, b'{"there": null}')
        self.assertEqual(elsewhere.asked, [("dynamodb", {**WHERE, "action": "Scan", "principal": ROLE})])
        self.assertEqual(self.raw("kms", "TrentService.ListKeys", b"{}", True).status, 200)

    def test_what_is_ours(self) -> None:
        self.calls.ours = lambda service, request, account, region: (
            succeed(Response(status=200, body=b"ours")) if service == "kms" else None
        )
        self.assertEqual(self.raw("kms", "TrentService.ListKeys", b"{}", False).body, b"ours")
        self.assertEqual(self.raw("ssm", "AmazonSSM.DescribeParameters", b"{}", False).status, 200)

    def test_a_service_that_is_not_there(self) -> None:
        answered = self.raw("frobnicator", "Frob.Nicate", b"{}", False)
        self.assertEqual(answered.status, 501)
