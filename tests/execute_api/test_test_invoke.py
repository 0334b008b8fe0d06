"""TestInvokeMethod's output and log."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from emulator.errors import GatewayError
from emulator.integrations.dispatch import IntegrationAnswer
from emulator.wire import Headers
from tests.execute_api.test_responses import Parts
from tests.execute_api.test_watch import Held
from tests.execute_api.world import LAMBDA, World, http_method, mock_method, proxy_method

STAMP = "Tue Nov 14 22:13:20 UTC 2023 : "


class TestInvokeMethod(SynchronousTestCase):
    def invoke(self, world: World, resource: str, verb: str = "GET", **request: Any) -> dict[str, Any]:
        request = {"restApiId": "abc123", "resourceId": resource, "httpMethod": verb, **request}
        output: dict[str, Any] = self.successResultOf(world.gateway.test_method("abc123", request))
        return output

    def test_mock(self) -> None:
        world = World({"/pets/{petId}": {"GET": mock_method(200, "pet $input.params('petId') $stageVariables.v")}})
        output = self.invoke(
            world,
            "pets-{petId}",
            pathWithQueryString="/pets/123?foo=bar",
            headers={"content-type": "application/json"},
            stageVariables={"v": "1"},
        )
        self.assertEqual((output["status"], output["body"]), (200, "pet 123 1"))
        self.assertEqual(output["headers"], {"Content-Type": "application/json"})
        self.assertEqual(output["multiValueHeaders"], {"Content-Type": ["application/json"]})
        first, *lines, last = output["log"].split("\n")
        request_id = first.removeprefix("Execution log for request ")
        expected = [
            f"Starting execution for request: {request_id}",
            "HTTP Method: GET, Resource Path: /pets/123",
            "Method request path: {petId=123}",
            "Method request query string: {foo=bar}",
            "Method request headers: {content-type=application/json}",
            "Method request body before transformations: ",
            "Method response body after transformations: pet 123 1",
            "Method response headers: {Content-Type=application/json}",
            "Successfully completed execution",
            "Method completed with status: 200",
        ]
        self.assertEqual(lines, [STAMP + line for line in expected])
        self.assertEqual(last, "")

    def test_lambda(self) -> None:
        world = World({"/foo": {"GET": http_method("AWS", uri=LAMBDA)}})
        body = b'{"statusCode":200}'
        world.backend.answer = IntegrationAnswer(status=200, body=body, headers=Headers([("Content-Length", "18")]))
        output = self.invoke(world, "foo", pathWithQueryString="/foo")
        self.assertEqual(output["body"], '{"statusCode":200}')
        url = LAMBDA.split(":path", 1)[1]
        lines = [line.removeprefix(STAMP) for line in output["log"].split("\n")]
        self.assertEqual(lines[7], f"Endpoint request URI: https://lambda.us-east-1.amazonaws.com{url}")
        self.assertTrue(lines[8].startswith("Endpoint request headers: {x-amzn-lambda-integration-tag="))
        self.assertEqual(lines[10], f"Sending request to https://lambda.us-east-1.amazonaws.com{url}")
        self.assertEqual(lines[11], "Received response. Status: 200, Integration latency: 0 ms")
        self.assertEqual(lines[12], "Endpoint response headers: {Content-Length=18}")
        self.assertTrue(lines[15].startswith("Method response headers: {X-Amzn-Trace-Id=Root="), lines[15])
        self.assertTrue(lines[15].endswith(", Content-Type=application/json}"), lines[15])

    def test_nothing_is_renamed(self) -> None:
        world = World({"/": {"GET": proxy_method("HTTP_PROXY")}})
        lines = [("Server", "x"), ("Date", "d"), ("Content-Type", "a/b"), ("x-amzn-RequestId", "r"), ("Via", "v")]
        world.backend.answer = IntegrationAnswer(status=403, headers=Headers(lines), body=b"{}")
        output = self.invoke(world, "root")
        self.assertEqual(output["headers"], dict(lines))
        self.assertIn("Method response headers: {Server=x, Date=d, Content-Type=a/b, x-amzn-", output["log"])

    def test_a_stream_is_read_to_its_end(self) -> None:
        world = World({"/": {"GET": proxy_method("HTTP_PROXY", responseTransferMode="STREAM")}})
        world.backend.answer = IntegrationAnswer(status=200, stream=Parts())
        output = self.invoke(world, "root")
        self.assertEqual((output["status"], output["body"], output["log"]), (200, "one two", ""))

    def test_a_stream_that_does_not_end(self) -> None:
        world = World({"/": {"GET": proxy_method("HTTP_PROXY", responseTransferMode="STREAM")}})
        request = {"restApiId": "abc123", "resourceId": "root", "httpMethod": "GET"}
        for part, seconds in ((b"soon", 35), (bytes(1024 * 1024 + 1), 0)):
            stream = Held()
            world.backend.answer = IntegrationAnswer(status=200, stream=stream)
            output = world.gateway.test_method("abc123", request)
            stream.write(part)
            if seconds:
                self.assertNoResult(output)
                world.clock.advance(seconds)
            self.assertEqual(self.successResultOf(output)["body"].encode(), part)
            self.assertEqual(world.clock.getDelayedCalls(), [])

    def test_a_stream_that_does_not_begin(self) -> None:
        world = World({"/": {"GET": proxy_method("HTTP_PROXY", responseTransferMode="STREAM", timeoutInMillis=900000)}})
        request = {"restApiId": "abc123", "resourceId": "root", "httpMethod": "GET"}
        cancelled: list[Any] = []
        world.backend.answer = Deferred(cancelled.append)
        output = world.gateway.test_method("abc123", request)
        world.clock.advance(34)
        self.assertNoResult(output)
        world.clock.advance(1)
        found = self.successResultOf(output)
        self.assertEqual((found["status"], found["body"], found["log"], found["latency"]), (0, "", "", 35000))
        self.assertEqual((len(cancelled), world.clock.getDelayedCalls()), (1, []))

    def test_nobody_waits_for_a_stream(self) -> None:
        world = World({"/": {"GET": proxy_method("HTTP_PROXY", responseTransferMode="STREAM")}})
        world.backend.answer = Deferred()
        output = world.gateway.test_method("abc123", {"resourceId": "root", "httpMethod": "GET"})
        output.cancel()
        self.failureResultOf(output, CancelledError)
        self.assertEqual(world.clock.getDelayedCalls(), [])

    def test_the_method_as_it_is_being_edited(self) -> None:
        world = World({"/": {"GET": mock_method(200, "deployed")}})
        world.api.resources["root"]["resourceMethods"]["GET"] = mock_method(200, "edited")
        self.assertEqual(self.invoke(world, "root")["body"], "edited")
        self.assertEqual(world.send("GET", "/").body, b"deployed")

    def test_long_templates_are_compiled_in_a_thread(self) -> None:
        world = World({"/": {"GET": mock_method(200, "short")}, "/long": {"GET": mock_method(200, "long " * 10_000)}})
        asked: list[int] = []
        with_thread = world.gateway.effects.in_thread

        def counted(*work: Any) -> Any:
            asked.append(1)
            return with_thread(*work)

        self.patch(type(world.gateway.effects), "in_thread", lambda _self, *work: counted(*work))
        self.assertEqual((self.invoke(world, "root")["body"], asked), ("short", []))
        self.assertEqual((self.invoke(world, "long")["body"][:5], asked), ("long ", [1]))

    def test_gatekeepers_are_not_asked(self) -> None:
        method = mock_method(200, "in", apiKeyRequired=True, authorizationType="AWS_IAM")
        self.assertEqual(self.invoke(World({"/": {"GET": method}}), "root")["status"], 200)

    def test_a_failure(self) -> None:
        world = World({"/": {"GET": proxy_method("AWS_PROXY", LAMBDA)}})
        world.backend.answer = IntegrationAnswer(status=200, body=b'"nonsense"')
        output = self.invoke(world, "root")
        self.assertEqual((output["status"], output["body"]), (502, '{"message":"Internal server error"}'))
        self.assertEqual(output["headers"], {"x-amzn-ErrorType": "InternalServerErrorException"})
        self.assertEqual(output["multiValueHeaders"], {"x-amzn-ErrorType": ["InternalServerErrorException"]})
        lines = output["log"].strip().split("\n")
        configuration = "Execution failed due to configuration error: Malformed Lambda proxy response"
        self.assertEqual(lines[-2:], [STAMP + configuration, STAMP + "Method completed with status: 502"])

    def test_an_address_that_is_none(self) -> None:
        # Nothing is said of a call that was never made.
        world = World({"/": {"GET": proxy_method("HTTP_PROXY")}})
        world.backend.answer = GatewayError(
            "API_CONFIGURATION_ERROR", log="Execution failed due to configuration error: Invalid endpoint address"
        )
        output = self.invoke(world, "root")
        self.assertEqual(output["status"], 500)
        lines = [line.removeprefix(STAMP) for line in output["log"].strip().split("\n")]
        self.assertEqual(
            lines[6:],
            [
                "Method request body before transformations: ",
                "Execution failed due to configuration error: Invalid endpoint address",
                "Method completed with status: 500",
            ],
        )

    def test_a_body_is_json_whatever_it_says(self) -> None:
        method = mock_method(200, "json")
        method["methodIntegration"]["passthroughBehavior"] = "NEVER"
        world = World({"/": {"POST": method}})
        self.assertEqual(world.send("POST", "/", {"Content-Type": "text/xml"}, b"<a/>").status, 415)
        output = self.invoke(world, "root", httpMethod="POST", headers={"Content-Type": "text/xml"}, body="<a/>")
        self.assertEqual((output["status"], output["body"]), (200, "json"))
