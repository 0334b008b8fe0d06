"""Client certificates: real X.509, its key never shown."""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.control.making import deployed
from tests.control.support import ControlTestCase


class ClientCertificates(ControlTestCase):
    def test_a_real_certificate(self) -> None:
        made = self.control("GenerateClientCertificate", description="d", tags={"a": "b"})
        self.assertEqual(365 * 86400, made["expirationDate"] - made["createdDate"])
        self.assertEqual(("d", {"a": "b"}), (made["description"], made["tags"]))
        self.assertNotIn("privateKey", made)
        certificate = x509.load_pem_x509_certificate(made["pemEncodedCertificate"].encode())
        self.assertEqual(certificate.subject, certificate.issuer)
        self.assertEqual(
            datetime.datetime.fromtimestamp(made["createdDate"], datetime.UTC), certificate.not_valid_before_utc
        )
        certificate.verify_directly_issued_by(certificate)
        record = self.control.store.region("000000000000", "us-east-1").client_certificates[made["clientCertificateId"]]
        key = serialization.load_pem_private_key(record["privateKey"].encode(), None)
        self.assertEqual(certificate.public_key(), key.public_key())
        self.assertEqual(2048, key.key_size)

    def test_lifecycle(self) -> None:
        made = self.control("GenerateClientCertificate")
        where = {"clientCertificateId": made["clientCertificateId"]}
        self.assertEqual({**made, "tags": {}}, self.control("GetClientCertificate", **where))
        self.assertEqual([made], self.control("GetClientCertificates")["items"])
        operation = {"op": "replace", "path": "/description", "value": "new"}
        changed = self.control("UpdateClientCertificate", **where, patchOperations=[operation])
        self.assertEqual({**made, "tags": {}, "description": "new"}, changed)
        self.refused(
            400,
            "BadRequestException",
            None,
            "UpdateClientCertificate",
            **where,
            patchOperations=[{"op": "replace", "path": "/privateKey", "value": "x"}],
        )
        self.control("DeleteClientCertificate", **where)
        for operation_name in ("GetClientCertificate", "DeleteClientCertificate", "UpdateClientCertificate"):
            self.refused(
                404, "NotFoundException", "Invalid Client Certificate identifier specified", operation_name, **where
            )

    def test_in_use(self) -> None:
        made = self.control("GenerateClientCertificate")
        api_id = deployed(self.control)
        self.control(
            "UpdateStage",
            restApiId=api_id,
            stageName="s",
            patchOperations=[{"op": "replace", "path": "/clientCertificateId", "value": made["clientCertificateId"]}],
        )
        self.refused(
            400,
            "BadRequestException",
            None,
            "DeleteClientCertificate",
            clientCertificateId=made["clientCertificateId"],
        )
