"""What ``$context.identity.clientCert`` says, in the forms of AWS's sample events."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.trial.unittest import SynchronousTestCase

from emulator.execute_api.client_certificate import client_certificate


def certificate(serial: int) -> bytes:
    """A certificate with a long name, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    parts = (
        (NameOID.COUNTRY_NAME, "US"),
        (NameOID.STATE_OR_PROVINCE_NAME, "Washington"),
        (NameOID.ORGANIZATION_NAME, "Ours, Inc"),
        (NameOID.EMAIL_ADDRESS, "a@b.test"),
    )
    name = [x509.NameAttribute(oid, value) for oid, value in parts]
    client = x509.Name([*name, x509.NameAttribute(NameOID.COMMON_NAME, "My Client")])
    issuer = x509.Name([*name, x509.NameAttribute(NameOID.COMMON_NAME, "My Private CA")])
    made = (
        x509.CertificateBuilder()
        .subject_name(client)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(datetime(2020, 8, 29, 0, 28, 21, tzinfo=UTC))
        .not_valid_after(datetime(2120, 8, 5, 0, 28, 21, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


class ClientCertificate(SynchronousTestCase):
    def test_its_members(self) -> None:
        pem = certificate(1)
        name = "C=US,ST=Washington,O=Ours\\, Inc,emailAddress=a@b.test"
        self.assertEqual(
            client_certificate(pem),
            {
                "clientCertPem": pem.decode(),
                "subjectDN": f"{name},CN=My Client",
                "issuerDN": f"{name},CN=My Private CA",
                "serialNumber": "1",
                "validity": {"notBefore": "Aug 29 00:28:21 2020 GMT", "notAfter": "Aug  5 00:28:21 2120 GMT"},
            },
        )

    def test_long_serial_numbers(self) -> None:
        shown = client_certificate(certificate(0x0AA1A1A1A1A1A1A1A1A1))
        self.assertEqual(shown["serialNumber"], "0a:a1:a1:a1:a1:a1:a1:a1:a1:a1")
