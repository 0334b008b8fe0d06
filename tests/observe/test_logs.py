"""Access-log formats, execution-log lines, destinations."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from emulator.observe import execution_log
from emulator.observe.access_log import AccessLogFormat, Destination, destination
from emulator.observe.execution_log import Endpoint, Execution


class AccessLog(SynchronousTestCase):
    def test_filling(self) -> None:
        made = AccessLogFormat('{"id":"$context.requestId","s":$context.status,"x":"$context.authorizer.claims.sub"}')
        self.assertEqual(made.variables, ("requestId", "status", "authorizer.claims.sub"))
        self.assertEqual(made.line({"requestId": "r", "status": 200}), '{"id":"r","s":200,"x":"-"}')

    def test_the_common_log_format(self) -> None:
        source = (
            '$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime]"'
            '$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength '
            "$context.requestId"
        )
        values = {
            "identity.sourceIp": "127.0.0.1",
            "requestTime": "14/Nov/2023:22:13:20 +0000",
            "httpMethod": "GET",
            "resourcePath": "/a",
            "protocol": "HTTP/1.1",
            "status": 200,
            "responseLength": 0,
            "requestId": "r",
        }
        expected = '127.0.0.1 - - [14/Nov/2023:22:13:20 +0000]"GET /a HTTP/1.1" 200 0 r'
        self.assertEqual(AccessLogFormat(source).line(values), expected)

    def test_what_is_no_variable(self) -> None:
        self.assertEqual(AccessLogFormat("$contextual $foo $context. x").line({}), "$contextual $foo $context. x")
        self.assertEqual(AccessLogFormat("$context.status.").line({"status": True}), "true.")

    def test_destinations(self) -> None:
        group = Destination("logs", "000000000000", "us-east-1", "my/group")
        self.assertEqual(destination("arn:aws:logs:us-east-1:000000000000:log-group:my/group"), group)
        self.assertEqual(destination("arn:aws:logs:us-east-1:000000000000:log-group:my/group:*"), group)
        stream = destination("arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-x")
        self.assertEqual(stream, Destination("firehose", "000000000000", "us-east-1", "amazon-apigateway-x"))
        for arn in ("", "arn:aws:s3:::bucket", "arn:aws:logs:us-east-1:000000000000:other:x"):
            self.assertIsNone(destination(arn))


class ExecutionLog(SynchronousTestCase):
    ENDPOINT = Endpoint(
        uri="https://u",
        url="https://u",
        headers=[("Accept", "application/json")],
        body="sent",
        status=200,
        latency=7,
        response_headers=[("A", "1"), ("B", "2")],
        response_body="back",
    )

    def made(self, **more: object) -> Execution:
        given: dict[str, object] = {
            "request_id": "rid",
            "extended_request_id": "ext",
            "http_method": "GET",
            "resource_path": "/pets/1",
            "path_parameters": {"petId": "1"},
            "query": [("foo", "bar")],
            "headers": [("content-type", "application/json")],
            "body": "in",
            "endpoint": self.ENDPOINT,
            "response_headers": [("Content-Type", "application/json")],
            "response_body": "out",
            **more,
        }
        return Execution(**given)  # type: ignore[arg-type]

    def test_a_test_invocation(self) -> None:
        stamp = "Tue Nov 14 22:13:20 UTC 2023 : "
        expected = [
            "Execution log for request rid",
            stamp + "Starting execution for request: rid",
            stamp + "HTTP Method: GET, Resource Path: /pets/1",
            stamp + "Method request path: {petId=1}",
            stamp + "Method request query string: {foo=bar}",
            stamp + "Method request headers: {content-type=application/json}",
            stamp + "Method request body before transformations: in",
            stamp + "Endpoint request URI: https://u",
            stamp + "Endpoint request headers: {Accept=application/json}",
            stamp + "Endpoint request body after transformations: sent",
            stamp + "Sending request to https://u",
            stamp + "Received response. Status: 200, Integration latency: 7 ms",
            stamp + "Endpoint response headers: {A=1, B=2}",
            stamp + "Endpoint response body before transformations: back",
            stamp + "Method response body after transformations: out",
            stamp + "Method response headers: {Content-Type=application/json}",
            stamp + "Successfully completed execution",
            stamp + "Method completed with status: 200",
            "",
        ]
        self.assertEqual(execution_log.for_test(self.made(), 1_700_000_000.0).split("\n"), expected)

    def test_without_a_backend_and_with_a_failure(self) -> None:
        failed = self.made(endpoint=None, failure="Execution failed due to configuration error: x", status=500)
        texts = [text for _kind, text in execution_log.lines(failed)]
        expected = ["Execution failed due to configuration error: x", "Method completed with status: 500"]
        self.assertEqual(texts[-2:], expected)
        self.assertFalse([text for text in texts if text.startswith(("Endpoint", "Sending", "Received", "Success"))])

    def test_long_maps_are_cut(self) -> None:
        long = self.made(headers=[("a", "x" * 2000)])
        line = next(text for _k, text in execution_log.lines(long) if text.startswith("Method request headers"))
        shown = line.removeprefix("Method request headers: ")
        self.assertEqual((len(shown), shown[-13:]), (998 + 12, "x [TRUNCATED]"))

    def test_levels(self) -> None:
        self.assertEqual(execution_log.for_cloudwatch(self.made(), "ERROR", False), [])
        info = execution_log.for_cloudwatch(self.made(), "INFO", False)
        self.assertEqual(info[0], "(rid) Extended Request Id: ext")
        self.assertFalse([line for line in info if "body" in line])
        full = execution_log.for_cloudwatch(self.made(), "INFO", True)
        self.assertIn("(rid) Method request body before transformations: in", full)
        self.assertEqual(execution_log.group("abc", "prod"), "API-Gateway-Execution-Logs_abc/prod")
