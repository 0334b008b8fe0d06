"""Stages as the data plane sees them: live settings beside the deployment they point at.

Belongs here: ``StageView`` and the look-up by API and name. Never here: how a request finds its API.
Stage settings, variables and canaries act at once: a view lives until the store's generation moves.
AWS pages: "Set up a stage for a REST API", "Override stage-level settings".
"""

from __future__ import annotations

from typing import Any

from attrs import Factory, define, frozen

from emulator.deployment.compiled import CompiledApi, CompiledMethod
from emulator.deployment.compiler import compile_api
from emulator.store.records import Deployment, Record, RestApi
from emulator.store.store import Store


@frozen(eq=False, kw_only=True)
class MethodSettings:
    """The settings of one method in one stage. ``rate`` is requests a second, ``burst`` a count; None: not limited."""

    caching: bool = False
    cache_ttl: int = 300
    cache_encrypted: bool = False
    cache_control_needs_permission: bool = True
    cache_control_strategy: str = "SUCCEED_WITH_RESPONSE_HEADER"
    logging_level: str = "OFF"
    data_trace: bool = False
    metrics: bool = False
    rate: float | None = None
    burst: int | None = None


@frozen(eq=False, kw_only=True)
class Canary:
    """The canary of a stage: the share of requests it gets, in percent."""

    percent: float
    deployment: CompiledApi
    variables: dict[str, str]
    use_stage_cache: bool


@define(eq=False, kw_only=True)
class StageView:
    """One stage, as of one generation of the store."""

    api: RestApi
    name: str
    record: Record
    deployment: CompiledApi
    variables: dict[str, str]
    canary: Canary | None
    cache_size: float  # GB; 0 when no cluster is there
    _settings: dict[tuple[str, str], Record]
    _resolved: dict[tuple[str, str], MethodSettings] = Factory(dict)

    def settings(self, method: CompiledMethod, verb: str) -> MethodSettings:
        """The settings of a request: those of its verb, the method's (``ANY``), the stage's ``*/*``, AWS's defaults."""
        key = (method.resource_path, verb)
        found = self._resolved.get(key)
        if found is None:
            found = self._resolved[key] = _method_settings(self._merged(method, verb))
        return found

    def _merged(self, method: CompiledMethod, verb: str) -> Record:
        path = method.resource_path.strip("/")
        own = {**self._settings.get((path, method.verb), {}), **self._settings.get((path, verb), {})}
        merged = {**self._settings.get(("*", "*"), {}), **own}
        if verb != "GET" and "cachingEnabled" not in own:
            merged["cachingEnabled"] = False  # the stage's own setting switches caching on for GET only
        return merged


def _method_settings(record: Record) -> MethodSettings:
    rate, burst = record.get("throttlingRateLimit"), record.get("throttlingBurstLimit")
    return MethodSettings(
        # A cluster caches nothing by itself: that is the "default method-level caching", off until it is set.
        caching=bool(record.get("cachingEnabled", False)),
        cache_ttl=int(record.get("cacheTtlInSeconds", 300)),
        cache_encrypted=bool(record.get("cacheDataEncrypted", False)),
        cache_control_needs_permission=bool(record.get("requireAuthorizationForCacheControl", True)),
        cache_control_strategy=record.get("unauthorizedCacheControlHeaderStrategy") or "SUCCEED_WITH_RESPONSE_HEADER",
        logging_level=record.get("loggingLevel") or "OFF",
        data_trace=bool(record.get("dataTraceEnabled", False)),
        metrics=bool(record.get("metricsEnabled", False)),
        rate=None if rate is None or float(rate) < 0 else float(rate),
        burst=None if burst is None or int(burst) < 0 else int(burst),
    )


def settings_key(name: str) -> tuple[str, str]:
    """``pets~1{id}/GET`` (or ``pets/{id}/GET``) as ``("pets/{id}", "GET")``."""
    path, _, verb = name.replace("~1", "/").replace("~0", "~").rpartition("/")
    return path.strip("/"), verb


class StageDirectory:
    """Stage views by API id and stage name."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._generation = store.generation
        self._views: dict[tuple[str, str], StageView] = {}
        self.memo: dict[str, Any] = {}  # further indexes, dropped with the generation

    def forget(self) -> None:
        """Drop everything derived."""
        self._views.clear()
        self.memo.clear()

    def refresh(self) -> None:
        """Drop everything derived if the store has moved on."""
        if self._generation != self.store.generation:
            self._generation = self.store.generation
            self.forget()

    def stage(self, api_id: str, name: str) -> StageView | None:
        """The stage, or None when there is no such API or stage."""
        if self._generation != self.store.generation:
            self.refresh()
        view = self._views.get((api_id, name))
        if view is None:
            view = self._build(api_id, name)
            if view is not None:
                self._views[api_id, name] = view
        return view

    def _build(self, api_id: str, name: str) -> StageView | None:
        api = self.store.apis.get(api_id)
        if api is None:
            return None
        record = api.stages.get(name)
        if record is None:
            return None
        deployment = api.deployments.get(record.get("deploymentId") or "")
        if deployment is None:
            return None
        variables = dict(record.get("variables") or {})
        enabled = record.get("cacheClusterEnabled") and record.get("cacheClusterStatus") != "DELETE_IN_PROGRESS"
        return StageView(
            api=api,
            name=name,
            record=record,
            deployment=compiled(deployment),
            variables=variables,
            canary=_canary(api, record, variables),
            cache_size=float(record.get("cacheClusterSize") or 0.5) if enabled else 0.0,
            settings={settings_key(key): value for key, value in (record.get("methodSettings") or {}).items()},
        )


def compiled(deployment: Deployment) -> CompiledApi:
    """What was compiled from a deployment; compiled now when it came from elsewhere than CreateDeployment."""
    if deployment.compiled is None:
        deployment.compiled = compile_api(deployment.snapshot)
    result: CompiledApi = deployment.compiled
    result.deployment_id = deployment.record["id"]
    return result


def _canary(api: RestApi, record: Record, variables: dict[str, str]) -> Canary | None:
    settings = record.get("canarySettings")
    if not settings:
        return None
    deployment = api.deployments.get(settings.get("deploymentId") or record.get("deploymentId") or "")
    if deployment is None:
        return None
    return Canary(
        percent=float(settings.get("percentTraffic") or 0),
        deployment=compiled(deployment),
        variables={**variables, **(settings.get("stageVariableOverrides") or {})},
        use_stage_cache=bool(settings.get("useStageCache")),
    )
