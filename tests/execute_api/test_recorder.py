"""The recorder: what the last requests were, and why each went the way it did."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.execute_api import recorder
from emulator.integrations.dispatch import IntegrationAnswer
from emulator.wire import Headers
from tests.execute_api.world import World, http_method, mock_method


class Recorded(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World(
            {
                "/": {"GET": mock_method(200, "hello")},
                "/key": {"GET": mock_method(apiKeyRequired=True)},
                "/iam": {"GET": mock_method(authorizationType="AWS_IAM")},
                "/big": {"POST": http_method()},
            }
        )
        self.recorder = recorder.Recorder(self.world.gateway.effects)
        self.world.gateway.observers.append(self.recorder)

    def newest(self) -> dict[str, Any]:
        return next(iter(self.recorder.newest()))

    def test_a_request_that_went_well(self) -> None:
        self.world.send("GET", "/?q=1", [("Host", "x"), ("Authorization", "Bearer secret-token")])
        seen = self.newest()
        self.assertEqual(
            (seen["method"], seen["resource"], seen["status"], seen["integration"], seen["gatewayResponse"]),
            ("GET", "/", 200, "MOCK", None),
        )
        found = self.recorder.find(seen["requestId"][:8])
        assert found is not None
        self.assertIn("Method response body after transformations: hello", found["log"])
        self.assertIn("Method completed with status: 200", found["log"])
        self.assertNotIn("secret-token", "".join(found["log"]))

    def test_why(self) -> None:
        for path, headers, kind, why in (
            ("/key", {}, "INVALID_API_KEY", "No x-api-key was sent"),
            ("/key", {"X-API-Key": "k"}, "INVALID_API_KEY", "The key is unknown, disabled, or in no usage plan"),
            ("/iam", {}, "MISSING_AUTHENTICATION_TOKEN", "The method's authorization is AWS_IAM"),
            ("/nowhere", {}, "MISSING_AUTHENTICATION_TOKEN", "The deployment has no GET /nowhere"),
        ):
            self.world.send("GET", path, {"Host": "x", **headers})
            seen = self.newest()
            self.assertEqual(seen["gatewayResponse"], kind)
            self.assertTrue(seen["why"].startswith(why), seen["why"])

    def test_no_such_api(self) -> None:
        self.world.send("GET", "/", stage="other")
        seen = self.newest()
        self.assertEqual((seen["status"], seen["stage"]), (403, None))
        self.assertEqual(seen["why"], "No such API or stage, or not by this address")
        found = self.recorder.find(seen["requestId"])
        assert found is not None
        self.assertEqual(len(found["log"]), 1)

    def test_under_load(self) -> None:
        for _ in range(recorder.A_SECOND):
            self.world.send("GET", "/")
        self.world.send("GET", "/nowhere")
        self.assertEqual(self.newest()["status"], 403)
        before = self.newest()["requestId"]
        self.world.send("GET", "/")
        self.assertEqual(self.newest()["requestId"], before)
        self.world.clock.advance(1)
        self.world.send("GET", "/")
        self.assertNotEqual(self.newest()["requestId"], before)

    def test_bounds(self) -> None:
        for _ in range(recorder.KEPT + 5):
            self.world.send("GET", "/")
        self.assertEqual(len(list(self.recorder.newest())), recorder.KEPT)
        self.world.backend.answer = IntegrationAnswer(status=200, headers=Headers(), body=b"x" * 6_000_000)
        for _ in range(4):
            self.world.send("POST", "/big", {"Host": "x"}, b"y" * 1_000_000)
        self.assertLess(len(list(self.recorder.newest())), 4)
        self.assertIsNone(self.recorder.find("none"))
        self.recorder.clear()
        self.assertEqual(list(self.recorder.newest()), [])


