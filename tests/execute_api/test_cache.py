"""The stage cache."""

from __future__ import annotations

import itertools
from typing import Any

from twisted.internet.defer import succeed
from twisted.trial.unittest import SynchronousTestCase

from emulator.execute_api import cache
from emulator.integrations.dispatch import IntegrationAnswer, IntegrationRequest
from emulator.wire import Headers
from tests.execute_api.world import World, proxy_method


class StageCache(SynchronousTestCase):
    """A backend that counts: an answer seen twice came from the cache."""

    def world(self, settings: dict[str, Any] | None = None, body: bytes = b"", **integration: Any) -> World:
        proxy = lambda: proxy_method("HTTP_PROXY", **integration)  # noqa: E731
        world = World(
            {"/": {"GET": proxy(), "POST": proxy()}, "/i/{id}": {"GET": proxy()}, "/any": {"ANY": proxy()}},
            stage={
                "cacheClusterEnabled": True,
                "cacheClusterSize": "0.5",
                "cacheClusterStatus": "AVAILABLE",
                "methodSettings": {"*/*": {"cachingEnabled": True, **(settings or {})}},
            },
        )
        counter = itertools.count()

        def answer(_request: IntegrationRequest) -> Any:
            text = b"%d" % next(counter) + body
            return succeed(IntegrationAnswer(status=200, body=text, headers=Headers([("X-Back", "1")])))

        world.backend.answer = answer
        self.addCleanup(world.gateway.stop)
        return world

    def bodies(self, world: World, *requests: tuple[Any, ...]) -> list[bytes]:
        return [world.send(*request).body for request in requests]

    def test_a_get_is_kept(self) -> None:
        world = self.world()
        self.assertEqual(self.bodies(world, ("GET", "/"), ("GET", "/")), [b"0", b"0"])
        first, second = world.send("GET", "/"), world.send("GET", "/")
        self.assertEqual(second.headers.all("X-Back"), ["1"])
        self.assertNotEqual(first.headers.first("x-amzn-RequestId"), second.headers.first("x-amzn-RequestId"))
        self.assertEqual(len(second.headers.all("x-amzn-RequestId")), 1)

    def test_it_ages_on_the_clock(self) -> None:
        world = self.world({"cacheTtlInSeconds": 10})
        self.bodies(world, ("GET", "/"))
        world.clock.advance(9.9)
        self.assertEqual(self.bodies(world, ("GET", "/")), [b"0"])
        world.clock.advance(0.2)
        self.assertEqual(self.bodies(world, ("GET", "/")), [b"1"])

    def test_ttl_zero_and_caching_off(self) -> None:
        for settings in ({"cacheTtlInSeconds": 0}, {"cachingEnabled": False}):
            world = self.world(settings)
            self.assertEqual(self.bodies(world, ("GET", "/"), ("GET", "/")), [b"0", b"1"])

    def test_a_cluster_alone_caches_nothing(self) -> None:
        world = self.world()
        world.stage["methodSettings"] = {}
        self.assertEqual(self.bodies(world, ("GET", "/"), ("GET", "/")), [b"0", b"1"])
        world.stage["methodSettings"] = {"*/*": {"loggingLevel": "OFF"}, "any/GET": {"cachingEnabled": True}}
        self.assertEqual(self.bodies(world, ("GET", "/"), ("GET", "/")), [b"2", b"3"])
        self.assertEqual(self.bodies(world, ("GET", "/any"), ("GET", "/any"), ("PUT", "/any")), [b"4", b"4", b"5"])

    def test_no_cluster_no_cache(self) -> None:
        world = self.world()
        world.stage["cacheClusterEnabled"] = False
        self.assertEqual(self.bodies(world, ("GET", "/"), ("GET", "/")), [b"0", b"1"])

    def test_only_get_unless_the_method_says_so(self) -> None:
        world = self.world()
        self.assertEqual(self.bodies(world, ("POST", "/"), ("POST", "/")), [b"0", b"1"])
        world.stage["methodSettings"]["/POST"] = {"cachingEnabled": True}
        self.assertEqual(self.bodies(world, ("POST", "/"), ("POST", "/")), [b"2", b"2"])

    def test_the_key(self) -> None:
        """Parameters count only as cacheKeyParameters, those of the path too (public reports say so, and the guide)."""
        requests = [("GET", "/i/1?q=1"), ("GET", "/i/2?q=1"), ("GET", "/i/1?q=2")]
        self.assertEqual(self.bodies(self.world(), *requests), [b"0", b"0", b"0"])
        by_path = self.world(cacheKeyParameters=["method.request.path.id"])
        self.assertEqual(self.bodies(by_path, *requests), [b"0", b"1", b"0"])
        keyed = self.world(cacheKeyParameters=["method.request.querystring.q", "method.request.header.X-K"])
        asked = [("GET", "/?q=1"), ("GET", "/?q=2"), ("GET", "/?q=1"), ("GET", "/?q=1", {"x-k": "v"})]
        self.assertEqual(self.bodies(keyed, *asked), [b"0", b"1", b"0", b"2"])

    def test_a_key_of_the_integrations_side(self) -> None:
        """It is what is mapped there, which may be the caller."""
        name = "integration.request.header.who"
        world = self.world(
            requestParameters={name: "context.identity.sourceIp"}, cacheKeyParameters=[name]
        )
        answers = [world.send("GET", "/", source_ip=address).body for address in ("1.1.1.1", "2.2.2.2", "1.1.1.1")]
        self.assertEqual(answers, [b"0", b"1", b"0"])

    def test_resources_may_share(self) -> None:
        world = self.world(cacheNamespace="shared")
        self.assertEqual(self.bodies(world, ("GET", "/"), ("GET", "/i/1"), ("GET", "/any")), [b"0", b"0", b"0"])

    def test_whatever_the_integration_answers_is_kept(self) -> None:
        world = self.world()
        world.backend.answer = IntegrationAnswer(status=429, body=b"slow down")
        self.assertEqual(world.send("GET", "/").status, 429)
        world.backend.answer = IntegrationAnswer(status=200, body=b"well")
        reply = world.send("GET", "/")
        self.assertEqual((reply.status, reply.body), (429, b"slow down"))

    def test_another_size_is_another_cache(self) -> None:
        world = self.world()
        self.bodies(world, ("GET", "/"))
        world.stage["cacheClusterSize"] = "1.6"
        self.assertEqual(self.bodies(world, ("GET", "/")), [b"1"])

    def test_errors_are_not_kept(self) -> None:
        world = self.world()
        working = world.backend.answer
        world.backend.answer = IntegrationAnswer(status=200)
        world.edit_integration("/", "GET", type="AWS_PROXY")
        self.assertEqual(world.send("GET", "/").status, 502)
        world.backend.answer = working
        world.edit_integration("/", "GET", type="HTTP_PROXY")
        self.assertEqual(self.bodies(world, ("GET", "/")), [b"0"])

    def test_flush(self) -> None:
        world = self.world()
        self.bodies(world, ("GET", "/"))
        world.gateway.flush_cache("abc123", "other")
        self.assertEqual(self.bodies(world, ("GET", "/")), [b"0"])
        world.gateway.flush_cache("abc123", "prod")
        self.assertEqual(self.bodies(world, ("GET", "/")), [b"1"])

    def test_invalidation_by_the_client(self) -> None:
        fresh = ("GET", "/", {"Cache-Control": "max-age=0"})
        free = self.world({"requireAuthorizationForCacheControl": False})
        self.assertEqual(self.bodies(free, ("GET", "/"), fresh, ("GET", "/")), [b"0", b"1", b"1"])
        warned = self.world()
        self.assertEqual(self.bodies(warned, ("GET", "/"), fresh), [b"0", b"0"])
        text = "199 Cache-control headers were ignored because the caller was unauthorized."
        self.assertEqual(warned.send(*fresh).headers.first("Warning"), text)
        silent = self.world({"unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITHOUT_RESPONSE_HEADER"})
        self.assertEqual(self.bodies(silent, ("GET", "/"), fresh), [b"0", b"0"])
        self.assertNotIn("Warning", silent.send(*fresh).headers)
        refused = self.world({"unauthorizedCacheControlHeaderStrategy": "FAIL_WITH_403"})
        self.assertEqual(refused.send(*fresh).status, 403)

    def test_large_entries_are_not_kept(self) -> None:
        world = self.world(body=b"x" * cache.ENTRY_LIMIT)
        self.assertEqual([b[:1] for b in self.bodies(world, ("GET", "/"), ("GET", "/"))], [b"0", b"1"])

    def test_the_size_is_bounded(self) -> None:
        self.patch(cache, "_MEMORY_LIMIT", 5000)
        world = self.world(body=b"x" * 1000, cacheKeyParameters=["method.request.path.id"])
        for number in range(10):
            world.send("GET", f"/i/{number}")
        kept = next(iter(world.gateway.caches._caches.values()))
        self.assertLessEqual(kept.size, 5000)
        self.assertEqual(len(kept.entries), 4)
        self.assertEqual(world.send("GET", "/i/9").body[:1], b"9")
        self.assertEqual(world.send("GET", "/i/0").body[:2], b"10")

    def test_a_canary(self) -> None:
        """It uses the stage's cache, or none; there, another version has other entries."""
        world = self.world()
        world.deploy("dep2")
        self.bodies(world, ("GET", "/"))
        canary = {"percentTraffic": 100.0, "deploymentId": "dep1", "useStageCache": False}
        world.stage["canarySettings"] = canary
        self.assertEqual(self.bodies(world, ("GET", "/"), ("GET", "/")), [b"1", b"2"])
        canary["useStageCache"] = True
        world.store.touch()
        self.assertEqual(self.bodies(world, ("GET", "/")), [b"0"])
        canary["deploymentId"] = "dep2"
        world.store.touch()
        self.assertEqual(self.bodies(world, ("GET", "/"), ("GET", "/")), [b"3", b"3"])

    def test_a_stage_made_anew_starts_empty(self) -> None:
        world = self.world()
        self.bodies(world, ("GET", "/"))
        world.stage["createdDate"] = 5.0
        self.assertEqual(self.bodies(world, ("GET", "/")), [b"1"])
        world.gateway.reset()
        self.assertEqual(self.bodies(world, ("GET", "/")), [b"2"])
