"""The way out: streams, compression both ways, HEAD, sizes, decoding of a proxied body."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.integrations.dispatch import IntegrationAnswer
from emulator.wire import Headers, Response
from tests.execute_api.world import LAMBDA, World, http_method, mock_method, proxy_method


class Compression(SynchronousTestCase):
    def test_out(self) -> None:
        text = "a" * 100
        world = World({"/": {"GET": mock_method(200, text)}}, minimumCompressionSize=100)
        reply = world.send("GET", "/", {"Accept-Encoding": "br, gzip"})
        self.assertEqual(reply.headers.first("Content-Encoding"), "gzip")
        self.assertEqual(gzip.decompress(reply.body).decode(), text)
        reply = world.send("GET", "/", {"Accept-Encoding": "gzip;q=0.1, deflate;q=0.5"})
        self.assertEqual(zlib.decompress(reply.body).decode(), text)
        self.assertEqual(world.send("GET", "/").body.decode(), text)

    def test_what_counts_is_the_coding_wanted_most(self) -> None:
        world = World({"/": {"GET": mock_method(200, "a" * 100)}}, minimumCompressionSize=0)
        for accepted, coding in (
            ("gzip;q=1.0,identity;q=0.5,*;q=0", "gzip"),
            ("deflate,gzip", "deflate"),
            ("br;q=1.0, gzip;q=0.8", None),
            ("identity, gzip;q=0.5", None),
            ("*", None),
            ("", None),
            ("gzip;q=0", None),
            ("gzip;q=x", None),
        ):
            reply = world.send("GET", "/", {"Accept-Encoding": accepted})
            self.assertEqual(reply.headers.first("Content-Encoding"), coding, accepted)

    def test_not_switched_on(self) -> None:
        world = World({"/": {"GET": mock_method(200, "a" * 100)}})
        self.assertNotIn("Content-Encoding", world.send("GET", "/", {"Accept-Encoding": "gzip"}).headers)

    def test_in(self) -> None:
        world = World({"/": {"POST": http_method()}}, minimumCompressionSize=0)
        for encoding, body in (("gzip", gzip.compress(b"hello")), ("deflate", zlib.compress(b"hello"))):
            world.send("POST", "/", {"Content-Encoding": encoding}, body)
            self.assertEqual(world.backend.requests[-1].body, b"hello")
        for coding, body in (("gzip", b"no gzip"), ("gzip", gzip.compress(b"hello")[:-9]), ("br", b"hello")):
            reply = world.send("POST", "/", {"Content-Encoding": coding}, body)
            self.assertEqual((reply.status, reply.body), (415, b'{"message":"Unsupported Media Type"}'))
        world.send("POST", "/", {"Content-Encoding": "identity"}, b"plain")
        self.assertEqual(world.backend.requests[-1].body, b"plain")
        small = World({"/": {"POST": http_method()}}, minimumCompressionSize=1000)
        small.send("POST", "/", {"Content-Encoding": "br"}, b"left alone")
        self.assertEqual(small.backend.requests[-1].body, b"left alone")
        small.send("POST", "/", {"Content-Encoding": "gzip"}, gzip.compress(b"small"))
        self.assertNotEqual(small.backend.requests[-1].body, b"small")
        bomb = gzip.compress(bytes(11 * 1024 * 1024))
        self.assertEqual(world.send("POST", "/", {"Content-Encoding": "gzip"}, bomb).status, 413)

    def test_in_without_compression(self) -> None:
        """Bodies come plain all the same, and a function sees which coding they had (seen on AWS)."""
        world = World({"/": {"POST": proxy_method("AWS_PROXY", LAMBDA)}})
        world.backend.answer = IntegrationAnswer(status=200, body=b'{"statusCode":200}')
        for coding, body in (("gzip", gzip.compress(b"hi")), ("deflate", zlib.compress(b"hi")), ("x", b"hi")):
            self.assertEqual(world.send("POST", "/", {"Content-Encoding": coding}, body).status, 200)
            event = json.loads(world.backend.requests[-1].event)
            self.assertEqual((event["body"], event["headers"]["Content-Encoding"]), ("hi", coding))
        self.assertEqual(world.send("POST", "/", {"Content-Encoding": "gzip"}, b"hi").status, 415)
        self.assertEqual(world.send("POST", "/", {"Content-Encoding": "gzip"}).status, 200)

    def test_a_backends_own_encoding(self) -> None:
        world = World({"/": {"GET": proxy_method("HTTP_PROXY")}}, binaryMediaTypes=["*/*"])
        plain = Headers([("Content-Encoding", "gzip")])
        world.backend.answer = IntegrationAnswer(status=200, headers=plain, body=gzip.compress(b"hello"))
        reply = world.send("GET", "/")
        self.assertEqual((reply.body, "Content-Encoding" in reply.headers), (b"hello", False))
        world.backend.answer = IntegrationAnswer(status=304, headers=plain)
        self.assertNotIn("Content-Encoding", world.send("GET", "/").headers)
        for odd in (gzip.compress(b"hello")[:-3], gzip.compress(b"a") + gzip.compress(b"b"), b"no gzip"):
            world.backend.answer = IntegrationAnswer(status=200, headers=plain, body=odd)
            reply = world.send("GET", "/")
            self.assertEqual((reply.body, reply.headers.last("Content-Encoding")), (odd, "gzip"))
        other = Headers([("Content-Encoding", "br")])
        world.backend.answer = IntegrationAnswer(status=200, headers=other, body=b"\x00\xff")
        reply = world.send("GET", "/")
        self.assertEqual((reply.body, reply.headers.first("Content-Encoding")), (b"\x00\xff", "br"))


class Bodies(SynchronousTestCase):
    def test_head(self) -> None:
        world = World({"/": {"HEAD": mock_method(200, "body")}})
        reply = world.send("HEAD", "/")
        self.assertEqual((reply.status, reply.body), (200, b""))
        self.assertEqual(reply.headers.first("Content-Type"), "application/json")

    def test_too_large_an_answer(self) -> None:
        world = World({"/": {"GET": proxy_method("HTTP_PROXY")}})
        world.backend.answer = IntegrationAnswer(status=200, body=bytes(10 * 1024 * 1024 + 1))
        self.assertEqual(world.send("GET", "/").status, 500)

    def test_text_that_is_no_utf8(self) -> None:
        world = World({"/": {"GET": proxy_method("HTTP_PROXY")}})
        world.backend.answer = IntegrationAnswer(status=200, body=b"caf\xe9")
        self.assertEqual(world.send("GET", "/").body, "caf\ufffd".encode())


class Parts:
    """A stream of two parts."""

    def start(self, write: Callable[[bytes], None], done: Callable[[Any], None]) -> None:
        write(b"one ")
        write(b"two")
        done(None)

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def cancel(self) -> None: ...


class Streams(SynchronousTestCase):
    def read(self, reply: Response) -> bytes:
        got: list[bytes] = []
        ends: list[Any] = []
        assert reply.stream is not None
        reply.stream.start(got.append, ends.append)
        self.assertEqual(ends, [None])
        return b"".join(got)

    def test_http_proxy(self) -> None:
        world = World({"/": {"GET": proxy_method("HTTP_PROXY", responseTransferMode="STREAM")}})
        world.backend.answer = IntegrationAnswer(status=206, headers=Headers([("ETag", "x")]), stream=Parts())
        reply = world.send("GET", "/")
        self.assertTrue(world.backend.requests[-1].stream)
        self.assertEqual(self.read(reply), b"one two")
        self.assertEqual((reply.status, reply.headers.first("ETag")), (206, "x"))

    def test_a_function(self) -> None:
        uri = LAMBDA.replace("/invocations", "/response-streaming-invocations")
        world = World({"/": {"GET": proxy_method("AWS_PROXY", uri, responseTransferMode="STREAM")}})
        prelude = {"statusCode": 201, "headers": {"X-A": "1"}, "cookies": ["a=1", "b=2"]}
        world.backend.answer = IntegrationAnswer(status=200, stream=Parts(), prelude=prelude)
        reply = world.send("GET", "/")
        self.assertEqual(self.read(reply), b"one two")
        self.assertEqual((reply.status, reply.headers.all("Set-Cookie")), (201, ["a=1", "b=2"]))
        world.backend.answer = IntegrationAnswer(status=200)
        self.assertEqual(world.send("GET", "/").status, 502)


class Asynchronous(SynchronousTestCase):
    def test_the_invocation_type_may_be_mapped(self) -> None:
        mapped = {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}
        for world in (
            World({"/": {"POST": proxy_method("AWS_PROXY", LAMBDA, requestParameters=mapped)}}),
            World({"/": {"POST": http_method("AWS", uri=LAMBDA, requestParameters=mapped)}}),
        ):
            world.backend.answer = IntegrationAnswer(status=202)
            self.assertLess(world.send("POST", "/").status, 300)
            self.assertTrue(world.backend.requests[-1].asynchronous)


class Remapped(SynchronousTestCase):
    """Names of the guide's table that an answer's headers give up, and those reported by callers of AWS."""

    NAMES = ("WWW-Authenticate", "Authorization", "User-Agent", "Max-Forwards", "Content-MD5", "Host", "Date")

    def test_http_proxy(self) -> None:
        world = World({"/": {"GET": proxy_method("HTTP_PROXY")}})
        lines = [(name, "x") for name in (*self.NAMES, "X-Forwarded-For", "x-amzn-RequestId", "x-amz-apigw-id", "TE")]
        world.backend.answer = IntegrationAnswer(status=200, headers=Headers(lines))
        reply = world.send("GET", "/")
        for name in (*self.NAMES, "X-Forwarded-For", "x-amzn-RequestId"):
            self.assertEqual(reply.headers.all(f"x-amzn-Remapped-{name}"), ["x"], name)
        self.assertEqual(reply.headers.all("TE"), ["x"])
        # Only one of each is ours, and it is not the backend's.
        for name in ("x-amzn-RequestId", "x-amz-apigw-id"):
            self.assertEqual(len(reply.headers.all(name)), 1)
            self.assertNotEqual(reply.headers.last(name), "x")

    def test_a_function(self) -> None:
        world = World({"/": {"GET": proxy_method("AWS_PROXY", LAMBDA)}})
        body = json.dumps({"statusCode": 401, "headers": dict.fromkeys(self.NAMES, "x")}).encode()
        world.backend.answer = IntegrationAnswer(status=200, body=body)
        reply = world.send("GET", "/")
        for name in self.NAMES:
            self.assertEqual(reply.headers.all(f"x-amzn-Remapped-{name}"), ["x"], name)
            self.assertNotIn(name, reply.headers)

    def test_every_answer_has_a_content_type(self) -> None:
        world = World({"/": {"GET": proxy_method("HTTP_PROXY")}})
        world.backend.answer = IntegrationAnswer(status=204)
        self.assertEqual(world.send("GET", "/").headers.all("content-type"), ["application/json"])


class Forwarded(SynchronousTestCase):
    """What of the request an integration does not see."""

    def test_no_type_for_an_http_backend_without_a_body(self) -> None:
        world = World({"/": {"GET": http_method(), "POST": http_method()}})
        world.send("GET", "/", {"Content-Type": "application/json"})
        self.assertNotIn("content-type", world.backend.requests[-1].headers)
        world.send("POST", "/", {}, b"{}")
        self.assertEqual(world.backend.requests[-1].headers.all("content-type"), ["application/json"])

    def test_signatures_for_api_gateway(self) -> None:
        world = World({"/h": {"GET": proxy_method("HTTP_PROXY")}, "/l": {"GET": proxy_method("AWS_PROXY", LAMBDA)}})
        world.backend.answer = IntegrationAnswer(status=200, body=b"{}")
        for sent, seen in (("AWS4-HMAC-SHA256 Credential=x", False), ("Bearer x", True)):
            world.send("GET", "/h", {"Authorization": sent})
            self.assertEqual("authorization" in world.backend.requests[-1].headers, seen)
            world.send("GET", "/l", {"Authorization": sent})
            self.assertEqual("Authorization" in json.loads(world.backend.requests[-1].event)["headers"], seen)

    def test_method_override(self) -> None:
        world = World({"/": {"PUT": proxy_method("HTTP_PROXY", httpMethod="ANY")}})
        self.assertEqual(world.send("POST", "/").status, 403)
        self.assertEqual(world.send("POST", "/", {"X-HTTP-Method-Override": "PUT"}).status, 200)
        sent = world.backend.requests[-1]
        self.assertEqual((sent.http_method, "x-http-method-override" in sent.headers), ("PUT", False))
        self.assertEqual(world.send("PUT", "/", {"X-HTTP-Method-Override": "BREW"}).status, 200)

    def test_mapped_but_never_sent(self) -> None:
        mapped = {f"integration.request.header.{name}": "'x'" for name in ("TE", "Expect", "Via", "Host", "X-A")}
        for method in (proxy_method("HTTP_PROXY", requestParameters=mapped), http_method(requestParameters=mapped)):
            world = World({"/": {"GET": method}})
            world.send("GET", "/")
            sent = world.backend.requests[-1].headers
            kept = [name for name in ("te", "expect", "via", "host", "x-a") if name in sent]
            self.assertEqual(kept, ["host", "x-a"])


class Overrides(SynchronousTestCase):
    def test_what_is_no_status_changes_nothing(self) -> None:
        for status, answered in (("418", 418), ('"419"', 419), ('"tea"', 200), ("999", 200), ("20", 200), ('""', 200)):
            world = World({"/": {"GET": mock_method(200, f"#set($context.responseOverride.status = {status})x")}})
            reply = world.send("GET", "/")
            self.assertEqual((reply.status, reply.body), (answered, b"x"), status)

    def test_the_response_sees_and_keeps_what_the_request_has_overridden(self) -> None:
        ask = (
            "#set($context.requestOverride.path.body = $input.body)#set($context.responseOverride.status = 444)"
            "#set($context.responseOverride.header.A = 'a')#set($context.responseOverride.header.B = 'b')"
            '{"statusCode": 200}'
        )
        say = (
            "$context.requestOverride.path.body $context.responseOverride.status"
            "#set($context.responseOverride.header.B = 'c')"
        )
        for template, body, second in ((say, b"posted 444", "c"), ("constant", b"constant", "b"), (None, b"", "b")):
            method = mock_method(200, template)
            method["methodIntegration"]["requestTemplates"] = {"application/json": ask}
            reply = World({"/": {"POST": method}}).send("POST", "/", {}, b"posted")
            self.assertEqual((reply.status, reply.body), (444, body))
            self.assertEqual([reply.headers.last(name) for name in "AB"], ["a", second])

    def test_a_name_that_is_none(self) -> None:
        for name in ("a b", "a:", "", "é"):
            template = f'#set($context.responseOverride.header["{name}"] = "x")'
            world = World({"/": {"GET": mock_method(200, template)}})
            self.assertEqual(world.send("GET", "/").status, 500, name)


class MappedBodies(SynchronousTestCase):
    """Bodies as the source of parameter mappings, as seen on AWS."""

    CASES = (
        (b"", "$", "{}"), (b" <x/> ", "$", "<x/>"), (b'{"a": [1]}', ".a[0]", "1"), (b"<x/>", ".a", None),
        (b'\n{"a" wrong', "$", "broken"), (b"[1", ".a", "broken"),
    )  # fmt: skip

    def test_requests(self) -> None:
        for body, path, value in self.CASES:
            mapped = {"integration.request.header.A": "method.request.body" + path.removeprefix("$")}
            world = World({"/": {"POST": http_method(requestParameters=mapped)}})
            reply = world.send("POST", "/", {}, body)
            if value == "broken":
                self.assertEqual((reply.status, reply.body), (400, b'{"message":"Invalid JSON in request body"}'))
            else:
                self.assertEqual(world.backend.requests[-1].headers.last("A"), value, body)

    def test_responses(self) -> None:
        for body, path, value in self.CASES:
            mapped = {"method.response.header.A": "integration.response.body" + path.removeprefix("$")}
            method = http_method(responses={"200": {"statusCode": "200", "responseParameters": mapped}})
            method["methodResponses"]["200"]["responseParameters"] = {"method.response.header.A": True}
            world = World({"/": {"POST": method}})
            world.backend.answer = IntegrationAnswer(status=200, body=body)
            reply = world.send("POST", "/")
            self.assertEqual(reply.status, 500 if value == "broken" else 200)
            if value != "broken":
                self.assertEqual(reply.headers.last("A"), value, body)


class Templates(SynchronousTestCase):
    def test_text_that_was_decoded_is_binary(self) -> None:
        answer = {"statusCode": "200", "responseTemplates": {"application/json": "$input.body"}}
        for handling, accept, status in (
            ("CONVERT_TO_BINARY", "text/plain", 500), ("", "image/png", 500), ("", "text/plain", 200),
            ("CONVERT_TO_TEXT", "image/png", 200),
        ):  # fmt: skip
            method = http_method(responses={"200": {**answer, "contentHandling": handling}})
            world = World({"/": {"GET": method}}, binaryMediaTypes=["image/png"])
            text = Headers([("Content-Type", "text/plain")])
            world.backend.answer = IntegrationAnswer(status=200, headers=text, body=b"aGVsbG8=")
            self.assertEqual(world.send("GET", "/", {"Accept": accept}).status, status, (handling, accept))

    def test_base64_text_from_a_function_comes_in_quotes(self) -> None:
        for body, status in ((b'"/wA="', 200), (b'"\\/wA="', 200), (b"/wA=", 200), (b'"/wA=', 500), (b'{"a":1}', 500)):
            handled = {"statusCode": "200", "contentHandling": "CONVERT_TO_BINARY"}
            world = World({"/": {"GET": http_method(responses={"200": handled})}}, binaryMediaTypes=["image/png"])
            kind = Headers([("Content-Type", "application/json")])
            world.backend.answer = IntegrationAnswer(status=200, headers=kind, body=body)
            reply = world.send("GET", "/", {"Accept": "image/png"})
            self.assertEqual(reply.status, status, body)
            if status == 200:
                self.assertEqual(reply.body, b"\xff\x00", body)

    def test_a_client_without_accept_takes_what_is_binary_for_all(self) -> None:
        for types, body in ((["*/*"], b"\xff\x00"), (["image/png"], b"/wA=")):
            world = World({"/": {"GET": http_method(responses={"200": {"statusCode": "200"}})}}, binaryMediaTypes=types)
            image = Headers([("Content-Type", "image/png")])
            world.backend.answer = IntegrationAnswer(status=200, headers=image, body=b"\xff\x00")
            self.assertEqual(world.send("GET", "/", {"Host": "x"}).body, body, types)


class Selection(SynchronousTestCase):
    def test_of_several_that_match_the_one_of_that_status(self) -> None:
        responses = {
            status: {"statusCode": status, **({"selectionPattern": pattern} if pattern else {})}
            for status, pattern in (("200", ""), ("500", r"\d+"), ("409", r"4\d\d"), ("404", r"4\d\d"))
        }
        world = World({"/": {"POST": http_method("HTTP", responses)}})
        for answered, status in ((404, 404), (409, 409), (500, 500), (410, 500), (201, 500)):
            world.backend.answer = IntegrationAnswer(status=answered, headers=Headers(), body=b"{}")
            self.assertEqual(world.send("POST", "/").status, status, answered)
