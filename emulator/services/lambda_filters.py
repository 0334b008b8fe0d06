"""Filters of event source mappings: which records a function is called for.

Belongs here: applying ``FilterCriteria``. Never here: what becomes of records that do not pass (``lambda_sources.py``).

Follows https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html. Patterns are EventBridge's; moto's
matcher is used.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any


def passes(criteria: dict[str, Any] | None, record: dict[str, Any]) -> bool:
    """Whether one of the filters matches the record; everything passes where there is none."""
    filters = (criteria or {}).get("Filters") or []
    if not filters:
        return True
    from moto.events.models import EventPattern

    seen = _as_filters_see_it(record)
    for each in filters:
        pattern = each.get("Pattern") or "{}"
        if seen is not None and EventPattern(pattern, json.loads(pattern)).matches_event(seen):
            return True
    return False


def _as_filters_see_it(record: dict[str, Any]) -> Any:
    """The record with its body or data parsed; None when a filter wants JSON and there is none."""
    if record["eventSource"] == "aws:sqs":
        return {**record, "body": _parsed(record["body"])}
    if record["eventSource"] == "aws:kinesis":
        kinesis = record["kinesis"]
        try:
            data = base64.b64decode(kinesis["data"]).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        return {**record, **kinesis, "data": _parsed(data)}
    return record


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
