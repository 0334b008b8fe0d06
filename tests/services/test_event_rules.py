"""EventBridge's rules: targets, their input, and schedules that come round."""

from __future__ import annotations

import json
from typing import Any

from emulator.services.event_rules import rule_input, transformed
from tests.services.lambda_support import ACCOUNT, REGION, LambdaCase, arn

EVENT: dict[str, Any] = {
    "id": "i",
    "time": 0,
    "ingestion-time": 1,
    "source": "me",
    "detail": {"a": {"b": 1}, "s": 'say "hi"', "l": [1, "two"]},
}


class RuleTests(LambdaCase):
    def rule(self, *targets: dict[str, Any], name: str = "r", **rule: Any) -> None:
        self.call("events", "PutRule", **{"Name": name, "EventPattern": '{"source": ["me"]}', **rule})
        listed = [{"Id": str(n), **target} for n, target in enumerate(targets)]
        self.call("events", "PutTargets", Rule=name, Targets=listed)

    def put(self, source: str = "me") -> None:
        entry = {"Source": source, "DetailType": "d", "Detail": '{"x": 1}'}
        self.call("events", "PutEvents", Entries=[entry])

    def sent(self) -> list[Any]:
        for worker in self.starter.runtimes:
            if worker.worker.state.value == "starting":
                worker.ask()
        return [json.loads(payload) for each in self.starter.runtimes for payload, _ in each.connection.sent]

    def test_function(self) -> None:
        self.create()
        self.rule({"Arn": arn("greet")})
        for source in ("you", "me"):
            self.put(source)
        (event,) = self.sent()
        self.assertEqual((event["source"], event["detail"], event["detail-type"]), ("me", {"x": 1}, "d"))
        self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(
            set(event),
            {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"},
        )

    def test_transformer(self) -> None:
        self.create()
        transformer = {"InputPathsMap": {"x": "$.detail.x"}, "InputTemplate": '{"v": <x>, "r": <aws.events.rule-name>}'}
        self.rule({"Arn": arn("greet"), "InputTransformer": transformer})
        self.put()
        self.assertEqual(self.sent(), [{"v": 1, "r": "r"}])

    def test_disabled(self) -> None:
        self.create()
        self.rule({"Arn": arn("greet")}, State="DISABLED")
        self.put()
        self.assertEqual(self.starter.runtimes, [])
        self.call("events", "EnableRule", Name="r")
        self.put()
        self.assertEqual(len(self.sent()), 1)

    def test_other_targets(self) -> None:
        queue = self.call("sqs", "CreateQueue", QueueName="q")["QueueUrl"]
        topic = self.call("sns", "CreateTopic", Name="t")["TopicArn"]
        queue_arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
        self.call("sns", "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
        self.rule({"Arn": queue_arn}, {"Arn": topic, "Input": '{"to": "topic"}'}, {"Arn": f"arn:aws:batch:{REGION}::x"})
        self.put()
        got = self.call("sqs", "ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        bodies = sorted((json.loads(each["Body"]) for each in got), key=lambda each: "Message" in each)
        self.assertEqual((bodies[0]["account"], bodies[0]["detail"]), (ACCOUNT, {"x": 1}))
        self.assertEqual(json.loads(bodies[1]["Message"]), {"to": "topic"})

    def test_schedule(self) -> None:
        self.create()
        self.rule({"Arn": arn("greet")}, name="tick", ScheduleExpression="rate(1 minute)", EventPattern="")
        self.put()  # a rule without a pattern hears of no events
        self.clock.advance(59)
        self.assertEqual(self.starter.runtimes, [])
        self.clock.advance(1)
        (event,) = self.sent()
        self.assertEqual((event["source"], event["detail-type"]), ("aws.events", "Scheduled Event"))
        self.assertEqual(event["resources"], [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/tick"])
        self.runtime().answer()
        self.call("events", "PutRule", Name="tick", ScheduleExpression="rate(1 minute)")
        self.clock.advance(60)
        self.assertEqual(len(self.sent()), 2)
        self.runtime().answer()
        self.call("events", "DisableRule", Name="tick")
        self.clock.advance(600)
        self.assertEqual(len(self.sent()), 2)
        self.call("events", "EnableRule", Name="tick")
        self.call("events", "RemoveTargets", Rule="tick", Ids=["0"])
        self.call("events", "DeleteRule", Name="tick")
        self.clock.advance(600)
        self.assertEqual(len(self.sent()), 2)

    def test_a_night_asleep(self) -> None:
        """The wall clock jumps: what was missed is not made up for."""
        self.create()
        self.rule({"Arn": arn("greet")}, name="tick", ScheduleExpression="rate(1 minute)", EventPattern="")
        wall = self.effects.wall
        self.effects.wall = lambda: wall() + 8 * 3600
        self.clock.advance(60)
        self.assertEqual(len(self.sent()), 1)
        self.runtime().answer()
        self.clock.advance(60)
        self.assertEqual(len(self.sent()), 2)

    def test_input(self) -> None:
        self.assertEqual(rule_input({"Input": '{"x": 1}'}, EVENT), {"x": 1})
        self.assertEqual(rule_input({"InputPath": "$.detail.a"}, EVENT), {"b": 1})
        self.assertEqual(rule_input({"InputPath": "$.detail.l[1]"}, EVENT), "two")
        self.assertIsNone(rule_input({"InputPath": "$.nothing"}, EVENT))
        self.assertEqual(rule_input({}, EVENT)["time"], "1970-01-01T00:00:00Z")
        self.assertNotIn("ingestion-time", rule_input({}, EVENT))
        whole = rule_input({"InputTransformer": {"InputTemplate": '{"e": <aws.events.event.json>}'}}, EVENT)
        self.assertEqual(whole["e"]["detail"], EVENT["detail"])

    def test_templates(self) -> None:
        values = {"s": 'a "b"', "n": 1, "o": {"k": [1]}, "none": None}
        for template, made in (
            ('{"a": <s>, "b": "<s>!", "c": <o>, "d": "<o>"}',
             {"a": 'a "b"', "b": 'a "b"!', "c": {"k": [1]}, "d": '{"k": [1]}'}),
            ('"text <n>"', "text 1"),
            ('{"x": <none>, "y": "<none>", "z": <unknown>}', {"x": "", "y": "", "z": ""}),
            ('"one <n>"\n"two <s>"', '"one 1"\n"two a \\"b\\""'),
        ):  # fmt: skip
            self.assertEqual(transformed(template, values), made)
