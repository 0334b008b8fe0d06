"""Services that push to functions: topics and event rules, whose events moto abbreviates or refuses.

Belongs here: the events of SNS and EventBridge. Never here: sources that are polled (``lambda_sources.py``), S3's and
CloudWatch Logs' events, which moto makes whole.
"""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from typing import Any

from emulator.services.lambda_records import sns_record


def install() -> None:
    """Change moto's classes; once, on the writer's thread."""
    _patch_topics()
    _patch_rules()


def _patch_topics() -> None:
    from moto.sns.models import Subscription

    publish = Subscription.publish

    @functools.wraps(publish)
    def publish_to(
        self: Any,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> None:
        if self.protocol != "lambda":
            publish(
                self, message, message_id, subject, message_attributes, group_id, deduplication_id, message_structure
            )
            return
        matcher = self._filter_policy_matcher
        if matcher is not None and not matcher.matches(message_attributes, message):
            return
        if message_structure == "json":
            message = self._parse_message_structure(message, self.protocol)
        post = self.get_post_data(message, message_id, subject)
        _send(self.endpoint, {"Records": [sns_record(self.arn, self.topic_arn, post, message_attributes)]})

    Subscription.publish = publish_to


def _patch_rules() -> None:
    from moto.events.models import EventTemplateParser, Rule

    send = Rule.send_to_targets

    @functools.wraps(send)
    def send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
        functions = [each for each in self.targets if ":lambda:" in each["Arn"]]
        if functions and self.event_pattern.matches_event(original_event):
            for target in functions:
                _send(target["Arn"], rule_input(target, original_event, EventTemplateParser.parse))
        others = [each for each in self.targets if ":lambda:" not in each["Arn"]]
        if others:
            kept, self.targets = self.targets, others
            try:
                send(self, original_event, transform_input)
            finally:
                self.targets = kept

    Rule.send_to_targets = send_to_targets


def rule_input(target: dict[str, Any], event: dict[str, Any], transform: Any) -> Any:
    """What a rule's target gets: the event, a constant, a part of it, or what its transformer makes."""
    event = {
        name: value for name, value in event.items() if name not in ("event-bus-name", "archive-arn", "ingestion-time")
    }
    if isinstance(event.get("time"), (int, float)):
        event["time"] = f"{datetime.fromtimestamp(event['time'], UTC):%Y-%m-%dT%H:%M:%SZ}"
    if target.get("Input"):
        return json.loads(target["Input"])
    if target.get("InputPath"):
        return _part(event, target["InputPath"])
    transformer = target.get("InputTransformer")
    if transformer:
        return transform(
            input_template=transformer.get("InputTemplate"),
            input_paths_map=transformer.get("InputPathsMap", {}),
            event=event,
        )
    return event


def _part(event: Any, path: str) -> Any:
    for name in path.removeprefix("$").strip(".").split("."):
        if name:
            event = event.get(name) if isinstance(event, dict) else None
    return event


def _send(arn: str, event: Any) -> None:
    from moto.awslambda.utils import get_backend

    parts = arn.split(":")
    # Through moto's own entry, which lambda_hooks has taken over: without headers it is an event.
    get_backend(parts[4], parts[3]).invoke(
        function_name=arn, qualifier=None, body=json.dumps(event, default=str), headers={}, response_headers={}
    )
