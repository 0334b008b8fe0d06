"""What Lambda refuses of a function's configuration, and its words for it.

Belongs here: CreateFunction's and UpdateFunctionConfiguration's own checks that moto has not. Never here: the archive
(``lambda_hooks.py``), runtimes.

Follows https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html and configuration-envvars.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from emulator.lambda_runtime.environment import RESERVED

_VARIABLE = re.compile(r"[a-zA-Z]([a-zA-Z0-9_])+")
_HANDLER = re.compile(r"[^\s]+")
_MOST_ENVIRONMENT = 4096  # bytes, as JSON


@frozen
class Refusal:
    """The error's code and text."""

    code: str
    message: str


def refuse_configuration(spec: Mapping[str, Any], *, creating: bool) -> Refusal | None:
    """What is wrong with the settings of a function that is made or changed; None when nothing is."""
    constraints = list(_constraints(spec))
    if constraints:
        count = f"{len(constraints)} validation error{'s' if len(constraints) > 1 else ''} detected: "
        return Refusal("ValidationException", count + "; ".join(constraints))
    if creating and spec.get("PackageType", "Zip") == "Zip" and not (spec.get("Runtime") and spec.get("Handler")):
        return Refusal(
            "InvalidParameterValueException",
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        )
    variables = (spec.get("Environment") or {}).get("Variables") or {}
    reserved = [name for name in variables if name in RESERVED]
    unable = "Lambda was unable to configure your environment variables because the environment variables you have "
    if reserved:
        return Refusal(
            "InvalidParameterValueException",
            f"{unable}provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}",
        )
    shown = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(shown.encode()) > _MOST_ENVIRONMENT:
        return Refusal(
            "InvalidParameterValueException", f"{unable}provided exceeded the 4KB limit. String measured: {shown}"
        )
    return None


def _constraints(spec: Mapping[str, Any]) -> list[str]:
    found = []
    for member, name, low, high in (("Timeout", "timeout", 1, 900), ("MemorySize", "memorySize", 128, 10240)):
        value = spec.get(member)
        if not isinstance(value, int):
            continue
        if value > high:
            found.append(_failed(value, name, f"Member must have value less than or equal to {high}"))
        elif value < low:
            found.append(_failed(value, name, f"Member must have value greater than or equal to {low}"))
    handler = spec.get("Handler")
    if isinstance(handler, str) and handler:
        if len(handler) > 128:
            found.append(_failed(handler, "handler", "Member must have length less than or equal to 128"))
        elif not _HANDLER.fullmatch(handler):
            pattern = "Member must satisfy regular expression pattern: [^\\s]+"
            found.append(_failed(handler, "handler", pattern))
    variables = (spec.get("Environment") or {}).get("Variables") or {}
    # Reserved ones that begin with an underscore are told as reserved.
    if any(not _VARIABLE.fullmatch(name) and name not in RESERVED for name in variables):
        shown = "{" + ", ".join(f"{name}={value}" for name, value in variables.items()) + "}"
        pattern = f"[Member must satisfy regular expression pattern: {_VARIABLE.pattern}]"
        found.append(_failed(shown, "environment.variables", f"Map keys must satisfy constraint: {pattern}"))
    return found


def _failed(value: object, member: str, constraint: str) -> str:
    return f"Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
