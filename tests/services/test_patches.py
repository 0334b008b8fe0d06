"""Each thing that is mended in moto: the test fails where moto is as it came."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import orjson
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.services.moto_services import MotoServices
from emulator.services.role_sessions import RoleSessions, session_user
from emulator.settings import Settings
from emulator.wire import Headers, Request, Response

ACCOUNT = "000000000000"
REGION = "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/gateway"
UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$"


class Mended(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.moto = MotoServices(Effects.fake(self.clock), Settings())
        self.addCleanup(lambda: self.successResultOf(self.moto.reset()))

    def request(self, service: str, request: Request, principal: str = "", region: str = REGION) -> Deferred[Response]:
        return self.moto.request(service, request, account=ACCOUNT, region=region, principal=principal)

    def query(self, service: str, principal: str = "", path: str = "/", **parameters: Any) -> Response:
        headers = Headers([("Content-Type", "application/x-www-form-urlencoded"), ("Host", f"{service}.amazonaws.com")])
        made = Request(
            method="POST", raw_path=path.encode(), raw_query=b"", headers=headers, body=urlencode(parameters).encode()
        )
        return self.successResultOf(self.request(service, made, principal))

    def json(self, service: str, target: str, _more: tuple[str, str] = ("x", "1"), _as: str = "", **body: Any) -> Any:
        return orjson.loads(self.successResultOf(self.ask(service, target, _more, _as, **body)).body)

    def ask(
        self, service: str, target: str, _more: tuple[str, str] = ("x", "1"), _as: str = "", **body: Any
    ) -> Deferred[Response]:
        headers = Headers([("X-Amz-Target", target), ("Content-Type", "application/x-amz-json-1.0"), _more])
        made = Request(method="POST", raw_path=b"/", raw_query=b"", headers=headers, body=orjson.dumps(body))
        return self.request(service, made, _as)

    def s3(self, method: str, path: str, body: bytes = b"", *lines: tuple[str, str]) -> Response:
        path, _, query = path.partition("?")
        made = Request(
            method=method, raw_path=path.encode(), raw_query=query.encode(), headers=Headers(lines), body=body,
            host="s3.us-east-1.amazonaws.com",
        )  # fmt: skip
        return self.successResultOf(self.request("s3", made, region="us-east-1"))


class QueuePolicies(Mended):
    def test_a_policy_outlives_other_attributes(self) -> None:
        url = self.json("sqs", "AmazonSQS.CreateQueue", QueueName="q")["QueueUrl"]
        for attributes in ({"Policy": '{"Statement": [{"Sid": "a"}]}'}, {"VisibilityTimeout": "7"}):
            self.json("sqs", "AmazonSQS.SetQueueAttributes", QueueUrl=url, Attributes=attributes)
        shown = self.json("sqs", "AmazonSQS.GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual(('{"Statement": [{"Sid": "a"}]}', "7"), (shown["Policy"], shown["VisibilityTimeout"]))
        self.json("sqs", "AmazonSQS.SetQueueAttributes", QueueUrl=url, Attributes={"Policy": ""})
        shown = self.json("sqs", "AmazonSQS.GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertFalse(shown.get("Policy"))


class HttpApis(Mended):
    def v2(self, method: str, path: str, **body: Any) -> Response:
        headers = Headers([("Content-Type", "application/json")])
        made = Request(
            method=method, raw_path=f"/v2/{path}".encode(), raw_query=b"", headers=headers, body=orjson.dumps(body),
            host=f"apigateway.{REGION}.amazonaws.com",
        )  # fmt: skip
        return self.successResultOf(self.request("apigatewayv2", made))

    def test_a_domain_name_goes_with_its_mappings(self) -> None:
        api = orjson.loads(self.v2("POST", "apis", name="a", protocolType="HTTP").body)["apiId"]
        self.v2("POST", "domainnames", domainName="a.test", domainNameConfigurations=[{}])
        mapping = self.v2("POST", "domainnames/a.test/apimappings", apiId=api, stage="s", apiMappingKey="k")
        self.assertLess(mapping.status, 300)
        self.assertLess(self.v2("DELETE", "domainnames/a.test").status, 300)
        self.assertEqual(404, self.v2("GET", "domainnames/a.test").status)


class Core(Mended):
    def test_models_are_forgotten(self) -> None:
        self.moto.ready()
        from moto.core.common_models import BaseModel

        class Thing(BaseModel):
            pass

        self.assertIsInstance(Thing(), Thing)
        self.assertEqual(Thing.instances_tracked, [])  # type: ignore[attr-defined]

    def test_the_region_is_the_one_asked_for(self) -> None:
        made = self.json("sqs", "AmazonSQS.CreateQueue", ("User-Agent", "Boto3 region/us-west-2"), QueueName="here")
        self.assertIn("here", made["QueueUrl"])
        self.assertEqual(len(self.json("sqs", "AmazonSQS.ListQueues")["QueueUrls"]), 1)
        arn = self.json(
            "sqs", "AmazonSQS.GetQueueAttributes", QueueUrl=made["QueueUrl"], AttributeNames=["QueueArn"]
        )["Attributes"]["QueueArn"]
        self.assertEqual(arn, f"arn:aws:sqs:{REGION}:{ACCOUNT}:here")

    def test_a_call_without_an_account_is_for_ours(self) -> None:
        self.moto.ready()
        from moto.core.responses import BaseResponse

        response = BaseResponse("sqs")
        response.headers, response.querystring = {}, {}
        self.assertEqual(response.get_current_account(), ACCOUNT)
        response.headers = {"x-moto-account-id": "123456789012"}
        self.assertEqual(response.get_current_account(), "123456789012")

    def test_request_ids(self) -> None:
        answered = self.query("sts", Action="GetCallerIdentity", Version="2011-06-15")
        identifier = answered.headers.first("x-amzn-requestid") or ""
        self.assertRegex(identifier, UUID)
        self.assertIn(f"<RequestId>{identifier}</RequestId>".encode(), answered.body)
        other = self.query("sts", Action="GetCallerIdentity", Version="2011-06-15")
        self.assertNotEqual(other.headers.first("x-amzn-requestid"), identifier)
        answered = self.query("ec2", Action="DescribeRegions", Version="2016-11-15")
        self.assertNotIn(b"request-id", answered.body)


class Roles(Mended):
    def test_the_caller_is_the_role(self) -> None:
        identity = self.query("sts", ROLE, Action="GetCallerIdentity", Version="2011-06-15").body.decode()
        self.assertIn(f"<Arn>arn:aws:sts::{ACCOUNT}:assumed-role/gateway/BackplaneAssumeRoleSession</Arn>", identity)

    def test_one_session_until_moto_is_emptied(self) -> None:
        self.moto.ready()
        roles = RoleSessions()
        key = roles.access_key(ROLE, REGION)
        self.assertEqual(roles.access_key(ROLE, REGION), key)
        self.successResultOf(self.moto.reset())
        self.assertNotEqual(roles.access_key(ROLE, REGION), key)

    def test_the_users_name_of_a_session(self) -> None:
        self.assertEqual(session_user(ROLE), session_user(ROLE))
        self.assertRegex(session_user(ROLE), "^AROA[A-Z2-7]{17}:BackplaneAssumeRoleSession$")
        self.query("iam", Action="CreateRole", RoleName="gateway", AssumeRolePolicyDocument="{}", Version="2010-05-08")
        from moto.iam.models import iam_backends

        (role,) = (each for each in iam_backends[ACCOUNT]["aws"].roles.values() if each.name == "gateway")
        self.assertEqual(session_user(ROLE), f"{role.id}:BackplaneAssumeRoleSession")


class Queues(Mended):
    def setUp(self) -> None:
        super().setUp()
        self.url = self.json("sqs", "AmazonSQS.CreateQueue", QueueName="q")["QueueUrl"]

    def send(self, *more: Any) -> None:
        self.json("sqs", "AmazonSQS.SendMessage", *more, QueueUrl=self.url, MessageBody="m")

    def test_waiting_holds_nobody(self) -> None:
        waiting = self.ask("sqs", "AmazonSQS.ReceiveMessage", QueueUrl=self.url, WaitTimeSeconds=5)
        self.assertNoResult(waiting)
        self.send()
        self.clock.advance(0.1)
        self.assertEqual(orjson.loads(self.successResultOf(waiting).body)["Messages"][0]["Body"], "m")

    def test_waiting_ends(self) -> None:
        waiting = self.ask("sqs", "AmazonSQS.ReceiveMessage", QueueUrl=self.url, WaitTimeSeconds=1)
        self.clock.pump([0.1] * 11)
        self.assertNotIn("Messages", orjson.loads(self.successResultOf(waiting).body))

    def test_sending_counts_no_messages(self) -> None:
        from moto.sqs.models import Queue

        counted: list[int] = []
        known = Queue.approximate_number_of_messages
        self.patch(
            Queue, "approximate_number_of_messages", property(lambda queue: counted.append(1) or known.fget(queue))
        )
        self.send()
        self.assertEqual(counted, [])
        told = self.json("sqs", "AmazonSQS.GetQueueAttributes", QueueUrl=self.url, AttributeNames=["All"])
        self.assertEqual(told["Attributes"]["ApproximateNumberOfMessages"], "1")
        self.assertTrue(told["Attributes"]["CreatedTimestamp"].isdecimal())

    def test_lists_of_one_without_a_number(self) -> None:
        answered = self.query("sqs", path=f"/{ACCOUNT}/q", Action="GetQueueAttributes", AttributeName="QueueArn")
        self.assertIn(f"<Value>arn:aws:sqs:{REGION}:{ACCOUNT}:q</Value>".encode(), answered.body)
        self.query(
            "sqs", path=f"/{ACCOUNT}/q", Action="SetQueueAttributes",
            **{"Attribute.Name": "VisibilityTimeout", "Attribute.Value": "7"},
        )  # fmt: skip
        told = self.json("sqs", "AmazonSQS.GetQueueAttributes", QueueUrl=self.url, AttributeNames=["VisibilityTimeout"])
        self.assertEqual(told["Attributes"], {"VisibilityTimeout": "7"})

    def received(self) -> dict[str, str]:
        told = self.json("sqs", "AmazonSQS.ReceiveMessage", QueueUrl=self.url, AttributeNames=["All"])
        found: dict[str, str] = told["Messages"][0]["Attributes"]
        return found

    def test_sent_by_a_role(self) -> None:
        self.send(("X-Amzn-Trace-Id", "Root=1-a-b;Parent=c;Sampled=0"), ROLE)
        attributes = self.received()
        self.assertEqual(attributes["SenderId"], session_user(ROLE))
        self.assertEqual(attributes["AWSTraceHeader"], "Root=1-a-b")
        self.send(("X-Amzn-Trace-Id", "Root=1-a-b;Parent=c;Sampled=1"), ROLE)
        self.assertEqual(self.received()["AWSTraceHeader"], "Root=1-a-b;Parent=c;Sampled=1")
        self.send()
        self.assertNotIn("AWSTraceHeader", self.received())


class Others(Mended):
    def test_the_media_type_of_nothing_says_nothing(self) -> None:
        for service, path, kind in (
            ("route53", "/2013-04-01/hostedzone", "application/json"),
            ("scheduler", "/schedules", "application/x-amz-json-1.1"),
        ):
            headers = Headers([("Content-Type", kind), ("Host", f"{service}.amazonaws.com")])
            made = Request(method="GET", raw_path=path.encode(), raw_query=b"", headers=headers)
            self.assertEqual(self.successResultOf(self.request(service, made)).status, 200, service)

    def test_a_topic_that_is_not_there(self) -> None:
        topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:nope"
        answered = self.query("sns", Action="Publish", TopicArn=topic, Message="m", Version="2010-03-31")
        self.assertEqual(answered.status, 404)
        self.assertIn(b"<Message>Topic does not exist</Message>", answered.body)

    def test_items_of_a_key_and_plain_numbers(self) -> None:
        attributes = [{"AttributeName": "id", "AttributeType": "N"}]
        keys = [{"AttributeName": "id", "KeyType": "HASH"}]
        target = "DynamoDB_20120810."
        self.json(
            "dynamodb", f"{target}CreateTable", TableName="t", AttributeDefinitions=attributes, KeySchema=keys,
            BillingMode="PAY_PER_REQUEST",
        )  # fmt: skip
        self.json("dynamodb", f"{target}UpdateItem", TableName="t", Key={"id": {"N": "1e3"}})
        told = self.json("dynamodb", f"{target}GetItem", TableName="t", Key={"id": {"N": "1000.0"}})
        self.assertEqual(told["Item"], {"id": {"N": "1000"}})
        self.json("dynamodb", f"{target}PutItem", TableName="t", Item={"id": {"N": "1"}, "s": {"NS": ["01", "1.50"]}})
        told = self.json("dynamodb", f"{target}GetItem", TableName="t", Key={"id": {"N": "1"}})
        self.assertEqual(sorted(told["Item"]["s"]["NS"]), ["1", "1.5"])

    def test_shard_iterators_are_one_line(self) -> None:
        self.json("kinesis", "Kinesis_20131202.CreateStream", StreamName="s", ShardCount=1)
        told = self.json(
            "kinesis", "Kinesis_20131202.GetShardIterator", StreamName="s", ShardId="shardId-000000000000",
            ShardIteratorType="TRIM_HORIZON",
        )  # fmt: skip
        self.assertNotIn("\n", told["ShardIterator"])
        told = self.json("kinesis", "Kinesis_20131202.GetRecords", ShardIterator=told["ShardIterator"])
        self.assertEqual(told["Records"], [])
        self.assertNotIn("\n", told["NextShardIterator"])

    def test_a_post_without_an_action_is_refused(self) -> None:
        self.s3("PUT", "/bucket")
        for path in ("/dev/items", "/bucket/key", "/bucket/key?x=1"):
            answer = self.s3("POST", path, b"{}")
            self.assertEqual(answer.status, 405, answer.body)
            self.assertIn(b"<Code>MethodNotAllowed</Code>", answer.body)
            self.assertIn(b"<Message>The specified method is not allowed against this resource.</Message>", answer.body)
        answer = self.s3("POST", "/bucket", b"{}")
        self.assertEqual(answer.status, 412, answer.body)
        self.assertIn(b"<Code>PreconditionFailed</Code>", answer.body)

    def test_a_bucket_policys_conditions_deny_nothing(self) -> None:
        self.s3("PUT", "/bucket")
        statement = {
            "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::bucket/*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }  # fmt: skip
        self.s3("PUT", "/bucket?policy", json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode())
        self.assertEqual(self.s3("PUT", "/bucket/key", b"x").status, 200)
        del statement["Condition"]
        self.s3("PUT", "/bucket?policy", json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode())
        self.assertEqual(self.s3("GET", "/bucket/key").status, 403)

    def test_statistics_of_exactly_these_dimensions(self) -> None:
        for number, dimensions in enumerate(({}, {"A": "1"}, {"A": "1", "B": "2"}), 1):
            more = {}
            for place, (name, value) in enumerate(dimensions.items(), 1):
                more[f"MetricData.member.1.Dimensions.member.{place}.Name"] = name
                more[f"MetricData.member.1.Dimensions.member.{place}.Value"] = value
            self.query(
                "monitoring", Action="PutMetricData", Version="2010-08-01", Namespace="N",
                **{"MetricData.member.1.MetricName": "m", "MetricData.member.1.Value": number,
                   "MetricData.member.1.Timestamp": "2026-01-01T00:00:30Z", **more},
            )  # fmt: skip
        answered = self.query(
            "monitoring", Action="GetMetricStatistics", Version="2010-08-01", Namespace="N", MetricName="m",
            StartTime="2026-01-01T00:00:00Z", EndTime="2026-01-01T00:02:00Z", Period="60",
            **{"Statistics.member.1": "Sum", "Dimensions.member.1.Name": "A", "Dimensions.member.1.Value": "1"},
        )  # fmt: skip
        self.assertIn(b"<Sum>2.0</Sum>", answered.body)

    def test_executions_run_here(self) -> None:
        self.json("states", "AWSStepFunctions.ListStateMachines")
        from moto.core.config import default_user_config
        from moto.core.models import botocore_stubber

        self.assertEqual(default_user_config["stepfunctions"], {"execute_state_machine": True})
        self.assertTrue(botocore_stubber.enabled)

    def test_executions_have_names_and_ends(self) -> None:
        pass_on = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 60, "End": True}}}
        machine = self.json(
            "states", "AWSStepFunctions.CreateStateMachine", name="m", definition=json.dumps(pass_on), roleArn=ROLE
        )["stateMachineArn"]
        first = self.json("states", "AWSStepFunctions.StartExecution", stateMachineArn=machine)["executionArn"]
        second = self.json("states", "AWSStepFunctions.StartExecution", stateMachineArn=machine)["executionArn"]
        self.assertNotEqual(first, second)
        refused = self.json("states", "AWSStepFunctions.StartExecution", stateMachineArn=machine, input="{x")
        self.assertEqual(refused["__type"].rpartition("#")[2], "InvalidExecutionInput")
        for execution in (first, second):
            told = self.json("states", "AWSStepFunctions.StopExecution", executionArn=execution, cause="c", error="e")
            self.assertIsInstance(told["stopDate"], int | float)
