"""EventBridge's rules: what a target gets of an event, and handing it over.

Belongs here: targets and their input. Never here: patterns and buses (moto), when a schedule comes round
(``event_schedules.py``).

Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html. moto shortens events,
knows few targets and sends to disabled rules.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from attrs import define
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from emulator.effects import Effects
from emulator.errors import EmulatorError
from emulator.mapping.errors import MappingError
from emulator.mapping.jsonpath import MISSING, compile_path
from emulator.services.lambda_destinations import Calls

_MOTOS = ("event-bus-name", "archive-arn", "ingestion-time")
_VARIABLE = re.compile(r"<([A-Za-z0-9_.-]+)>")
# What moto delivers to itself: log groups, archives, HTTP endpoints.
_LEFT_TO_MOTO = ("logs", "events")


@define
class _Installed:
    rules: EventRules | None = None


_installed = _Installed()


class EventRules:
    """Delivers to targets by the services' own APIs. ``invoke`` hands an event to a function, by ARN."""

    log = Logger()

    def __init__(self, effects: Effects, calls: Calls | None, invoke: Callable[[str, bytes], None]) -> None:
        self._effects = effects
        self._calls = calls
        self._invoke = invoke

    def install(self) -> None:
        """Take the sending over from moto's rules; on the writer's thread."""
        _installed.rules = self
        from moto.events.models import Rule

        if hasattr(Rule, "_sends_by_apis"):
            return
        Rule._sends_by_apis = True
        send = Rule.send_to_targets

        @functools.wraps(send)
        def send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
            # A rule of a schedule alone has no pattern, which moto takes for one that fits everything.
            pattern = self.event_pattern
            if self.state != "ENABLED" or not pattern._pattern or not pattern.matches_event(original_event):
                return
            rules = _installed.rules
            assert rules is not None
            ours = [each for each in self.targets if each["Arn"].split(":")[2] not in _LEFT_TO_MOTO]
            kept, self.targets = self.targets, [each for each in self.targets if each not in ours]
            try:
                if self.targets:
                    send(self, original_event, transform_input)
            finally:
                self.targets = kept
            rules.send(self, ours, original_event)

        Rule.send_to_targets = send_to_targets

    def send(self, rule: Any, targets: list[dict[str, Any]], event: dict[str, Any]) -> None:
        """Hand the event to the targets, some time; on the writer's thread. ``rule`` is moto's."""
        names = {"rule-arn": rule.arn, "rule-name": rule.name}
        for target in targets:
            made = rule_input(target, event, names)
            self._effects.from_thread(self._send, dict(target), made, rule.account_id, rule.region_name, event)

    def _send(self, target: dict[str, Any], made: Any, account: str, region: str, event: dict[str, Any]) -> None:
        self._sent(target, made, account, region, event).addErrback(self._failed, target["Arn"])

    def _sent(
        self, target: dict[str, Any], made: Any, account: str, region: str, event: dict[str, Any]
    ) -> Deferred[Any]:
        arn = target["Arn"]
        service, _, owner, name = (arn.split(":", 5) + [""] * 6)[2:6]
        text = made if isinstance(made, str) else json.dumps(made)
        if service == "lambda":
            self._invoke(arn, json.dumps(made).encode())
            return succeed(None)
        action, params = _delivery(service, arn, owner, name, text, target, event)
        if self._calls is None or not action:
            self.log.warn("A rule's target is of no kind that is delivered to: {arn}", arn=arn)
            return succeed(None)
        service = {"states": "stepfunctions"}.get(service, service)
        return self._calls.call(service, action, params, account=account, region=region)

    def _failed(self, failure: Failure, arn: str) -> None:
        failure.trap(EmulatorError)
        self.log.warn("A rule's target {arn} did not take an event: {problem}", arn=arn, problem=failure.value)


def _delivery(
    service: str, arn: str, owner: str, name: str, text: str, target: dict[str, Any], event: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The API call that delivers ``text``: an action, or an empty text, and its parameters."""
    if service == "sqs":
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        url = f"https://sqs.{arn.split(':')[3]}.amazonaws.com/{owner}/{name}"
        return "SendMessage", {"QueueUrl": url, "MessageBody": text, **({"MessageGroupId": group} if group else {})}
    if service == "sns":
        return "Publish", {"TopicArn": arn, "Message": text}
    if service == "states":
        return "StartExecution", {"stateMachineArn": arn, "input": text}
    if service == "kinesis":
        path = (target.get("KinesisParameters") or {}).get("PartitionKeyPath")
        key = _part(_as_sent(event), path) if path else event.get("id", "")
        stream = name.partition("/")[2]
        return "PutRecord", {"StreamName": stream, "Data": text.encode(), "PartitionKey": str(key)}
    if service == "firehose":
        return "PutRecord", {"DeliveryStreamName": name.partition("/")[2], "Record": {"Data": text.encode()}}
    return "", {}


def rule_input(target: dict[str, Any], event: dict[str, Any], names: dict[str, str] | None = None) -> Any:
    """What a rule's target gets: the event, a constant, a part of it, or what its transformer makes."""
    sent = _as_sent(event)
    if target.get("Input"):
        return json.loads(target["Input"])
    if target.get("InputPath"):
        return _part(sent, target["InputPath"])
    transformer = target.get("InputTransformer")
    if transformer:
        values = {name: _part(sent, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
        for name, value in (names or {}).items():
            values[f"aws.events.{name}"] = value
        values["aws.events.event"] = {name: value for name, value in sent.items() if name != "detail"}
        values["aws.events.event.json"] = sent
        values["aws.events.event.ingestion-time"] = _time(event.get("ingestion-time", event.get("time", 0)))
        return transformed(transformer["InputTemplate"], values)
    return sent


def _as_sent(event: dict[str, Any]) -> dict[str, Any]:
    sent = {name: value for name, value in event.items() if name not in _MOTOS}
    if "time" in sent:
        sent["time"] = _time(sent["time"])
    return sent


def _time(at: Any) -> Any:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(at, int | float) else at


def _part(event: Any, path: str) -> Any:
    try:
        found = compile_path(path).find(event)
    except MappingError:
        return None
    return None if found is MISSING else found


def transformed(template: str, values: dict[str, Any]) -> Any:
    """A template with its variables filled in: what JSON it makes, else the text itself.

    Between quotes a value is text; elsewhere it is JSON. One that the event does not have leaves nothing.
    """
    parts: list[str] = []
    quoted, done = False, 0
    for found in _VARIABLE.finditer(template):
        before = template[done : found.start()]
        parts.append(before)
        quoted ^= len(re.findall(r'(?<!\\)"', before)) % 2 == 1
        done = found.end()
        parts.append(_written(values.get(found[1]), quoted=quoted))
    text = "".join(parts) + template[done:]
    try:
        return json.loads(text)
    except ValueError:
        return text


def _written(value: Any, *, quoted: bool) -> str:
    if value is None:
        return "" if quoted else '""'
    if not quoted:
        return json.dumps(value)
    return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]
