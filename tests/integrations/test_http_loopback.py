"""HTTP backends over real sockets on loopback: what memory transports cannot show."""

from __future__ import annotations

import datetime
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet import reactor as global_reactor
from twisted.internet import ssl
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from emulator.effects import Effects
from emulator.errors import GatewayError
from emulator.integrations.dispatch import Dispatch, IntegrationRequest
from emulator.integrations.http import Http, HttpCalls
from emulator.integrations.http_proxy import HttpProxy
from emulator.store.store import Store
from emulator.web.client_pool import ClientPool
from emulator.web.client_tls import tls_options
from emulator.wire import Headers

reactor: Any = global_reactor


class Script(Protocol):
    """Does what its factory says when it has heard a request."""

    transport: Any

    def __init__(self, does: Any) -> None:
        self._does = does

    def dataReceived(self, data: bytes) -> None:
        self._does(self.transport, data)


def certificate(name: str, days: int = 1, issuer: Any = None) -> tuple[bytes, bytes, Any]:
    """A certificate for ``name`` and its key as PEM; by itself, or by ``issuer`` (certificate, key)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime(2026, 1, 1) if days < 0 else datetime.datetime.now(datetime.UTC)
    signer, signer_key = issuer if issuer is not None else (None, key)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.subject if signer is not None else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .sign(signer_key, hashes.SHA256())
    )
    return (
        built.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        (built, key),
    )


class LoopbackCase(TestCase):
    def setUp(self) -> None:
        self.effects = Effects(reactor=reactor, clock=reactor, wall=reactor.seconds)
        self.pool = ClientPool(self.effects)
        self.store = Store()
        calls = HttpCalls(self.effects, self.pool, self.store)
        self.dispatch = Dispatch(self.effects, {"HTTP": Http(calls), "HTTP_PROXY": HttpProxy(calls)})

    async def tearDown(self) -> None:
        """Every connection is closed before the reactor is looked over."""
        self.pool.close()
        while self.pool._open:
            await self.later(0)

    def later(self, seconds: float) -> Deferred[None]:
        done: Deferred[None] = Deferred()
        reactor.callLater(seconds, done.callback, None)
        return done

    def listen(self, does: Any, context: Any = None) -> int:
        factory = Factory.forProtocol(lambda: Script(does))
        factory.noisy = False
        if context is None:
            port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        else:
            port = reactor.listenSSL(0, factory, context, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        number: int = port.getHost().port
        return number

    def ask(self, uri: str, **more: Any) -> Any:
        return self.dispatch.invoke(
            IntegrationRequest(
                **{"type": "HTTP_PROXY", "http_method": "GET", "uri": uri, "headers": Headers(), "timeout": 5.0, **more}
            )
        )

    async def failure(self, asked: Any) -> GatewayError:
        try:
            await asked
        except GatewayError as error:
            return error
        raise AssertionError("it did not fail")


class Plain(LoopbackCase):
    async def test_by_name_and_below_localhost(self) -> None:
        def does(transport: Any, data: bytes) -> None:
            transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(data), data))

        port = self.listen(does)
        for host in ("localhost", "a.b.localhost", "127.0.0.1"):
            answer = await self.ask(f"http://{host}:{port}/x")
            self.assertTrue(answer.body.startswith(b"GET /x HTTP/1.1\r\nHost: %b:%d\r\n" % (host.encode(), port)))

    async def test_nobody_listens(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            error = await self.failure(self.ask(f"http://127.0.0.1:{port}/"))
        self.assertEqual(error.response_type, "INTEGRATION_FAILURE")

    async def test_hangs(self) -> None:
        port = self.listen(lambda _transport, _data: None)
        error = await self.failure(self.ask(f"http://127.0.0.1:{port}/", timeout=0.05))
        self.assertEqual(error.response_type, "INTEGRATION_TIMEOUT")

    async def test_hangs_up(self) -> None:
        port = self.listen(lambda transport, _data: transport.abortConnection())
        error = await self.failure(self.ask(f"http://127.0.0.1:{port}/"))
        self.assertEqual(error.response_type, "INTEGRATION_FAILURE")

    async def test_closes_what_was_kept(self) -> None:
        """A kept connection that the backend closes is not asked; one that dies on the request is asked anew."""
        times: list[int] = []

        def does(transport: Any, _data: bytes) -> None:
            times.append(len(times))
            if len(times) == 2:
                transport.loseConnection()
            else:
                transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        port = self.listen(does)
        self.assertEqual((await self.ask(f"http://127.0.0.1:{port}/")).status, 200)
        self.assertEqual((await self.ask(f"http://127.0.0.1:{port}/")).status, 200)
        self.assertEqual(len(times), 3)

    async def test_the_first_byte_of_a_stream_comes_before_the_backend_ends(self) -> None:
        held: list[Any] = []

        def does(transport: Any, _data: bytes) -> None:
            transport.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            held.append(transport)

        port = self.listen(does)
        answer = await self.ask(f"http://127.0.0.1:{port}/", stream=True)
        first: Deferred[bytes] = Deferred()
        parts: list[bytes] = []
        over: Deferred[Any] = Deferred()

        def write(part: bytes) -> None:
            parts.append(part)
            if not first.called:
                first.callback(part)

        answer.stream.start(write, over.callback)
        self.assertEqual(await first, b"first")
        self.assertFalse(over.called)
        held[0].write(b"4\r\nlast\r\n0\r\n\r\n")
        self.assertIsNone(await over)
        self.assertEqual(b"".join(parts), b"firstlast")

    async def test_a_hundred_megabytes_no_faster_than_they_are_read(self) -> None:
        """With a reader that pauses after each part, what waits between the sockets stays far below 10 MiB."""
        size, part = 100 * 1024 * 1024, b"x" * (256 * 1024)
        sent = 0

        class Source:
            def __init__(self, transport: Any) -> None:
                self.transport = transport

            def resumeProducing(self) -> None:
                nonlocal sent
                if sent < size:
                    sent += len(part)
                    self.transport.write(part)
                else:
                    self.transport.unregisterProducer()

            def stopProducing(self) -> None:
                """The reader left."""

        def does(transport: Any, _data: bytes) -> None:
            transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            transport.registerProducer(Source(transport), False)

        port = self.listen(does)
        answer = await self.ask(f"http://127.0.0.1:{port}/", stream=True, timeout=60.0)
        got = 0
        most = 0
        over: Deferred[Any] = Deferred()

        def write(data: bytes) -> None:
            nonlocal got, most
            got += len(data)
            most = max(most, sent - got)
            answer.stream.pause()
            reactor.callLater(0, answer.stream.resume)

        answer.stream.start(write, over.callback)
        self.assertIsNone(await over)
        self.assertEqual(got, size)
        self.assertLess(most, 10 * 1024 * 1024)


class Tls(LoopbackCase):
    def serve(self, pem: bytes, key: bytes, clients: bytes | None = None) -> tuple[int, list[Any]]:
        seen: list[Any] = []

        def does(transport: Any, data: bytes) -> None:
            seen.append(transport.getPeerCertificate())
            transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(data), data))

        mine = ssl.PrivateCertificate.loadPEM(pem + key)
        if clients is None:
            return self.listen(does, mine.options()), seen
        return self.listen(does, mine.options(ssl.Certificate.loadPEM(clients))), seen

    async def test_an_unknown_issuer_is_refused_unless_told_otherwise(self) -> None:
        pem, key, _ = certificate("localhost")
        port, _ = self.serve(pem, key)
        error = await self.failure(self.ask(f"https://localhost:{port}/"))
        self.assertEqual(error.response_type, "API_CONFIGURATION_ERROR")
        answer = await self.ask(f"https://localhost:{port}/x", tls_insecure=True, headers=Headers([("x-A", "1")]))
        self.assertIn(b"\r\nx-A: 1\r\n", answer.body)

    async def test_a_known_issuer(self) -> None:
        authority, _, signer = certificate("an authority")
        pem, key, _ = certificate("localhost", issuer=signer)
        file = Path(tempfile.mkdtemp(), "ca.pem")
        self.addCleanup(shutil.rmtree, file.parent)
        file.write_bytes(authority)
        self.patch_environment("SSL_CERT_FILE", str(file))
        port, _ = self.serve(pem, key)
        self.assertEqual((await self.ask(f"https://localhost:{port}/known")).status, 200)

    def patch_environment(self, name: str, value: str) -> None:
        before = os.environ.get(name)
        os.environ[name] = value
        tls_options.cache_clear()

        def restore() -> None:
            tls_options.cache_clear()
            if before is None:
                del os.environ[name]
            else:
                os.environ[name] = before

        self.addCleanup(restore)

    async def test_another_name_or_an_old_date_are_refused_even_then(self) -> None:
        for name, days in (("elsewhere.example", 1), ("localhost", -1)):
            pem, key, _ = certificate(name, days)
            port, _ = self.serve(pem, key)
            error = await self.failure(self.ask(f"https://localhost:{port}/", tls_insecure=True))
            self.assertEqual(error.response_type, "API_CONFIGURATION_ERROR")

    async def test_a_client_certificate(self) -> None:
        pem, key, _ = certificate("localhost")
        client_pem, client_key, _ = certificate("ApiGateway")
        self.store.region("0", "r").client_certificates["c"] = {
            "pemEncodedCertificate": client_pem.decode(),
            "privateKey": client_key.decode(),
        }
        port, seen = self.serve(pem, key, clients=client_pem)
        answer = await self.ask(
            f"https://localhost:{port}/", tls_insecure=True, client_certificate="c", account="0", region="r"
        )
        self.assertEqual(answer.status, 200)
        self.assertEqual(seen[0].get_subject().CN, "ApiGateway")
        error = await self.failure(self.ask(f"https://localhost:{port}/", tls_insecure=True))
        self.assertIn(error.response_type, ("API_CONFIGURATION_ERROR", "INTEGRATION_FAILURE"))

    async def test_plain_http_at_a_tls_port_and_the_other_way_round(self) -> None:
        pem, key, _ = certificate("localhost")
        port, _ = self.serve(pem, key)
        error = await self.failure(self.ask(f"http://localhost:{port}/"))
        self.assertEqual(error.response_type, "INTEGRATION_FAILURE")
        port = self.listen(lambda transport, _data: transport.write(b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n"))
        error = await self.failure(self.ask(f"https://localhost:{port}/", tls_insecure=True))
        self.assertIn(error.response_type, ("API_CONFIGURATION_ERROR", "INTEGRATION_FAILURE"))
