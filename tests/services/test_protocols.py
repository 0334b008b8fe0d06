"""Botocore's models read for integrations, and the query protocol's JSON."""

from __future__ import annotations

import orjson
from twisted.trial.unittest import SynchronousTestCase

from emulator.services.protocols import Description, describe, known, parameters, rest_request
from emulator.services.query_json import error_as_json, xml_as_json


def service(name: str) -> Description:
    found = describe(name)
    assert found is not None
    return found


class Descriptions(SynchronousTestCase):
    def test_names_of_uris(self) -> None:
        for name, (directory, signing) in {
            "states": ("stepfunctions", "states"),
            "monitoring": ("cloudwatch", "monitoring"),
            "events": ("events", "events"),
            "email": ("ses", "ses"),
            "runtime.sagemaker": ("sagemaker-runtime", "sagemaker"),
            "bucket.s3": ("s3", "s3"),
        }.items():
            self.assertEqual((service(name).name, service(name).signing_name), (directory, signing))
            self.assertTrue(known(name))
        self.assertIsNone(describe("frobnicator"))
        self.assertTrue(known("frobnicator"))

    def test_protocols(self) -> None:
        for name, json, query in (
            ("dynamodb", True, False), ("sqs", True, True), ("sns", False, True), ("s3", False, False),
            ("ec2", False, True), ("ssm", True, False), ("lambda", False, False),
        ):  # fmt: skip
            self.assertEqual((service(name).speaks_json, service(name).speaks_query), (json, query), name)

    def test_typed_parameters(self) -> None:
        self.assertEqual(
            parameters(service("ssm"), "GetParameters", [("Names.member.1", "a"), ("Names.2", "b"), ("X", "1")]),
            {"Names": ["a", "b"]},
        )
        self.assertEqual(
            parameters(
                service("dynamodb"),
                "Query",
                [("Limit", "3"), ("ConsistentRead", "TRUE"), ("ExpressionAttributeNames.entry.1.key", "#a"),
                 ("ExpressionAttributeNames.entry.1.value", "b")],
            ),
            {"Limit": 3, "ConsistentRead": True, "ExpressionAttributeNames": {"#a": "b"}},
        )  # fmt: skip
        self.assertEqual(parameters(service("dynamodb"), "Query", [("Limit", "many")]), {"Limit": "many"})

    def test_rest(self) -> None:
        made = rest_request(service("lambda"), "Invoke", [("FunctionName", "f"), ("Qualifier", "2")], b"{}")
        self.assertEqual(
            (made.method, made.path, made.query, made.body),
            ("POST", "/2015-03-31/functions/f/invocations", (("Qualifier", "2"),), b"{}"),
        )
        self.assertRaises(ValueError, rest_request, service("s3"), "GetObject", [], b"")


class QueryJson(SynchronousTestCase):
    def json(self, name: str, action: str, xml: str) -> object:
        made = xml_as_json(service(name), action, xml.encode())
        assert made is not None
        return orjson.loads(made)

    def test_send_message(self) -> None:
        xml = (
            '<SendMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><SendMessageResult>'
            "<MD5OfMessageBody>m</MD5OfMessageBody><MessageId>i</MessageId></SendMessageResult>"
            "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></SendMessageResponse>"
        )
        self.assertEqual(
            xml_as_json(service("sqs"), "SendMessage", xml.encode()),
            b'{"SendMessageResponse":{"ResponseMetadata":{"RequestId":"r"},"SendMessageResult":{'
            b'"MD5OfMessageAttributes":null,"MD5OfMessageBody":"m","MD5OfMessageSystemAttributes":null,'
            b'"MessageId":"i","SequenceNumber":null}}}',
        )

    def test_receive_message(self) -> None:
        xml = (
            "<ReceiveMessageResponse><ReceiveMessageResult><Message><MessageId>1</MessageId><Body>&lt;b&gt;</Body>"
            "<Attribute><Name>SentTimestamp</Name><Value>5</Value></Attribute>"
            "<MessageAttribute><Name>a</Name><Value><StringValue>s</StringValue><DataType>String</DataType></Value>"
            "</MessageAttribute></Message><Message><MessageId>2</MessageId></Message></ReceiveMessageResult>"
            "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></ReceiveMessageResponse>"
        )
        made: dict[str, dict[str, dict[str, list[dict[str, object]]]]] = self.json("sqs", "ReceiveMessage", xml)  # type: ignore[assignment]
        messages = made["ReceiveMessageResponse"]["ReceiveMessageResult"]["messages"]
        self.assertEqual([each["MessageId"] for each in messages], ["1", "2"])
        self.assertEqual(messages[0]["Body"], "<b>")
        self.assertEqual(messages[0]["Attributes"], {"SentTimestamp": "5"})
        attributes: dict[str, dict[str, str]] = messages[0]["MessageAttributes"]  # type: ignore[assignment]
        self.assertEqual(attributes["a"]["StringValue"], "s")
        empty = "<ReceiveMessageResponse><ReceiveMessageResult/></ReceiveMessageResponse>"
        self.assertEqual(
            self.json("sqs", "ReceiveMessage", empty),
            {
                "ReceiveMessageResponse": {
                    "ReceiveMessageResult": {"messages": None},
                    "ResponseMetadata": {"RequestId": None},
                }
            },
        )

    def test_lists_of_members(self) -> None:
        xml = (
            "<ListTopicsResponse><ListTopicsResult><Topics><member><TopicArn>a</TopicArn></member>"
            "<member><TopicArn>b</TopicArn></member></Topics></ListTopicsResult></ListTopicsResponse>"
        )
        made = self.json("sns", "ListTopics", xml)
        assert isinstance(made, dict)
        self.assertEqual(
            made["ListTopicsResponse"]["ListTopicsResult"],
            {"NextToken": None, "Topics": [{"TopicArn": "a"}, {"TopicArn": "b"}]},
        )

    def test_maps(self) -> None:
        xml = (
            "<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes><entry><key>k</key><value>v</value>"
            "</entry></Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>"
        )
        made = self.json("sns", "GetTopicAttributes", xml)
        assert isinstance(made, dict)
        self.assertEqual(made["GetTopicAttributesResponse"]["GetTopicAttributesResult"], {"Attributes": {"k": "v"}})

    def test_no_result(self) -> None:
        xml = (
            "<DeleteMessageResponse><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
            "</DeleteMessageResponse>"
        )
        self.assertEqual(
            self.json("sqs", "DeleteMessage", xml),
            {"DeleteMessageResponse": {"ResponseMetadata": {"RequestId": "r"}}},
        )

    def test_errors(self) -> None:
        xml = (
            "<ErrorResponse><Error><Type>Sender</Type><Code>C</Code><Message>M</Message><x>1</x></Error>"
            "<RequestId>r</RequestId></ErrorResponse>"
        )
        expected = {"Error": {"Code": "C", "Message": "M", "Type": "Sender"}, "RequestId": "r"}
        self.assertEqual(self.json("sns", "Publish", xml), expected)
        self.assertEqual(orjson.loads(error_as_json("C", "M", 400, "r")), expected)
        self.assertEqual(orjson.loads(error_as_json("C", "M", 500, "r"))["Error"]["Type"], "Receiver")

    def test_what_it_is_not(self) -> None:
        for xml in (b"", b"<a", b"<Other/>", b"{}"):
            self.assertIsNone(xml_as_json(service("sns"), "Publish", xml))


class Moments(SynchronousTestCase):
    def test_seconds_printed_as_java_does(self) -> None:
        xml = (
            b"<GetRoleResponse><GetRoleResult><Role><RoleName>r</RoleName><CreateDate>%b</CreateDate></Role>"
            b"</GetRoleResult><ResponseMetadata><RequestId>i</RequestId></ResponseMetadata></GetRoleResponse>"
        )
        for written, expected in (
            (b"2023-11-14T22:13:20Z", b'"CreateDate":1.7E9,'),
            (b"2023-11-14T22:13:21.500Z", b'"CreateDate":1.7000000015E9,'),
            (b"soon", b'"CreateDate":"soon",'),
        ):
            self.assertIn(expected, xml_as_json(service("iam"), "GetRole", xml % written) or b"")

    def test_queues_keep_their_first_names(self) -> None:
        xml = (
            b"<ListQueuesResponse><ListQueuesResult><QueueUrl>u</QueueUrl></ListQueuesResult>"
            b"<ResponseMetadata><RequestId>i</RequestId></ResponseMetadata></ListQueuesResponse>"
        )
        self.assertIn(b'"queueUrls":["u"]', xml_as_json(service("sqs"), "ListQueues", xml) or b"")
        xml = (
            b"<ListQueueTagsResponse><ListQueueTagsResult><Tag><Key>k</Key><Value>v</Value></Tag></ListQueueTagsResult>"
            b"<ResponseMetadata><RequestId>i</RequestId></ResponseMetadata></ListQueueTagsResponse>"
        )
        self.assertIn(b'"Tags":{"k":"v"}', xml_as_json(service("sqs"), "ListQueueTags", xml) or b"")
        self.assertIsNone(xml_as_json(service("sqs"), "Frob", b"<FrobResponse/>"))
