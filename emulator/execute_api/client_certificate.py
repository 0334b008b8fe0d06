"""``$context.identity.clientCert``: what a client's certificate says, under mutual TLS.

Belongs here: reading a certificate that the TLS layer has verified. Never here: verification, truststores.
AWS page: "How to turn on mutual TLS authentication for your REST APIs in API Gateway".
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID


@lru_cache(maxsize=256)
def client_certificate(pem: bytes) -> dict[str, Any]:
    """The members AWS shows of a PEM certificate."""
    certificate = x509.load_pem_x509_certificate(pem)
    return {
        "clientCertPem": pem.decode(),
        "subjectDN": _name(certificate.subject),
        "issuerDN": _name(certificate.issuer),
        "serialNumber": _serial(certificate.serial_number),
        "validity": {
            "notBefore": _date(certificate.not_valid_before_utc),
            "notAfter": _date(certificate.not_valid_after_utc),
        },
    }


def _name(name: x509.Name) -> str:
    """In the certificate's own order, as AWS's sample events have it: ``C=US,ST=Washington,…,CN=My Client``."""
    return ",".join(part.rfc4514_string({NameOID.EMAIL_ADDRESS: "emailAddress"}) for part in name.rdns)


def _serial(number: int) -> str:
    """As OpenSSL prints it: small numbers (``1``) as they are, others as ``a1:a1:…``."""
    if number < 2**63:
        return str(number)
    digits = f"{number:x}"
    digits = digits.zfill(len(digits) + len(digits) % 2)
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def _date(when: datetime) -> str:
    """As OpenSSL prints it: ``Aug  5 09:36:04 2021 GMT``."""
    return f"{when:%b} {when.day:2d} {when:%H:%M:%S %Y} GMT"
