"""Whatever is sent, the answer is one that AWS could have given."""

from __future__ import annotations

import json
import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from emulator.execute_api.locate import address_of, domain_address
from emulator.integrations.dispatch import IntegrationAnswer
from emulator.settings import Settings
from emulator.wire import Headers, Request, decode
from tests.execute_api.world import LAMBDA, World, http_method, mock_method, proxy_method

TEMPLATE = (
    "$input.path('$.a') $input.params('q') $input.json('$') $context.requestId $util.escapeJavaScript($input.body)"
)

PROXY = {"integration.request.path.proxy": "method.request.path.proxy"}


def build() -> World:
    body_model = {"M": {"name": "M", "schema": json.dumps({"type": "object", "properties": {"a": {"type": "string"}}})}}
    echo = proxy_method("AWS_PROXY", LAMBDA)
    checked = mock_method(200, TEMPLATE, requestValidatorId="v", requestModels={"application/json": "M"})
    mapped = http_method(
        requestTemplates={"application/json": TEMPLATE},
        requestParameters={
            "integration.request.header.X-Q": "method.request.querystring.q",
            "integration.request.querystring.h": "method.request.header.X-H",
            "integration.request.header.X-B": "method.request.body.a",
        },
    )
    return World(
        {
            "/": {"GET": mock_method(200, TEMPLATE), "POST": checked},
            "/m/{id}": {"ANY": mapped},
            "/l/{proxy+}": {"ANY": echo},
            "/h/{proxy+}": {"ANY": proxy_method("HTTP_PROXY", "http://b.test/{proxy}", requestParameters=PROXY)},
        },
        models=body_model,
        validators={"v": {"id": "v", "validateRequestBody": True, "validateRequestParameters": True}},
        binaryMediaTypes=["image/*"],
        minimumCompressionSize=10,
    )


raw = st.binary(max_size=30).filter(lambda data: not re.search(rb"[\x00-\x20?#\x7f]", data))
path = st.one_of(
    st.builds(lambda head, tail: head + tail, st.sampled_from([b"/prod/m/", b"/prod/l/", b"/prod/h/", b"/prod/"]), raw),
    raw.map(lambda data: b"/" + data),
)
value = st.one_of(
    st.sampled_from(["application/json", "image/png", "gzip", "*/*", "text/plain;q=0.1", "Bearer x", "max-age=0"]),
    st.binary(max_size=20).filter(lambda data: not re.search(rb"[\x00\r\n]", data)).map(decode),
)
name = st.sampled_from(
    [
        "Accept",
        "Content-Type",
        "Content-Encoding",
        "Accept-Encoding",
        "X-H",
        "Authorization",
        "X-Amzn-Trace-Id",
        "Origin",
    ]
)
verb = st.sampled_from(["GET", "POST", "PUT", "HEAD", "OPTIONS", "TRACE", "get"])
body = st.one_of(
    st.binary(max_size=60), st.sampled_from([b'{"a": 1}', b'{"a":"x\\r\\ny"}', b"[" * 2000, b'{"a"', b"\xff\xfe"])
)


class AnyRequest(SynchronousTestCase):
    world = build()

    @settings(max_examples=250, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(verb, path, raw, st.lists(st.tuples(name, value), max_size=5), body, st.binary(max_size=40))
    def test_is_answered_as_aws_might(
        self,
        method: str,
        raw_path: bytes,
        query: bytes,
        lines: list[tuple[str, str]],
        sent: bytes,
        answered: bytes,
    ) -> None:
        host = "abc123.execute-api.us-east-1.amazonaws.com"
        request = Request(
            method=method, raw_path=raw_path, raw_query=query, headers=Headers(lines), body=sent, host=host
        )
        self.world.backend.answer = IntegrationAnswer(status=200, body=answered)
        address = address_of(host, raw_path, request.headers, Settings()) or domain_address(host, raw_path)
        reply = self.successResultOf(self.world.gateway.handle(request, address))
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertTrue(100 <= reply.status <= 599)
        self.assertEqual(len(reply.headers.all("x-amzn-RequestId")), 1)
        self.assertEqual(len(reply.headers.all("x-amz-apigw-id")), 1)
        for each, text in reply.headers:
            self.assertNotRegex(each + text, r"[\r\n\0]")
        if reply.status >= 400:
            self.assertIn("x-amzn-ErrorType", reply.headers)
            if method != "HEAD" and "Content-Encoding" not in reply.headers:
                self.assertEqual({key.lower() for key in json.loads(reply.body)}, {"message"})
