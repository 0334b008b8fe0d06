"""AWS_PROXY, and AWS to Lambda: the URI, the call, the refusals."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.errors import GatewayError, NotFoundException, TooManyRequestsException
from emulator.integrations.aws import Aws
from emulator.integrations.aws_proxy import AwsProxy
from emulator.integrations.dispatch import Dispatch, IntegrationRequest
from emulator.integrations.lambda_calls import LambdaCalls, lambda_target
from emulator.wire import Headers

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{ARN}/invocations"


@frozen(kw_only=True)
class Result:
    payload: bytes = b'{"statusCode": 200}'
    function_error: str | None = None
    executed_version: str = "$LATEST"
    request_id: str = "r-1"
    trace_id: str | None = None


class Body:
    """A stream that remembers that it was cancelled."""

    def __init__(self) -> None:
        self.cancelled = False

    def start(self, write: Any, done: Any) -> None:
        write(b"part")
        done(None)

    def cancel(self) -> None:
        self.cancelled = True


@frozen(kw_only=True)
class Streaming:
    body: Any
    prelude: Any = None
    function_error: str | None = None
    content_type: str = "application/octet-stream"
    request_id: str = "r-2"


class Functions:
    """An invoker that answers what it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, bytes, dict[str, Any]]] = []
        self.answer: Deferred[Any] = succeed(Result())

    def invoke(self, arn: str, payload: bytes, **how: Any) -> Deferred[Any]:
        self.calls.append((arn, payload, {name: value for name, value in how.items() if value}))
        return self.answer


class Uri(SynchronousTestCase):
    def test_forms(self) -> None:
        head = "arn:aws:apigateway:eu-west-1:lambda:path/"
        function = "arn:aws:lambda:eu-west-1:000000000000:function:"
        for rest, expected in {
            f"2015-03-31/functions/{function}f/invocations": (f"{function}f", False),
            f"/2015-03-31/functions/{function}f/invocations": (f"{function}f", False),
            f"2015-03-31/functions/{function}f:live/invocations": (f"{function}f:live", False),
            f"2015-03-31/functions/{function}f:$LATEST/invocations": (f"{function}f:$LATEST", False),
            f"2015-03-31/functions/{function}f/invocations?Qualifier=live": (f"{function}f:live", False),
            f"2015-03-31/functions/{function.replace(':', '%3A')}f/invocations": (f"{function}f", False),
            "2015-03-31/functions/f/invocations": (f"{function}f", False),
            "2015-03-31/functions/f:2/invocations": (f"{function}f:2", False),
            "2015-03-31/functions/000000000000:function:f/invocations": (f"{function}f", False),
            "2015-03-31/functions/111111111111:f/invocations": (
                "arn:aws:lambda:eu-west-1:111111111111:function:f",
                False,
            ),
            f"2021-11-15/functions/{function}f/response-streaming-invocations": (f"{function}f", True),
        }.items():
            target = lambda_target(head + rest, "000000000000", "us-east-1")
            assert target is not None, rest
            self.assertEqual((target.arn, target.streams), expected, rest)

    def test_none(self) -> None:
        head = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions"
        for uri in (
            "",
            "http://h/",
            head,
            f"{head}/",
            f"{head}//invocations",
            f"{head}/a b/invocations",
            f"{head}/../invocations",
            f"{head}/arn:aws:lambda:eu-west-1:000000000000:function:/invocations",
            f"{head}/arn:aws:lambda/invocations",
            "arn:aws:apigateway:eu-west-1:sqs:path/2015-03-31/functions/f/invocations",
        ):
            self.assertIsNone(lambda_target(uri, "000000000000", "us-east-1"), uri)


class LambdaCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.functions = Functions()
        effects = Effects.fake(Clock())
        calls = LambdaCalls(self.functions, effects.wall)
        self.clock = effects.clock
        table: Any = {"AWS_PROXY": AwsProxy(calls), "AWS": Aws(effects, calls, services=None)}  # type: ignore[arg-type]
        self.dispatch = Dispatch(effects, table)

    def ask(self, kind: str = "AWS_PROXY", uri: str = URI, **more: Any) -> Any:
        return self.dispatch.invoke(
            IntegrationRequest(
                **{
                    "type": kind,
                    "http_method": "POST",
                    "uri": uri,
                    "account": "000000000000",
                    "region": "us-east-1",
                    "event": b'{"event": 1}',
                    "body": b'{"body": 1}',
                    **more,
                }
            )
        )

    def failed(self, asked: Any) -> GatewayError:
        error = self.failureResultOf(asked, GatewayError).value
        assert isinstance(error, GatewayError)
        self.assertEqual(error.response_type, "API_CONFIGURATION_ERROR")
        return error

    def test_proxy_sends_the_event(self) -> None:
        self.functions.answer = succeed(Result(payload=b'{"statusCode": 201}', trace_id="Root=1"))
        answer = self.successResultOf(self.ask(trace_id="Root=1-2-3"))
        self.assertEqual(self.functions.calls, [(ARN, b'{"event": 1}', {"trace_id": "Root=1-2-3"})])
        self.assertEqual((answer.status, answer.body, answer.request_id), (200, b'{"statusCode": 201}', "r-1"))
        self.assertIsNone(answer.function_error)
        self.assertEqual(
            answer.headers.lines,
            [
                ("Date", "Tue, 14 Nov 2023 22:13:20 GMT"),
                ("Content-Type", "application/json"),
                ("Content-Length", "19"),
                ("Connection", "keep-alive"),
                ("x-amzn-RequestId", "r-1"),
                ("x-amzn-Remapped-Content-Length", "0"),
                ("X-Amz-Executed-Version", "$LATEST"),
                ("X-Amzn-Trace-Id", "Root=1"),
            ],
        )

    def test_an_event_beyond_what_lambda_takes(self) -> None:
        for size, more, called in (
            (6 * 1024 * 1024, {}, True),
            (6 * 1024 * 1024 + 1, {}, False),
            (1024 * 1024 + 1, {"asynchronous": True}, False),
        ):
            self.functions.calls.clear()
            asked = self.ask(event=b"x" * size, **more)
            if not called:
                error = self.failureResultOf(asked, GatewayError).value
                self.assertEqual(error.response_type, "REQUEST_TOO_LARGE")
            self.assertEqual(len(self.functions.calls), called)

    def test_aws_sends_the_body(self) -> None:
        self.successResultOf(self.ask("AWS"))
        self.assertEqual(self.functions.calls, [(ARN, b'{"body": 1}', {})])

    def test_function_errors_are_answers(self) -> None:
        for payload, message in {
            b'{"errorMessage": "boom", "errorType": "E"}': "boom",
            b'{"errorType": "E"}': "",
            b'{"errorMessage": {"a": 1}}': '{"a":1}',
            b"not json": "not json",
        }.items():
            for kind in ("AWS", "AWS_PROXY"):
                self.functions.answer = succeed(Result(payload=payload, function_error="Unhandled"))
                answer = self.successResultOf(self.ask(kind))
                self.assertEqual((answer.status, answer.function_error, answer.body), (200, message, payload))
                self.assertEqual(answer.headers.first("x-amz-function-error"), "Unhandled")

    def test_asynchronous(self) -> None:
        self.functions.answer = succeed(Result(payload=b""))
        answer = self.successResultOf(self.ask(asynchronous=True))
        self.assertEqual((answer.status, answer.body), (202, b""))
        for value in ("Event", "'Event'"):
            self.functions.answer = succeed(Result(payload=b""))
            answer = self.successResultOf(self.ask("AWS", headers=Headers([("x-amz-Invocation-Type", value)])))
            self.assertEqual(answer.status, 202)
        self.assertEqual([call[2] for call in self.functions.calls], [{"asynchronous": True}] * 3)
        self.functions.answer = succeed(Result())
        self.successResultOf(self.ask("AWS", headers=Headers([("X-Amz-Invocation-Type", "RequestResponse")])))
        self.assertEqual(self.functions.calls[-1][2], {})

    def test_no_such_function(self) -> None:
        self.functions.answer = fail(NotFoundException("Function not found: x"))
        self.assertIn("Invalid permissions on Lambda function", self.failed(self.ask()).log or "")

    def test_throttled(self) -> None:
        self.functions.answer = fail(TooManyRequestsException("Rate Exceeded."))
        self.assertIn("Rate Exceeded.", self.failed(self.ask("AWS")).log or "")

    def test_a_bug_stays_a_bug(self) -> None:
        self.functions.answer = fail(ZeroDivisionError())
        self.failureResultOf(self.ask(), ZeroDivisionError)

    def test_proxy_needs_a_function_and_post(self) -> None:
        self.failed(self.ask(uri="arn:aws:apigateway:us-east-1:sqs:path/000000000000/q"))
        self.failed(self.ask(uri=URI.replace(":f/", ":/")))
        self.failed(self.ask(http_method="GET"))
        self.assertEqual(self.functions.calls, [])

    def test_aws_needs_post_too(self) -> None:
        answer = self.successResultOf(self.ask("AWS", http_method="GET"))
        self.assertEqual(answer.status, 403)
        self.assertIn(b"Unable to determine service/operation name", answer.body)
        self.assertEqual(self.functions.calls, [])

    def test_late(self) -> None:
        gone: list[Any] = []
        self.functions.answer = Deferred(gone.append)
        asked = self.ask(timeout=2)
        self.clock.advance(2)
        error = self.failureResultOf(asked, GatewayError).value
        self.assertEqual(error.response_type, "INTEGRATION_TIMEOUT")
        self.assertEqual(len(gone), 1)

    def test_streaming(self) -> None:
        body = Body()
        self.functions.answer = succeed(Streaming(body=body, prelude={"statusCode": 201}))
        uri = URI.replace("2015-03-31", "2021-11-15").replace("/invocations", "/response-streaming-invocations")
        answer = self.successResultOf(self.ask(uri=uri, stream=True))
        self.assertEqual(self.functions.calls[0][2], {"stream": True})
        parts: list[bytes] = []
        answer.stream.start(parts.append, parts.append)
        self.assertEqual((answer.prelude, parts), ({"statusCode": 201}, [b"part", None]))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_streaming_without_metadata_or_failed(self) -> None:
        for error in (None, "Unhandled"):
            body = Body()
            self.functions.answer = succeed(Streaming(body=body, function_error=error))
            answer = self.successResultOf(self.ask(stream=True))
            self.assertEqual((answer.stream, answer.prelude, answer.function_error), (None, None, error))
            self.assertTrue(body.cancelled)
