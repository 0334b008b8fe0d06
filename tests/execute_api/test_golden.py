"""Golden cases: an API, a request, what AWS answers (``tests/cases/execute_api.json``). Never edited to pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.integrations.dispatch import IntegrationAnswer
from emulator.wire import Headers
from tests.execute_api.world import World

CASES = json.loads((Path(__file__).parent.parent / "cases" / "execute_api.json").read_text())


def body_of(value: Any) -> bytes:
    """A case's body: text, or a list of byte values."""
    return bytes(value) if isinstance(value, list) else str(value).encode()


class GoldenCases(SynchronousTestCase):
    """One test per case, named after it."""

    def check(self, case: dict[str, Any]) -> None:
        world = World(json.loads(json.dumps(case["resources"])), **json.loads(json.dumps(case.get("api", {}))))
        answer = case.get("backend")
        if answer is not None:
            world.backend.answer = IntegrationAnswer(
                status=answer["status"],
                headers=Headers([(name, value) for name, value in answer.get("headers", [])]),
                body=body_of(answer.get("body", "")),
                function_error=answer.get("function_error"),
            )
        request = case["request"]
        reply = world.send(
            request["method"],
            request["path"],
            [(name, value) for name, value in request.get("headers", [])],
            body_of(request.get("body", "")),
        )
        expected = case["expect"]
        self.assertEqual(reply.status, expected["status"], reply.body)
        if "body" in expected:
            self.assertEqual(reply.body, body_of(expected["body"]))
        if "json" in expected:
            self.assertEqual(json.loads(reply.body), expected["json"])
        for name, value in expected.get("headers", {}).items():
            self.assertEqual(", ".join(reply.headers.all(name)), value, name)
        for name in expected.get("absent", []):
            self.assertNotIn(name, reply.headers)
        self.check_sent(world, expected.get("sent"))

    def check_sent(self, world: World, sent: dict[str, Any] | None) -> None:
        if sent is None:
            return
        request = world.backend.requests[-1]
        if "uri" in sent:
            self.assertEqual(request.uri, sent["uri"])
        if "method" in sent:
            self.assertEqual(request.http_method, sent["method"])
        if "query" in sent:
            self.assertEqual([list(pair) for pair in request.query], sent["query"])
        if "body" in sent:
            self.assertEqual(request.body, body_of(sent["body"]))
        for name, value in sent.get("headers", {}).items():
            self.assertEqual(", ".join(request.headers.all(name)), value, name)
        for name in sent.get("absent", []):
            self.assertNotIn(name, request.headers)
        if "event" in sent:
            event = json.loads(request.event)
            for name, value in sent["event"].items():
                self.assertEqual(event[name], value, name)
            if "event_order" in sent:
                self.assertEqual(list(event), sent["event_order"])


def _test(case: dict[str, Any]) -> Any:
    def test(self: GoldenCases) -> None:
        self.check(case)

    test.__doc__ = f"{case['name']} ({case['source']})"
    return test


for _case in CASES:
    setattr(GoldenCases, "test_" + "".join(c if c.isalnum() else "_" for c in _case["name"]), _test(_case))
