"""TLS to backends: who is believed, and with which client certificate.

Belongs here: Twisted's options for a TLS client, by route. Never here: connections, or the TLS of our own listeners.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from attrs import frozen
from OpenSSL import SSL, crypto
from service_identity import VerificationError
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import CertificateOptions, optionsForClientTLS
from zope.interface import implementer

# OpenSSL's verdicts that only say "I do not know who signed this" (x509_vfy.h).
_UNKNOWN_ISSUER = frozenset((2, 18, 19, 20, 21, 27))


@frozen
class Route:
    """How to reach a backend, where the URL alone does not say.

    ``connect`` is the (host, port) to connect to in place of the URL's. ``any_issuer`` accepts a certificate from any
    authority (its dates and host name must still be right, as with ``insecureSkipVerification`` on AWS).
    ``certificate`` and ``private_key`` are PEM texts of a client certificate, or empty.
    """

    connect: tuple[str, int] | None = None
    any_issuer: bool = False
    certificate: str = ""
    private_key: str = ""


DIRECT = Route()


@lru_cache(maxsize=256)
def tls_options(host: str, route: Route) -> Any:
    """Options for a TLS connection to ``host``: by the machine's authorities, unless ``any_issuer``."""
    extra: dict[str, Any] = {}
    if route.certificate:
        extra["certificate"] = crypto.load_certificate(crypto.FILETYPE_PEM, route.certificate.encode())
        extra["privateKey"] = crypto.load_privatekey(crypto.FILETYPE_PEM, route.private_key.encode())
    if route.any_issuer:
        return AnyIssuer(host, CertificateOptions(**extra).getContext())
    return optionsForClientTLS(host, extraCertificateOptions=extra)


@implementer(IOpenSSLClientConnectionCreator)
class AnyIssuer:
    """TLS to a host whose certificate may come from any authority, or from itself.

    AWS still checks dates and host name under ``insecureSkipVerification`` (API reference, TlsConfig); so do we.
    """

    def __init__(self, host: str, context: Any) -> None:
        self._host = host
        self._context = context

    def clientConnectionForTLS(self, tlsProtocol: Any) -> Any:
        connection = SSL.Connection(self._context, None)
        is_address = isIPAddress(self._host) or isIPv6Address(self._host)
        if not is_address:
            connection.set_tlsext_host_name(self._host.encode("idna"))

        wanted = IPAddress_ID(self._host) if is_address else DNS_ID(self._host)

        def judge(_connection: Any, certificate: Any, error: int, depth: int, fine: int) -> bool:
            if not fine and error not in _UNKNOWN_ISSUER:
                return False
            if depth == 0:
                try:
                    verify_service_identity(extract_patterns(certificate), [wanted], [])
                except VerificationError:
                    return False
            return True

        connection.set_verify(SSL.VERIFY_PEER, judge)
        return connection
