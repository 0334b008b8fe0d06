"""Metrics of the namespace AWS/ApiGateway.

Belongs here: which metrics a request adds to, under which dimensions, summed until they are sent. Never here: sending.
AWS page: "Amazon API Gateway dimensions and metrics".
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

NAMESPACE = "AWS/ApiGateway"

Dimensions = tuple[tuple[str, str], ...]


class Observation(NamedTuple):
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
    """Observations, counted by account, region, dimensions, metric and value when they are taken."""

    def __init__(self) -> None:
        self._seen: list[Observation] = []

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, seen: Observation) -> None:
        """Count one request."""
        self._seen.append(seen)

    def take(self, epoch: float) -> list[tuple[str, str, list[dict[str, Any]]]]:
        """``(account, region, MetricDatum list)`` of everything counted, and start anew."""
        seen, self._seen = self._seen, []
        places: dict[tuple[str, str], dict[tuple[Dimensions, str], Counter[float]]] = {}
        # Requests that look the same are counted together.
        for each, times in Counter(seen).items():
            sums = places.setdefault((each.account, each.region), {})
            values = _values(each)
            for dimensions in _dimensions(each):
                for name, value in values:
                    sums.setdefault((dimensions, name), Counter())[value] += times
        return [(account, region, _data(sums, epoch)) for (account, region), sums in places.items()]


def _data(sums: dict[tuple[Dimensions, str], Counter[float]], epoch: float) -> list[dict[str, Any]]:
    return [
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
