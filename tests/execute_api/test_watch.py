"""What CloudWatch and X-Ray are told about requests, and when."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.execute_api.watch import FLUSH_SECONDS, Watch
from emulator.integrations.dispatch import IntegrationAnswer
from tests.execute_api.test_authorize_lambda import Functions, allow, authorizer
from tests.execute_api.world import LAMBDA, World, mock_method, proxy_method

GROUP_ARN = "arn:aws:logs:us-east-1:000000000000:log-group:access"


class Sink:
    """All three sinks, remembering."""

    def __init__(self) -> None:
        self.events: list[tuple[str, list[str]]] = []
        self.records: list[bytes] = []
        self.metrics: list[dict[str, Any]] = []
        self.segments: list[str] = []

    def put_log_events(self, account: str, region: str, group: str, stream: str, events: Any) -> None:
        self.events.append((group, [text for _at, text in events]))

    def put_records(self, account: str, region: str, delivery_stream: str, records: Any) -> None:
        self.records.extend(records)

    def put_metrics(self, account: str, region: str, namespace: str, data: Any) -> None:
        self.metrics.extend(data)

    def put_trace_segments(self, account: str, region: str, documents: Any) -> None:
        self.segments.extend(documents)


class Held:
    """A stream that says what the test says."""

    write: Any
    done: Any

    def start(self, write: Any, done: Any) -> None:
        self.write, self.done = write, done

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def cancel(self) -> None: ...


class Watching(SynchronousTestCase):
    def world(self, **stage: Any) -> World:
        world = World({"/": {"GET": mock_method(200, "hi")}, "/h": {"GET": proxy_method("HTTP_PROXY")}}, stage=stage)
        self.sink = Sink()
        world.gateway.observers.append(Watch(world.effects, self.sink, self.sink, self.sink))
        self.addCleanup(lambda: self.assertEqual(world.clock.getDelayedCalls(), []))
        self.addCleanup(world.gateway.stop)
        return world

    def flush(self, world: World) -> None:
        world.clock.advance(FLUSH_SECONDS)

    def test_nothing_on_the_hot_path(self) -> None:
        world = self.world(accessLogSettings={"destinationArn": GROUP_ARN, "format": "$context.requestId"})
        world.send("GET", "/")
        self.assertEqual((self.sink.events, self.sink.metrics), ([], []))
        self.flush(world)
        self.assertEqual(len(self.sink.events), 1)

    def test_access_logs(self) -> None:
        template = (
            "$context.requestId $context.status $context.responseLength $context.responseLatency "
            "$context.integration.status $context.integrationLatency $context.error.message $context.resourcePath"
        )
        world = self.world(accessLogSettings={"destinationArn": GROUP_ARN, "format": template})
        world.backend.answer = IntegrationAnswer(status=404, body=b"none")
        replies = [world.send("GET", "/"), world.send("GET", "/h"), world.send("GET", "/nope")]
        self.flush(world)
        ids = [reply.headers.first("x-amzn-RequestId") for reply in replies]
        expected = [
            f"{ids[0]} 200 2 0 200 0 - /",
            f"{ids[1]} 404 4 0 404 0 - /h",
            f"{ids[2]} 403 42 0 - - Missing Authentication Token -",
        ]
        self.assertEqual(self.sink.events, [("access", expected)])

    def test_a_streamed_answer_is_logged_when_it_has_ended(self) -> None:
        names = ("responseTransferMode", "timeToAllHeaders", "timeToFirstContent", "latency")
        template = "$context.responseLength " + " ".join(f"$context.integration.{name}" for name in names)
        world = self.world(accessLogSettings={"destinationArn": GROUP_ARN, "format": template})
        stream = Held()
        world.backend.answer = IntegrationAnswer(status=200, stream=stream)
        world.edit_integration("/h", "GET", responseTransferMode="STREAM")
        reply = world.send("GET", "/h")
        got: list[Any] = []
        assert reply.stream is not None
        reply.stream.start(got.append, got.append)
        world.clock.advance(2)
        stream.write(b"ab")
        world.clock.advance(3)
        stream.write(b"c")
        self.flush(world)
        self.assertEqual(self.sink.events, [])
        stream.done(None)
        self.flush(world)
        self.assertEqual(got, [b"ab", b"c", None])
        ((_, (line,)),) = self.sink.events
        length, mode, headers, content, latency = line.split()
        self.assertEqual((length, mode, headers, content), ("3", "STREAMED", "0", "2000"))
        self.assertGreaterEqual(int(latency), 5000)

    def shown(self, world: World, *send: Any) -> dict[str, str]:
        """The phases' variables of one request which have a value."""
        names = [f"{phase}.{what}" for phase in ("authenticate", "authorizer", "authorize", "integration")
                 for what in ("status", "error", "requestId", "integrationStatus")]
        names += ["integrationStatus", "responseOverride.status"]
        template = "|".join(f"$context.{name}" for name in names)
        world.stage["accessLogSettings"] = {"destinationArn": GROUP_ARN, "format": template}
        self.sink = Sink()
        world.gateway.observers[:] = [Watch(world.effects, self.sink)]
        self.addCleanup(world.gateway.stop)
        world.send("GET", *send)
        self.flush(world)
        ((_, (line,)),) = self.sink.events
        return {name: value for name, value in zip(names, line.split("|"), strict=True) if value != "-"}

    def test_the_phases_of_a_lambda_authorizer(self) -> None:
        method = mock_method(200, "hi", authorizationType="CUSTOM", authorizerId="auth01")
        world = World({"/": {"GET": method}}, authorizers={"auth01": authorizer()})
        functions = world.gateway.lambdas = Functions()
        called = {"authorizer.requestId": "function-request", "authorizer.integrationStatus": "200"}
        answered = {"integration.status": "200", "integration.integrationStatus": "200", "integrationStatus": "200"}
        allowed = {"authorizer.status": "200", "authorize.status": "200", **answered}
        self.assertEqual(self.shown(world, "/", {"Authorization": "x"}), {**allowed, **called})
        self.assertEqual(self.shown(world, "/", {"Authorization": "x"}), allowed)  # from the cache
        self.assertEqual(
            self.shown(world, "/"), {"authorizer.status": "401", "authorizer.error": "Unauthorized"}
        )
        functions.answer = allow("*", "Deny")
        self.assertEqual(
            self.shown(world, "/", {"Authorization": "y"}),
            {
                "authorizer.status": "200",
                "authorize.status": "403",
                "authorize.error": "User is not authorized to access this resource with an explicit deny",
                **called,
            },
        )

    def test_the_phases_of_a_signature(self) -> None:
        world = World({"/": {"GET": mock_method(200, "hi", authorizationType="AWS_IAM")}})
        self.assertEqual(
            self.shown(world, "/"),
            {"authenticate.status": "403", "authenticate.error": "Missing Authentication Token"},
        )

    def test_what_lambda_says_and_what_the_function_says(self) -> None:
        world = World({"/": {"GET": proxy_method("AWS_PROXY", LAMBDA)}})
        world.backend.answer = IntegrationAnswer(status=200, body=b'{"statusCode": 418}')
        shown = self.shown(world, "/")
        self.assertEqual((shown["integration.status"], shown["integrationStatus"]), ("418", "200"))

    def test_an_override_shows(self) -> None:
        world = World({"/": {"GET": mock_method(200, "#set($context.responseOverride.status = 202)")}})
        self.assertEqual(self.shown(world, "/")["responseOverride.status"], "202")

    def test_firehose(self) -> None:
        arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-x"
        world = self.world(accessLogSettings={"destinationArn": arn, "format": "$context.status"})
        world.send("GET", "/")
        self.flush(world)
        self.assertEqual(self.sink.records, [b"200\n"])

    def test_execution_logs(self) -> None:
        world = self.world(methodSettings={"*/*": {"loggingLevel": "INFO", "dataTraceEnabled": True}})
        reply = world.send("GET", "/")
        self.flush(world)
        ((group, lines),) = self.sink.events
        self.assertEqual(group, "API-Gateway-Execution-Logs_abc123/prod")
        request_id = reply.headers.first("x-amzn-RequestId")
        self.assertEqual(lines[4], f"({request_id}) Starting execution for request: {request_id}")
        self.assertIn("does not require API Key", lines[2])
        self.assertIn(f"({request_id}) Method response body after transformations: hi", lines)
        self.assertEqual(lines[-1], f"({request_id}) Method completed with status: 200")

    def test_a_canary_has_groups_of_its_own_too(self) -> None:
        # "Set up an API Gateway canary release deployment": the stage's group, and one of the canary's with /Canary.
        world = self.world(
            accessLogSettings={"destinationArn": GROUP_ARN, "format": "$context.status"},
            methodSettings={"*/*": {"loggingLevel": "INFO"}},
            canarySettings={"percentTraffic": 100.0, "deploymentId": "dep1"},
        )
        world.send("GET", "/")
        world.stage["canarySettings"]["percentTraffic"] = 0.0
        world.send("GET", "/")
        self.flush(world)
        found = {group: sum("200" in line for line in lines) for group, lines in self.sink.events}
        execution = "API-Gateway-Execution-Logs_abc123/prod"
        self.assertEqual(found, {"access": 2, "access/Canary": 1, execution: 2, f"{execution}/Canary": 1})

    def test_only_errors(self) -> None:
        world = self.world(methodSettings={"*/*": {"loggingLevel": "ERROR"}})
        world.edit("/h", "GET", methodIntegration={"type": "MOCK"})
        world.send("GET", "/")
        reply = world.send("GET", "/h")
        self.assertEqual(reply.status, 500)
        self.flush(world)
        ((_group, lines),) = self.sink.events
        self.assertEqual(len(lines), 3)
        self.assertIn("Execution failed due to configuration error", lines[0])
        expected = "Gateway response type: API_CONFIGURATION_ERROR with status code: 500"
        self.assertTrue(lines[1].endswith(expected), lines)

    def test_a_refusal_is_an_error_too(self) -> None:
        world = self.world(methodSettings={"*/*": {"loggingLevel": "ERROR"}})
        world.edit("/", "GET", apiKeyRequired=True)
        reply = world.send("GET", "/")
        self.flush(world)
        ((_group, lines),) = self.sink.events
        request_id = reply.headers.first("x-amzn-RequestId")
        self.assertEqual(lines, [f"({request_id}) Gateway response type: INVALID_API_KEY with status code: 403"])

    def test_whoever_is_kept_out_does_not_start(self) -> None:
        world = self.world(methodSettings={"*/*": {"loggingLevel": "INFO", "dataTraceEnabled": True}})
        world.edit("/", "GET", apiKeyRequired=True)
        self.assertEqual(world.send("GET", "/", {"X-Api-Key": "0123456789"}).status, 403)
        self.flush(world)
        ((_group, lines),) = self.sink.events
        texts = [line.partition(") ")[2] for line in lines]
        self.assertEqual(
            texts[2:],
            [
                "Usage Plan check failed for API Key  and API Stage abc123/prod",
                "Gateway response type: INVALID_API_KEY with status code: 403",
                'Gateway response body: {"message":"Forbidden"}',
                "Gateway response headers: {}",
            ],
        )

    def test_credentials_are_starred_out(self) -> None:
        world = self.world(methodSettings={"*/*": {"loggingLevel": "INFO", "dataTraceEnabled": True}})
        world.send("GET", "/", {"Authorization": "Bearer secret-token", "X-Api-Key": "0123456789abcdefghij"})
        self.flush(world)
        ((_group, lines),) = self.sink.events
        (shown,) = [line for line in lines if "Method request headers" in line]
        self.assertIn("Authorization=*************-token, X-Api-Key=**************efghij", shown)

    def test_an_authorizer_comes_before_the_request(self) -> None:
        for trace in (True, False):
            world = World(
                {"/": {"GET": mock_method(200, "hi", authorizationType="CUSTOM", authorizerId="auth01")}},
                authorizers={"auth01": authorizer()},
                stage={"methodSettings": {"*/*": {"loggingLevel": "INFO", "dataTraceEnabled": trace}}},
            )
            world.gateway.lambdas = Functions()
            self.sink = Sink()
            world.gateway.observers.append(Watch(world.effects, self.sink))
            self.addCleanup(world.gateway.stop)
            world.send("GET", "/", {"Authorization": "secret-token"})
            self.flush(world)
            ((_group, lines),) = self.sink.events
            self.assertIn("Starting authorizer: auth01", lines[1])
            starts = [at for at, line in enumerate(lines) if "Starting execution for" in line]
            ends = [at for at, line in enumerate(lines) if "Successfully completed authorizer" in line]
            self.assertLess(ends, starts)
            self.assertEqual(any("secret-token" in line for line in lines), trace)

    def test_metrics(self) -> None:
        world = self.world()
        for path in ("/", "/", "/nope"):
            world.send("GET", path)
        world.send("GET", "/", stage="/other")
        self.flush(world)
        counts = {
            tuple(d["Value"] for d in datum["Dimensions"]): sum(datum["Counts"])
            for datum in self.sink.metrics
            if datum["MetricName"] == "Count"
        }
        self.assertEqual(counts, {("demo",): 3.0, ("demo", "prod"): 3.0})

    def test_segments(self) -> None:
        world = self.world(tracingEnabled=True)
        world.send("GET", "/h", {"X-Amzn-Trace-Id": "Root=1-6553f100-aaaaaaaaaaaaaaaaaaaaaaaa;Sampled=1"})
        self.flush(world)
        (document,) = [json.loads(text) for text in self.sink.segments]
        self.assertEqual(document["trace_id"], "1-6553f100-aaaaaaaaaaaaaaaaaaaaaaaa")
        self.assertEqual(document["subsegments"][0]["name"], "HTTP_PROXY")
        self.assertEqual(document["id"], world.backend.requests[0].trace_id.split(";")[1].removeprefix("Parent="))

    def test_the_callers_segment_is_the_parent(self) -> None:
        world = self.world(tracingEnabled=True)
        sent = "Root=1-6553f100-aaaaaaaaaaaaaaaaaaaaaaaa;Parent=bbbbbbbbbbbbbbbb;Sampled=1"
        world.send("GET", "/", {"X-Amzn-Trace-Id": sent})
        self.flush(world)
        document = json.loads(self.sink.segments[0])
        self.assertEqual(document["parent_id"], "bbbbbbbbbbbbbbbb")
        self.assertNotEqual(document["id"], "bbbbbbbbbbbbbbbb")

    def test_many_do_not_wait(self) -> None:
        world = self.world(accessLogSettings={"destinationArn": GROUP_ARN, "format": "$context.status"})
        for _ in range(201):
            world.send("GET", "/")
        self.assertEqual(len(self.sink.events[0][1]), 200)

    def test_nothing_is_kept_of_a_stage_without_logs(self) -> None:
        world = self.world()
        world.send("GET", "/")
        (watch,) = world.gateway.observers
        self.assertEqual(watch._waiting, [])  # type: ignore[attr-defined]
