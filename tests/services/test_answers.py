"""moto's answers made the services' own."""

from __future__ import annotations

import zlib

from twisted.trial.unittest import SynchronousTestCase

from emulator.services.answers import tidied
from emulator.services.protocols import describe
from emulator.wire import Headers, Request, Response

RID = "0a1b2c3d-0000-4000-8000-000000000001"


class Answers(SynchronousTestCase):
    def tidied(
        self, service: str, body: bytes, *lines: tuple[str, str], status: int = 200, asked: bytes = b"{}",
        action: str = "b",
    ) -> Response:
        description = describe(service)
        assert description is not None
        headers = Headers([] if service == "s3" else [("X-Amz-Target", f"a.{action}")])
        made = Request(method="POST", raw_path=b"/", raw_query=b"", headers=headers, body=asked)
        return tidied(description, made, Response(status=status, headers=Headers(lines), body=body), RID)

    def test_media_type_and_nulls(self) -> None:
        answered = self.tidied("kms", b'{"Keys": [{"a": null}], "NextMarker": null}', ("Content-Type", "text/x"))
        self.assertEqual(answered.body, b'{"Keys":[{}]}')
        self.assertEqual(
            answered.headers.lines, [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", "13")]
        )

    def test_operations_without_output(self) -> None:
        self.assertEqual(self.tidied("kinesis", b"{}", action="CreateStream").body, b"")
        self.assertEqual(self.tidied("states", b"{}", action="DeleteStateMachine").body, b"{}")
        self.assertEqual(self.tidied("kinesis", b'{"__type":"E"}', status=400, action="CreateStream").body[:1], b"{")

    def test_names_of_errors(self) -> None:
        for service, given, named in (
            ("dynamodb", "com.amazonaws.dynamodb.v20120810#ValidationException",
             "com.amazon.coral.validate#ValidationException"),
            ("dynamodb", "ResourceNotFoundException", "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"),
            ("states", "StateMachineDoesNotExist", "com.amazonaws.swf.service.v2.model#StateMachineDoesNotExist"),
            ("kinesis", "ResourceNotFoundException", "ResourceNotFoundException"),
        ):  # fmt: skip
            body = b'{"__type": "%b", "message": "m", "Message": "m"}' % given.encode()
            answered = self.tidied(service, body, status=400)
            self.assertEqual(answered.body, b'{"__type":"%b","message":"m"}' % named.encode())

    def test_dynamodb_tells_consumption_when_asked(self) -> None:
        body = b'{"Count":0,"ConsumedCapacity":{"CapacityUnits":1.0}}'
        answered = self.tidied("dynamodb", body)
        self.assertEqual(answered.body, b'{"Count":0}')
        self.assertEqual(answered.headers.first("x-amz-crc32"), str(zlib.crc32(answered.body)))
        self.assertEqual(self.tidied("dynamodb", body, asked=b'{"ReturnConsumedCapacity": "TOTAL"}').body, body)
        self.assertEqual(self.tidied("dynamodb", body, asked=b'{"ReturnConsumedCapacity":"NONE"}').body, b'{"Count":0}')

    def test_rest(self) -> None:
        json, plain = ("Content-Type", "application/json"), ("Content-Type", "text/plain")
        description = describe("scheduler")
        assert description is not None
        made = Request(method="GET", raw_path=b"/schedules", raw_query=b"", headers=Headers())
        for kind, expected in ((json, b'{"Schedules":[]}'), (plain, b'{"Schedules": [], "NextToken": null}')):
            answer = Response(status=200, headers=Headers([kind]), body=b'{"Schedules": [], "NextToken": null}')
            self.assertEqual(tidied(description, made, answer, RID).body, expected)
        shadow = describe("data.iot")
        assert shadow is not None
        answer = Response(status=200, headers=Headers([json]), body=b'{"a": null}')
        self.assertEqual(tidied(shadow, made, answer, RID).body, b'{"a": null}')

    def failed(self, service: str, body: bytes, status: int = 400) -> Response:
        description = describe(service)
        assert description is not None
        made = Request(method="GET", raw_path=b"/x", raw_query=b"", headers=Headers())
        answer = Response(status=status, headers=Headers([("Content-Type", "application/json")]), body=body)
        return tidied(description, made, answer, RID)

    def test_errors_have_the_status_of_the_model(self) -> None:
        for service, body, status, written in (
            ("scheduler", b'{"__type": "ResourceNotFoundException", "message": "m"}', 404, b'{"Message":"m"}'),
            ("data.iot", b'{"__type": "ResourceNotFoundException", "message": "m"}', 404, b'{"message":"m"}'),
            ("polly", b'{"__type": "a#MissingParameter", "Message": "m"}', 400, b'{"message":"m"}'),
            ("polly", b'{"a": 1}', 400, b'{"a":1}'),
            ("polly", b"[1]", 400, b"[1]"),
            ("polly", b"no json", 400, b"no json"),
            ("lambda", b'{"Type": "User", "message": "m"}', 400, b'{"Type": "User", "message": "m"}'),
            ("lambda", b'{"__type":"ResourceNotFoundException","message":"m"}', 404, b'{"Type":"User","Message":"m"}'),
            ("iam", b"<Error><Code>NoSuchEntity</Code></Error>", 404, b"<Error><Code>NoSuchEntity</Code></Error>"),
            ("iam", b"<Error><Code>Else</Code></Error>", 400, b"<Error><Code>Else</Code></Error>"),
        ):
            answered = self.failed(service, body)
            self.assertEqual((answered.status, answered.body), (status, written))
        failed = self.failed("scheduler", b'{"__type": "ResourceNotFoundException", "message": "m"}')
        self.assertEqual(failed.headers.first("x-amzn-ErrorType"), "ResourceNotFoundException")

    def test_a_message_published_by_iot(self) -> None:
        description = describe("iotdata")
        assert description is not None
        made = Request(method="POST", raw_path=b"/topics/a", raw_query=b"", headers=Headers())
        answered = tidied(description, made, Response(status=200, headers=Headers(), body=b""), RID)
        self.assertEqual(answered.body, b'{"message":"OK","traceId":"%b"}' % RID.encode())

    def test_sentences_without_botos_words(self) -> None:
        body = b'{"__type":"E","message":"An error occurred (E) when calling the X operation: Value 11"}'
        self.assertEqual(self.tidied("kms", body, status=400).body, b'{"__type":"E","message":"Value 11"}')

    def test_what_is_left_alone(self) -> None:
        for body in (b"no json", b"[null]", b'{"a": null' + b" " * (1 << 20) + b"}"):
            self.assertEqual(self.tidied("kms", body).body, body)
        self.assertEqual(self.tidied("kms", b'{"a": null}', status=501).body, b'{"a": null}')

    def test_headers_of_s3(self) -> None:
        answered = self.tidied("s3", b"x", ("ETag", "e"), ("x-amz-content-sha256", "h"), ("x-amzn-requestid", "r"))
        self.assertEqual(
            answered.headers.lines,
            [
                ("x-amz-id-2", "0a1b2c3d000040008000000000000001" * 2),
                ("x-amz-request-id", "0A1B2C3D00004000"),
                ("ETag", "e"),
                ("Server", "AmazonS3"),
            ],
        )

    def test_one_request_id_in_an_error_of_s3(self) -> None:
        answered = self.tidied("s3", b"<Error><RequestId>x</RequestId></Error>", ("Content-Length", "40"), status=404)
        self.assertEqual(answered.body, b"<Error><RequestId>0A1B2C3D00004000</RequestId></Error>")
        self.assertNotIn("content-length", answered.headers)
        answered = self.tidied("s3", b"Not Modified", ("Content-Type", "text/x"), ("ETag", "e"), status=304)
        self.assertNotIn("content-type", answered.headers)
        self.assertEqual(answered.body, b"")
