"""The trail: what a call looks like in CloudTrail, and looking it up."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.control.call import CallEvent, Principal
from emulator.effects import Effects
from emulator.errors import NotFoundException
from emulator.observe.trail import Trail
from emulator.wire import Headers, Request

WHERE = {"account": "000000000000", "region": "us-east-1"}


class TrailCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.effects = Effects.fake(self.clock)
        self.trail = Trail(self.effects, lambda operation: ["name", "tags"] if operation.startswith("Create") else [])

    def call(self, operation: str, request: dict[str, Any], **more: Any) -> None:
        values = {
            "answer": {}, "error": None, "principal": Principal(access_key="test"), "source_ip": "127.0.0.1",
            "user_agent": "me", "request_id": "r", "epoch": self.effects.wall(), "read_only": False, **WHERE, **more,
        }
        self.trail.record(CallEvent(operation=operation, request=request, **values))
        self.clock.advance(1)

    def ask(self, **asked: Any) -> tuple[int, dict[str, Any]]:
        target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"
        request = Request(
            method="POST", raw_path=b"/", raw_query=b"", headers=Headers([("X-Amz-Target", target)]),
            body=json.dumps(asked).encode(),
        )
        self.assertTrue(self.trail.serves(request))
        response = self.trail.handle(request, **WHERE)
        return response.status, json.loads(response.body)

    def names(self, **asked: Any) -> list[str]:
        return [event["EventName"] for event in self.ask(**asked)[1]["Events"]]

    def test_an_event(self) -> None:
        answer = {"id": "abc", "name": "x"}
        self.call("CreateRestApi", {"name": "x", "tags": {"a": "b"}}, answer=answer)
        (event,) = self.ask()[1]["Events"]
        self.assertEqual(event["Username"], "root")
        self.assertEqual(event["Resources"], [{"ResourceType": "AWS::ApiGateway::RestApi", "ResourceName": "abc"}])
        record = json.loads(event["CloudTrailEvent"])
        self.assertEqual(
            record["requestParameters"],
            {"createRestApiInput": {"name": "x", "tags": {"a": "b"}}, "template": False},
        )
        self.assertEqual(record["responseElements"], answer)
        self.assertEqual(record["eventTime"], "2023-11-14T22:13:20Z")
        self.assertEqual(record["userIdentity"]["arn"], "arn:aws:iam::000000000000:root")
        self.assertEqual((record["eventSource"], record["eventType"]), ("apigateway.amazonaws.com", "AwsApiCall"))
        self.assertEqual((record["readOnly"], record["managementEvent"]), (False, True))
        self.assertEqual(record["eventID"], event["EventId"])

    def test_reads_and_failures(self) -> None:
        self.call("GetRestApi", {"restApiId": "abc"}, read_only=True, answer=None, error=NotFoundException("gone"))
        record = json.loads(self.ask()[1]["Events"][0]["CloudTrailEvent"])
        self.assertEqual((record["errorCode"], record["errorMessage"]), ("NotFoundException", "gone"))
        self.assertEqual(record["responseElements"], None)
        self.assertEqual(record["requestParameters"], {"restApiId": "abc", "template": False})

    def test_key_values_are_hidden(self) -> None:
        self.call("CreateApiKey", {"name": "k"}, answer={"id": "k1", "value": "s" * 40})
        self.assertNotIn("s" * 40, self.ask()[1]["Events"][0]["CloudTrailEvent"])

    def test_values_of_patches_are_shown(self) -> None:
        patch = {"op": "replace", "path": "/description", "value": "a description of more than twenty letters"}
        self.call("UpdateStage", {"restApiId": "abc", "stageName": "prod", "patchOperations": [patch]})
        event = json.loads(self.ask()[1]["Events"][0]["CloudTrailEvent"])
        self.assertIn(patch["value"], json.dumps(event["requestParameters"]))

    def test_by_attribute_and_time(self) -> None:
        self.call("CreateRestApi", {"name": "x"}, answer={"id": "abc"})
        self.call("GetRestApi", {"restApiId": "abc"}, read_only=True)
        self.call("GetRestApi", {"restApiId": "def"}, read_only=True)
        for key, value, names in (
            ("EventName", "CreateRestApi", ["CreateRestApi"]),
            ("ReadOnly", "true", ["GetRestApi", "GetRestApi"]),
            ("ResourceName", "abc", ["GetRestApi", "CreateRestApi"]),
            ("AccessKeyId", "other", []),
            ("EventSource", "apigateway.amazonaws.com", ["GetRestApi", "GetRestApi", "CreateRestApi"]),
        ):
            self.assertEqual(self.names(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}]), names)
        self.assertEqual(self.names(StartTime=1_700_000_001.5), ["GetRestApi"])
        self.assertEqual(self.names(EndTime=1_700_000_000.5), ["CreateRestApi"])

    def test_pages_hold_while_events_come_in(self) -> None:
        for number in range(3):
            self.call(f"GetNumber{number}", {})
        first = self.ask(MaxResults=2)[1]
        self.call("GetNumber3", {})
        second = self.ask(MaxResults=2, NextToken=first["NextToken"])[1]
        self.assertEqual([each["EventName"] for each in second["Events"]], ["GetNumber0"])
        self.assertNotIn("NextToken", second)

    def test_refusals(self) -> None:
        for asked, code in (
            ({"MaxResults": 51}, "InvalidMaxResultsException"),
            ({"StartTime": 2, "EndTime": 1}, "InvalidTimeRangeException"),
            ({"NextToken": "x"}, "InvalidNextTokenException"),
            ({"LookupAttributes": [{"AttributeKey": "Colour", "AttributeValue": "x"}]},
             "InvalidLookupAttributesException"),
        ):
            status, answer = self.ask(**asked)
            self.assertEqual((status, answer["__type"]), (400, code))

    def test_reset(self) -> None:
        self.call("GetRestApi", {})
        self.trail.reset()
        self.assertEqual(self.names(), [])
