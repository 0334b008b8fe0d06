"""Metrics and segments."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.observe import xray
from emulator.observe.metrics import Observation, Tally


class Metrics(SynchronousTestCase):
    def observation(self, **more: Any) -> Observation:
        given: dict[str, Any] = {
            "account": "000000000000",
            "region": "us-east-1",
            "api_name": "demo",
            "stage": "prod",
            "resource": "/a",
            "method": "GET",
            "status": 200,
            "latency": 12,
            **more,
        }
        return Observation(**given)

    def sums(self, *seen: Observation) -> dict[tuple[str, str], float]:
        """Sum of values by (dimension names, metric)."""
        tally = Tally()
        for each in seen:
            tally.add(each)
        ((_account, _region, data),) = tally.take(5.0)
        self.assertFalse(tally)
        return {
            (",".join(d["Name"] for d in datum["Dimensions"]), datum["MetricName"]): sum(
                value * count for value, count in zip(datum["Values"], datum["Counts"], strict=True)
            )
            for datum in data
        }

    def test_counts(self) -> None:
        sums = self.sums(self.observation(), self.observation(status=404), self.observation(status=502, latency=3))
        self.assertEqual(sums["ApiName", "Count"], 3)
        self.assertEqual(sums["ApiName,Stage", "4XXError"], 1)
        self.assertEqual(sums["ApiName,Stage", "5XXError"], 1)
        self.assertEqual(sums["ApiName,Stage", "Latency"], 27)
        self.assertNotIn(("ApiName,Stage", "IntegrationLatency"), sums)
        self.assertNotIn(("ApiName,Method,Resource,Stage", "Count"), sums)

    def test_detailed_integration_and_cache(self) -> None:
        sums = self.sums(self.observation(detailed=True, integration_latency=8, cache_hit=False))
        self.assertEqual(sums["ApiName,Method,Resource,Stage", "IntegrationLatency"], 8)
        self.assertEqual(sums["ApiName,Stage", "CacheMissCount"], 1)
        self.assertEqual(sums["ApiName,Stage", "CacheHitCount"], 0)


class Segments(SynchronousTestCase):
    def test_a_segment(self) -> None:
        seen = xray.Traced(
            trace_header="Root=1-6553f100-aaaaaaaaaaaaaaaaaaaaaaaa;Parent=bbbbbbbbbbbbbbbb;Sampled=1",
            segment_id="bbbbbbbbbbbbbbbb",
            api_id="abc123",
            api_name="demo",
            stage="prod",
            account="000000000000",
            request_id="r",
            method="GET",
            url="http://h/prod/",
            client_ip="127.0.0.1",
            user_agent="ua",
            status=429,
            started=1.0,
            ended=2.0,
            backend="Lambda",
            backend_id="cccccccccccccccc",
            backend_started=1.1,
            backend_ended=1.9,
        )
        document = json.loads(xray.segment(seen))
        self.assertEqual(document["trace_id"], "1-6553f100-aaaaaaaaaaaaaaaaaaaaaaaa")
        self.assertEqual((document["name"], document["origin"]), ("demo/prod", "AWS::ApiGateway::Stage"))
        self.assertEqual((document["error"], document["throttle"], "fault" in document), (True, True, False))
        self.assertEqual(document["subsegments"][0]["namespace"], "aws")
