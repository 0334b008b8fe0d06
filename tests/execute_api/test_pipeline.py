"""The order of the stages: each check fails with every later one failing too, and the earliest answers."""

from __future__ import annotations

import gc
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from emulator.errors import GatewayError
from emulator.execute_api import pipeline
from emulator.integrations.dispatch import IntegrationAnswer
from tests.execute_api.world import LAMBDA, World, http_method, mock_method, proxy_method

ORDER = [
    "locate",
    "route",
    "firewall",
    "authorize",
    "identify",
    "throttle",
    "validate",
    "recall",
    "integration_request",
    "integrate",
    "integration_response",
    "method_response",
]


class Order(SynchronousTestCase):
    def test_the_list(self) -> None:
        self.assertEqual([stage.__name__ for stage in pipeline.STAGES], ORDER)

    def test_the_earliest_failure_answers(self) -> None:
        """Stage by stage, everything from it on fails with its own name; the answer bears the earliest's."""

        def failing(name: str) -> Any:
            async def stage(_invocation: Any, _gateway: Any) -> None:
                raise GatewayError("DEFAULT_4XX", name, status=499)

            return stage

        world = World({"/": {"GET": mock_method()}})
        real = {stage.__name__: stage for stage in pipeline.STAGES}
        for at, name in enumerate(ORDER):
            stages = [real[each] for each in ORDER[:at]] + [failing(each) for each in ORDER[at:]]
            self.patch(pipeline.run, "__defaults__", (tuple(stages),))
            reply = world.send("GET", "/")
            self.assertEqual((reply.status, reply.body), (499, b'{"message":"%s"}' % name.encode()))


class RealOrder(SynchronousTestCase):
    """The same with real checks: all fail at first, and are mended one after the other."""

    def test_each_check_before_all_later_ones(self) -> None:
        method = {
            **http_method(
                "HTTP",
                {"404": {"statusCode": "404", "selectionPattern": "404"}},
                passthroughBehavior="NEVER",
            ),
            "authorizationType": "CUSTOM",
            "authorizerId": "a",
            "apiKeyRequired": True,
            "requestValidatorId": "v",
            "requestParameters": {"method.request.querystring.q": True},
            "requestModels": {"application/json": "M"},
        }
        world = World(
            {"/": {"POST": method}},
            validators={"v": {"id": "v", "validateRequestBody": True, "validateRequestParameters": True}},
            models={"M": {"name": "M", "schema": '{"type":"object","required":["a"]}'}},
            authorizers={
                "a": {
                    "id": "a",
                    "name": "a",
                    "type": "TOKEN",
                    "identitySource": "method.request.header.Auth",
                    "authorizerUri": LAMBDA,
                }
            },
            stage={"methodSettings": {"*/*": {"throttlingRateLimit": 0.0, "throttlingBurstLimit": 0}}},
        )
        world.backend.answer = GatewayError("INTEGRATION_FAILURE")
        send = world.send

        def status(*args: Any, **kwargs: Any) -> tuple[int, bytes]:
            reply = send(*args, **kwargs)
            return reply.status, reply.body

        self.assertEqual(status("POST", "/x", stage="/nope"), (403, b'{"message":"Forbidden"}'))
        self.assertEqual(status("POST", "/x"), (403, b'{"message":"Missing Authentication Token"}'))
        self.assertEqual(status("POST", "/"), (401, b'{"message":"Unauthorized"}'))
        world.edit("/", "POST", authorizationType="NONE")
        self.assertEqual(status("POST", "/"), (403, b'{"message":"Forbidden"}'))
        world.add_key("key", "value")
        headers = {"x-api-key": "value", "Content-Type": "text/plain"}
        self.assertEqual(status("POST", "/", headers), (429, b'{"message":"Too Many Requests"}'))
        world.stage["methodSettings"] = {}
        world.region.usage_plans["plan"]["quota"] = {"limit": 0, "period": "DAY", "offset": 0}
        self.assertEqual(status("POST", "/", headers), (429, b'{"message":"Limit Exceeded"}'))
        del world.region.usage_plans["plan"]["quota"]
        world.region.usage.clear()
        missing = b'{"message":"Missing required request parameters: [q]"}'
        self.assertEqual(status("POST", "/", {**headers, "Content-Type": "application/json"}), (400, missing))
        bad = status("POST", "/?q=1", {**headers, "Content-Type": "application/json"}, b"{}")
        self.assertEqual(bad, (400, b'{"message":"Invalid request body"}'))
        self.assertEqual(status("POST", "/?q=1", headers), (415, b'{"message":"Unsupported Media Type"}'))
        world.edit_integration("/", "POST", passthroughBehavior="WHEN_NO_MATCH")
        self.assertEqual(status("POST", "/?q=1", headers), (504, b'{"message":"Internal server error"}'))
        world.backend.answer = IntegrationAnswer(status=200)
        self.assertEqual(status("POST", "/?q=1", headers), (500, b'{"message":"Internal server error"}'))
        world.backend.answer = IntegrationAnswer(status=404, body=b"x")
        self.assertEqual(status("POST", "/?q=1", headers), (404, b"x"))


class Doors(SynchronousTestCase):
    """``Gateway.handle``: bugs, hang-ups, what it refuses for the front."""

    def test_a_bug_is_logged_and_answered_500(self) -> None:
        world = World({"/": {"GET": proxy_method("HTTP_PROXY")}})

        def broken(_request: Any) -> Any:
            raise ZeroDivisionError("ours")

        world.backend.answer = broken
        reply = world.send("GET", "/")
        self.assertEqual((reply.status, reply.body), (500, b'{"message":"Internal server error"}'))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_a_hang_up_cancels_the_backend(self) -> None:
        cancelled: list[Any] = []
        world = World({"/": {"GET": proxy_method("HTTP_PROXY")}})
        world.backend.answer = Deferred(cancelled.append)
        answer = world.start("GET", "/")
        self.assertNoResult(answer)
        answer.cancel()
        self.failureResultOf(answer, CancelledError)
        self.assertEqual(len(cancelled), 1)
        self.assertEqual(world.clock.getDelayedCalls()[1:], [])
        world.gateway.stop()
        self.assertEqual(world.clock.getDelayedCalls(), [])

    def test_a_late_backend(self) -> None:
        world = World({"/": {"GET": proxy_method("HTTP_PROXY", timeoutInMillis=50)}})
        world.backend.answer = Deferred(lambda _d: None)
        answer = world.start("GET", "/")
        world.clock.advance(0.049)
        self.assertNoResult(answer)
        world.clock.advance(0.002)
        reply = self.successResultOf(answer)
        self.assertEqual((reply.status, reply.body), (504, b'{"message":"Endpoint request timed out"}'))
        self.assertEqual(reply.headers.first("x-amzn-ErrorType"), "InternalServerErrorException")

    def test_an_edit_changes_nothing_until_it_is_deployed(self) -> None:
        world = World({"/": {"GET": mock_method(200, "one")}})
        world.api.resources["root"]["resourceMethods"]["GET"] = mock_method(200, "two")
        world.store.touch()
        self.assertEqual(world.send("GET", "/").body, b"one")
        world.deploy("dep2")
        world.stage["deploymentId"] = "dep2"
        self.assertEqual(world.send("GET", "/").body, b"two")

    def test_an_api_deleted_while_it_is_called(self) -> None:
        world = World({"/": {"GET": proxy_method("HTTP_PROXY")}})
        waiting: Deferred[IntegrationAnswer] = Deferred()
        world.backend.answer = waiting
        answer = world.start("GET", "/")
        world.store.remove_api(world.api)
        world.store.touch()
        waiting.callback(IntegrationAnswer(status=200, body=b"x"))
        self.assertEqual(self.successResultOf(answer).status, 200)
        self.assertEqual(world.send("GET", "/").status, 403)

    def test_what_the_front_refuses(self) -> None:
        world = World({"/": {"GET": mock_method()}})
        reply = world.send("POST", "/", body=b"x" * (10 * 1024 * 1024 + 1))
        self.assertEqual((reply.status, reply.body), (413, b'{"message":"Request Too Long"}'))
        self.assertEqual(world.send("GET", "/", {"X": "y" * 11000}).status, 431)
        self.assertEqual(world.send("GET", "/", {"X": "y" * 10_000}).status, 200)
        self.assertEqual(world.send("GET", "/", {f"X-{each}": "" for each in range(3000)}).status, 200)
        self.assertEqual(world.send("GET", "/?a=" + "y" * 11000).status, 414)
        for query in ("a=|", "a={b}", "{"):
            reply = world.send("GET", "/?" + query)
            self.assertEqual((reply.status, reply.body), (400, b'{"message":"Bad Request"}'))
        self.assertEqual(world.send("GET", "/?a=%7C%7B%7D").status, 200)

    def test_a_semicolon_splits_the_query(self) -> None:
        world = World({"/": {"GET": proxy_method("HTTP_PROXY")}})
        world.send("GET", "/?a=1;b=2&c=%3B")
        self.assertEqual(world.backend.requests[-1].query, (("a", "1"), ("b", "2"), ("c", ";")))

    def test_observers_see_every_request(self) -> None:
        world = World({"/": {"GET": mock_method()}})
        seen: list[Any] = []

        class Observer:
            def finished(self, invocation: Any, _gateway: Any) -> None:
                seen.append(invocation.reply.status)

            def stop(self) -> None:
                seen.append("stopped")

        world.gateway.observers.append(Observer())
        world.send("GET", "/")
        world.send("GET", "/nope")
        world.gateway.stop()
        self.assertEqual(seen, [200, 403, "stopped"])




class Circles(SynchronousTestCase):
    def test_a_refusal_leaves_none_for_the_collector(self) -> None:
        world = World({"/": {"GET": mock_method()}, "/lambda": {"POST": proxy_method("AWS_PROXY", LAMBDA)}})
        world.backend.answer = IntegrationAnswer(status=200, body=b"no JSON")
        world.send("GET", "/nothing")
        world.send("POST", "/lambda")
        gc.collect()
        self.addCleanup(gc.enable)
        gc.disable()
        before = self.refusals()  # what other tests hold
        world.send("GET", "/nothing")
        world.send("POST", "/lambda")
        world.backend.requests.clear()
        self.assertEqual([each for each in self.refusals() if each not in before], [])

    def refusals(self) -> list[GatewayError]:
        return [each for each in gc.get_objects() if isinstance(each, GatewayError) and each.__traceback__]
