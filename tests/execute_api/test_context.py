"""``$context``, identifiers, traces, client certificates."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.trial.unittest import SynchronousTestCase

from emulator.effects import Effects
from emulator.execute_api.client_certificate import client_certificate
from emulator.execute_api.context import request_time
from emulator.execute_api.identifiers import stamp, trace_id
from emulator.execute_api.invocation import Invocation, SlotUnset
from emulator.integrations.dispatch import IntegrationAnswer
from emulator.wire import Headers, Request
from tests.execute_api.world import World, http_method, mock_method


class Identifiers(SynchronousTestCase):
    def test_their_forms(self) -> None:
        from twisted.internet.task import Clock

        effects = Effects.fake(Clock())
        seen = set()
        for _ in range(50):
            invocation = Invocation(Request(method="GET", raw_path=b"/", raw_query=b"", headers=Headers()))
            stamp(invocation, effects)
            uuid = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
            self.assertTrue(re.fullmatch(uuid, invocation.request_id), invocation.request_id)
            self.assertTrue(re.fullmatch(r"[A-Za-z0-9+/]{15}=", invocation.extended_request_id))
            trace = r"Root=1-6553f100-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0"
            self.assertTrue(re.fullmatch(trace, invocation.trace_id), invocation.trace_id)
            seen.add(invocation.request_id)
        self.assertEqual(len(seen), 50)

    def test_a_callers_trace_is_kept(self) -> None:
        def made(incoming: str | None) -> str:
            return trace_id(incoming, "R", "P")

        self.assertEqual(made(None), "Root=R;Parent=P;Sampled=0")
        self.assertEqual(made("Root=1-a-b"), "Root=1-a-b;Parent=P;Sampled=0")
        self.assertEqual(made("Root=1-a-b;Parent=c"), "Root=1-a-b;Parent=c;Sampled=1")
        self.assertEqual(made("sampled=1;parent=c;root=1-a-b;Lineage=x"), "Root=1-a-b;Parent=c;Sampled=1")
        self.assertEqual(made("nonsense"), "Root=R;Parent=P;Sampled=0")

    def test_a_slot_read_too_early_says_its_name(self) -> None:
        invocation = Invocation(Request(method="GET", raw_path=b"/", raw_query=b"", headers=Headers()))
        self.assertIn("identity", str(self.assertRaises(SlotUnset, getattr, invocation, "identity")))

    def test_request_time(self) -> None:
        self.assertEqual(request_time(1717932153.9), "09/Jun/2024:11:22:33 +0000")
        self.assertEqual(request_time(1717932159.0), "09/Jun/2024:11:22:39 +0000")


class InTemplates(SynchronousTestCase):
    def test_the_variables(self) -> None:
        names = [
            "accountId",
            "apiId",
            "deploymentId",
            "domainName",
            "domainPrefix",
            "httpMethod",
            "identity.sourceIp",
            "identity.userAgent",
            "path",
            "protocol",
            "requestTime",
            "requestTimeEpoch",
            "resourceId",
            "resourcePath",
            "stage",
            "identity.user",
            "authorizer.principalId",
        ]
        template = "|".join(f"$context.{name}" for name in names)
        world = World({"/a/{id}": {"GET": mock_method(200, template)}})
        reply = world.send("GET", "/a/1?x=1", {"User-Agent": "ua"}, source_ip="10.1.2.3")
        expected = [
            "000000000000",
            "abc123",
            "dep1",
            "abc123.execute-api.us-east-1.amazonaws.com",
            "abc123",
            "GET",
            "10.1.2.3",
            "ua",
            "/prod/a/1",
            "HTTP/1.1",
            "14/Nov/2023:22:13:20 +0000",
            "1700000000000",
            "a-{id}",
            "/a/{id}",
            "prod",
            "",
            "",
        ]
        self.assertEqual(reply.body.decode().split("|"), expected)

    def test_the_order_is_awss(self) -> None:
        world = World({"/": {"GET": mock_method(200, "#foreach($name in $context.keySet())$name #end")}})
        expected = (
            "resourceId resourcePath httpMethod extendedRequestId requestTime path accountId protocol requestOverride "
            "stage domainPrefix requestTimeEpoch requestId identity domainName deploymentId responseOverride apiId "
        )
        self.assertEqual(world.send("GET", "/").body.decode(), expected)

    def test_ids_are_those_of_the_answer(self) -> None:
        world = World({"/": {"GET": mock_method(200, "$context.requestId|$context.extendedRequestId")}})
        reply = world.send("GET", "/")
        request_id, extended = reply.body.decode().split("|")
        self.assertEqual(reply.headers.first("x-amzn-RequestId"), request_id)
        self.assertEqual(reply.headers.first("x-amz-apigw-id"), extended)


    def test_the_services_own_request_id(self) -> None:
        template = "$context.awsEndpointRequestId"
        answers = {"200": {"statusCode": "200", "responseTemplates": {"application/json": template}}}
        method = http_method("HTTP", answers, requestTemplates={"application/json": f"<{template}>"})
        world = World({"/": {"POST": method}})
        world.backend.answer = IntegrationAnswer(status=200, headers=Headers(), body=b"{}", request_id="id-1")
        self.assertEqual(world.send("POST", "/", body=b"{}").body, b"id-1")
        self.assertEqual(world.backend.requests[-1].body, b"<>")


class Tracing(SynchronousTestCase):
    def test_the_first_each_second_is_sampled(self) -> None:
        world = World({"/": {"GET": mock_method()}}, stage={"tracingEnabled": True})
        seen = []

        class Observer:
            def finished(self, invocation: Invocation, _gateway: object) -> None:
                seen.append(invocation.trace_id[-1])

            def stop(self) -> None: ...

        world.gateway.observers.append(Observer())
        for _ in range(400):
            world.send("GET", "/")
        self.assertEqual(seen[0], "1")
        self.assertTrue(5 < seen.count("1") < 60, seen.count("1"))
        world.clock.advance(1)
        world.send("GET", "/")
        self.assertEqual(seen[-1], "1")
        world.send("GET", "/", {"X-Amzn-Trace-Id": "Root=1-a-b;Sampled=0"})
        self.assertEqual(seen[-1], "0")


class ClientCertificates(SynchronousTestCase):
    def test_what_is_shown(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client.test")])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An issuer")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(0xA1B2C << 64)
            .not_valid_before(datetime(2019, 5, 28, 12, 30, 2, tzinfo=UTC))
            .not_valid_after(datetime(2031, 8, 5, 9, 36, 4, tzinfo=UTC))
            .sign(key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        shown = client_certificate(pem)
        self.assertEqual(shown["clientCertPem"], pem.decode())
        self.assertEqual((shown["subjectDN"], shown["issuerDN"]), ("CN=client.test", "CN=An issuer"))
        self.assertEqual(shown["serialNumber"], "0a:1b:2c" + 8 * ":00")
        self.assertEqual(
            shown["validity"], {"notBefore": "May 28 12:30:02 2019 GMT", "notAfter": "Aug  5 09:36:04 2031 GMT"}
        )
        world = World({"/": {"GET": mock_method(200, "$context.identity.clientCert.subjectDN")}})
        self.assertEqual(world.send("GET", "/", client_certificate=pem).body, b"CN=client.test")
