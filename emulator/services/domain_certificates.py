"""The certificates of custom domains, from moto's ACM, and their truststores, from moto's S3.

Belongs here: finding them, in process; the reactor may ask. Never here: TLS itself (``web/tls.py``).
AWS page: "How to turn on mutual TLS authentication for your REST APIs in API Gateway".
"""

from __future__ import annotations

import re
import sys
from typing import Any

from twisted.logger import Logger

from emulator.store.records import Record
from emulator.store.store import Store
from emulator.web.tls import Identity

_S3_URI = re.compile(r"s3://([^/]+)/(.+)")


class DomainCertificates:
    """Certificates by custom domain."""

    log = Logger()

    def __init__(self, store: Store) -> None:
        self._store = store
        # By account, regional name and name: the domain's record, and the truststore when it was first asked for.
        self._truststores: dict[tuple[str, str, str], tuple[Record, bytes]] = {}

    def find(self, name: str) -> Identity | None:
        """The identity of a custom domain, None when the name is none or its certificate is not to be had."""
        for account, domain in self._domains(name):
            bundle = _bundle(domain.get("regionalCertificateArn") or domain.get("certificateArn") or "")
            if bundle is None:
                continue
            truststore = self._truststore(account, domain)
            if truststore is None:
                continue
            policy = str(domain.get("securityPolicy") or "")
            newest_only = policy.startswith("SecurityPolicy_TLS13_1_3_") or policy == "SecurityPolicy_TLS13_2025_EDGE"
            # The chain as it was imported; moto puts a root of AWS's behind every one.
            chain = bytes(bundle.chain).rpartition(b"-----BEGIN CERTIFICATE-----")[0]
            return Identity(bytes(bundle.cert), bytes(bundle.key), chain, truststore, newest_only)
        return None

    def _truststore(self, account: str, domain: Record) -> bytes | None:
        """Who may sign clients' certificates, b"" when nobody is asked; None when the object is not there.

        Another object under the same key counts once the domain name is updated, as on AWS.
        """
        mutual = domain.get("mutualTlsAuthentication") or {}
        uri = mutual.get("truststoreUri") or ""
        if not uri:
            return b""
        name = str(domain["domainName"])
        key = (account, str(domain.get("regionalDomainName") or ""), name)
        known = self._truststores.get(key)
        if known is not None and known[0] is domain:
            return known[1]
        found = _object(account, uri, mutual.get("truststoreVersion"))
        if found is None:
            self.log.warn("The truststore {uri} of {name} is not there", uri=uri, name=name)
        else:
            self._truststores[key] = (domain, found)
        return found

    def _domains(self, name: str) -> list[tuple[str, Record]]:
        wildcard = "*." + name.partition(".")[2]
        exact, matching = [], []
        for region in self._store.each_region():
            for domain in region.domain_names.values():
                mine = str(domain.get("domainName", "")).lower()
                if mine == name:
                    exact.append((region.account, domain))
                elif mine == wildcard:
                    matching.append((region.account, domain))
        return exact + matching


def _bundle(arn: str) -> Any:
    """ACM's certificate and key by ARN (``arn:aws:acm:region:account:certificate/id``)."""
    models = sys.modules.get("moto.acm.models")
    parts = arn.split(":", 5)
    if models is None or len(parts) != 6:
        return None
    return models.acm_backends[parts[4]][parts[3]]._certificates.get(arn)


def _object(account: str, uri: str, version: str | None) -> bytes | None:
    """An object of S3, or None."""
    models = sys.modules.get("moto.s3.models")
    found = _S3_URI.fullmatch(uri)
    if models is None or found is None:
        return None
    bucket = models.s3_backends[account]["aws"].buckets.get(found[1])
    if bucket is None:
        return None
    key = models.s3_backends[account]["aws"].get_object(found[1], found[2], version_id=version)
    return None if key is None else bytes(key.value)
