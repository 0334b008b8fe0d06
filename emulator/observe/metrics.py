"""Metrics of the namespace AWS/ApiGateway.

Belongs here: which metrics a request adds to, under which dimensions, summed until they are sent. Never here: sending.
AWS page: "Amazon API Gateway dimensions and metrics".
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

NAMESPACE = "AWS/ApiGateway"

Dimensions = tuple[tuple[str, str], ...]


@frozen(kw_only=True)
class Observation:
    """One finished request. Latencies in milliseconds; None where there was no integration or no cache."""

    account: str
    region: str
    api_name: str
    stage: str
    resource: str  # "" before a route was found
    method: str
    status: int
    latency: int
    integration_latency: int | None = None
    cache_hit: bool | None = None
    detailed: bool = False


class Tally:
    """Values and counts by account, region, dimensions and metric."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str], dict[tuple[Dimensions, str], dict[float, int]]] = {}

    def __bool__(self) -> bool:
        return bool(self._sums)

    def add(self, seen: Observation) -> None:
        """Count one request."""
        where = self._sums.setdefault((seen.account, seen.region), {})
        values = _values(seen)
        for dimensions in _dimensions(seen):
            for name, value in values:
                counts = where.setdefault((dimensions, name), {})
                counts[value] = counts.get(value, 0) + 1

    def take(self, epoch: float) -> list[tuple[str, str, list[dict[str, Any]]]]:
        """``(account, region, MetricDatum list)`` of everything counted, and start anew."""
        taken = []
        for (account, region), sums in self._sums.items():
            data = [
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": each, "Value": value} for each, value in dimensions],
                    "Timestamp": epoch,
                    "Values": list(counts),
                    "Counts": [float(count) for count in counts.values()],
                    "Unit": "Milliseconds" if name.endswith("Latency") else "Count",
                }
                for (dimensions, name), counts in sums.items()
            ]
            taken.append((account, region, data))
        self._sums = {}
        return taken


def _values(seen: Observation) -> list[tuple[str, float]]:
    values: list[tuple[str, float]] = [
        ("Count", 1.0),
        ("4XXError", 1.0 if 400 <= seen.status < 500 else 0.0),
        ("5XXError", 1.0 if seen.status >= 500 else 0.0),
        ("Latency", float(seen.latency)),
    ]
    if seen.integration_latency is not None:
        values.append(("IntegrationLatency", float(seen.integration_latency)))
    if seen.cache_hit is not None:
        values.append(("CacheHitCount", 1.0 if seen.cache_hit else 0.0))
        values.append(("CacheMissCount", 0.0 if seen.cache_hit else 1.0))
    return values


def _dimensions(seen: Observation) -> list[Dimensions]:
    api = ("ApiName", seen.api_name)
    stage = ("Stage", seen.stage)
    found: list[Dimensions] = [(api,), (api, stage)]
    if seen.detailed and seen.resource:
        found.append((api, ("Method", seen.method), ("Resource", seen.resource), stage))
    return found
