"""``$context.identity.clientCert``: what a client's certificate says, under mutual TLS.

Belongs here: reading a certificate that the TLS layer has verified. Never here: verification, truststores.
AWS page: "How to turn on mutual TLS authentication for your REST APIs in API Gateway".
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography import x509


@lru_cache(maxsize=256)
def client_certificate(pem: bytes) -> dict[str, Any]:
    """The members AWS shows of a PEM certificate."""
    certificate = x509.load_pem_x509_certificate(pem)
    digits = f"{certificate.serial_number:x}"
    digits = digits.zfill(len(digits) + len(digits) % 2)
    return {
        "clientCertPem": pem.decode(),
        "subjectDN": certificate.subject.rfc4514_string(),
        "issuerDN": certificate.issuer.rfc4514_string(),
        "serialNumber": ":".join(digits[at : at + 2] for at in range(0, len(digits), 2)),
        "validity": {
            "notBefore": _date(certificate.not_valid_before_utc),
            "notAfter": _date(certificate.not_valid_after_utc),
        },
    }


def _date(when: datetime) -> str:
    """As OpenSSL prints it: ``Aug  5 09:36:04 2021 GMT``."""
    return f"{when:%b} {when.day:2d} {when:%H:%M:%S %Y} GMT"
