"""The wire: matching, parsing, refusing, shaping; with bodies that no client of AWS's would send."""

from __future__ import annotations

import orjson
from twisted.trial.unittest import SynchronousTestCase

from emulator.control.codec import shared
from emulator.errors import SerializationException, ValidationException
from emulator.wire import Headers, Request
from tests.control.support import ControlTestCase

CODEC = shared()


def request(body: bytes = b"", query: bytes = b"", method: str = "POST", path: bytes = b"/") -> Request:
    return Request(method=method, raw_path=path, raw_query=query, headers=Headers(), body=body)


class MatchTest(SynchronousTestCase):
    def test_every_operation_is_found_by_its_own_template(self) -> None:
        for operation in CODEC.operations.values():
            path, _, query = operation.template.partition("?")
            found = CODEC.match(operation.verb, path.replace("{", "").replace("}", "").encode(), query.encode())
            assert found is not None
            self.assertIs(operation, found[0])
            self.assertEqual({name: name for name in operation.path_members}, found[1])

    def test_an_escaped_slash_stays_in_its_segment(self) -> None:
        found = CODEC.match("GET", b"/restapis/a/stages/x%2Fy%20z", b"")
        assert found is not None
        self.assertEqual({"restapi_id": "a", "stage_name": "x/y z"}, found[1])

    def test_an_arn_may_come_unescaped(self) -> None:
        arn = "arn:aws:apigateway:us-east-1::/restapis/a/stages/b"
        for path in (arn, arn.replace("/", "%2F").replace(":", "%3A")):
            found = CODEC.match("GET", b"/tags/" + path.encode(), b"")
            assert found is not None
            self.assertEqual({"resource_arn": arn}, found[1])

    def test_nothing_else_is_found(self) -> None:
        for verb, path in (
            ("GET", b"/"),
            ("GET", b"/nope"),
            ("POST", b"/account"),
            ("GET", b"/restapis//resources"),
            ("GET", b"/restapis/a/b/c/d/e/f/g/h"),
        ):
            self.assertIsNone(CODEC.match(verb, path, b""), path)


class ParseTest(SynchronousTestCase):
    def test_unknown_members_and_nulls_are_as_if_absent(self) -> None:
        operation = CODEC.operations["CreateRestApi"]
        body = b'{"name": "a", "nope": 1, "description": null, "tags": {"k": null}, "binaryMediaTypes": ["x", null]}'
        parsed = operation.parse({}, request(body))
        self.assertEqual({"name": "a", "tags": {"k": None}, "binaryMediaTypes": ["x"]}, parsed)

    def test_wire_names_and_member_names(self) -> None:
        operation = CODEC.operations["PutIntegration"]
        at = {"restapi_id": "a", "resource_id": "r", "http_method": "GET"}
        parsed = operation.parse(at, request(b'{"type": "HTTP", "httpMethod": "POST", "timeoutInMillis": 100.7}'))
        expected = {
            "restApiId": "a",
            "resourceId": "r",
            "httpMethod": "GET",
            "integrationHttpMethod": "POST",
            "type": "HTTP",
            "timeoutInMillis": 100,
        }
        self.assertEqual(expected, parsed)

    def test_query_parameters_by_type(self) -> None:
        operation = CODEC.operations["GetResources"]
        parsed = operation.parse({"restapi_id": "a"}, request(query=b"limit=3&embed=methods&embed=x&position=%2B"))
        self.assertEqual({"restApiId": "a", "limit": 3, "embed": ["methods", "x"], "position": "+"}, parsed)
        parsed = CODEC.operations["GetApiKeys"].parse({}, request(query=b"includeValues=TRUE&name=n"))
        self.assertEqual({"includeValues": True, "nameQuery": "n"}, parsed)
        parsed = CODEC.operations["ImportRestApi"].parse(
            {}, request(b"{}", b"mode=import&failonwarnings=true&basepath=split&endpointConfigurationTypes=REGIONAL")
        )
        parameters = {"basepath": "split", "endpointConfigurationTypes": "REGIONAL"}
        self.assertEqual({"body": b"{}", "failOnWarnings": True, "parameters": parameters}, parsed)

    def test_numbers_are_narrowed(self) -> None:
        operation = CODEC.operations["CreateRestApi"]
        for given, kept in ((b"4294967297", 1), (b"-1.9", -1), (b"1" + b"0" * 40, 0)):
            parsed = operation.parse({}, request(b'{"name": "a", "minimumCompressionSize": ' + given + b"}"))
            self.assertEqual(kept, parsed["minimumCompressionSize"])

    def test_wrong_types_are_serialization_exceptions(self) -> None:
        operation = CODEC.operations["CreateRestApi"]
        number = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String"
        cases = {
            b'{"name": 1}': number,
            b'{"name": true}': "class java.lang.Boolean can not be converted to an String",
            b'{"name": ["a"]}': "class java.util.ArrayList can not be converted to an String",
            b'{"name": "a", "disableExecuteApiEndpoint": "x"}': "class java.lang.String can not be converted to an "
            "Boolean",
            b'{"name": "a", "minimumCompressionSize": "1"}': "class java.lang.String can not be converted to an "
            "Integer",
            b'{"name": "a", "binaryMediaTypes": "x"}': "Unrecognized collection type class java.lang.String",
            b'{"name": "a", "tags": []}': "Unrecognized collection type class java.util.ArrayList",
            b'{"name": "a", "endpointConfiguration": "x"}': "Unrecognized collection type class java.lang.String",
            b'{"name": "a", "tags": {"k": 1}}': number,
        }
        for body, text in cases.items():
            with self.assertRaises(SerializationException) as caught:
                operation.parse({}, request(body))
            self.assertEqual(text, caught.exception.message)

    def test_bodies_that_are_no_object(self) -> None:
        operation = CODEC.operations["CreateRestApi"]
        for body in (b"{", b'{"name": "\\ud800"}', b"[" * 100_000, b"\xff\xfe", b"[]", b'"x"', b"1", b"nan", b"1e400"):
            with self.assertRaises(SerializationException):
                operation.parse({}, request(body))
        for body in (b"", b"  ", b"null"):
            with self.assertRaises(ValidationException) as caught:
                operation.parse({}, request(body))
            text = (
                "1 validation error detected: Value null at 'createRestApiInput.name' failed to satisfy constraint: "
                "Member must not be null"
            )
            self.assertEqual(text, caught.exception.message)

    def test_enums_print_in_their_order(self) -> None:
        with self.assertRaises(ValidationException) as caught:
            CODEC.operations["CreateRestApi"].parse({}, request(b'{"name": "a", "apiKeySource": "x"}'))
        text = (
            "1 validation error detected: Value 'x' at 'createRestApiInput.apiKeySource' failed to satisfy "
            "constraint: Member must satisfy enum value set: [HEADER, AUTHORIZER]"
        )
        self.assertEqual(text, caught.exception.message)


class RespondTest(SynchronousTestCase):
    def test_unknown_and_absent_members_are_dropped_and_times_are_whole(self) -> None:
        record = {"id": "a", "createdDate": 5.75, "description": None, "ours": 1, "tags": {}}
        response = CODEC.operations["GetRestApi"].respond(record)
        self.assertEqual({"id": "a", "createdDate": 5, "tags": {}}, orjson.loads(response.body))

    def test_lists_travel_as_item(self) -> None:
        response = CODEC.operations["GetRestApis"].respond({"items": [{"id": "a", "createdDate": 1.0}]})
        self.assertEqual({"item": [{"id": "a", "createdDate": 1}]}, orjson.loads(response.body))

    def test_a_payload_is_the_body_and_its_companions_are_headers(self) -> None:
        answer = {"body": b"x", "contentType": "application/zip", "contentDisposition": "attachment"}
        response = CODEC.operations["GetSdk"].respond(answer)
        self.assertEqual(b"x", response.body)
        self.assertEqual("application/zip", response.headers.first("content-type"))
        self.assertEqual("attachment", response.headers.first("content-disposition"))

    def test_an_operation_without_output_has_no_body(self) -> None:
        response = CODEC.operations["DeleteStage"].respond(None)
        self.assertEqual((202, b""), (response.status, response.body))


class PagingTest(ControlTestCase):
    def walk(self, limit: int | None = None) -> list[list[str]]:
        pages: list[list[str]] = []
        position = None
        while True:
            answer = self.control("GetRestApis", limit=limit, position=position)
            pages.append([item["name"] for item in answer["items"]])
            position = answer.get("position")
            if position is None:
                return pages

    def test_twenty_five_at_a_time_unless_asked(self) -> None:
        names = [f"api{number}" for number in range(60)]
        for name in names:
            self.api(name=name)
        self.assertEqual([25, 25, 10], [len(page) for page in self.walk()])
        self.assertEqual(names, sum(self.walk(7), []))
        self.assertEqual([60], [len(page) for page in self.walk(2**31 - 1)])

    def names_after(self, position: str) -> list[str]:
        return [each["name"] for each in self.control("GetRestApis", position=position)["items"]]

    def test_a_position_outlives_what_comes_and_goes(self) -> None:
        ids = [self.api(name=str(number)) for number in range(6)]
        position = self.control("GetRestApis", limit=3)["position"]
        self.control("DeleteRestApi", restApiId=ids[0])
        self.assertEqual(["3", "4", "5"], self.names_after(position))
        self.control("DeleteRestApi", restApiId=ids[2])
        self.assertEqual(["3", "4", "5"], self.names_after(position))
        self.control("DeleteRestApi", restApiId=ids[3])
        self.assertEqual([], self.names_after(position))

    def test_bad_positions_and_limits(self) -> None:
        for position in ("x", "AAAA", "é", "OjA=", "WyJhIiwgImIiLCAiYyJd"):
            self.refused(400, "BadRequestException", "Invalid position parameter", "GetRestApis", position=position)
        self.api()
        for limit in (0, -1):
            self.assertEqual(1, len(self.control("GetRestApis", limit=limit)["items"]))
        self.refused(400, "SerializationException", None, "GetRestApis", limit="x")
