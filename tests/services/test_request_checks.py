"""Requests that a service refuses unseen, in AWS's words: those of dynalite's and kinesalite's tests against AWS."""

from __future__ import annotations

import orjson
from twisted.trial.unittest import SynchronousTestCase

from emulator.services.protocols import describe
from emulator.services.request_checks import Refusal, answer, refusal
from emulator.wire import Headers, Request, Response

FORM = ("Content-Type", "application/x-www-form-urlencoded")


def request(*lines: tuple[str, str], body: bytes = b"", path: bytes = b"/", query: bytes = b"") -> Request:
    return Request(method="POST", raw_path=path, raw_query=query, headers=Headers(lines), body=body)


class Checks(SynchronousTestCase):
    def json(self, service: str, action: str, body: bytes) -> Refusal | None:
        description = describe(service)
        assert description is not None
        target = f"{description.target_prefix}.{action}"
        return refusal(description, action, request(("X-Amz-Target", target), body=body))

    def query(self, service: str, action: str, rest: str = "", path: bytes = b"/") -> Refusal | None:
        description = describe(service)
        assert description is not None
        body = f"Action={action}&{rest}".encode() if action else rest.encode()
        return refusal(description, action, request(FORM, body=body, path=path))

    def written(self, service: str, refused: Refusal, made: Request) -> Response:
        description = describe(service)
        assert description is not None
        return answer(description, refused, made, "rid")

    def test_what_is_right(self) -> None:
        for service, action, body in (
            ("dynamodb", "PutItem", b'{"TableName":"t","Item":{"id":{"S":"a"},"l":{"L":[{"M":{"x":{"NULL":true}}}]}}}'),
            ("dynamodb", "ListTables", b""),
            ("kinesis", "PutRecord", b'{"StreamName":"s","PartitionKey":"p","Data":"YQ==","Frob":1}'),
            ("kinesis", "PutRecord", b'{"StreamName":"s","PartitionKey":"p","Data":"YQ==","ExplicitHashKey":null}'),
            ("states", "StartExecution", b'{"stateMachineArn":"arn","input":"{}"}'),
            ("logs", "GetLogEvents", b'{"logGroupName":"g","logStreamName":"s","limit":5,"startFromHead":true}'),
        ):
            self.assertIsNone(self.json(service, action, body), action)
        for service, action, rest in (
            ("sqs", "SendMessage", "QueueUrl=q&MessageBody=b"),
            ("sqs", "ListQueues", ""),
            ("sqs", "SendMessageBatch", "QueueUrl=q&SendMessageBatchRequestEntry.1.Id=a"),
            ("sns", "Publish", "PhoneNumber=1&Message=m"),
            ("sns", "ListTopics", ""),
            ("iam", "GetRole", "RoleName=r"),
            ("sts", "GetCallerIdentity", ""),
            ("ec2", "DescribeVpcs", ""),
        ):
            self.assertIsNone(self.query(service, action, rest), action)
        self.assertIsNone(self.query("sqs", "SendMessage", "MessageBody=b", path=b"/111111111111/q"))

    def test_json_of_the_wrong_type(self) -> None:
        for body, text in (
            ({"id": "x"}, "Unexpected value type in payload"),
            ({"id": {"S": 1}}, "NUMBER_VALUE cannot be converted to String"),
            ({"id": {"S": 1.5}}, "DECIMAL_VALUE cannot be converted to String"),
            ({"id": {"S": True}}, "TRUE_VALUE cannot be converted to String"),
            ({"id": {"S": []}}, "Unrecognized collection type class java.lang.String"),
            ({"id": {"S": {}}}, "Start of structure or map found where not expected"),
            ({"id": {"BOOL": "true"}}, "Unexpected token received from parser"),
            ({"id": {"BOOL": 1}}, "NUMBER_VALUE cannot be converted to Boolean"),
            ({"id": {"B": 1}}, "only base-64-encoded strings are convertible to bytes"),
            ({"id": {"B": "23456"}}, "Base64 encoded length is expected a multiple of 4 bytes but found: 5"),
            ({"id": {"SS": "a"}}, "Unexpected field type"),
            ({"id": {"SS": {}}}, "Start of structure or map found where not expected"),
            ("x", "Unexpected field type"),
        ):
            refused = self.json("dynamodb", "PutItem", orjson.dumps({"TableName": "t", "Item": body}))
            self.assertEqual(refused, Refusal(400, "SerializationException", text), body)
        for body in (b'{"TableName":', b"[]", b"1"):
            self.assertEqual(self.json("dynamodb", "Scan", body), Refusal(400, "SerializationException", None))
        refused = self.json("dynamodb", "Query", b'{"TableName":"t","Limit":"3"}')
        self.assertEqual(refused, Refusal(400, "SerializationException", "STRING_VALUE cannot be converted to Integer"))

    def test_constraints(self) -> None:
        for service, action, body, text in (
            ("dynamodb", "Scan", b"{}", "The parameter 'TableName' is required but was not present in the request"),
            (
                "ssm", "GetParameter", b"{}",
                "1 validation error detected: Value null at 'name' failed to satisfy constraint: "
                "Member must not be null",
            ),
            (
                "events", "PutEvents", b'{"Entries":[]}',
                "1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: "
                "Member must have length greater than or equal to 1",
            ),
            (
                "kinesis", "PutRecord", b'{"StreamName":"","Data":"YQ=="}',
                "2 validation errors detected: Value null at 'partitionKey' failed to satisfy constraint: "
                "Member must not be null; Value '' at 'streamName' failed to satisfy constraint: "
                "Member must have length greater than or equal to 1",
            ),
            (
                "logs", "PutLogEvents", b'{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1}]}',
                "1 validation error detected: Value null at 'logEvents.1.member.message' failed to satisfy "
                "constraint: Member must not be null",
            ),
            (
                "kinesis", "DescribeStream", b'{"StreamName":"s","Limit":0}',
                "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
                "Member must have value greater than or equal to 1",
            ),
            (
                "dynamodb", "CreateTable", b'{"TableName":"t","BillingMode":"FREE"}',
                "1 validation error detected: Value 'FREE' at 'billingMode' failed to satisfy constraint: "
                "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]",
            ),
        ):  # fmt: skip
            code = "InvalidParameterException" if service == "logs" else "ValidationException"
            self.assertEqual(self.json(service, action, body), Refusal(400, code, text), action)

    def test_targets(self) -> None:
        for service, target, expected in (
            ("dynamodb", "Foo.ListTables", Refusal(400, "UnknownOperationException", None)),
            ("dynamodb", "DynamoDB_20120810.Foo", Refusal(400, "UnknownOperationException", None)),
            ("dynamodb", "DynamoDB_20120810.ListTables", None),
            ("dynamodb", "DynamoDB_20111205.Foo", None),
            ("kinesisanalytics", "KinesisAnalytics_20180523.ListApplicationVersions", None),
            ("cloudtrail", "CloudTrail_20131101.LookupEvents", None),
        ):
            description = describe(service)
            assert description is not None
            self.assertEqual(refusal(description, None, request(("X-Amz-Target", target))), expected, target)

    def test_values_without_end(self) -> None:
        deep = b'{"L":[' * 450 + b'{"S":""}' + b"]}" * 450
        refused = self.json("dynamodb", "PutItem", b'{"TableName":"t","Item":{"x":%b}}' % deep)
        assert refused is not None
        self.assertIn("Nesting Levels", refused.message or "")

    def test_queries(self) -> None:
        for service, action, rest, code, text in (
            ("sqs", "SendMessage", "QueueUrl=q", "MissingParameter",
             "The request must contain the parameter MessageBody."),
            ("sqs", "SendMessage", "QueueUrl=q&MessageBody=", "MissingParameter",
             "The request must contain the parameter MessageBody."),
            ("sqs", "SendMessage", "QueueUrl=q&MessageBody=b&MessageAttribute.1.Name=a&MessageAttribute.1.Value=v",
             "InvalidParameterValue", "The message attribute 'a' must contain non-empty message attribute type."),
            ("sqs", "SendMessage", "MessageBody=b", "MissingParameter",
             "The request must contain the parameter QueueUrl."),
            ("sqs", "Frob", "", "InvalidAction", "The action Frob is not valid for this endpoint."),
            ("sns", "Frob", "Version=2010-03-31", "InvalidAction",
             "Could not find operation Frob for version 2010-03-31"),
            ("iam", "Frob", "", "InvalidAction", "Could not find operation Frob for version NO_VERSION_SPECIFIED"),
            ("ec2", "Frob", "", "InvalidAction", "The action Frob is not valid for this web service."),
            ("sns", "Publish", "Message=m", "InvalidParameter",
             "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"),
            ("sns", "Publish", "Message=m&TopicArn=t", "InvalidParameter",
             "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"),
            ("sns", "Publish", "TopicArn=arn:aws:sns:r:a:t", "ValidationError",
             "1 validation error detected: Value null at 'message' failed to satisfy constraint: "
             "Member must not be null"),
        ):  # fmt: skip
            self.assertEqual(self.query(service, action, rest), Refusal(400, code, text), (action, rest))
        self.assertEqual(self.query("sqs", "", "x=1"), Refusal(404, "UnknownOperationException", None))
        self.assertIsNone(self.query("email", "", path=b"/v2/email/identities"))

    def test_written_by_protocol(self) -> None:
        target = request(("X-Amz-Target", "x.y"))
        for service, refused, body in (
            ("dynamodb", Refusal(400, "ValidationException", "m"),
             b'{"__type":"com.amazon.coral.validate#ValidationException","message":"m"}'),
            ("states", Refusal(400, "SerializationException", "m"),
             b'{"__type":"com.amazon.coral.service#SerializationException","Message":"m"}'),
            ("kinesis", Refusal(400, "SerializationException", "m"),
             b'{"__type":"SerializationException","Message":"m"}'),
            ("kinesis", Refusal(400, "UnknownOperationException", None), b'{"__type":"UnknownOperationException"}'),
        ):  # fmt: skip
            self.assertEqual(self.written(service, refused, target).body, body)
        answered = self.written("dynamodb", Refusal(400, "ValidationException", "m"), target)
        self.assertEqual(answered.headers.first("content-type"), "application/x-amz-json-1.0")
        self.assertEqual(answered.headers.first("x-amzn-requestid"), "rid")
        answered = self.written("sqs", Refusal(400, "InvalidAction", "<m>"), request(FORM))
        self.assertEqual(
            (answered.status, answered.body),
            (
                400,
                b'<ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error><Type>Sender</Type>'
                b"<Code>InvalidAction</Code><Message>&lt;m&gt;</Message></Error><RequestId>rid</RequestId>"
                b"</ErrorResponse>",
            ),
        )
        self.assertIn(
            b"<Response><Errors><Error><Code>c</Code>", self.written("ec2", Refusal(400, "c", "m"), request(FORM)).body
        )
        answered = self.written("sqs", Refusal(404, "UnknownOperationException", None), request(FORM))
        self.assertEqual((answered.status, answered.body), (404, b"<UnknownOperationException/>\n"))

    def test_verbs_of_s3(self) -> None:
        description = describe("s3")
        assert description is not None
        for host in ("s3.us-east-1.amazonaws.com", "b.s3.us-east-1.amazonaws.com"):
            path = b"/b/k" if host.startswith("s3.") else b"/k"
            for method, query, refused in (
                ("GET", b"", False), ("PUT", b"", False), ("DELETE", b"", False), ("HEAD", b"", False),
                ("OPTIONS", b"", True),
                ("POST", b"uploads=", False), ("POST", b"uploadId=1", False), ("POST", b"", True), ("PATCH", b"", True),
            ):  # fmt: skip
                made = Request(
                    method=method, raw_path=path, raw_query=query, headers=Headers(), body=b"", host=host
                )
                found = refusal(description, None, made)
                self.assertEqual(found is not None, refused, (method, query))
            assert found is not None
            answered = answer(description, found, made, "rid")
            self.assertEqual(answered.status, 405)
            self.assertIn(b"<Method>PATCH</Method><ResourceType>OBJECT</ResourceType>", answered.body)
            bulk = Request(
                method="POST", raw_path=path[:2] if host.startswith("s3.") else b"/", raw_query=b"delete=",
                headers=Headers(), host=host,
            )  # fmt: skip
            self.assertIsNone(refusal(description, None, bulk))

    def test_names_and_secrets_of_cognito(self) -> None:
        refused = self.json("cognito-idp", "ConfirmSignUp", b'{"ClientId":"","Username":"","ConfirmationCode":"1"}')
        rule = "failed to satisfy constraint: Member must have length greater than or equal to 1"
        text = f"2 validation errors detected: Value '' at 'clientId' {rule}; Value at 'username' {rule}"
        self.assertEqual(refused, Refusal(400, "InvalidParameterException", text))


class RestChecks(SynchronousTestCase):
    def refused(self, service: str, method: str, path: bytes, body: bytes) -> Refusal | None:
        description = describe(service)
        assert description is not None
        made = Request(method=method, raw_path=path, raw_query=b"", headers=Headers(), body=body)
        return refusal(description, None, made)

    def test_members_that_are_missing(self) -> None:
        refused = self.refused("scheduler", "POST", b"/schedules/a", b'{"ScheduleExpression": "rate(1 day)"}')
        text = (
            "2 validation errors detected: Value null at 'target' failed to satisfy constraint: Member must not be "
            "null; Value null at 'flexibleTimeWindow' failed to satisfy constraint: Member must not be null"
        )
        self.assertEqual(refused, Refusal(400, "ValidationException", text))
        description = describe("scheduler")
        assert description is not None and refused is not None
        answered = answer(description, refused, request(), "rid")
        self.assertEqual(answered.body, orjson.dumps({"Message": text}))
        self.assertEqual(answered.headers.first("x-amzn-ErrorType"), "ValidationException")

    def test_what_is_no_json(self) -> None:
        for body in (b"{", b"[1]"):
            refused = self.refused("scheduler", "POST", b"/schedules/a", body)
            self.assertEqual(refused, Refusal(400, "SerializationException", None))

    def test_what_the_service_judges(self) -> None:
        for service, method, path, body in (
            ("scheduler", "GET", b"/schedules", b"x"),
            ("scheduler", "GET", b"/nothing", b"x"),
            ("polly", "POST", b"/v1/speech", b"{}"),
            ("iotdata", "POST", b"/topics/a/b", b"x"),
            ("lambda", "POST", b"/2015-03-31/functions/f/invocations", b"x"),
        ):
            self.assertIsNone(self.refused(service, method, path, body), path)
