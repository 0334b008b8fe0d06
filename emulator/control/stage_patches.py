"""UpdateStage's paths: plain members, access log, variables, and the settings of methods.

Belongs here: what a patch of a stage may say and what it does to the record. Never here: whether what the stage then
refers to exists (``stages.py``), or the canary's paths (``canaries.py``).

A path that is no other is taken for a method setting, ``/{resourcePath}/{httpMethod}/{group}/{setting}``, where ``/``
in the resource path is ``~1``; so AWS's refusals speak of method settings. Settings are kept under the key
``{resourcePath}/{httpMethod}`` as the path spelt it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from emulator.control.canaries import patch_canary, promote
from emulator.control.patch import PatchOp, integer, number, parse_ops
from emulator.control.stage_variables import patched_variables
from emulator.errors import BadRequestException
from emulator.store.records import Record

CACHE_SIZES = ("0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237")
_SETTING_PATHS = (
    "/{0}/metrics/enabled, /{0}/logging/dataTrace, /{0}/logging/loglevel, /{0}/throttling/burstLimit{1}/{0}"
    "/throttling/rateLimit{1}/{0}/caching/ttlInSeconds, /{0}/caching/enabled, /{0}/caching/dataEncrypted, "
    "/{0}/caching/requireAuthorizationForCacheControl, /{0}/caching/unauthorizedCacheControlHeaderStrategy"
)
_PATHS = (
    "/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, "
    "/accessLogSettings/destinationArn, /accessLogSettings/format, "
    + _SETTING_PATHS.format("{resourcePath}/{httpMethod}", "")
    + ", "
    + _SETTING_PATHS.format("*/*", " ")
    + ", /variables/{variable_name}, /tracingEnabled"
)
_LOG_PATHS = "/accessLogSettings/destinationArn, /accessLogSettings/format"
_LOG_ARN = re.compile(r"arn:aws[\w-]*:(logs:[\w-]+:\d{12}:log-group:[^\s]+|firehose:[\w-]+:\d{12}:deliverystream/.+)")
_NEW_SETTINGS: Record = {
    "metricsEnabled": False,
    "dataTraceEnabled": False,
    "throttlingBurstLimit": 5000,
    "throttlingRateLimit": 10000.0,
    "cachingEnabled": False,
    "cacheTtlInSeconds": 300,
    "cacheDataEncrypted": False,
    "requireAuthorizationForCacheControl": True,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}
STRATEGIES = ("FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER")


def apply_stage_patch(stage: Record, operations: Sequence[Record] | None) -> Record:
    """A changed copy of a stage. Raises BadRequestException."""
    changed = copy.deepcopy(stage)
    for operation in parse_ops(operations):
        _act(changed, operation)
    return changed


def _act(stage: Record, operation: PatchOp) -> None:
    segments = operation.segments
    first = segments[0] if segments else ""
    if operation.op == "copy":
        promote(stage, operation)
    elif first == "accessLogSettings":
        _access_log(stage, operation)
    elif first == "canarySettings":
        if not patch_canary(stage, operation, _unknown):
            _method_setting(stage, operation)
    elif first == "variables" and len(segments) <= 2:
        _variables(stage, operation)
    elif first == "methodSettings":
        _method_settings(stage, operation)
    elif len(segments) == 1 and first in _MEMBERS and operation.op == "replace":
        _MEMBERS[first](stage, operation)
    else:
        _method_setting(stage, operation)


def _unknown(operation: PatchOp) -> BadRequestException:
    path = "null" if operation.path is None else operation.path
    return BadRequestException(f"Invalid method setting path: {path}. Must be one of: [{_PATHS}]")


# -- plain members -----------------------------------------------------------------------------------------------------


def _text(member: str) -> Callable[[Record, PatchOp], None]:
    def act(stage: Record, operation: PatchOp) -> None:
        stage.pop(member, None)
        if operation.text:
            stage[member] = operation.text

    return act


def _flag(member: str) -> Callable[[Record, PatchOp], None]:
    def act(stage: Record, operation: PatchOp) -> None:
        stage[member] = operation.flag

    return act


def _deployment(stage: Record, operation: PatchOp) -> None:
    stage["deploymentId"] = operation.text


def _cache_size(stage: Record, operation: PatchOp) -> None:
    if operation.text not in CACHE_SIZES:
        raise BadRequestException(f"Invalid cache cluster size. Valid options are {','.join(CACHE_SIZES)}")
    stage["cacheClusterSize"] = operation.text


_MEMBERS: dict[str, Callable[[Record, PatchOp], None]] = {
    "cacheClusterEnabled": _flag("cacheClusterEnabled"),
    "cacheClusterSize": _cache_size,
    "clientCertificateId": _text("clientCertificateId"),
    "deploymentId": _deployment,
    "description": _text("description"),
    "documentationVersion": _text("documentationVersion"),
    "tracingEnabled": _flag("tracingEnabled"),
}


# -- access log --------------------------------------------------------------------------------------------------------


def _access_log(stage: Record, operation: PatchOp) -> None:
    rest = operation.segments[1:]
    if operation.op == "remove":
        if rest:
            raise _nothing_to_remove("/".join(operation.segments))
        stage.pop("accessLogSettings", None)
        return
    if operation.op not in ("add", "replace") or rest not in (("destinationArn",), ("format",)):
        raise BadRequestException(f"Invalid accessLogSettings path. Must be one of : [{_LOG_PATHS}]")
    value = operation.text
    if not value:
        raise BadRequestException("Access Log value must not be empty")
    if rest == ("destinationArn",):
        if not _LOG_ARN.fullmatch(value):
            raise BadRequestException("Invalid ARN specified in the request")
        value = value.removesuffix(":*")
    else:
        _check_format(value)
    stage["accessLogSettings"] = {**stage.get("accessLogSettings", {}), rest[0]: value}


def _check_format(text: str) -> None:
    if "\n" in text.rstrip("\n"):
        raise BadRequestException(
            "Access Log format must be single line, new line character is allowed only at end of the format"
        )
    if "$context.requestId" not in text and "$context.extendedRequestId" not in text:
        raise BadRequestException("Access Log format must contain $context.requestId or $context.extendedRequestId")


# -- variables ---------------------------------------------------------------------------------------------------------


def _variables(stage: Record, operation: PatchOp) -> None:
    entries = patched_variables(stage.get("variables"), operation, operation.segments[1:], _unknown)
    stage.pop("variables", None)
    if entries:
        stage["variables"] = entries


# -- method settings ---------------------------------------------------------------------------------------------------


def _nothing_to_remove(key: str) -> BadRequestException:
    return BadRequestException(
        f"Cannot remove method setting {key} because there is no method setting for this method "
    )


def _method_setting(stage: Record, operation: PatchOp) -> None:
    raw = (operation.path or "").split("/")[1:]
    key = "/".join(raw[:2])
    if operation.op == "remove":
        if len(raw) < 2 or key not in stage["methodSettings"]:
            raise _nothing_to_remove("/".join(raw))
        del stage["methodSettings"][key]
        return
    setting = _SETTINGS.get("/".join(raw[2:])) if len(raw) == 4 else None
    if setting is None or operation.op != "replace" or not raw[0] or not raw[1]:
        raise _unknown(operation)
    settings = stage["methodSettings"].get(key)
    if settings is None:
        settings = dict(stage["methodSettings"].get("*/*", _NEW_SETTINGS))
    name, convert = setting
    stage["methodSettings"][key] = {**settings, name: convert(operation)}


def _method_settings(stage: Record, operation: PatchOp) -> None:
    """``/methodSettings`` whole, as JSON of the map that GetStage shows."""
    if operation.op != "replace" or len(operation.segments) != 1:
        raise _unknown(operation)
    try:
        given = orjson.loads(operation.text or "{}")
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict) or not all(isinstance(value, dict) for value in given.values()):
        raise _unknown(operation)
    known = {name for name, _convert in _SETTINGS.values()}
    if any(set(value) - known for value in given.values()):
        raise _unknown(operation)
    stage["methodSettings"] = {key: {**_NEW_SETTINGS, **value} for key, value in given.items()}


def _level(operation: PatchOp) -> str:
    if operation.text not in ("OFF", "ERROR", "INFO"):
        raise BadRequestException("Invalid logging level specified. Must be one of: [OFF, ERROR, INFO]")
    return operation.text


def _strategy(operation: PatchOp) -> str:
    if operation.text not in STRATEGIES:
        raise BadRequestException(
            f"Invalid unauthorizedCacheControlHeaderStrategy specified. Must be one of: [{', '.join(STRATEGIES)}]"
        )
    return operation.text


def _ttl(operation: PatchOp) -> int:
    refusal = "Cache TTL must be between 0 and 3600 seconds"
    seconds = integer(operation.value, refusal)
    if not 0 <= seconds <= 3600:
        raise BadRequestException(refusal)
    return seconds


def _burst(operation: PatchOp) -> int:
    return integer(operation.value, "Invalid throttling burst limit specified. Must be an integer")


def _rate(operation: PatchOp) -> float:
    return number(operation.value, "Invalid throttling rate limit specified. Must be a number")


def _flagged(operation: PatchOp) -> bool:
    return operation.flag


# The end of the path -> the member of MethodSetting, and how its text is read.
_SETTINGS: dict[str, tuple[str, Callable[[PatchOp], Any]]] = {
    "metrics/enabled": ("metricsEnabled", _flagged),
    "logging/dataTrace": ("dataTraceEnabled", _flagged),
    "logging/loglevel": ("loggingLevel", _level),
    "throttling/burstLimit": ("throttlingBurstLimit", _burst),
    "throttling/rateLimit": ("throttlingRateLimit", _rate),
    "caching/enabled": ("cachingEnabled", _flagged),
    "caching/dataEncrypted": ("cacheDataEncrypted", _flagged),
    "caching/ttlInSeconds": ("cacheTtlInSeconds", _ttl),
    "caching/requireAuthorizationForCacheControl": ("requireAuthorizationForCacheControl", _flagged),
    "caching/unauthorizedCacheControlHeaderStrategy": ("unauthorizedCacheControlHeaderStrategy", _strategy),
}
