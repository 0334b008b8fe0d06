"""API keys: where they come from and what they open."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.execute_api.world import World, mock_method


class Keys(SynchronousTestCase):
    def setUp(self) -> None:
        template = "$context.identity.apiKey/$context.identity.apiKeyId"
        self.world = World({"/": {"GET": mock_method(200, template, apiKeyRequired=True)}})
        self.addCleanup(self.world.gateway.stop)

    def get(self, key: str | None) -> tuple[int, bytes]:
        reply = self.world.send("GET", "/", {} if key is None else {"X-API-Key": key})
        return reply.status, reply.body

    def test_a_key_of_a_plan_opens(self) -> None:
        self.world.add_key("id1", "secret")
        self.assertEqual(self.get("secret"), (200, b"secret/id1"))

    def test_what_does_not_open(self) -> None:
        forbidden = (403, b'{"message":"Forbidden"}')
        plan = self.world.add_key("id1", "secret")
        self.assertEqual(self.get(None), forbidden)
        self.assertEqual(self.get("other"), forbidden)
        self.world.region.api_keys["id1"]["enabled"] = False
        self.assertEqual(self.get("secret"), forbidden)
        self.world.region.api_keys["id1"]["enabled"] = True
        plan["apiStages"] = [{"apiId": "abc123", "stage": "other"}]
        self.world.store.touch()
        self.assertEqual(self.get("secret"), forbidden)
        plan["apiStages"] = [{"apiId": "abc123", "stage": "prod"}]
        self.world.store.touch()
        self.assertEqual(self.get("secret")[0], 200)
        del self.world.region.usage_plan_keys["plan"]["id1"]
        self.assertEqual(self.get("secret"), forbidden)

    def test_changes_act_on_the_next_request(self) -> None:
        self.assertEqual(self.get("secret")[0], 403)
        self.world.add_key("id1", "secret")
        self.assertEqual(self.get("secret")[0], 200)

    def test_a_method_that_wants_no_key_shows_none(self) -> None:
        self.world.add_key("id1", "secret")
        self.world.edit("/", "GET", apiKeyRequired=False)
        self.assertEqual(self.get("secret"), (200, b"/"))

    def test_the_authorizer_may_be_the_source(self) -> None:
        world = World({"/": {"GET": mock_method(apiKeyRequired=True)}}, apiKeySource="AUTHORIZER")
        world.add_key("id1", "secret")
        self.assertEqual(world.send("GET", "/", {"x-api-key": "secret"}).status, 403)
