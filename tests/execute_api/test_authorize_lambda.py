"""Lambda authorizers through the pipeline: identity, events, answers, cache, failures."""

from __future__ import annotations

import json
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from emulator.errors import NotFoundException
from emulator.execute_api.authorize_trial import try_authorizer
from tests.execute_api.world import LAMBDA, World, mock_method

ARN = "arn:aws:execute-api:us-east-1:000000000000:abc123/prod"
SHOW = (
    '{"principal": "$context.authorizer.principalId", "key": "$context.authorizer.key",'
    ' "n": "$context.authorizer.n", "b": "$context.authorizer.b", "f": "$context.authorizer.f"}'
)


@frozen
class Result:
    payload: bytes
    function_error: str | None = None
    request_id: str = "function-request"


class Functions:
    """A double of the function runtime: remembers events, answers what it was told."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.arns: list[str] = []
        self.answer: Any = allow("*")

    def invoke(self, arn: str, payload: bytes, *, trace_id: str | None = None) -> Deferred[Result]:
        self.arns.append(arn)
        self.events.append(json.loads(payload))
        if isinstance(self.answer, Deferred):
            return self.answer
        if isinstance(self.answer, Exception):
            return fail(self.answer)
        if isinstance(self.answer, Result):
            return succeed(self.answer)
        return succeed(Result(json.dumps(self.answer).encode()))


def allow(resource: str, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {
        "principalId": "me",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        **more,
    }


def authorizer(kind: str = "TOKEN", **more: Any) -> dict[str, Any]:
    return {
        "id": "auth01",
        "name": "mine",
        "type": kind,
        "authorizerUri": LAMBDA,
        "identitySource": "method.request.header.Authorization",
        **more,
    }


class LambdaCase(SynchronousTestCase):
    def world(self, record: dict[str, Any], **api: Any) -> World:
        method = mock_method(200, SHOW, authorizationType="CUSTOM", authorizerId="auth01")
        post = mock_method(200, SHOW, authorizationType="CUSTOM", authorizerId="auth01")
        plain = mock_method(200, SHOW)
        world = World(
            {"/pets/{id}": {"GET": method, "POST": post}, "/": {"GET": plain}},
            authorizers={"auth01": record},
            **api,
        )
        self.functions = Functions()
        world.gateway.lambdas = self.functions
        return world

    def check(self, response: Any, status: int, message: str | None, error_type: str, name: str = "message") -> None:
        self.assertEqual((response.status, json.loads(response.body)), (status, {name: message}))
        self.assertEqual(response.headers.last("x-amzn-ErrorType"), error_type)


class Token(LambdaCase):
    def test_event_and_context(self) -> None:
        world = self.world(authorizer())
        self.functions.answer = allow(ARN + "/GET/*", context={"key": "v", "n": 7, "b": True, "f": 1.5, "none": None})
        response = world.send("GET", "/pets/a%2Fb", {"authorization": "tok"})
        self.assertEqual(response.status, 200, response.body)
        self.assertEqual(json.loads(response.body), {"principal": "me", "key": "v", "n": "7", "b": "true", "f": "1.5"})
        self.assertEqual(
            self.functions.events,
            [{"type": "TOKEN", "methodArn": ARN + "/GET/pets/a%2Fb", "authorizationToken": "tok"}],
        )
        self.assertEqual(self.functions.arns, ["arn:aws:lambda:us-east-1:000000000000:function:f"])

    def test_no_token_and_no_call(self) -> None:
        world = self.world(authorizer(identityValidationExpression="Bearer [a-z]+"))
        for headers in ({}, {"Authorization": ""}, {"Authorization": "nope"}, {"Authorization": "Bearer abc1"}):
            self.check(world.send("GET", "/pets/1", headers), 401, "Unauthorized", "UnauthorizedException")
        self.assertEqual(self.functions.events, [])
        self.assertEqual(world.send("GET", "/pets/1", {"Authorization": "Bearer abc"}).status, 200)

    def test_other_methods_are_open(self) -> None:
        self.assertEqual(self.world(authorizer()).send("GET", "/").status, 200)

    def test_denied(self) -> None:
        world = self.world(authorizer(authorizerResultTtlInSeconds=0))
        denied = "User is not authorized to access this resource"
        for answer, message in (
            (allow("*", "Deny"), denied + " with an explicit deny"),
            (allow(ARN + "/POST/*"), denied),
            ({"principalId": "me", "policyDocument": {"Statement": []}}, denied),
        ):
            self.functions.answer = answer
            response = world.send("GET", "/pets/1", {"Authorization": "x"})
            self.check(response, 403, message, "AccessDeniedException", "Message")

    def test_broken_answers(self) -> None:
        world = self.world(authorizer())
        policy = allow("*")["policyDocument"]
        statement = policy["Statement"][0]
        broken: list[Any] = [
            {},
            [],
            "text",
            None,
            {"policyDocument": policy},
            {"principalId": None, "policyDocument": policy},
            {"principalId": {"a": 1}, "policyDocument": policy},
            {"principalId": "me"},
            {"principalId": "me", "policyDocument": json.dumps(policy)},
            {"principalId": "me", "policyDocument": {}},
            {"principalId": "me", "policyDocument": {"Statement": [{**statement, "Effect": "Yes"}]}},
            {"principalId": "me", "policyDocument": {"Statement": [{"Effect": "Allow"}]}},
            allow("*" * 513),
            allow("*", context={"nested": {"a": 1}}),
            allow("*", context={"listed": ["a"]}),
            allow("*", context="text"),
            allow("*", usageIdentifierKey=5),
            allow("*", context={"big": "x" * 600_000}),
            Result(b"not json"),
            Result(b""),
            Result(b"[" * 8000),
            Result(b"x" * 6_000_000),
        ]
        for answer in broken:
            self.functions.answer = answer
            response = world.send("GET", "/pets/1", {"Authorization": "x"})
            self.check(response, 500, None, "AuthorizerConfigurationException")
        self.assertEqual(len(self.functions.events), len(broken))  # and none was cached

    def test_function_errors(self) -> None:
        world = self.world(authorizer())
        self.functions.answer = Result(b'{"errorMessage": "Unauthorized", "errorType": "Exception"}', "Unhandled")
        response = world.send("GET", "/pets/1", {"Authorization": "x"})
        self.check(response, 401, "Unauthorized", "UnauthorizedException")
        for payload in (b'{"errorMessage": "unauthorized"}', b'{"errorMessage": "boom"}', b"null", b"?", b"[" * 9000):
            self.functions.answer = Result(payload, "Unhandled")
            response = world.send("GET", "/pets/1", {"Authorization": "x"})
            self.check(response, 500, None, "AuthorizerConfigurationException")

    def test_no_such_function(self) -> None:
        world = self.world(authorizer())
        self.functions.answer = NotFoundException("Function not found")
        response = world.send("GET", "/pets/1", {"Authorization": "x"})
        self.check(response, 500, None, "AuthorizerConfigurationException")

    def test_timeout(self) -> None:
        world = self.world(authorizer())
        self.functions.answer = Deferred()
        waiting = world.start("GET", "/pets/1", {"Authorization": "x"})
        world.clock.advance(28)
        self.assertNoResult(waiting)
        world.clock.advance(2)
        self.check(self.successResultOf(waiting), 500, None, "AuthorizerConfigurationException")
        self.assertEqual(world.clock.getDelayedCalls(), [])

    def test_stage_variables_in_the_uri(self) -> None:
        uri = LAMBDA.replace("function:f", "function:${stageVariables.fn}")
        world = self.world(authorizer(authorizerUri=uri), stage={"variables": {"fn": "chosen"}})
        self.assertEqual(world.send("GET", "/pets/1", {"Authorization": "x"}).status, 200)
        self.assertEqual(self.functions.arns, ["arn:aws:lambda:us-east-1:000000000000:function:chosen"])
        world.stage["variables"] = {}
        response = world.send("GET", "/pets/1", {"Authorization": "y"})
        self.check(response, 500, None, "AuthorizerConfigurationException")

    def test_stage_variables_in_the_credentials(self) -> None:
        record = authorizer(authorizerCredentials="arn:aws:iam::000000000000:role/${stageVariables.role}")
        world = self.world(record, stage={"variables": {"role": "caller"}})
        self.assertEqual(world.send("GET", "/pets/1", {"Authorization": "x"}).status, 200)
        world.stage["variables"] = {}
        response = world.send("GET", "/pets/1", {"Authorization": "y"})
        self.check(response, 500, None, "AuthorizerConfigurationException")

    def test_impatient_expressions(self) -> None:
        world = self.world(authorizer(identityValidationExpression="(a|a|aa)+$"))
        response = world.send("GET", "/pets/1", {"Authorization": "a" * 5000 + "!"})
        self.assertIn(response.status, (401, 500))
        broken = self.world(authorizer(identityValidationExpression="("))
        response = broken.send("GET", "/pets/1", {"Authorization": "a"})
        self.check(response, 500, None, "AuthorizerConfigurationException")

    def test_long_method_arns(self) -> None:
        world = self.world(authorizer())
        response = world.send("GET", "/pets/" + "x" * 1600, {"Authorization": "x"})
        self.assertEqual((response.status, json.loads(response.body)), (414, {"message": "Request URI too long"}))

    def test_nobody_injects_headers_through_the_context(self) -> None:
        world = self.world(authorizer())
        self.functions.answer = allow("*", context={"key": "a\r\nX-Evil: 1"})
        response = world.send("GET", "/pets/1", {"Authorization": "x"})
        self.assertNotIn("x-evil", response.headers)


class Cached(LambdaCase):
    def test_ttl_on_the_clock(self) -> None:
        world = self.world(authorizer(authorizerResultTtlInSeconds=60))
        for advance, calls in ((0, 1), (59, 1), (1, 2), (0, 2)):
            world.clock.advance(advance)
            self.assertEqual(world.send("GET", "/pets/1", {"Authorization": "x"}).status, 200)
            self.assertEqual(len(self.functions.events), calls)

    def test_default_ttl(self) -> None:
        world = self.world(authorizer())
        world.send("GET", "/pets/1", {"Authorization": "x"})
        world.clock.advance(299)
        world.send("GET", "/pets/1", {"Authorization": "x"})
        self.assertEqual(len(self.functions.events), 1)
        world.clock.advance(1)
        world.send("GET", "/pets/1", {"Authorization": "x"})
        self.assertEqual(len(self.functions.events), 2)

    def test_off(self) -> None:
        world = self.world(authorizer(authorizerResultTtlInSeconds=0))
        for _ in range(3):
            world.send("GET", "/pets/1", {"Authorization": "x"})
        self.assertEqual(len(self.functions.events), 3)

    def test_by_identity(self) -> None:
        world = self.world(authorizer())
        for token in ("x", "y", "x"):
            world.send("GET", "/pets/1", {"Authorization": token})
        self.assertEqual([event["authorizationToken"] for event in self.functions.events], ["x", "y"])

    def test_the_policy_is_cached_not_the_decision(self) -> None:
        world = self.world(authorizer())
        self.functions.answer = allow(ARN + "/GET/pets/1")
        self.assertEqual(world.send("GET", "/pets/1", {"Authorization": "x"}).status, 200)
        self.assertEqual(world.send("GET", "/pets/2", {"Authorization": "x"}).status, 403)
        self.assertEqual(world.send("POST", "/pets/1", {"Authorization": "x"}).status, 403)
        self.assertEqual(len(self.functions.events), 1)

    def test_flush(self) -> None:
        world = self.world(authorizer())
        world.send("GET", "/pets/1", {"Authorization": "x"})
        world.gateway.flush_authorizers("abc123", "other")
        world.send("GET", "/pets/1", {"Authorization": "x"})
        self.assertEqual(len(self.functions.events), 1)
        world.gateway.flush_authorizers("abc123", "prod")
        world.send("GET", "/pets/1", {"Authorization": "x"})
        self.assertEqual(len(self.functions.events), 2)

    def test_bounded(self) -> None:
        world = self.world(authorizer())
        world.send("GET", "/pets/1", {"Authorization": "first"})
        answers = world.gateway.memo["gatekeepers"].lambdas
        answers._limit = 10
        for number in range(50):
            world.send("GET", "/pets/1", {"Authorization": f"t{number}"})
        self.assertEqual(len(answers._answers), 10)


class Request(LambdaCase):
    def test_event(self) -> None:
        world = self.world(
            authorizer("REQUEST", identitySource="method.request.header.Auth, method.request.querystring.q"),
            stage={"variables": {"v": "1"}},
        )
        response = world.send("GET", "/pets/7?q=1&q=2", [("Auth", "a"), ("X-Two", "1"), ("x-two", "2")])
        self.assertEqual(response.status, 200, response.body)
        event = self.functions.events[0]
        self.assertEqual(
            {name: event[name] for name in ("type", "methodArn", "resource", "path", "httpMethod")},
            {
                "type": "REQUEST",
                "methodArn": ARN + "/GET/pets/7",
                "resource": "/pets/{id}",
                "path": "/pets/7",
                "httpMethod": "GET",
            },
        )
        self.assertEqual(event["queryStringParameters"], {"q": "2"})
        self.assertEqual(event["multiValueQueryStringParameters"], {"q": ["1", "2"]})
        self.assertEqual(event["pathParameters"], {"id": "7"})
        self.assertEqual(event["stageVariables"], {"v": "1"})
        self.assertEqual(event["headers"]["Auth"], "a")
        self.assertEqual(event["multiValueHeaders"]["X-Two"], ["1", "2"])
        context = event["requestContext"]
        self.assertEqual(
            (context["apiId"], context["stage"], context["path"], context["resourcePath"], context["accountId"]),
            ("abc123", "prod", "/prod/pets/7", "/pets/{id}", "000000000000"),
        )
        self.assertEqual(context["identity"]["sourceIp"], "127.0.0.1")
        self.assertNotIn("authorizer", context)
        self.assertNotIn("body", event)

    def test_empty_maps_are_maps(self) -> None:
        world = self.world(authorizer("REQUEST", identitySource="context.identity.sourceIp"))
        world.send("GET", "/pets/7")
        event = self.functions.events[0]
        self.assertEqual((event["queryStringParameters"], event["stageVariables"]), ({}, {}))

    def test_every_source_must_be_there(self) -> None:
        world = self.world(
            authorizer("REQUEST", identitySource="method.request.header.Auth,method.request.querystring.q"),
        )
        for path, headers in (("/pets/1", {"Auth": "a"}), ("/pets/1?q=1", {}), ("/pets/1?q=", {"Auth": "a"})):
            response = world.send("GET", path, headers)
            self.check(response, 401, "Unauthorized", "UnauthorizedException")
        self.assertEqual(self.functions.events, [])

    def test_sources_of_all_kinds_make_the_key(self) -> None:
        sources = "method.request.header.A,stageVariables.v,context.httpMethod,$context.identity.sourceIp"
        world = self.world(authorizer("REQUEST", identitySource=sources), stage={"variables": {"v": "1"}})
        world.send("GET", "/pets/1", {"A": "a"})
        world.send("GET", "/pets/2", {"A": "a"})
        self.assertEqual(len(self.functions.events), 1)
        world.send("POST", "/pets/2", {"A": "a"})
        self.assertEqual(len(self.functions.events), 2)
        world.stage["variables"] = {"v": "2"}
        world.send("POST", "/pets/2", {"A": "a"})
        self.assertEqual(len(self.functions.events), 3)

    def test_without_a_cache_nothing_is_checked(self) -> None:
        world = self.world(authorizer("REQUEST", authorizerResultTtlInSeconds=0))
        self.assertEqual(world.send("GET", "/pets/1").status, 200)
        self.assertEqual(len(self.functions.events), 1)

    def test_a_policy_of_a_thousand_statements(self) -> None:
        world = self.world(authorizer())
        statements = [
            {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{ARN}/GET/pets/{number}"}
            for number in range(1000)
        ]
        self.functions.answer = {"principalId": "me", "policyDocument": {"Statement": statements}}
        self.assertEqual(world.send("GET", "/pets/999", {"Authorization": "x"}).status, 200)
        self.assertEqual(world.send("GET", "/pets/1000", {"Authorization": "x"}).status, 403)

    def test_without_sources_and_cache(self) -> None:
        world = self.world(authorizer("REQUEST", identitySource=None, authorizerResultTtlInSeconds=0))
        for _ in range(2):
            self.assertEqual(world.send("GET", "/pets/1").status, 200)
        self.assertEqual(len(self.functions.events), 2)


class Tried(LambdaCase):
    """TestInvokeAuthorizer shares it all."""

    def trial(self, world: World, record: dict[str, Any], **request: Any) -> dict[str, Any]:
        tried = Deferred.fromCoroutine(try_authorizer(world.gateway, world.api, record, request))
        return self.successResultOf(tried)

    def test_allowed(self) -> None:
        world = self.world(authorizer())
        self.functions.answer = allow("*", context={"a": 1})
        answer = self.trial(world, authorizer(), headers={"Authorization": "secret-token-abcdef"})
        self.assertEqual((answer["clientStatus"], answer["principalId"]), (0, "me"))
        self.assertEqual(json.loads(answer["policy"]), allow("*")["policyDocument"])
        self.assertEqual(answer["authorization"], {"a": ["1"]})
        self.assertIn("Using valid authorizer policy for principal: *e\n", answer["log"])
        self.assertIn(f"X-Amz-Source-Arn={ARN.rpartition('/')[0]}/authorizers/auth01", answer["log"])
        self.assertNotIn("Incoming identity: secret", answer["log"])
        self.assertTrue(self.functions.events[0]["methodArn"].endswith(":abc123/ESTestInvoke-stage/GET/"))

    def test_refused(self) -> None:
        world = self.world(authorizer())
        answer = self.trial(world, authorizer())
        self.assertEqual(answer["clientStatus"], 401)
        self.assertIn("Unauthorized request: ", answer["log"])
        self.functions.answer = {}
        answer = self.trial(world, authorizer(), headers={"Authorization": "x"})
        self.assertEqual(answer["clientStatus"], 500)
        self.assertTrue(
            answer["log"].endswith(" : AuthorizerConfigurationException\n"), answer["log"]
        )
        self.functions.answer = Result(b'{"errorMessage": "no", "errorType": "ValueError"}', "Unhandled")
        answer = self.trial(world, authorizer(), headers={"Authorization": "x"})
        self.assertIn('Authorizer result body before parsing: {"errorMessage": "no"', answer["log"])
        self.assertIn('configuration error: Invalid JSON in response: Unrecognized field "errorType" ,', answer["log"])

    def test_request_authorizers(self) -> None:
        world = self.world(authorizer())
        record = authorizer("REQUEST", identitySource="method.request.querystring.q")
        answer = self.trial(
            world,
            record,
            pathWithQueryString="/a/b?q=1",
            multiValueHeaders={"X": ["1", "2"]},
            stageVariables={"v": "1"},
            additionalContext={"context.identity.userAgent": "mine"},
        )
        self.assertEqual(answer["clientStatus"], 0)
        event = self.functions.events[0]
        self.assertEqual((event["path"], event["queryStringParameters"]), ("/a/b", {"q": "1"}))
        self.assertEqual(event["multiValueHeaders"], {"X": ["1", "2"]})
        self.assertEqual(event["requestContext"]["identity"]["userAgent"], "mine")
