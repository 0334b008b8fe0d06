"""The 21 gateway response types: built in, and as an API defines them."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.deployment.gateway_responses import TYPES
from emulator.errors import GatewayError
from emulator.wire import Response
from tests.execute_api.world import World, proxy_method

# What AWS answers for each type: status and body.
BUILT_IN = {
    "ACCESS_DENIED": (403, {"Message": "User is not authorized to access this resource"}),
    "API_CONFIGURATION_ERROR": (500, {"message": "Internal server error"}),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, {"message": None}),
    "AUTHORIZER_FAILURE": (500, {"message": None}),
    "BAD_REQUEST_BODY": (400, {"message": "Invalid request body"}),
    "BAD_REQUEST_PARAMETERS": (400, {"message": "Invalid request parameters"}),
    "DEFAULT_4XX": (403, {"message": "Forbidden"}),
    "DEFAULT_5XX": (500, {"message": "Internal server error"}),
    "EXPIRED_TOKEN": (403, {"message": "The security token included in the request is expired"}),
    "INTEGRATION_FAILURE": (504, {"message": "Internal server error"}),
    "INTEGRATION_TIMEOUT": (504, {"message": "Endpoint request timed out"}),
    "INVALID_API_KEY": (403, {"message": "Forbidden"}),
    "INVALID_SIGNATURE": (403, None),
    "MISSING_AUTHENTICATION_TOKEN": (403, {"message": "Missing Authentication Token"}),
    "QUOTA_EXCEEDED": (429, {"message": "Limit Exceeded"}),
    "REQUEST_TOO_LARGE": (413, {"message": "Request Too Long"}),
    "RESOURCE_NOT_FOUND": (404, None),
    "THROTTLED": (429, {"message": "Too Many Requests"}),
    "UNAUTHORIZED": (401, {"message": "Unauthorized"}),
    "UNSUPPORTED_MEDIA_TYPE": (415, {"message": "Unsupported Media Type"}),
    "WAF_FILTERED": (403, {"message": "Forbidden"}),
}


class Rendering(SynchronousTestCase):
    def answer(self, error: GatewayError, **definitions: Any) -> Response:
        records = {name: {"responseType": name, **record} for name, record in definitions.items()}
        world = World({"/": {"GET": proxy_method("HTTP_PROXY")}}, gateway_responses=records)
        world.backend.answer = error
        return world.send("GET", "/")

    def test_the_table(self) -> None:
        self.assertEqual(set(TYPES), set(BUILT_IN))
        self.assertEqual(len(TYPES), 21)
        for name, (status, body) in BUILT_IN.items():
            reply = self.answer(GatewayError(name))
            self.assertEqual(reply.status, status, name)
            self.assertEqual(reply.headers.first("Content-Type"), "application/json")
            self.assertEqual(reply.headers.first("x-amzn-ErrorType"), TYPES[name].error_type)
            if body is not None:
                self.assertEqual(json.loads(reply.body), body, name)

    def test_each_type_may_be_defined(self) -> None:
        template = '{"type":"$context.error.responseType"}'
        for name in TYPES:
            definition = {"statusCode": "418", "responseTemplates": {"application/json": template}}
            reply = self.answer(GatewayError(name), **{name: definition})
            self.assertEqual((reply.status, json.loads(reply.body)), (418, {"type": name}))

    def test_an_own_status_and_message(self) -> None:
        reply = self.answer(GatewayError("API_CONFIGURATION_ERROR", 'a "quoted" one', status=502, error_type="X"))
        self.assertEqual((reply.status, reply.body), (502, b'{"message":"a \\"quoted\\" one"}'))
        self.assertEqual(reply.headers.first("x-amzn-ErrorType"), "X")

    def test_the_definition_says_nothing_of_the_status(self) -> None:
        reply = self.answer(GatewayError("THROTTLED"), THROTTLED={}, DEFAULT_4XX={"statusCode": "400"})
        self.assertEqual((reply.status, reply.body), (429, b'{"message":"Too Many Requests"}'))

    def test_braces_around_a_variable(self) -> None:
        definition = {"responseTemplates": {"application/json": "${context.error.message}|$context.error.message}"}}
        reply = self.answer(GatewayError("THROTTLED"), THROTTLED=definition)
        self.assertEqual(reply.body, b"Too Many Requests|Too Many Requests}")

    def test_a_header_cannot_be_split(self) -> None:
        definition = {"responseParameters": {"gatewayresponse.header.X": "method.request.querystring.x"}}
        world = World({}, gateway_responses={"DEFAULT_4XX": definition})
        reply = world.send("GET", "/nope?x=a%0D%0AEvil:1")
        self.assertEqual(reply.status, 403)
        self.assertNotIn("X", reply.headers)

    def test_what_the_front_refuses_is_told_the_apis_way(self) -> None:
        from emulator.execute_api.locate import address_of
        from emulator.wire import Headers, Request

        definition = {"statusCode": "499"}
        world = World({}, gateway_responses={"REQUEST_TOO_LARGE": definition})
        host = "abc123.execute-api.us-east-1.amazonaws.com"
        for path, status in ((b"/prod/x", 499), (b"/nope/x", 413)):
            request = Request(method="POST", raw_path=path, raw_query=b"", headers=Headers(), host=host)
            address = address_of(host, path, request.headers, world.settings)
            assert address is not None
            self.assertEqual(world.gateway.refuse(request, address, "REQUEST_TOO_LARGE").status, status)
