"""Services that push to functions: topics and buckets, whose events moto abbreviates or refuses.

Belongs here: the events of SNS and S3. Never here: sources that are polled (``lambda_sources.py``), EventBridge's rules
(``event_rules.py``), CloudWatch Logs' events, which moto makes whole.
"""

from __future__ import annotations

import contextlib
import functools
import json
from typing import Any

from emulator.services.lambda_records import s3_record, sns_record


def install() -> None:
    """Change moto's classes; once, on the writer's thread."""
    _patch_topics()
    _patch_buckets()


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


def _patch_buckets() -> None:
    from moto.core.exceptions import JsonRESTError
    from moto.s3 import notifications

    made = notifications._get_s3_event

    @functools.wraps(made)
    def event(event_name: str, bucket: Any, key: Any, notification_id: str) -> dict[str, Any]:
        record = made(event_name, bucket, key, notification_id)["Records"][0]
        return {"Records": [s3_record(record, bucket, key)]}

    def invoke(account_id: str, event_body: Any, fn_arn: str, region_name: str) -> None:
        # A bucket does not ask whether the function is there.
        with contextlib.suppress(JsonRESTError):
            _send(fn_arn, event_body)

    notifications._get_s3_event = event
    notifications._invoke_awslambda = invoke


def _send(arn: str, event: Any) -> None:
    from moto.awslambda.utils import get_backend

    parts = arn.split(":")
    # Through moto's own entry, which lambda_hooks has taken over: without headers it is an event.
    get_backend(parts[4], parts[3]).invoke(
        function_name=arn, qualifier=None, body=json.dumps(event, default=str), headers={}, response_headers={}
    )
