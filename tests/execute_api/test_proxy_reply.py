"""A function's reply to a proxied request: what HTTP itself would not survive."""

from __future__ import annotations

import orjson
from twisted.trial.unittest import SynchronousTestCase

from emulator.integrations.dispatch import IntegrationAnswer
from emulator.wire import Response
from tests.execute_api.world import LAMBDA, World, proxy_method


class Replies(SynchronousTestCase):
    def reply(self, said: object) -> Response:
        world = World({"/": {"GET": proxy_method("AWS_PROXY", LAMBDA)}})
        world.backend.answer = IntegrationAnswer(status=200, body=orjson.dumps(said))
        return world.send("GET", "/")

    def test_an_interim_status_is_no_answer(self) -> None:
        for status in (100, "101", 199):
            self.assertEqual(self.reply({"statusCode": status}).status, 502, status)

    def test_a_name_no_header_has(self) -> None:
        for name in ("a b", "a:b", "", "é", "a\r\nb"):
            self.assertEqual(self.reply({"headers": {name: "x"}}).status, 502, name)
            self.assertEqual(self.reply({"multiValueHeaders": {name: ["x"]}}).status, 502, name)
        self.assertEqual(self.reply({"headers": {"x-a_b.c": "x"}}).headers.first("x-a_b.c"), "x")
