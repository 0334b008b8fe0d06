"""The Invoke API: names, kinds of invocation, answers, errors."""

from __future__ import annotations

import base64
import json

from emulator.errors import EmulatorError
from emulator.lambda_runtime.functions import FunctionNotFound
from emulator.services.lambda_eventstream import event, frame
from emulator.services.lambda_functions import parse_reference
from tests.lambda_runtime.support import archive
from tests.services.lambda_support import ACCOUNT, REGION, LambdaCase, arn


class InvokeTests(LambdaCase):
    def test_request_response(self) -> None:
        self.create()
        pending = self.invoke("greet", b'{"a": 1}', x_amz_log_type="Tail")
        self.assertEqual(self.event(), {"a": 1})
        self.runtime().worker.output(1, b"hello\n")
        self.runtime().answer(b'{"b": 2}')
        response = self.successResultOf(pending)
        self.assertEqual(self.answered(response), (200, {"b": 2}))
        self.assertEqual(response.headers.first("X-Amz-Executed-Version"), "$LATEST")
        self.assertNotIn("X-Amz-Function-Error", response.headers)
        tail = base64.b64decode(response.headers.first("X-Amz-Log-Result"))
        self.assertIn(b"Version: $LATEST\nhello\nEND RequestId: ", tail)
        self.assertIn(response.headers.first("x-amzn-RequestId").encode(), tail)

    def test_function_error(self) -> None:
        self.create()
        pending = self.invoke("greet")
        runtime = self.runtime()
        runtime.worker.failed(runtime.request_id, b'{"errorType": "E"}', {})
        response = self.successResultOf(pending)
        self.assertEqual(self.answered(response), (200, {"errorType": "E"}))
        self.assertEqual(response.headers.first("X-Amz-Function-Error"), "Unhandled")
        self.assertNotIn("X-Amz-Log-Result", response.headers)

    def test_empty_payload_is_an_empty_object(self) -> None:
        self.create()
        self.invoke("greet", b"")
        self.assertEqual(self.event(), {})

    def test_event(self) -> None:
        self.create()
        response = self.successResultOf(self.invoke("greet", b'{"a": 1}', x_amz_invocation_type="Event"))
        self.assertEqual((response.status, response.body), (202, b""))
        self.assertEqual(self.event(), {"a": 1})
        self.assertEqual(self.runtime().request_id, response.headers.first("x-amzn-RequestId"))

    def test_dry_run(self) -> None:
        self.create()
        response = self.successResultOf(self.invoke("greet", x_amz_invocation_type="DryRun"))
        self.assertEqual((response.status, self.starter.runtimes), (204, []))

    def test_invoke_async(self) -> None:
        self.create()
        response = self.successResultOf(self.request("/2014-11-13/functions/greet/invoke-async/", b"{}"))
        self.assertEqual(self.answered(response), (202, {"Status": 202}))

    def test_client_context_and_trace(self) -> None:
        self.create()
        context = base64.b64encode(b'{"custom": {"a": 1}}').decode()
        self.invoke("greet", x_amz_client_context=context, x_amzn_trace_id="Root=1-2-3")
        headers = self.runtime().connection.sent[0][1]
        self.assertEqual(headers["Lambda-Runtime-Client-Context"], '{"custom": {"a": 1}}')
        self.assertEqual(headers["Lambda-Runtime-Trace-Id"], "Root=1-2-3")

    def error(self, pending: object) -> tuple[int, str | None, object]:
        response = self.successResultOf(pending)  # type: ignore[arg-type]
        status, body = self.answered(response)
        return status, response.headers.first("x-amzn-ErrorType"), body

    def test_not_found(self) -> None:
        self.create()
        for name, query, missing in (
            ("nope", b"", arn("nope")),
            ("greet", b"Qualifier=prod", f"{arn('greet')}:prod"),
            ("greet", b"Qualifier=7", f"{arn('greet')}:7"),
            ("greet:prod", b"", f"{arn('greet')}:prod"),
        ):
            self.assertEqual(
                self.error(self.invoke(name, query=query)),
                (404, "ResourceNotFoundException", {"Type": "User", "Message": f"Function not found: {missing}"}),
            )

    def test_another_region(self) -> None:
        name = arn("greet").replace(REGION, "us-east-1").replace(":", "%3A")
        _, _, body = self.error(self.invoke(name))
        self.assertIn("Functions from 'us-east-1' are not reachable in this region ('eu-west-3')", str(body))

    def test_throttled(self) -> None:
        self.create()
        self.call("lambda", "PutFunctionConcurrency", FunctionName="greet", ReservedConcurrentExecutions=0)
        self.assertEqual(
            self.error(self.invoke("greet")),
            (
                429,
                "TooManyRequestsException",
                {
                    "Type": "User",
                    "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
                    "message": "Rate Exceeded.",
                },
            ),
        )

    def test_bad_requests(self) -> None:
        self.create()
        large = json.dumps("x" * 1_048_576).encode()
        for pending, status, code in (
            (self.invoke("greet", b"{a"), 400, "InvalidRequestContentException"),
            (self.invoke("greet", b"[" * 100_000), 400, "InvalidRequestContentException"),
            (self.invoke("greet", b'"' + b"x" * 6_291_456 + b'"'), 413, "RequestEntityTooLargeException"),
            (self.invoke("greet", large, x_amz_invocation_type="Event"), 413, "RequestEntityTooLargeException"),
            (self.invoke("greet", x_amz_invocation_type="Later"), 400, "ValidationException"),
            (self.invoke("gr%2Feet"), 400, "ValidationException"),
            (self.invoke("greet", x_amz_client_context="%%"), 400, "InvalidRequestContentException"),
        ):  # fmt: skip
            self.assertEqual(self.error(pending)[:2], (status, code))
        self.assertEqual(self.starter.runtimes, [])

    def test_response_stream(self) -> None:
        self.create()
        pending = self.request("/2021-11-15/functions/greet/response-streaming-invocations", b"{}")
        runtime = self.runtime()
        sink = runtime.worker.streaming(
            runtime.request_id, {b"content-type": b"text/plain"}, runtime.connection.transport
        )  # type: ignore[arg-type]
        response = self.successResultOf(pending)
        self.assertEqual(response.headers.first("Content-Type"), "application/vnd.amazon.eventstream")
        parts: list[bytes] = []
        ends: list[object] = []
        response.stream.start(parts.append, ends.append)
        sink.write(b"one")  # type: ignore[union-attr]
        self.assertEqual(parts, [event("PayloadChunk", "application/octet-stream", b"one")])
        sink.end()  # type: ignore[union-attr]
        self.assertEqual(parts[1:], [event("InvokeComplete", "application/json", b"{}")])
        self.assertEqual(ends, [None])

    def test_frames_as_botocore_reads_them(self) -> None:
        from botocore.eventstream import EventStreamBuffer

        buffer = EventStreamBuffer()
        buffer.add_data(frame({":event-type": "A", "b": "é"}, b"payload"))
        message = next(iter(buffer))
        self.assertEqual(dict(message.headers), {":event-type": "A", "b": "é"})
        self.assertEqual(message.payload, b"payload")


class ResolveTests(LambdaCase):
    def resolve(self, name: str, qualifier: str | None = None) -> tuple[str, str]:
        found = self.lambdas.source.resolve(ACCOUNT, REGION, name, qualifier)
        return found.version, found.invoked_arn

    def test_names_and_arns(self) -> None:
        self.create()
        whole = arn("greet")
        for name in ("greet", whole, f"{ACCOUNT}:greet", f"{ACCOUNT}:function:greet", "function:greet"):
            self.assertEqual(self.resolve(name), ("$LATEST", whole))
        self.assertEqual(self.resolve(f"{whole}:$LATEST"), ("$LATEST", f"{whole}:$LATEST"))
        for name in ("", "a b", "arn:aws:s3:::x", f"{whole}:a:b"):
            self.assertIsNone(parse_reference(ACCOUNT, REGION, name, None), name)
            self.assertRaises(FunctionNotFound, self.resolve, name)

    def test_versions_and_aliases(self) -> None:
        self.create()
        self.call("lambda", "PublishVersion", FunctionName="greet")
        code = archive({"index.py": "two"})
        self.call("lambda", "UpdateFunctionCode", FunctionName="greet", ZipFile=code)
        self.call("lambda", "CreateAlias", FunctionName="greet", Name="prod", FunctionVersion="1")
        self.assertEqual(self.resolve("greet", "1"), ("1", f"{arn('greet')}:1"))
        self.assertEqual(self.resolve(f"{arn('greet')}:prod"), ("1", f"{arn('greet')}:prod"))
        self.assertRaises(FunctionNotFound, self.resolve, "greet", "2")
        resolve = self.lambdas.source.resolve
        old, new = (resolve(ACCOUNT, REGION, "greet", qualifier) for qualifier in ("1", None))
        self.assertNotEqual(old.code, new.code)
        self.assertEqual(new.code, code)
        self.assertNotEqual(old.revision, new.revision)

    def test_weights_are_drawn(self) -> None:
        self.create()
        for n in (1, 2):
            code = archive({"index.py": str(n)})
            self.call("lambda", "UpdateFunctionCode", FunctionName="greet", ZipFile=code)
            self.call("lambda", "PublishVersion", FunctionName="greet")
        weights = {"AdditionalVersionWeights": {"2": 0.25}}
        self.call("lambda", "CreateAlias", FunctionName="greet", Name="w", FunctionVersion="1", RoutingConfig=weights)
        drawn = [self.resolve("greet", "w")[0] for _ in range(400)]
        self.assertEqual(set(drawn), {"1", "2"})
        self.assertApproximates(drawn.count("2") / 400, 0.25, 0.08)

    def test_configuration(self) -> None:
        self.create(
            Timeout=7, MemorySize=256, Environment={"Variables": {"MINE": "b"}}, DeadLetterConfig={"TargetArn": "arn:q"}
        )
        first = self.lambdas.source.resolve(ACCOUNT, REGION, "greet", None)
        self.assertEqual((first.timeout, first.memory_mb, dict(first.environment)), (7, 256, {"MINE": "b"}))
        self.assertEqual(first.events.dead_letter, "arn:q")
        self.assertIs(self.lambdas.source.resolve(ACCOUNT, REGION, "greet", None), first)
        self.call("lambda", "UpdateFunctionConfiguration", FunctionName="greet", Timeout=9)
        self.assertEqual(self.lambdas.source.resolve(ACCOUNT, REGION, "greet", None).timeout, 9)
        self.call(
            "lambda", "PutFunctionEventInvokeConfig", FunctionName="greet", MaximumRetryAttempts=0,
            DestinationConfig={"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}},
        )  # fmt: skip
        events = self.lambdas.source.resolve(ACCOUNT, REGION, "greet", None).events
        self.assertEqual((events.retries, events.on_failure), (0, f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"))

    def test_layers(self) -> None:
        code = archive({"python/a.py": ""})
        made = self.call("lambda", "PublishLayerVersion", LayerName="l", Content={"ZipFile": code})
        self.create(Layers=[made["LayerVersionArn"]])
        found = self.lambdas.source.resolve(ACCOUNT, REGION, "greet", None)
        self.assertEqual([(each.arn, each.code) for each in found.layers], [(made["LayerVersionArn"], code)])


class CreateTests(LambdaCase):
    def refused(self, **options: object) -> str:
        with self.assertRaises(EmulatorError) as raised:
            self.create(**options)
        return str(raised.exception)

    def test_role_that_nobody_made(self) -> None:
        self.assertEqual(self.create()["State"], "Active")
        self.assertIn("role", self.refused(Role="arn:aws:iam::999999999999:role/x", FunctionName="other").lower())

    def test_bad_archives(self) -> None:
        text = "Could not unzip uploaded file. Please check your file, then try to upload again."
        self.assertIn(text, self.refused(Code={"ZipFile": b"no zip"}))
        self.assertIn("non-empty zip", self.refused(Code={"ZipFile": archive({})}))
        self.create()
        before = self.lambdas.source.resolve(ACCOUNT, REGION, "greet", None)
        with self.assertRaises(EmulatorError):
            self.call("lambda", "UpdateFunctionCode", FunctionName="greet", ZipFile=b"no zip")
        self.assertEqual(self.lambdas.source.resolve(ACCOUNT, REGION, "greet", None), before)

    def test_runtimes(self) -> None:
        self.assertIn("'runtime' failed to satisfy constraint", self.refused(Runtime="cobol85"))
        self.create("ruby", Runtime="ruby3.3")
        told = self.call("lambda", "GetFunction", FunctionName="ruby")["Configuration"]
        self.assertIn("ruby3.3", told["StateReason"])
        self.create("python")
        self.assertNotIn("StateReason", self.call("lambda", "GetFunction", FunctionName="python")["Configuration"])


class InvokerTests(LambdaCase):
    def test_by_arn(self) -> None:
        self.create()
        pending = self.lambdas.invoker.invoke(arn("greet"), b'{"a": 1}', trace_id="Root=1-a")
        self.runtime().answer(b"5")
        self.assertEqual(self.successResultOf(pending).payload, b"5")
        self.failureResultOf(self.lambdas.invoker.invoke(arn("nope"), b"{}"), FunctionNotFound)
        self.failureResultOf(self.lambdas.invoker.invoke("no arn at all", b"{}"), FunctionNotFound)

    def test_asynchronous(self) -> None:
        self.create()
        result = self.successResultOf(self.lambdas.invoker.invoke(arn("greet"), b'{"a": 1}', asynchronous=True))
        self.assertEqual((result.payload, self.event()), (b"", {"a": 1}))

    def test_destination(self) -> None:
        self.create()
        queue = self.call("sqs", "CreateQueue", QueueName="ends")["QueueUrl"]
        self.call(
            "lambda", "PutFunctionEventInvokeConfig", FunctionName="greet",
            DestinationConfig={"OnSuccess": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:ends"}},
        )  # fmt: skip
        self.invoke("greet", b'{"a": 1}', x_amz_invocation_type="Event")
        self.runtime().answer(b'{"b": 2}')
        body = json.loads(self.call("sqs", "ReceiveMessage", QueueUrl=queue)["Messages"][0]["Body"])
        self.assertEqual((body["requestPayload"], body["responsePayload"]), ({"a": 1}, {"b": 2}))
        self.assertEqual(body["requestContext"]["condition"], "Success")
