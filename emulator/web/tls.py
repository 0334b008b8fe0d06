"""TLS of our listeners: the certificate by the name a client asks for (SNI), and client certificates (mutual TLS).

Belongs here: OpenSSL contexts and when to switch to them. Never here: where certificates come from (``services``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen
from OpenSSL import SSL, crypto
from twisted.internet.ssl import CertificateOptions
from twisted.logger import Logger

_UNTRUSTED = "untrusted client certificate"


@frozen
class Identity:
    """What a name is served with: PEM texts. ``truststore``: who may sign clients' certificates; empty: nobody asks.

    ``newest_only``: nothing below TLS 1.3.
    """

    certificate: bytes
    private_key: bytes
    chain: bytes = b""
    truststore: bytes = b""
    newest_only: bool = False


class NamedContexts:
    """Contexts by server name; ``find(name)`` gives the identity of a name, or None for the listener's own."""

    log = Logger()

    def __init__(self, find: Callable[[str], Identity | None]) -> None:
        self._find = find
        self._made: dict[Identity, SSL.Context] = {}
        # Without a certificate no handshake comes to an end.
        self._refusing = SSL.Context(SSL.TLS_METHOD)

    def attach(self, context: SSL.Context) -> None:
        """Let a listener's context give way to those of names."""
        context.set_tlsext_servername_callback(self._named)

    def _named(self, connection: SSL.Connection) -> None:
        name = connection.get_servername()
        identity = self._find(name.decode("ascii", "replace").lower()) if name else None
        if identity is None:
            return
        if identity.newest_only and connection.get_protocol_version() < SSL.TLS1_3_VERSION:
            connection.set_context(self._refusing)
            return
        try:
            connection.set_context(self._context(identity))
        except (SSL.Error, crypto.Error, ValueError) as error:
            self.log.warn("The certificate of {name} cannot be used: {error}", name=name, error=error)
            return
        if identity.truststore:
            # OpenSSL keeps the mode with the connection. Whoever shows no certificate, or one that nobody trusts, is
            # let in as far as the API's 403: that is what AWS answers.
            connection.set_verify(SSL.VERIFY_PEER, _judge)

    def _context(self, identity: Identity) -> SSL.Context:
        context = self._made.get(identity)
        if context is None:
            private = crypto.load_privatekey(crypto.FILETYPE_PEM, identity.private_key)
            leaf, *rest = _certificates(identity.certificate)
            options = CertificateOptions(
                privateKey=private, certificate=leaf, extraCertChain=[*rest, *_certificates(identity.chain)]
            )
            context = options.getContext()
            context.set_alpn_select_callback(_choose_protocol)
            store: Any = context.get_cert_store()
            for authority in _certificates(identity.truststore):
                store.add_cert(authority)
                context.add_client_ca(authority)
            context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
            self._made[identity] = context
        return context


def peer_certificate(transport: Any, host: str) -> bytes | None:
    """The client's certificate as PEM, if it showed one that the truststore of ``host`` vouches for.

    ``host`` is the Host header. A handshake for another name asked another name's truststore.
    """
    connection = getattr(transport, "_tlsConnection", None)
    if connection is None or connection.get_app_data() == _UNTRUSTED:
        return None
    certificate = connection.get_peer_certificate()
    if certificate is None:
        return None
    asked = (connection.get_servername() or b"").decode("ascii", "replace").lower()
    if asked != host.partition(":")[0].lower().rstrip("."):
        return None
    return crypto.dump_certificate(crypto.FILETYPE_PEM, certificate)


def _judge(connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, good: int) -> bool:
    if not good:
        connection.set_app_data(_UNTRUSTED)
    return True


def _choose_protocol(connection: SSL.Connection, offered: list[bytes]) -> Any:
    for each in (b"h2", b"http/1.1"):
        if each in offered:
            return each
    return SSL.NO_OVERLAPPING_PROTOCOLS


def _certificates(pem: bytes) -> list[crypto.X509]:
    end = b"-----END CERTIFICATE-----"
    parts = [part[part.index(b"-----BEGIN CERTIFICATE-----") :] for part in pem.split(end) if b"-----BEGIN" in part]
    return [crypto.load_certificate(crypto.FILETYPE_PEM, part + end) for part in parts]
