"""The stage cache: recall before the integration, keep after it.

Belongs here: cache keys, life times, sizes, and who may invalidate an entry. Never here: which stages have a cache
(``stages.py``), or IAM (the gatekeepers say who may).
AWS page: "Cache settings for REST APIs in API Gateway".
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from attrs import define

from emulator.errors import GatewayError
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.request_values import RequestValues
from emulator.execute_api.stages import MethodSettings
from emulator.wire import Response

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway

ENTRY_LIMIT = 1024 * 1024
_GIGABYTE = 1024**3
# What this process keeps at most per stage, whatever the size of the cluster.
_MEMORY_LIMIT = 64 * 1024 * 1024
_WARNING = "199 Cache-control headers were ignored because the caller was unauthorized."


@define(eq=False)
class _Entry:
    expires: float
    size: int
    response: Response


@define(eq=False)
class StageCache:
    """The entries of one stage, least recently used first."""

    limit: int
    born: Any  # of the API, the stage and the cluster, with its size: another one of these has another cache
    entries: OrderedDict[Any, _Entry]
    size: int = 0

    def get(self, key: Any, now: float) -> Response | None:
        """The kept answer, or None when there is none or its time is over."""
        entry = self.entries.get(key)
        if entry is None:
            return None
        if entry.expires <= now:
            self.drop(key)
            return None
        self.entries.move_to_end(key)
        return entry.response

    def put(self, key: Any, entry: _Entry) -> None:
        """Keep an answer; the longest unused ones make room."""
        self.drop(key)
        self.entries[key] = entry
        self.size += entry.size
        while self.size > self.limit:
            _, old = self.entries.popitem(last=False)
            self.size -= old.size

    def drop(self, key: Any) -> None:
        old = self.entries.pop(key, None)
        if old is not None:
            self.size -= old.size


class StageCaches:
    """All caches, by API and stage."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self._caches: dict[tuple[str, str], StageCache] = {}

    def of(self, invocation: Invocation) -> StageCache:
        """The cache of the invocation's stage."""
        stage = invocation.stage
        record = stage.record
        key = (invocation.deployment.api_id, stage.name)
        cache = self._caches.get(key)
        born = (
            invocation.api.record.get("createdDate"),
            record.get("createdDate"),
            record.get("cacheClusterSince"),
            stage.cache_size,
        )
        if cache is None or cache.born != born:
            limit = min(int(stage.cache_size * _GIGABYTE), _MEMORY_LIMIT)
            cache = self._caches[key] = StageCache(limit, born, OrderedDict())
        return cache

    def flush(self, api_id: str, stage: str) -> None:
        """Forget everything of a stage."""
        self._caches.pop((api_id, stage), None)


async def recall(invocation: Invocation, gateway: Gateway) -> None:
    """Answer from the cache if it can; fills ``cache_key`` (None: not cached) and ``cache_hit``."""
    invocation.cache_key = None
    invocation.cache_hit = False
    settings = _caching(invocation)
    if settings is None:
        return
    key = _key(invocation)
    cache = gateway.caches.of(invocation)
    if _wants_fresh(invocation) and _may_invalidate(invocation, settings):
        cache.drop(key)
    else:
        kept = cache.get(key, gateway.caches.clock.seconds())
        if kept is not None:
            invocation.cache_hit = True
            invocation.reply = Response(status=kept.status, headers=kept.headers.copy(), body=kept.body)
            return
    invocation.cache_key = key


def keep(invocation: Invocation, gateway: Gateway, reply: Response) -> None:
    """Keep a finished answer, if it may be kept. Only answers of the integration come here, never errors."""
    settings = _caching(invocation)
    if invocation.cache_key is None or settings is None or reply.stream is not None:
        return
    size = len(reply.body) + sum(len(name) + len(value) for name, value in reply.headers)
    if size > ENTRY_LIMIT:
        return
    expires = gateway.caches.clock.seconds() + settings.cache_ttl
    kept = Response(status=reply.status, headers=reply.headers.copy(), body=reply.body)
    gateway.caches.of(invocation).put(invocation.cache_key, _Entry(expires, size, kept))


def _caching(invocation: Invocation) -> MethodSettings | None:
    """The settings if this request's method is cached, else None."""
    stage = invocation.stage
    if not stage.cache_size or invocation.test:
        return None
    # "Enable use of stage cache to enable caching for the canary release."
    if invocation.is_canary and not stage.canary.use_stage_cache:
        return None
    settings: MethodSettings = stage.settings(invocation.method, invocation.request.method)
    return settings if settings.caching and settings.cache_ttl > 0 else None


def _key(invocation: Invocation) -> Any:
    """What tells entries apart: the integration's cacheKeyParameters, and nothing else of the request.

    Not even its path parameters, for which the console has a "Caching" box of their own. A canary of another deployment
    than the stage's has entries of its own.
    """
    method, deployment = invocation.method, invocation.deployment
    integration = method.integration
    parts = ()
    if integration.cache_keys:
        values = RequestValues(invocation)
        parts = tuple(_part(each.evaluate(values)) for each in integration.cache_keys)
    version = "" if deployment is invocation.stage.deployment else deployment.deployment_id
    return (version, integration.cache_namespace or method.resource_id, invocation.request.method, parts)


def _part(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _wants_fresh(invocation: Invocation) -> bool:
    value = invocation.request.headers.last("cache-control")
    return value is not None and "max-age=0" in value.replace(" ", "").lower()


def _may_invalidate(invocation: Invocation, settings: MethodSettings) -> bool:
    """Whether the caller may have the entry refreshed; FAIL_WITH_403 ends the request."""
    if not settings.cache_control_needs_permission or invocation.extra.get("mayInvalidateCache"):
        return True
    if settings.cache_control_strategy == "FAIL_WITH_403":
        raise GatewayError("ACCESS_DENIED")
    if settings.cache_control_strategy == "SUCCEED_WITH_RESPONSE_HEADER":
        invocation.extra["cacheWarning"] = _WARNING
    return False

