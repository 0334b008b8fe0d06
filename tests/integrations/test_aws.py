"""AWS services by path and by action: what the service is asked, and how its answer comes back."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import orjson
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.errors import GatewayError
from emulator.integrations.aws import Aws
from emulator.integrations.aws_uri import parse_aws_uri
from emulator.integrations.dispatch import IntegrationAnswer, IntegrationRequest
from emulator.integrations.http import RESPONSE_LIMIT
from emulator.wire import Headers, Request, Response

ACCOUNT = "111111111111"
FORM = ("Content-Type", "application/x-www-form-urlencoded")


class Services:
    """Services that remember what they were asked and answer what they are told to."""

    def __init__(self) -> None:
        self.service = self.account = self.region = ""
        self.action: str | None = None
        self.principal: str | None = None
        self.request_made = Request(method="", raw_path=b"", raw_query=b"", headers=Headers())
        self.answer = Response(status=200, body=b"{}")

    def request(self, service: str, request: Request, **how: Any) -> Deferred[Response]:
        self.service, self.request_made = service, request
        self.account, self.region = how["account"], how["region"]
        self.action, self.principal = how["action"], how["principal"]
        return succeed(self.answer)


class Uris(SynchronousTestCase):
    def test_taken_apart(self) -> None:
        for rest, expected in {
            "sqs:path/1/q": ("sqs", "path", "/1/q", ()),
            "sqs:path/": ("sqs", "path", "/", ()),
            "sqs:path//": ("sqs", "path", "/", ()),
            "sqs:path//111111111111/q": ("sqs", "path", "/111111111111/q", ()),
            "s3:path/b//a/../k%2Fx": ("s3", "path", "/b//a/../k%2Fx", ()),
            "s3:path/b?list-type=2&prefix=a%20b": ("s3", "path", "/b", (("list-type", "2"), ("prefix", "a b"))),
            "b.s3:path/k": ("b.s3", "path", "/k", ()),
            "a.b.s3:path/k": ("a.b.s3", "path", "/k", ()),
            "dynamodb:action/PutItem": ("dynamodb", "action", "PutItem", ()),
            "s3:action/GetObject&Bucket=b&Key=k": ("s3", "action", "GetObject", (("Bucket", "b"), ("Key", "k"))),
            "s3:action/GetObject?Bucket=b": ("s3", "action", "GetObject", (("Bucket", "b"),)),
        }.items():
            found = parse_aws_uri(f"arn:aws:apigateway:eu-west-1:{rest}")
            assert found is not None, rest
            self.assertEqual((found.label, found.kind, found.rest, found.pairs), expected, rest)
            self.assertEqual(found.host, f"{found.label}.eu-west-1.amazonaws.com")

    def test_china(self) -> None:
        found = parse_aws_uri("arn:aws-cn:apigateway:cn-north-1:sqs:path/")
        assert found is not None
        self.assertEqual(found.host, "sqs.cn-north-1.amazonaws.com.cn")

    def test_none(self) -> None:
        for uri in ("", "http://h/", "arn:aws:apigateway:us-east-1:sqs", "arn:aws:apigateway:us-east-1:sqs:frob/x",
                    "arn:aws:apigateway:us-east-1::path/x", "arn:aws:apigateway:us-east-1:sqs:action/",
                    "arn:aws:apigateway:us-east-1:sqs:action/a b", "arn:aws:s3:::b",
                    "arn:aws:apigateway:us-east-1:e vil.sqs:path/x"):  # fmt: skip
            self.assertIsNone(parse_aws_uri(uri), uri)


class AwsCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.services = Services()
        self.aws = Aws(Effects.fake(Clock()), None, self.services)  # type: ignore[arg-type]

    def ask(
        self, rest: str, body: bytes = b"", *lines: tuple[str, str], method: str = "POST", query: Any = (), **more: Any
    ) -> Any:
        accept = more.pop("accept", "application/json")
        return self.aws.invoke(
            IntegrationRequest(
                type="AWS",
                http_method=method,
                uri=f"arn:aws:apigateway:eu-west-1:{rest}",
                body=body,
                headers=Headers([("Accept", accept), *lines]),
                query=tuple(query),
                account=ACCOUNT,
                region="us-east-1",
                request_id="rid",
                **more,
            )
        )

    def answered(self, *args: Any, **more: Any) -> IntegrationAnswer:
        answer: IntegrationAnswer = self.successResultOf(self.ask(*args, **more))
        return answer

    @property
    def asked(self) -> Request:
        return self.services.request_made

    @property
    def form(self) -> list[tuple[str, str]]:
        self.assertEqual(self.asked.headers.all("content-type"), [FORM[1]])
        return parse_qsl(self.asked.body.decode(), keep_blank_values=True)

    def refused(self, *args: Any, **more: Any) -> GatewayError:
        error = self.failureResultOf(self.ask(*args, **more), GatewayError).value
        assert isinstance(error, GatewayError)
        self.assertEqual(error.response_type, "API_CONFIGURATION_ERROR")
        return error


class Asking(AwsCase):
    def test_who_and_where(self) -> None:
        self.answered("dynamodb:action/Scan", b"{}", credentials="arn:aws:iam::111111111111:role/r")
        services = self.services
        self.assertEqual(
            (services.service, services.account, services.region, services.action, services.principal),
            ("dynamodb", ACCOUNT, "eu-west-1", "Scan", "arn:aws:iam::111111111111:role/r"),
        )
        self.answered("states:action/StartExecution", b"{}")
        self.assertEqual((services.service, services.principal), ("states", None))

    def test_services_that_share_a_signing_name_are_asked_by_host(self) -> None:
        self.answered("runtime.sagemaker:path/endpoints/e/invocations", b"{}")
        self.assertEqual(self.services.service, "runtime.sagemaker")
        self.answered("a1b2c3d4-ats.iotdata:path/topics/t", b"{}")
        self.assertEqual(self.services.service, "iotdata")

    def test_the_callers_own_credentials(self) -> None:
        own = "arn:aws:iam::*:user/*"
        self.answered("sqs:path/", credentials=own, caller={"accessKey": "AKIA1"})
        self.assertEqual(self.services.principal, "AKIA1")
        self.answered("sqs:path/", credentials=own)
        self.assertIsNone(self.services.principal)

    def test_json_action(self) -> None:
        self.answered("dynamodb:action/PutItem", b'{"a":1}', ("Content-Type", "application/json"), ("X-Y", "1"))
        asked = self.asked
        self.assertEqual((asked.method, asked.raw_path, asked.raw_query, asked.body), ("POST", b"/", b"", b'{"a":1}'))
        self.assertEqual(asked.headers.all("x-amz-target"), ["DynamoDB_20120810.PutItem"])
        self.assertEqual(asked.headers.all("content-type"), ["application/x-amz-json-1.0"])
        self.assertEqual(asked.headers.all("host"), ["dynamodb.eu-west-1.amazonaws.com"])
        self.assertEqual(asked.headers.all("x-y"), ["1"])

    def test_targets_of_every_json_service(self) -> None:
        for rest, target in {
            "kinesis:action/PutRecord": "Kinesis_20131202.PutRecord",
            "events:action/PutEvents": "AWSEvents.PutEvents",
            "states:action/StartSyncExecution": "AWSStepFunctions.StartSyncExecution",
            "ssm:action/GetParameter": "AmazonSSM.GetParameter",
            "logs:action/PutLogEvents": "Logs_20140328.PutLogEvents",
            "secretsmanager:action/GetSecretValue": "secretsmanager.GetSecretValue",
        }.items():
            self.answered(rest, b"{}")
            self.assertEqual(self.asked.headers.all("x-amz-target"), [target])

    def test_a_target_of_the_mappings_own(self) -> None:
        self.answered("events:action/PutEvents", b"{}", ("x-amz-target", "AWSEvents.ListRules"))
        self.assertEqual(self.asked.headers.all("x-amz-target"), ["AWSEvents.ListRules"])
        self.assertEqual(self.services.action, "ListRules")

    def test_json_by_path(self) -> None:
        self.answered("sqs:path/", b'{"a":1}', ("X-Amz-Target", "AmazonSQS.SendMessage"))
        self.assertEqual(
            (self.asked.raw_path, self.asked.body, self.services.action), (b"/", b'{"a":1}', "SendMessage")
        )
        self.assertEqual(self.asked.headers.all("content-type"), ["application/x-amz-json-1.0"])

    def test_query_action(self) -> None:
        self.answered("sns:action/Publish", query=[("TopicArn", "arn:1"), ("Message", "a b&c")])
        self.assertEqual(
            self.form,
            [("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", "arn:1"), ("Message", "a b&c")],
        )

    def test_query_action_with_a_form_and_by_get(self) -> None:
        self.answered("sqs:action/SendMessage", b"MessageBody=x%20y&Action=Other", FORM, query=[("QueueUrl", "u")])
        self.assertEqual(
            self.form,
            [("Action", "SendMessage"), ("Version", "2012-11-05"), ("QueueUrl", "u"), ("MessageBody", "x y")],
        )
        self.answered("sqs:action/SendMessage", method="GET", query=[("MessageBody", "")])
        self.assertEqual((self.asked.method, self.form[-1]), ("POST", ("MessageBody", "")))

    def test_queue_path(self) -> None:
        self.answered("sqs:path/222222222222/q", b"Action=SendMessage&MessageBody=x", FORM)
        self.assertEqual(
            (self.asked.raw_path, self.asked.body), (b"/222222222222/q", b"Action=SendMessage&MessageBody=x")
        )
        self.assertEqual((self.services.account, self.services.action), ("222222222222", "SendMessage"))
        self.answered("sqs:path/222222222222/q", method="GET", query=[("Action", "ReceiveMessage")])
        self.assertEqual((self.asked.method, self.asked.raw_query), ("GET", b"Action=ReceiveMessage"))
        self.assertEqual(self.services.action, "ReceiveMessage")

    def test_s3_paths_are_kept(self) -> None:
        for path, written in {
            "b/k": b"/b/k",
            "b/a/../../etc": b"/b/a/../../etc",
            "b/a%2Fb": b"/b/a%2Fb",
            "b//x y/é": b"/b//x%20y/%C3%A9",
            "b/a\r\nX: 1": b"/b/a%0D%0AX:%201",
        }.items():
            self.answered(f"s3:path/{path}", method="GET")
            self.assertEqual(self.asked.raw_path, written)
            self.assertEqual(self.asked.host, "s3.eu-west-1.amazonaws.com")

    def test_s3_put_binary(self) -> None:
        self.answered("b.s3:path/k", b"\x00\xff", ("Content-Type", "image/png"), method="PUT")
        self.assertEqual((self.asked.method, self.asked.body, self.asked.raw_path), ("PUT", b"\x00\xff", b"/k"))
        self.assertEqual(self.asked.headers.all("content-type"), ["image/png"])
        self.assertEqual((self.asked.host, self.services.service), ("b.s3.eu-west-1.amazonaws.com", "s3"))

    def test_s3_by_action(self) -> None:
        self.answered("s3:action/GetObject&Bucket=b&Key=a/k")
        self.assertEqual((self.asked.method, self.asked.raw_path), ("GET", b"/b/a/k"))
        self.answered("s3:action/PutObject", b"data", query=[("Bucket", "b"), ("Key", "k")])
        self.assertEqual((self.asked.method, self.asked.raw_path, self.asked.body), ("PUT", b"/b/k", b"data"))
        self.answered("s3:action/ListObjectsV2", query=[("Bucket", "b"), ("Prefix", "p")])
        self.assertIn(b"prefix=p", self.asked.raw_query)
        self.assertIn("Missing required", self.refused("s3:action/GetObject&Bucket=b").log or "")

    def test_the_callers_authorization_is_not_the_services(self) -> None:
        self.answered("s3:path/b/k", b"", ("Authorization", "Bearer x"), ("Host", "evil"), ("Content-Length", "7"))
        self.assertEqual(self.asked.headers.all("authorization"), [])
        self.assertEqual(self.asked.headers.all("host"), ["s3.eu-west-1.amazonaws.com"])
        self.assertEqual(self.asked.headers.all("content-length"), [])

    def test_get_has_no_body(self) -> None:
        self.answered("s3:path/b/k", b"{}", method="GET")
        self.assertEqual(self.asked.body, b"")

    def test_the_service_judges_an_actions_name(self) -> None:
        self.answered("dynamodb:action/Frobnicate", b"{}")
        self.assertEqual(self.asked.headers.all("x-amz-target"), ["DynamoDB_20120810.Frobnicate"])
        self.answered("sns:action/Frobnicate")
        self.assertIn(("Action", "Frobnicate"), parse_qsl(self.asked.body.decode()))

    def test_refused(self) -> None:
        self.refused("s3:action/Frobnicate")
        self.refused("dynamodb:frob/x")
        self.assertEqual(self.services.service, "")

    def test_a_service_without_a_model_is_still_asked(self) -> None:
        self.answered("frobnicator:path/x")
        self.assertEqual((self.services.service, self.asked.raw_path), ("frobnicator", b"/x"))
        self.answered("x.appsync-api:path/graphql", b"{}")
        self.assertEqual(self.asked.host, "x.appsync-api.eu-west-1.amazonaws.com")


class Answering(AwsCase):
    def test_as_it_is(self) -> None:
        self.services.answer = Response(
            status=400, headers=Headers([("X-Amzn-RequestId", "r"), ("x", "1")]), body=b'{"__type":"E"}'
        )
        answer = self.answered("dynamodb:action/Scan", b"{}")
        self.assertEqual((answer.status, answer.body, answer.request_id), (400, b'{"__type":"E"}', "r"))
        self.assertEqual(answer.headers.first("X"), "1")

    def test_query_in_json(self) -> None:
        self.services.answer = Response(
            status=200,
            headers=Headers([("Content-Type", "text/xml"), ("Content-Length", "9"), ("X", "1")]),
            body=b"<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult>"
            b"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishResponse>",
        )
        expected = (
            b'{"PublishResponse":{"PublishResult":{"MessageId":"m","SequenceNumber":null},'
            b'"ResponseMetadata":{"RequestId":"r"}}}'
        )
        for answer in (
            self.answered("sns:action/Publish"),
            self.answered("sns:path/", b"Action=Publish&Message=x", FORM),
            self.answered("sns:path/", method="GET", query=[("Action", "Publish")]),
        ):
            self.assertEqual(answer.body, expected)
            self.assertEqual(
                answer.headers.lines,
                [("X", "1"), ("Content-Type", "application/json"), ("Content-Length", str(len(expected))),
                 ("Date", "Tue, 14 Nov 2023 22:13:20 GMT")],
            )  # fmt: skip
        answer = self.answered("sns:action/Publish", accept="application/xml")
        self.assertTrue(answer.body.startswith(b"<PublishResponse>"))

    def test_s3_stays_xml(self) -> None:
        self.services.answer = Response(status=404, body=b"<Error><Code>NoSuchKey</Code></Error>")
        answer = self.answered("s3:action/GetObject&Bucket=b&Key=k")
        self.assertEqual((answer.status, answer.body), (404, b"<Error><Code>NoSuchKey</Code></Error>"))

    def test_parameters_in_the_query_of_a_json_service(self) -> None:
        self.services.answer = Response(status=200, body=b'{"Parameter":{"Name":"/p","Value":"v","Version":1}}')
        answer = self.answered(
            "ssm:action/GetParameter", b"ignored", query=[("Name", "/p"), ("WithDecryption", "true"), ("Frob", "1")]
        )
        self.assertEqual(orjson.loads(self.asked.body), {"Name": "/p", "WithDecryption": True})
        result = orjson.loads(answer.body)["GetParameterResponse"]
        self.assertEqual(result["ResponseMetadata"], {"RequestId": "rid"})
        self.assertEqual(
            result["GetParameterResult"]["Parameter"],
            {
                "ARN": None,
                "DataType": None,
                "LastModifiedDate": None,
                "Name": "/p",
                "Selector": None,
                "SourceResult": None,
                "Type": None,
                "Value": "v",
                "Version": 1,
            },
        )

    def test_names_that_the_action_does_not_have_do_nothing(self) -> None:
        # AWS's Kinesis tutorial maps "shard-id" onto the query beside its template.
        self.services.answer = Response(status=200, body=b'{"ShardIterator":"i"}')
        answer = self.answered("kinesis:action/GetShardIterator", b'{"StreamName":"s"}', query=[("shard-id", "x")])
        self.assertEqual(self.asked.body, b'{"StreamName":"s"}')
        self.assertEqual(answer.body, b'{"ShardIterator":"i"}')

    def test_its_error_too(self) -> None:
        self.services.answer = Response(status=400, body=b'{"__type":"a.b#ParameterNotFound","message":"no"}')
        answer = self.answered("ssm:action/GetParameter", query=[("Name", "/p")])
        self.assertEqual(
            (answer.status, orjson.loads(answer.body)),
            (400, {"Error": {"Code": "ParameterNotFound", "Message": "no", "Type": "Sender"}, "RequestId": "rid"}),
        )

    def test_without_parameters_in_the_query_json_stays_json(self) -> None:
        self.services.answer = Response(status=200, body=b'{"Parameter":{}}')
        self.assertEqual(self.answered("ssm:action/GetParameter", b'{"Name":"/p"}').body, b'{"Parameter":{}}')
        self.assertEqual(self.asked.body, b'{"Name":"/p"}')

    def test_what_is_not_emulated_is_no_answer_of_the_service(self) -> None:
        self.services.answer = Response(status=501, body=b'{"__type": "NotImplemented"}')
        error = self.refused("translate:action/TranslateText", b"{}")
        self.assertEqual(error.status, 501)
        self.assertIn("translate: action TranslateText", error.message or "")

    def test_a_path_that_the_stand_in_does_not_have(self) -> None:
        for body, lines in ((b"", []), (b"{}", [("x-amzn-ErrorType", "UnknownOperationException")])):
            self.services.answer = Response(status=404, headers=Headers(lines), body=body)
            self.assertEqual(self.refused("xray:action/GetGroups").status, 501)
            self.assertEqual(self.refused("xray:path/Groups").status, 501)
            self.assertEqual(self.answered("xray:path/NoGroups").status, 404)
            self.assertEqual(self.refused("execute-api:path/x").status, 501)
        self.services.answer = Response(status=404, body=b'{"message":"no such key"}')
        self.assertEqual(self.answered("s3:action/GetObject&Bucket=b&Key=k").status, 404)

    def test_too_long(self) -> None:
        self.services.answer = Response(status=200, body=b"x" * (RESPONSE_LIMIT + 1))
        self.assertIn("larger than allowed maximum", self.refused("s3:path/b/k", method="GET").log or "")
