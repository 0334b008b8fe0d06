"""Addresses, custom domains, private endpoints, canaries."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.deployment.standing import move_endpoint
from emulator.execute_api.locate import Address, address_of, host_name
from emulator.settings import Settings
from emulator.wire import Headers
from tests.execute_api.world import LAMBDA, World, mock_method, proxy_method

WHERE = "$context.path|$context.domainName|$context.domainPrefix|$context.stage"
AWS = "abc123.execute-api.us-east-1.amazonaws.com"


def find(host: str, path: bytes, headers: Any = ()) -> Address | None:
    return address_of(host, path, Headers(headers), Settings())


class Forms(SynchronousTestCase):
    def test_hosts(self) -> None:
        local = ("abc123.execute-api.localhost:4566", "ABC123.execute-api.localhost.localstack.cloud")
        for host in (AWS, AWS.upper(), f"{AWS}.", *local):
            found = find(host, b"/prod/a")
            assert found is not None
            self.assertEqual((found.form, found.api_id, found.path), ("host", "abc123", b"/prod/a"))
        custom = find("my-own-id.execute-api.localhost", b"/prod")
        assert custom is not None
        self.assertEqual(custom.api_id, "my-own-id")

    def test_paths(self) -> None:
        for path, rest in (
            (b"/restapis/abc123/prod/_user_request_/a//b%2F", b"/a//b%2F"),
            (b"/restapis/abc123/prod/_user_request_/", b"/"),
            (b"/restapis/abc123/prod/_user_request_", b"/"),
            (b"/_aws/execute-api/abc123/prod/a//b%2F", b"/a//b%2F"),
            (b"/_aws/execute-api/abc123/prod", b"/"),
        ):
            found = find("localhost:4566", path)
            assert found is not None
            self.assertEqual((found.api_id, found.stage, found.path), ("abc123", "prod", rest))

    def test_vpc_endpoints(self) -> None:
        both = find("abc123-vpce-0aa1.execute-api.us-east-1.amazonaws.com", b"/prod")
        assert both is not None
        self.assertEqual((both.form, both.api_id, both.vpce_id), ("vpce", "abc123", "vpce-0aa1"))
        own = find("vpce-0aa1-xyz.execute-api.us-east-1.vpce.amazonaws.com", b"/prod", [("x-apigw-api-id", "abc123")])
        assert own is not None
        self.assertEqual((own.api_id, own.vpce_id), ("abc123", "vpce-0aa1"))

    def test_what_is_none(self) -> None:
        for host, path in (
            ("localhost:4566", b"/restapis/abc123/stages/prod"),
            ("localhost", b"/"),
            ("execute-api.us-east-1.amazonaws.com", b"/"),
            ("api.example.test", b"/prod"),
            ("evil\n.execute-api.x", b"/"),
        ):
            self.assertIsNone(find(host, path), (host, path))

    def test_host_names(self) -> None:
        self.assertEqual(host_name("API.Example.test:4566"), "api.example.test")
        self.assertEqual(host_name("[::1]:4566"), "[::1]")


class Stages(SynchronousTestCase):
    def world(self, **more: Any) -> World:
        return World({"/": {"GET": mock_method(200, WHERE)}, "/a": {"GET": mock_method(200, WHERE)}}, **more)

    def test_the_default_host(self) -> None:
        world = self.world()
        self.assertEqual(world.send("GET", "/a").body.decode(), f"/prod/a|{AWS}|abc123|prod")
        self.assertEqual(world.send("GET", "").body.decode(), f"/prod/|{AWS}|abc123|prod")

    def test_a_path_stands_for_the_default_host(self) -> None:
        world = self.world()
        reply = world.send("GET", "/a", host="localhost:4566", stage="/restapis/abc123/prod/_user_request_")
        self.assertEqual(reply.body.decode(), f"/prod/a|{AWS}|abc123|prod")

    def test_unknown_api_and_stage(self) -> None:
        world = self.world()
        elsewhere = "abc123.execute-api.eu-west-1.amazonaws.com"
        unknown = "zzz.execute-api.us-east-1.amazonaws.com"
        for host, stage in ((AWS, "/nope"), (AWS, ""), (unknown, "/prod"), (elsewhere, "/prod")):
            reply = world.send("GET", "/a", host=host, stage=stage)
            self.assertEqual((reply.status, reply.body), (403, b'{"message":"Forbidden"}'))
            self.assertEqual(reply.headers.first("x-amzn-ErrorType"), "ForbiddenException")

    def test_a_disabled_default_endpoint(self) -> None:
        world = self.world(disableExecuteApiEndpoint=True)
        self.assertEqual(world.send("GET", "/a").status, 403)
        domain(world, "api.example.test", {"(none)": "prod"})
        self.assertEqual(world.send("GET", "/a", host="api.example.test", stage="").status, 200)

    def test_a_private_api(self) -> None:
        policy = (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke",'
            '"Resource":"execute-api:/*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-0aa1"}}}]}'
        )
        world = self.world(endpointConfiguration={"types": ["PRIVATE"]}, policy=policy)
        self.assertEqual(world.send("GET", "/a").status, 403)
        through = "abc123-{}.execute-api.us-east-1.amazonaws.com"
        self.assertEqual(world.send("GET", "/a", host=through.format("vpce-0aa1")).status, 200)
        self.assertEqual(world.send("GET", "/a", host=through.format("vpce-0bb2")).status, 403)
        world.edit_integration(
            "/a",
            "GET",
            integrationResponses={
                "200": {
                    "statusCode": "200",
                    "responseTemplates": {"application/json": "$context.identity.vpceId $context.identity.vpcId"},
                }
            },
        )
        world.gateway.vpc_endpoints = Endpoints()
        self.assertEqual(world.send("GET", "/a", host=through.format("vpce-0aa1")).body, b"vpce-0aa1 vpc-1")

    def test_the_header_names_a_private_api(self) -> None:
        policy = (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke",'
            '"Resource":"execute-api:/*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-0aa1"}}}]}'
        )
        endpoint = {"types": ["PRIVATE"], "vpcEndpointIds": ["vpce-0aa1", "vpce-0bb2"]}
        world = self.world(endpointConfiguration=endpoint, policy=policy)
        named = [("x-apigw-api-id", "abc123")]
        for host in ("localhost:4566", "balancer.internal", AWS):
            reply = world.send("GET", "/a", host=host, headers=named)
            self.assertEqual((reply.status, reply.body.decode()), (200, f"/prod/a|{AWS}|abc123|prod"))
        reply = world.send("GET", "/a", headers=named, host="localhost", stage="/restapis/abc123/prod/_user_request_")
        self.assertEqual(reply.status, 200)
        self.assertEqual(world.send("GET", "/a", headers=[("x-apigw-api-id", "zzz")]).status, 403)

    def test_endpoints_lead_to_private_apis_only(self) -> None:
        world = self.world(endpointConfiguration={"types": ["REGIONAL"]})
        through = "abc123-vpce-0aa1.execute-api.us-east-1.amazonaws.com"
        named = [("x-apigw-api-id", "abc123")]
        self.assertEqual(world.send("GET", "/a", host=through).status, 403)
        self.assertEqual(world.send("GET", "/a", host="localhost", headers=named).status, 403)
        self.assertEqual(world.send("GET", "/a", headers=named).status, 200)  # its own host needs no header

    def test_the_endpoint_type_is_not_frozen(self) -> None:
        # "Change a public or private API endpoint type in API Gateway": an update, and no deployment.
        world = self.world()
        self.assertEqual(world.send("GET", "/a").status, 200)
        world.api.record["endpointConfiguration"] = {"types": ["PRIVATE"]}
        move_endpoint(world.api)
        through = "abc123-vpce-0aa1.execute-api.us-east-1.amazonaws.com"
        self.assertEqual(world.send("GET", "/a").status, 403)
        self.assertIn(b"not authorized", world.send("GET", "/a", host=through).body)  # it has no policy yet
        world.api.record["endpointConfiguration"] = {"types": ["REGIONAL"]}
        move_endpoint(world.api)
        self.assertEqual(world.send("GET", "/a").status, 200)

    def test_changes_of_a_stage_act_at_once(self) -> None:
        world = World({"/": {"GET": mock_method(200, "$stageVariables.v")}})
        self.assertEqual(world.send("GET", "/").body, b"")
        world.stage["variables"] = {"v": "1"}
        self.assertEqual(world.send("GET", "/").body, b"1")


class Endpoints:
    """A directory with one VPC."""

    def vpc_of(self, endpoint: str) -> str:
        return "vpc-1"


def domain(world: World, name: str, mappings: dict[str, str | None], **record: Any) -> None:
    """A custom domain with base path mappings to the world's API."""
    region = world.region
    region.domain_names[name] = {"domainName": name, **record}
    region.base_path_mappings[name] = {
        base: {"basePath": base, "restApiId": "abc123", **({"stage": stage} if stage else {})}
        for base, stage in mappings.items()
    }


class Domains(SynchronousTestCase):
    HOST = "api.example.test"

    def world(self, mappings: dict[str, str | None]) -> World:
        world = World(
            {
                "/": {"GET": mock_method(200, WHERE)},
                "/{proxy+}": {"GET": mock_method(200, WHERE), "POST": proxy_method("AWS_PROXY", LAMBDA)},
            }
        )
        world.api.stages["beta"] = {"stageName": "beta", "deploymentId": "dep1"}
        domain(world, self.HOST, mappings, regionalDomainName="d-1.execute-api.us-east-1.amazonaws.com")
        return world

    def get(self, world: World, path: str, host: str = HOST) -> str:
        return world.send("GET", path, host=host, stage="").body.decode()

    def test_the_host_is_served(self) -> None:
        world = self.world({"(none)": "prod"})
        self.assertTrue(world.gateway.serves_host("API.example.test:4566"))
        self.assertFalse(world.gateway.serves_host("other.test"))
        del world.region.domain_names[self.HOST]
        world.store.touch()
        self.assertFalse(world.gateway.serves_host(self.HOST))

    def test_a_wildcard_domain(self) -> None:
        world = self.world({})
        domain(world, "*.wild.test", {"(none)": "prod"})
        self.assertEqual(self.get(world, "/x", "any.wild.test"), "/x|any.wild.test|any|prod")
        self.assertFalse(world.gateway.serves_host("wild.test"))

    def test_the_longest_base_path_wins(self) -> None:
        world = self.world({"(none)": "prod", "v1": "beta", "v1/deep": "prod"})
        self.assertEqual(self.get(world, "/x"), "/x|api.example.test|api|prod")
        self.assertEqual(self.get(world, "/v1/x"), "/v1/x|api.example.test|api|beta")
        self.assertEqual(self.get(world, "/v1"), "/v1|api.example.test|api|beta")
        self.assertEqual(self.get(world, "/v1/deep/x"), "/v1/deep/x|api.example.test|api|prod")
        self.assertEqual(self.get(world, "/v1x"), "/v1x|api.example.test|api|prod")

    def test_a_mapping_without_a_stage(self) -> None:
        world = self.world({"v1": None})
        self.assertEqual(self.get(world, "/v1/beta/x"), "/v1/beta/x|api.example.test|api|beta")
        self.assertEqual(world.send("GET", "/v1/nope/x", host=self.HOST, stage="").status, 403)

    def test_no_mapping(self) -> None:
        reply = self.world({"v1": "prod"}).send("GET", "/x", host=self.HOST, stage="")
        self.assertEqual((reply.status, reply.body), (403, b'{"message":"Forbidden"}'))

    def test_the_event_has_the_base_path(self) -> None:
        import json

        world = self.world({"v1": "prod"})
        world.send("POST", "/v1/x", host=self.HOST, stage="")
        event = json.loads(world.backend.requests[-1].event)
        self.assertEqual((event["path"], event["pathParameters"]), ("/v1/x", {"proxy": "x"}))
        self.assertEqual(event["requestContext"]["path"], "/v1/x")


    def test_rules_only(self) -> None:
        # "Set the routing mode for your custom domain name": API callers can't use API mappings then.
        world = self.world({"(none)": "prod"})
        world.region.domain_names[self.HOST]["routingMode"] = "ROUTING_RULE_ONLY"
        self.assertEqual(world.send("GET", "/x", host=self.HOST, stage="").status, 403)

    def test_a_private_api_has_no_public_domain(self) -> None:
        world = self.world({"(none)": "prod"})
        world.api.record["endpointConfiguration"] = {"types": ["PRIVATE"]}
        move_endpoint(world.api)
        world.store.touch()
        self.assertEqual(world.send("GET", "/x", host=self.HOST, stage="").status, 403)


class PrivateDomains(SynchronousTestCase):
    """ "Custom domain names for private APIs": an association of the endpoint, the domain's policy and the API's."""

    HOST = "private.test"
    ARN = "arn:aws:apigateway:us-east-1:000000000000:/domainnames/private.test+id1"
    ALLOW = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke",'
        '"Resource":"execute-api:/*"},{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke",'
        '"Resource":"execute-api:/*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-0aa1"}}}]}'
    )

    def world(self, source: str | None) -> World:
        policy = self.ALLOW.partition(',{"Effect":"Deny"')[0] + "]}"
        template = "$context.identity.vpceId $context.domainName $context.path"
        world = World(
            {"/": {"GET": mock_method(200, template)}}, endpointConfiguration={"types": ["PRIVATE"]}, policy=policy
        )
        region = world.region
        key = f"{self.HOST}+id1"
        region.domain_names[key] = {
            "domainName": self.HOST,
            "domainNameId": "id1",
            "domainNameArn": self.ARN,
            "policy": self.ALLOW,
        }
        region.base_path_mappings[key] = {"v1": {"basePath": "v1", "restApiId": "abc123", "stage": "prod"}}
        if source:
            region.access_associations["a"] = {"domainNameArn": self.ARN, "accessAssociationSource": source}
        return world

    def test_without_an_association(self) -> None:
        reply = self.world(None).send("GET", "/v1", host=self.HOST, stage="")
        self.assertEqual((reply.status, reply.body), (403, b'{"message":"Forbidden"}'))

    def test_with_one(self) -> None:
        reply = self.world("vpce-0aa1").send("GET", "/v1", host=self.HOST, stage="")
        self.assertEqual((reply.status, reply.body), (200, b"vpce-0aa1 private.test /v1"))

    def test_the_domain_denies(self) -> None:
        reply = self.world("vpce-0bb2").send("GET", "/v1", host=self.HOST, stage="")
        self.assertEqual((reply.status, reply.headers.first("x-amzn-ErrorType")), (403, "AccessDeniedException"))
        self.assertIn(b"with an explicit deny", reply.body)

    def test_it_leads_to_private_apis_only(self) -> None:
        world = self.world("vpce-0aa1")
        world.api.record["endpointConfiguration"] = {"types": ["REGIONAL"]}
        move_endpoint(world.api)
        self.assertEqual(world.send("GET", "/v1", host=self.HOST, stage="").status, 403)


class Canaries(SynchronousTestCase):
    def test_the_share(self) -> None:
        template = "$context.isCanaryRequest $stageVariables.a $stageVariables.b $context.deploymentId"
        world = World(
            {"/": {"GET": mock_method(200, template)}},
            stage={
                "variables": {"a": "1", "b": "2"},
                "canarySettings": {
                    "percentTraffic": 30.0,
                    "deploymentId": "dep2",
                    "stageVariableOverrides": {"b": "3"},
                },
            },
        )
        world.deploy("dep2")
        world.store.touch()
        answers = [world.send("GET", "/").body.decode() for _ in range(1000)]
        self.assertEqual(set(answers), {"true 1 3 dep2", "false 1 2 dep1"})
        self.assertLess(abs(answers.count("true 1 3 dep2") - 300), 60)
        world.stage["canarySettings"]["percentTraffic"] = 0.0
        self.assertEqual({world.send("GET", "/").body.decode() for _ in range(50)}, {"false 1 2 dep1"})
