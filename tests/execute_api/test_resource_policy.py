"""The resource policy around the authorizer: order, outcome tables, private APIs, source addresses."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.settings import Settings
from tests.execute_api.test_authorize_lambda import Functions, allow, authorizer
from tests.execute_api.world import World, mock_method

ALL = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
ARN = "arn:aws:execute-api:us-east-1:********0000:abc123/prod/GET/pets"
NOT_ALLOWED = f"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {ARN}"
EXPLICIT = NOT_ALLOWED + " with an explicit deny"
ALLOW_NOTHING_HERE = {**ALL, "Resource": "execute-api:/other/*"}
DENY = {**ALL, "Effect": "Deny"}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def when(operator: str, key: str, *values: str, effect: str = "Allow") -> dict[str, Any]:
    return {**ALL, "Effect": effect, "Condition": {operator: {key: list(values)}}}


class PolicyCase(SynchronousTestCase):
    def world(self, *statements: dict[str, Any], settings: Settings | None = None, **api: Any) -> World:
        if statements:
            api.setdefault("policy", policy(*statements))
        return World({"/pets": {"GET": mock_method(200, "{}")}}, settings=settings or Settings(), **api)

    def status(self, world: World, headers: dict[str, str] | None = None, **more: Any) -> int:
        return world.send("GET", "/pets", headers or {}, **more).status

    def denied(self, world: World, message: str, headers: dict[str, str] | None = None, **more: Any) -> None:
        response = world.send("GET", "/pets", headers or {}, **more)
        self.assertEqual((response.status, json.loads(response.body)), (403, {"Message": message}))
        self.assertEqual(response.headers.last("x-amzn-ErrorType"), "AccessDeniedException")


class Alone(PolicyCase):
    def test_no_policy(self) -> None:
        self.assertEqual(self.status(self.world()), 200)

    def test_decisions(self) -> None:
        self.assertEqual(self.status(self.world(ALL)), 200)
        self.denied(self.world(ALLOW_NOTHING_HERE), NOT_ALLOWED)
        self.denied(self.world(ALL, DENY), EXPLICIT)
        self.denied(self.world({**ALL, "Principal": {"AWS": "000000000000"}}), NOT_ALLOWED)

    def test_escaped_as_the_service_shows_it(self) -> None:
        escaped = policy(ALL).replace('"', '\\"')
        self.assertEqual(self.status(self.world(policy=escaped)), 200)

    def test_a_policy_that_cannot_be_read_lets_nobody_in(self) -> None:
        for broken in ("{", "[]", policy({**ALL, "Effect": "Maybe"}), "[" * 100_000):
            self.assertEqual(self.status(self.world(policy=broken)), 500)

    def test_source_ip(self) -> None:
        world = self.world(when("IpAddress", "aws:SourceIp", "203.0.113.0/24"))
        self.assertEqual(self.status(world, source_ip="203.0.113.9"), 200)
        self.denied(world, NOT_ALLOWED, source_ip="203.0.114.9")
        self.denied(world, NOT_ALLOWED, {"X-Forwarded-For": "203.0.113.9"}, source_ip="10.0.0.1")

    def test_trusted_proxies(self) -> None:
        settings = Settings(trusted_proxies=("10.0.0.0/8", "fd00::/8"))
        world = self.world(when("IpAddress", "aws:SourceIp", "203.0.113.0/24"), settings=settings)
        for forwarded, status in (
            ("203.0.113.9", 200),
            ("198.51.100.1, 203.0.113.9", 200),
            ("203.0.113.9, 198.51.100.1", 403),
            ("203.0.113.9, 10.1.1.1", 200),
            ("203.0.113.9, junk", 403),
            ("", 403),
        ):
            headers = {"X-Forwarded-For": forwarded}
            self.assertEqual(self.status(world, headers, source_ip="10.0.0.1"), status, forwarded)
        self.assertEqual(self.status(world, {"X-Forwarded-For": "203.0.113.9"}, source_ip="11.0.0.1"), 403)

    def test_the_address_shows_in_the_context(self) -> None:
        template = '{"ip": "$context.identity.sourceIp"}'
        settings = Settings(trusted_proxies=("10.0.0.0/8",))
        world = World({"/pets": {"GET": mock_method(200, template)}}, settings=settings)
        response = world.send("GET", "/pets", {"X-Forwarded-For": "203.0.113.9"}, source_ip="10.0.0.1")
        self.assertEqual(json.loads(response.body), {"ip": "203.0.113.9"})

    def test_other_keys(self) -> None:
        for statement, headers, status in (
            (when("StringLike", "aws:UserAgent", "curl/*"), {"User-Agent": "curl/8"}, 200),
            (when("StringLike", "aws:UserAgent", "curl/*"), {}, 403),
            (when("StringLike", "aws:Referer", "https://example.com/*"), {"Referer": "https://example.com/x"}, 200),
            (when("DateLessThan", "aws:CurrentTime", "2023-11-15T00:00:00Z"), {}, 200),
            (when("DateLessThan", "aws:CurrentTime", "2023-11-14T00:00:00Z"), {}, 403),
            (when("NumericGreaterThan", "aws:EpochTime", "1699999999"), {}, 200),
            (when("Bool", "aws:SecureTransport", "true"), {}, 403),
            (when("Null", "aws:SourceVpce", "true"), {}, 200),
            (when("StringEquals", "aws:RequestedRegion", "us-east-1"), {}, 200),
        ):
            self.assertEqual(self.status(self.world(statement), headers), status, statement)

    def test_time_passes(self) -> None:
        world = self.world(when("DateLessThan", "aws:CurrentTime", "2023-11-14T22:13:30Z"))
        self.assertEqual(self.status(world), 200)
        world.clock.advance(10)
        self.assertEqual(self.status(world), 403)

    def test_tls(self) -> None:
        world = self.world(when("Bool", "aws:SecureTransport", "true"))
        self.assertEqual(self.status(world, scheme="https"), 200)
        behind = self.world(
            when("Bool", "aws:SecureTransport", "true"), settings=Settings(trusted_proxies=("127.0.0.1",))
        )
        self.assertEqual(self.status(behind, {"X-Forwarded-Proto": "https"}), 200)

    def test_long_arns(self) -> None:
        template = {"/{proxy+}": {"GET": mock_method(200, "{}")}}
        world = World(template, policy=policy(ALL))
        self.assertEqual(world.send("GET", "/" + "x" * 1600).status, 414)
        self.assertEqual(World(template).send("GET", "/" + "x" * 1600).status, 200)

    def test_by_method_and_path(self) -> None:
        world = self.world({**ALL, "Resource": "execute-api:/prod/GET/pets"})
        self.assertEqual(self.status(world), 200)
        world = self.world({**ALL, "Resource": "arn:aws:execute-api:us-east-1:000000000000:abc123/prod/POST/*"})
        self.denied(world, NOT_ALLOWED)

    def test_a_change_acts_with_the_next_deployment(self) -> None:
        world = self.world(ALL)
        world.api.record["policy"] = policy(DENY)
        self.assertEqual(self.status(world), 200)
        world.deploy("dep2")
        world.stage["deploymentId"] = "dep2"
        self.denied(world, EXPLICIT)


class Private(PolicyCase):
    host = "abc123-vpce-0a1b2c.execute-api.us-east-1.amazonaws.com"

    def world(self, *statements: dict[str, Any], settings: Settings | None = None, **api: Any) -> World:
        return super().world(*statements, settings=settings, endpointConfiguration={"types": ["PRIVATE"]}, **api)

    def test_no_policy_lets_nobody_in(self) -> None:
        self.denied(self.world(), NOT_ALLOWED, host=self.host)

    def test_endpoint(self) -> None:
        only = (ALL, when("StringNotEquals", "aws:SourceVpce", "vpce-0a1b2c", effect="Deny"))
        self.assertEqual(self.status(self.world(*only), host=self.host), 200)
        self.denied(self.world(*only), EXPLICIT, host=self.host.replace("0a1b2c", "ffffff"))
        by_header = {"x-apigw-api-id": "abc123"}
        host = "vpce-0a1b2c-xyz.execute-api.us-east-1.vpce.amazonaws.com"
        self.assertEqual(self.status(self.world(*only), by_header, host=host), 200)

    def test_addresses(self) -> None:
        world = self.world(when("IpAddress", "aws:VpcSourceIp", "10.0.0.0/8"))
        self.assertEqual(self.status(world, host=self.host, source_ip="10.0.0.9"), 200)
        self.assertEqual(self.status(world, host=self.host, source_ip="11.0.0.9"), 403)
        world = self.world(when("IpAddress", "aws:SourceIp", "10.0.0.0/8"))
        self.assertEqual(self.status(world, host=self.host, source_ip="10.0.0.9"), 403)

    def test_vpc(self) -> None:
        class Endpoints:
            def vpc_of(self, endpoint: str) -> str | None:
                return {"vpce-0a1b2c": "vpc-1"}.get(endpoint)

        world = self.world(when("StringEquals", "aws:SourceVpc", "vpc-1"))
        self.assertEqual(self.status(world, host=self.host), 403)
        world.gateway.vpc_endpoints = Endpoints()
        self.assertEqual(self.status(world, host=self.host), 200)


class WithLambda(PolicyCase):
    """Table A, and that a Deny comes before the function is asked."""

    def world(self, *statements: dict[str, Any], settings: Settings | None = None, **api: Any) -> World:
        method = mock_method(200, "{}", authorizationType="CUSTOM", authorizerId="auth01")
        if statements:
            api["policy"] = policy(*statements)
        world = World({"/pets": {"GET": method}}, authorizers={"auth01": authorizer()}, **api)
        self.functions = Functions()
        world.gateway.lambdas = self.functions
        return world

    def test_table_a(self) -> None:
        refused = "User is not authorized to access this resource"
        answers = {
            "Allow": allow("*"),
            "Neither": allow("arn:aws:execute-api:::x"),
            "Deny": allow("*", "Deny"),
        }
        for answer, statement, message in (
            ("Allow", ALL, None),
            ("Allow", ALLOW_NOTHING_HERE, None),
            ("Allow", DENY, EXPLICIT),
            ("Neither", ALL, None),
            ("Neither", ALLOW_NOTHING_HERE, refused),
            ("Neither", DENY, EXPLICIT),
            ("Deny", ALL, refused + " with an explicit deny"),
            ("Deny", ALLOW_NOTHING_HERE, refused + " with an explicit deny"),
            ("Deny", DENY, EXPLICIT),
        ):
            world = self.world(statement)
            self.functions.answer = answers[answer]
            if message is None:
                self.assertEqual(self.status(world, {"Authorization": "x"}), 200, (answer, statement))
            else:
                self.denied(world, message, {"Authorization": "x"})

    def test_denied_before_the_function_is_asked(self) -> None:
        world = self.world(DENY)
        self.denied(world, EXPLICIT, {"Authorization": "x"})
        self.denied(world, EXPLICIT)
        self.assertEqual(self.functions.events, [])

    def test_private_without_a_policy(self) -> None:
        world = self.world(endpointConfiguration={"types": ["PRIVATE"]})
        self.denied(world, NOT_ALLOWED, {"Authorization": "x"}, host=Private.host)
        self.assertEqual(self.functions.events, [])
