"""Certificates by the name a client asks for, in handshakes in memory."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto
from twisted.trial.unittest import SynchronousTestCase

from emulator.web.tls import Identity, NamedContexts, peer_certificate


def identity(name: str, newest_only: bool = False) -> Identity:
    """A certificate for ``name``, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private = key.private_bytes(pem, form, serialization.NoEncryption())
    return Identity(made.public_bytes(pem), private, newest_only=newest_only)


class Shown:
    """A transport whose client showed a certificate for ``one.test``."""

    def __init__(self) -> None:
        self._tlsConnection = self
        self.certificate = crypto.load_certificate(crypto.FILETYPE_PEM, identity("client.test").certificate)
        self.name: bytes | None = b"One.test"

    def get_app_data(self) -> None:
        return None

    def get_peer_certificate(self) -> crypto.X509:
        return self.certificate

    def get_servername(self) -> bytes | None:
        return self.name


class ClientCertificates(SynchronousTestCase):
    def test_they_count_for_the_name_that_was_asked_for(self) -> None:
        shown = Shown()
        pem = crypto.dump_certificate(crypto.FILETYPE_PEM, shown.certificate)
        for host in ("one.test", "ONE.test:4567", "one.test."):
            self.assertEqual(peer_certificate(shown, host), pem)
        self.assertIsNone(peer_certificate(shown, "two.test"))
        shown.name = None
        self.assertIsNone(peer_certificate(shown, "one.test"))


class Names(SynchronousTestCase):
    def setUp(self) -> None:
        own = identity("own.test")
        self.known = {"one.test": identity("one.test"), "new.test": identity("new.test", newest_only=True)}
        self.context = SSL.Context(SSL.TLS_METHOD)
        self.context.use_certificate(crypto.load_certificate(crypto.FILETYPE_PEM, own.certificate))
        self.context.use_privatekey(crypto.load_privatekey(crypto.FILETYPE_PEM, own.private_key))
        NamedContexts(self.known.get).attach(self.context)

    def served(self, name: str, newest: int = SSL.TLS1_3_VERSION) -> str:
        """The common name a client is shown; raises SSL.Error when the handshake fails."""
        client_context = SSL.Context(SSL.TLS_METHOD)
        client_context.set_max_proto_version(newest)
        client, server = SSL.Connection(client_context, None), SSL.Connection(self.context, None)
        client.set_tlsext_host_name(name.encode())
        client.set_connect_state()
        server.set_accept_state()
        for _ in range(5):
            for side, other in ((client, server), (server, client)):
                try:
                    side.do_handshake()
                except SSL.WantReadError:
                    pass
                try:
                    other.bio_write(side.bio_read(65536))
                except SSL.WantReadError:
                    pass
        shown = client.get_peer_certificate()
        assert shown is not None
        return str(shown.get_subject().CN)

    def test_the_name_chooses(self) -> None:
        self.assertEqual(self.served("one.test"), "one.test")
        self.assertEqual(self.served("ONE.test", SSL.TLS1_2_VERSION), "one.test")
        self.assertEqual(self.served("other.test"), "own.test")

    def test_a_policy_of_tls_1_3_only(self) -> None:
        self.assertEqual(self.served("new.test"), "new.test")
        self.assertRaises(SSL.Error, self.served, "new.test", SSL.TLS1_2_VERSION)
