"""AWS::WAFv2::* in stacks: properties as the API takes them, and what Ref answers.

Belongs here: what is WAFv2's own about these types. Never here: the table of types (``others.py``).
Source: the CloudFormation resource reference for AWS WAF V2.
"""

from __future__ import annotations

import base64
from typing import Any

from emulator.cloudformation.resources import boolean
from emulator.store.records import Record

_FLAGS = frozenset({"SampledRequestsEnabled", "CloudWatchMetricsEnabled"})


def shape(parameters: Record) -> Record:
    """Search strings as bytes (a template may give them in base64), flags as booleans, lists by the API's names."""
    shaped: Record = _shaped(parameters)
    return shaped


def _shaped(value: Any) -> Any:
    if isinstance(value, list):
        return [_shaped(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {key: boolean(each) if key in _FLAGS else _shaped(each) for key, each in value.items()}
    if "SearchStringBase64" in made:
        made["SearchString"] = base64.b64decode(made.pop("SearchStringBase64"))
    return made


def pattern_set(parameters: Record) -> Record:
    """A template lists expressions as strings."""
    listed = parameters.get("RegularExpressionList") or []
    expressions = [each if isinstance(each, dict) else {"RegexString": each} for each in listed]
    return {**parameters, "RegularExpressionList": expressions}


def identity(answer: Record, parameters: Record) -> str:
    """``name|id|scope``, which is what Ref answers."""
    return f"{parameters['Name']}|{answer['Summary']['Id']}|{parameters['Scope']}"
