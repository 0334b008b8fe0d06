"""Routing through the pipeline: odd paths, and the preflight the emulator answers."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.execute_api.locate import address_of
from emulator.settings import Settings
from emulator.wire import Headers, Request
from tests.execute_api.world import LAMBDA, World, mock_method, proxy_method

PREFLIGHT = {
    "Origin": "https://app.test",
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "x-one",
}


class Preflight(SynchronousTestCase):
    def test_a_resource_without_options(self) -> None:
        world = World({"/a": {"GET": mock_method(), "PUT": mock_method()}})
        reply = world.send("OPTIONS", "/a", PREFLIGHT)
        self.assertEqual((reply.status, reply.body), (204, b""))
        self.assertEqual(reply.headers.first("Access-Control-Allow-Origin"), "https://app.test")
        self.assertEqual(reply.headers.first("Access-Control-Allow-Methods"), "GET,OPTIONS,PUT")
        self.assertEqual(reply.headers.first("Access-Control-Allow-Headers"), "x-one")

    def test_what_is_no_preflight(self) -> None:
        world = World({"/a": {"GET": mock_method()}})
        self.assertEqual(world.send("OPTIONS", "/a").status, 403)
        self.assertEqual(world.send("OPTIONS", "/a", {"Origin": "x"}).status, 403)
        self.assertEqual(world.send("OPTIONS", "/b", PREFLIGHT).status, 403)

    def test_the_apis_own_options_method_wins(self) -> None:
        world = World({"/a": {"GET": mock_method(), "OPTIONS": mock_method(200, "own")}})
        self.assertEqual(world.send("OPTIONS", "/a", PREFLIGHT).body, b"own")

    def test_switched_off(self) -> None:
        world = World({"/a": {"GET": mock_method()}}, settings=Settings(disable_custom_cors=True))
        reply = world.send("OPTIONS", "/a", PREFLIGHT)
        self.assertEqual((reply.status, reply.body), (403, b'{"message":"Missing Authentication Token"}'))


class Unknown(SynchronousTestCase):
    """AWS asks for a signature where nothing is: a caller with some other Authorization hears about that."""

    def world(self, **more: Any) -> World:
        world = World({"/": {"GET": mock_method()}}, **more)
        world.gateway.iam_directory = Nobody()
        return world

    def test_a_bearer_token(self) -> None:
        reply = self.world().send("GET", "/nope", {"Authorization": "Bearer x"})
        self.assertEqual(reply.status, 403)
        self.assertEqual(reply.headers.first("x-amzn-ErrorType"), "IncompleteSignatureException")
        self.assertIn(b"Authorization header", reply.body)

    def test_nothing(self) -> None:
        self.assertEqual(self.world().send("GET", "/nope").body, b'{"message":"Missing Authentication Token"}')

    def test_without_iam(self) -> None:
        reply = self.world(settings=Settings(iam="off")).send("GET", "/nope", {"Authorization": "Bearer x"})
        self.assertEqual(reply.body, b'{"message":"Missing Authentication Token"}')


class Nobody:
    """A directory without callers."""

    def find(self, access_key: str) -> None:
        return None


class OddPaths(SynchronousTestCase):
    def setUp(self) -> None:
        self.world = World({"/{proxy+}": {"ANY": proxy_method("AWS_PROXY", LAMBDA)}})

    def event(self, raw: bytes) -> dict[str, object]:
        host = "abc123.execute-api.us-east-1.amazonaws.com"
        request = Request(method="GET", raw_path=b"/prod" + raw, raw_query=b"", headers=Headers(), host=host)
        address = address_of(host, request.raw_path, request.headers, self.world.settings)
        assert address is not None
        self.successResultOf(self.world.gateway.handle(request, address))
        found: dict[str, object] = json.loads(self.world.backend.requests[-1].event)
        return found

    def test_kept_as_they_came(self) -> None:
        for raw in (b"/a//b", b"/a%2Fb", b"/a;x=1/b", b"/A/b", b"/a/../b", b"/%"):
            self.assertEqual(self.event(raw)["path"], raw.decode())

    def test_not_utf8(self) -> None:
        self.assertEqual(self.event(b"/caf\xe9")["path"], "/café")
        self.assertEqual(self.event("/café".encode())["path"], "/café")
