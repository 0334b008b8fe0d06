"""Throttle: token buckets on the reactor's clock, and quotas.

Belongs here: which limits a request meets, and the buckets. Never here: where limits are set, counting of quotas
(``store/usage.py``).
AWS page: "Throttle requests to your REST APIs for better throughput".
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from attrs import define

from emulator.errors import GatewayError
from emulator.execute_api.identify import stage_entry
from emulator.execute_api.invocation import Invocation
from emulator.store.records import Record, Region
from emulator.store.usage import day_of, spend

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway

ACCOUNT_RATE = 10_000.0
ACCOUNT_BURST = 5_000

# Buckets kept at most: past it the one unused for longest is forgotten (it starts full again).
MAX_BUCKETS = 100_000
SWEEP_SECONDS = 60.0

Limit = tuple[Any, float, int]  # (bucket key, rate, burst)


@define(eq=False)
class _Bucket:
    rate: float
    burst: int
    tokens: float
    at: float


class Buckets:
    """All token buckets of one gateway, by any hashable key."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._buckets: OrderedDict[Any, _Bucket] = OrderedDict()
        self._sweep: Any = None

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, limits: list[Limit]) -> bool:
        """One token from each bucket, or none from any and False when one of them is empty."""
        now = self._clock.seconds()
        taken: list[_Bucket] = []
        for key, rate, burst in limits:
            if rate <= 0 or burst <= 0:
                return False
            bucket = self._buckets.get(key)
            if bucket is None or bucket.rate != rate or bucket.burst != burst:
                # A changed setting acts at once, with a full bucket of the new size.
                bucket = self._add(key, _Bucket(rate, burst, float(burst), now))
            else:
                bucket.tokens = min(burst, bucket.tokens + (now - bucket.at) * rate)
                bucket.at = now
                self._buckets.move_to_end(key)
            # A hair less than one counts as one: tokens are sums of floats.
            if bucket.tokens < 1 - 1e-9:
                return False
            taken.append(bucket)
        for bucket in taken:
            bucket.tokens -= 1
        return True

    def _add(self, key: Any, bucket: _Bucket) -> _Bucket:
        self._buckets[key] = bucket
        self._buckets.move_to_end(key)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        if self._sweep is None:
            self._sweep = self._clock.callLater(SWEEP_SECONDS, self.sweep)
        return bucket

    def sweep(self) -> None:
        """Forget the buckets that are full by now; look again later while any are left."""
        self.stop()
        now = self._clock.seconds()
        full = [
            key
            for key, bucket in self._buckets.items()
            if bucket.tokens + (now - bucket.at) * bucket.rate >= bucket.burst
        ]
        for key in full:
            del self._buckets[key]
        if self._buckets:
            self._sweep = self._clock.callLater(SWEEP_SECONDS, self.sweep)

    def stop(self) -> None:
        """Cancel the sweep."""
        if self._sweep is not None and self._sweep.active():
            self._sweep.cancel()
        self._sweep = None


async def throttle(invocation: Invocation, gateway: Gateway) -> None:
    """THROTTLED when a bucket is empty, QUOTA_EXCEEDED when the plan's quota is used up."""
    if invocation.test:
        return
    deployment = invocation.deployment
    region = gateway.store.region(deployment.account, deployment.region)
    if not gateway.buckets.take(limits_of(invocation, region)):
        raise GatewayError("THROTTLED")
    plan = invocation.usage_plan
    # Without a quota the request is counted all the same: GetUsage shows it.
    if plan is not None and not spend(region, plan, invocation.api_key["id"], day_of(invocation.epoch)):
        raise GatewayError("QUOTA_EXCEEDED")


def limits_of(invocation: Invocation, region: Region) -> list[Limit]:
    """The limits a request meets, most specific first: plan, stage, account."""
    limits: list[Limit] = []
    deployment, method, stage = invocation.deployment, invocation.method, invocation.stage
    plan = invocation.usage_plan
    if plan is not None:
        limit = _plan_limit(plan, invocation.api_key["id"], invocation)
        if limit is not None:
            limits.append(limit)
    settings = stage.settings(method, invocation.request.method)
    if settings.rate is not None and settings.burst is not None:
        # The stage's default holds for each method by itself; verbs of an ANY method may have limits of their own.
        key = (deployment.api_id, stage.name, method.resource_path, method.verb, settings.rate, settings.burst)
        limits.append((key, settings.rate, settings.burst))
    account = region.account_settings.get("throttleSettings") or {}
    rate = float(account.get("rateLimit", ACCOUNT_RATE))
    burst = int(account.get("burstLimit", ACCOUNT_BURST))
    limits.append(((region.account, region.name), rate, burst))
    return limits


def _plan_limit(plan: Record, key_id: str, invocation: Invocation) -> Limit | None:
    """The plan's limit of the method, else its own."""
    api_id, stage, path = invocation.deployment.api_id, invocation.stage.name, invocation.method.resource_path
    limits = (stage_entry(plan, api_id, stage) or {}).get("throttle") or {}
    if limits:
        # An ANY method's limit may be that of a verb, or of ANY.
        for verb in (invocation.request.method, invocation.method.verb):
            own = limits.get(f"{path}/{verb}") or (limits.get(f"//{verb}") if path == "/" else None)
            if own is not None:
                return _limit(("plan", plan["id"], key_id, api_id, stage, path, verb), own)
    return _limit(("plan", plan["id"], key_id), plan.get("throttle") or {})


def _limit(key: Any, settings: Record) -> Limit | None:
    rate, burst = settings.get("rateLimit"), settings.get("burstLimit")
    if rate is None and burst is None:
        return None
    rate = ACCOUNT_RATE if rate is None else float(rate)
    return key, rate, int(max(rate, 1)) if burst is None else int(burst)
