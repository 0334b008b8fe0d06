"""Token buckets and quotas, on a clock that only the test moves."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.execute_api import throttle
from emulator.execute_api.throttle import Buckets
from tests.execute_api.world import World, mock_method


class TokenBuckets(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.buckets = Buckets(self.clock)
        self.addCleanup(self.buckets.stop)

    def passed(self, key: str, rate: float, burst: int, count: int) -> int:
        return sum(self.buckets.take([(key, rate, burst)]) for _ in range(count))

    def test_accuracy(self) -> None:
        """60 seconds at twice the rate let through the burst and 60 seconds' worth, within 1%."""
        for rate, burst in ((10.0, 5), (100.0, 50), (333.0, 1000), (0.5, 2)):
            passed = 0
            steps = int(60 * 2 * rate)
            for _ in range(steps):
                passed += self.buckets.take([((rate, burst), rate, burst)])
                self.clock.advance(60 / steps)
            # At twice the rate a burst greater than what is refused is never used up.
            wanted = min(burst + 60 * rate, steps)
            self.assertLessEqual(abs(passed - wanted), max(1.0, 0.01 * wanted))

    def test_a_full_bucket_is_the_burst(self) -> None:
        self.assertEqual(self.passed("a", 1.0, 5, 20), 5)
        self.clock.advance(2)
        self.assertEqual(self.passed("a", 1.0, 5, 20), 2)
        self.clock.advance(100)
        self.assertEqual(self.passed("a", 1.0, 5, 20), 5)

    def test_rate_zero_blocks(self) -> None:
        self.assertEqual(self.passed("a", 0.0, 5, 3), 0)
        self.assertEqual(self.passed("b", 5.0, 0, 3), 0)
        self.assertEqual(len(self.buckets), 0)

    def test_a_changed_setting_acts_at_once(self) -> None:
        self.assertEqual(self.passed("a", 1.0, 1, 3), 1)
        self.assertEqual(self.passed("a", 1.0, 10, 30), 10)
        self.assertEqual(self.passed("a", 0.0, 0, 3), 0)

    def test_none_is_taken_when_one_is_empty(self) -> None:
        self.assertTrue(self.buckets.take([("a", 1.0, 1), ("b", 1.0, 9)]))
        for _ in range(3):
            self.assertFalse(self.buckets.take([("b", 1.0, 9), ("a", 1.0, 1)]))
        self.assertEqual(self.passed("b", 1.0, 9, 20), 8)

    def test_full_buckets_are_swept(self) -> None:
        for key in range(100):
            self.buckets.take([(key, 1.0, 2)])
        self.buckets.take([("slow", 0.001, 2)])
        self.clock.advance(throttle.SWEEP_SECONDS)
        self.assertEqual(len(self.buckets), 1)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.pump([throttle.SWEEP_SECONDS] * 20)
        self.assertEqual(len(self.buckets), 0)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_million_keys_do_not_grow_memory(self) -> None:
        self.patch(throttle, "MAX_BUCKETS", 1000)
        for key in range(10_000):
            self.buckets.take([(key, 1.0, 2)])
        self.assertEqual(len(self.buckets), 1000)


class Limits(SynchronousTestCase):
    """Which limits a request meets."""

    def world(self, **more: Any) -> World:
        world = World({"/a": {"GET": mock_method()}, "/b": {"GET": mock_method(), "POST": mock_method()}}, **more)
        self.addCleanup(world.gateway.stop)
        return world

    def count(self, world: World, method: str, path: str, headers: Any = None, calls: int = 20) -> int:
        return sum(world.send(method, path, headers).status == 200 for _ in range(calls))

    def settings(self, rate: float, burst: int) -> dict[str, Any]:
        return {"throttlingRateLimit": rate, "throttlingBurstLimit": burst}

    def test_the_stage_default_holds_for_each_method(self) -> None:
        world = self.world(stage={"methodSettings": {"*/*": self.settings(1.0, 3)}})
        self.assertEqual(self.count(world, "GET", "/a"), 3)
        self.assertEqual(self.count(world, "GET", "/b"), 3)
        self.assertEqual(world.send("GET", "/a").body, b'{"message":"Too Many Requests"}')

    def test_a_method_setting_over_the_default(self) -> None:
        for key in ("b/GET", "~1b/GET"):
            world = self.world(stage={"methodSettings": {"*/*": self.settings(1.0, 3), key: self.settings(1.0, 7)}})
            self.assertEqual(self.count(world, "GET", "/b"), 7)
            self.assertEqual(self.count(world, "POST", "/b"), 3)

    def test_a_verbs_setting_of_an_any_method(self) -> None:
        world = World(
            {"/any": {"ANY": mock_method()}},
            stage={"methodSettings": {"*/*": self.settings(1.0, 30), "any/GET": self.settings(1.0, 2)}},
        )
        self.addCleanup(world.gateway.stop)
        answers = [(world.send("GET", "/any").status, world.send("PUT", "/any").status) for _ in range(4)]
        self.assertEqual(answers, [(200, 200), (200, 200), (429, 200), (429, 200)])

    def test_minus_one_is_no_limit(self) -> None:
        world = self.world(stage={"methodSettings": {"*/*": self.settings(-1.0, -1)}})
        self.assertEqual(self.count(world, "GET", "/a", calls=50), 50)

    def test_the_account(self) -> None:
        world = self.world()
        world.region.account_settings["throttleSettings"] = {"rateLimit": 1.0, "burstLimit": 4}
        self.assertEqual(self.count(world, "GET", "/a") + self.count(world, "GET", "/b"), 4)

    def keyed(self, **plan: Any) -> World:
        world = self.world()
        for path, verb in (("/a", "GET"), ("/b", "GET"), ("/b", "POST")):
            world.edit(path, verb, apiKeyRequired=True)
        world.add_key("k1", "v1", **plan)
        world.add_key("k2", "v2")
        return world

    def test_a_plan_limits_each_key(self) -> None:
        world = self.keyed(throttle={"rateLimit": 1.0, "burstLimit": 2})
        self.assertEqual(self.count(world, "GET", "/a", {"x-api-key": "v1"}, 2), 2)
        self.assertEqual(self.count(world, "GET", "/b", {"x-api-key": "v1"}), 0)
        self.assertEqual(self.count(world, "GET", "/b", {"x-api-key": "v2"}), 2)

    def test_a_plans_method_limit_over_the_plans(self) -> None:
        entry = {"apiId": "abc123", "stage": "prod", "throttle": {"/b/POST": {"rateLimit": 1.0, "burstLimit": 5}}}
        world = self.keyed(throttle={"rateLimit": 1.0, "burstLimit": 2}, apiStages=[entry])
        self.assertEqual(self.count(world, "POST", "/b", {"x-api-key": "v1"}), 5)
        self.assertEqual(self.count(world, "GET", "/b", {"x-api-key": "v1"}), 2)

    def test_a_plans_limit_of_a_verb_of_an_any_method(self) -> None:
        throttle = {"/any/GET": {"rateLimit": 1.0, "burstLimit": 1}, "/any/ANY": {"rateLimit": 1.0, "burstLimit": 2}}
        world = World({"/any": {"ANY": {**mock_method(), "apiKeyRequired": True}}})
        self.addCleanup(world.gateway.stop)
        entry = {"apiId": "abc123", "stage": "prod", "throttle": throttle}
        world.add_key("k1", "v1", throttle={"rateLimit": 1.0, "burstLimit": 9}, apiStages=[entry])
        for verb, count in (("GET", 1), ("POST", 2), ("PUT", 0)):
            self.assertEqual(self.count(world, verb, "/any", {"x-api-key": "v1"}), count, verb)

    def test_a_quota(self) -> None:
        world = self.keyed(quota={"limit": 3, "period": "DAY", "offset": 0})
        self.assertEqual(self.count(world, "GET", "/a", {"x-api-key": "v1"}), 3)
        reply = world.send("GET", "/a", {"x-api-key": "v1"})
        self.assertEqual((reply.status, reply.body), (429, b'{"message":"Limit Exceeded"}'))
        self.assertEqual(reply.headers.first("x-amzn-ErrorType"), "LimitExceededException")
        self.assertEqual(self.count(world, "GET", "/a", {"x-api-key": "v2"}), 3)
        world.clock.advance(24 * 3600)
        self.assertEqual(self.count(world, "GET", "/a", {"x-api-key": "v1"}), 3)

    def test_without_a_quota_usage_is_counted(self) -> None:
        world = self.keyed()
        self.count(world, "GET", "/a", {"x-api-key": "v1"}, 4)
        ledger = world.region.usage[("plan", "k1")]
        self.assertEqual([used for used, _left in ledger.values()], [4])
