"""Functions as moto keeps them, as the runtime wants them.

Belongs here: resolving names, ARNs, versions and aliases, and reading a function's record. Never here: running one.

Read on the reactor while moto's writer may be at work: single look-ups only, nothing is iterated that it changes.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from attrs import evolve, frozen

from emulator.effects import Effects
from emulator.lambda_runtime.functions import EventSettings, Function, FunctionNotFound, Layer

# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html: a name, a partial ARN or an ARN, each with a qualifier.
_REFERENCE = re.compile(
    r"(?:arn:(?P<partition>aws[a-zA-Z-]*):lambda:)?(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?(?:(?P<account>\d{12}):)?"
    r"(?:function:)?(?P<name>[a-zA-Z0-9-_]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)


@frozen
class Reference:
    """What a caller named: everything is filled in, but for the qualifier."""

    account: str
    region: str
    name: str
    qualifier: str | None

    @property
    def arn(self) -> str:
        arn = f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"
        return f"{arn}:{self.qualifier}" if self.qualifier else arn


@lru_cache(maxsize=4096)
def parse_reference(account: str, region: str, name_or_arn: str, qualifier: str | None) -> Reference | None:
    """The function meant by a name or ARN; None when it is neither. A qualifier in the ARN wins."""
    found = _REFERENCE.fullmatch(name_or_arn)
    if found is None:
        return None
    return Reference(
        found["account"] or account, found["region"] or region, found["name"], found["qualifier"] or qualifier or None
    )


class MotoFunctionSource:
    """Finds functions in moto's Lambda backends (``lambda_runtime.functions.FunctionSource``)."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self._seen: WeakKeyDictionary[Any, tuple[tuple[Any, ...], Function]] = WeakKeyDictionary()

    def resolve(self, account: str, region: str, name_or_arn: str, qualifier: str | None = None) -> Function:
        """The function; raises FunctionNotFound. An alias's weights are drawn at each call."""
        wanted = parse_reference(account, region, name_or_arn, qualifier)
        if wanted is None:
            raise FunctionNotFound(name_or_arn)
        kept = _backend(wanted.account, wanted.region)
        entry: dict[str, Any] = kept._lambdas._functions.get(wanted.name) or {} if kept is not None else {}
        latest = entry.get("latest")
        if latest is None:
            raise FunctionNotFound(wanted.arn)
        version = self._version(kept, wanted)
        if version == "$LATEST":
            record = latest
        else:
            record = next((each for each in tuple(entry["versions"]) if str(each.version) == version), None)
        if record is None:
            raise FunctionNotFound(wanted.arn)
        return self._function(kept, wanted, record, latest, version)

    def _version(self, kept: Any, wanted: Reference) -> str:
        """The version a qualifier stands for: itself, or what the alias points to (drawn by its weights)."""
        qualifier = wanted.qualifier
        if qualifier is None or qualifier == "$LATEST":
            return "$LATEST"
        if qualifier.isdigit():
            return qualifier
        arn = f"arn:aws:lambda:{wanted.region}:{wanted.account}:function:{wanted.name}"
        alias = kept._lambdas._aliases.get(arn, {}).get(qualifier)
        if alias is None:
            raise FunctionNotFound(wanted.arn)
        weights = (alias.routing_config or {}).get("AdditionalVersionWeights") or {}
        drawn = self._effects.random.random() if weights else 1.0
        for version, weight in weights.items():
            drawn -= float(weight)
            if drawn < 0:
                return str(version)
        return str(alias.function_version)

    def _function(self, kept: Any, wanted: Reference, record: Any, latest: Any, version: str) -> Function:
        signature = (
            record.code_sha_256,
            record.last_modified,
            record.handler,
            record.run_time,
            record.timeout,
            record.memory_size,
            dict(record.environment_vars or {}),
            record.role,
            [each["Arn"] for each in record.layers],
            latest.reserved_concurrency,
            record.tracing_config,
            getattr(record, "logging_config", None),
            _event_settings(record, wanted.qualifier),
        )
        seen = self._seen.get(record)
        if seen is not None and seen[0] == signature:
            function = seen[1]
        else:
            function = _read(kept, wanted, record, latest, version)
            self._seen[record] = (signature, function)
        return function if function.qualifier == wanted.qualifier else evolve(function, qualifier=wanted.qualifier)


def _backend(account: str, region: str) -> Any:
    # Importing moto's lambda takes most of a second: if nobody has, there are no functions.
    models = sys.modules.get("moto.awslambda.models")
    backends = getattr(models, "lambda_backends", None)
    if backends is None:
        return None
    # Past the first time, without moto's own look-up: it checks the account and the region's name at each.
    regions = dict.get(backends, account)
    backend = dict.get(regions, region) if regions is not None else None
    return backend if backend is not None else backends[account][region]


def _read(kept: Any, wanted: Reference, record: Any, latest: Any, version: str) -> Function:
    logging = getattr(record, "logging_config", None) or {}
    reserved = latest.reserved_concurrency
    return Function(
        arn=f"arn:aws:lambda:{wanted.region}:{wanted.account}:function:{wanted.name}",
        name=wanted.name,
        version=version,
        qualifier=wanted.qualifier,
        account=wanted.account,
        region=wanted.region,
        runtime=record.run_time or "",
        handler=record.handler or "",
        timeout=int(record.timeout),
        memory_mb=int(record.memory_size),
        environment=dict(record.environment_vars or {}),
        role=record.role,
        code=getattr(record, "code_bytes", b""),
        code_sha256=record.code_sha_256 or "none",
        layers=tuple(_layers(kept, record)),
        log_group=logging.get("LogGroup") or f"/aws/lambda/{wanted.name}",
        log_format=logging.get("LogFormat", "Text"),
        log_level=logging.get("ApplicationLogLevel", "INFO") if logging.get("LogFormat") == "JSON" else "",
        package_type=record.package_type,
        tracing=(record.tracing_config or {}).get("Mode", "PassThrough"),
        reserved_concurrency=None if reserved is None else int(reserved),
        events=_event_settings(record, wanted.qualifier),
        modified=str(record.last_modified),
    )


def _layers(kept: Any, record: Any) -> list[Layer]:
    layers = []
    for each in record.layers:
        found = kept.layers_versions_by_arn(each["Arn"])
        if found is not None:
            layers.append(Layer(each["Arn"], found.code_sha_256, found.code_bytes))
    return layers


def _event_settings(record: Any, qualifier: str | None) -> EventSettings:
    """The EventInvokeConfig of the qualifier asked for, and the dead-letter queue."""
    dead_letter = (getattr(record, "dead_letter_config", None) or {}).get("TargetArn")
    for each in record.event_invoke_config:
        config = each.config
        destinations = config.get("DestinationConfig") or {}
        return EventSettings(
            retries=int(config.get("MaximumRetryAttempts", 2)),
            max_age=int(config.get("MaximumEventAgeInSeconds", 21_600)),
            on_success=(destinations.get("OnSuccess") or {}).get("Destination"),
            on_failure=(destinations.get("OnFailure") or {}).get("Destination"),
            dead_letter=dead_letter,
        )
    return EventSettings(dead_letter=dead_letter) if dead_letter else _NO_SETTINGS


_NO_SETTINGS = EventSettings()
