"""The certificates of custom domains, as moto's ACM keeps them."""

from __future__ import annotations

from typing import Any

from moto.acm.models import AWS_ROOT_CA, acm_backends
from moto.s3.models import s3_backends
from twisted.trial.unittest import SynchronousTestCase

from emulator.services.domain_certificates import DomainCertificates
from emulator.store.store import Store
from tests.web.test_tls import identity

ACCOUNT, REGION = "000000000000", "us-east-1"


class DomainCertificatesTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = Store()
        self.leaf, self.other = identity("api.test"), identity("authority.test")
        backend = acm_backends[ACCOUNT][REGION]
        self.addCleanup(backend.reset)
        self.arns = {
            chain: backend.import_certificate(self.leaf.certificate, self.leaf.private_key, chain, None, [])
            for chain in (None, self.other.certificate)
        }

    def domain(self, name: str, arn: str, **members: Any) -> None:
        names = self.store.region(ACCOUNT, REGION).domain_names
        names[name] = {"domainName": name, "regionalCertificateArn": arn, **members}

    def test_the_chain_is_the_imported_one(self) -> None:
        self.domain("api.test", self.arns[None])
        self.domain("*.api.test", self.arns[self.other.certificate])
        find = DomainCertificates(self.store).find
        plain, chained = find("api.test"), find("any.api.test")
        assert plain is not None
        assert chained is not None
        self.assertEqual((plain.certificate, plain.chain), (self.leaf.certificate, b""))
        self.assertEqual(chained.chain.strip(), self.other.certificate.strip())
        self.assertNotIn(AWS_ROOT_CA, chained.chain)
        self.assertIsNone(find("deep.any.api.test"))

    def test_a_truststore_is_read_when_the_domain_changes(self) -> None:
        bucket = s3_backends[ACCOUNT]["aws"]
        self.addCleanup(bucket.reset)
        bucket.create_bucket("trust-store", REGION)
        find = DomainCertificates(self.store).find
        mutual = {"truststoreUri": "s3://trust-store/ca.pem"}
        self.domain("api.test", self.arns[None], mutualTlsAuthentication=mutual)
        self.assertIsNone(find("api.test"))  # there is none yet
        seen = []
        for content in (b"one", b"two"):
            bucket.put_object("trust-store", "ca.pem", content)
            found = find("api.test")
            assert found is not None
            seen.append(found.truststore)
        self.domain("api.test", self.arns[None], mutualTlsAuthentication=mutual)
        found = find("api.test")
        assert found is not None
        self.assertEqual([*seen, found.truststore], [b"one", b"one", b"two"])

    def test_policies_of_tls_1_3_only(self) -> None:
        for policy, newest_only in (
            ("TLS_1_2", False),
            ("SecurityPolicy_TLS13_1_2_2021_06", False),
            ("SecurityPolicy_TLS13_1_3_2025_09", True),
            ("SecurityPolicy_TLS13_2025_EDGE", True),
        ):
            self.domain("api.test", self.arns[None], securityPolicy=policy)
            found = DomainCertificates(self.store).find("api.test")
            assert found is not None
            self.assertIs(found.newest_only, newest_only, policy)
