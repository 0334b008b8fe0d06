"""ClientCertificate: what API Gateway shows of itself to HTTP backends.

Belongs here: making, listing and changing them. Never here: using one in a call (``integrations/http.py`` takes the
certificate and its ``privateKey`` from the record).

Page followed: developer guide, "Generate and configure an SSL certificate for backend authentication". The
certificates are real: X.509, self-signed, RSA with 2048 bits, valid for 365 days; the key is made off the reactor.
"""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from emulator.control.call import Call
from emulator.control.paging import page
from emulator.control.patch import Patches, Rule, text
from emulator.control.tag_rules import checked_tags, with_tags, without_empty_tags
from emulator.errors import BadRequestException, NotFoundException
from emulator.store.records import Record

_VALID_DAYS = 365
_DAY = 86_400.0
_SUBJECT = (
    (NameOID.COUNTRY_NAME, "US"),
    (NameOID.STATE_OR_PROVINCE_NAME, "Washington"),
    (NameOID.LOCALITY_NAME, "Seattle"),
    (NameOID.ORGANIZATION_NAME, "Amazon.com"),
    (NameOID.COMMON_NAME, "ApiGateway"),
)


async def generate_client_certificate(call: Call, request: Record) -> Record:
    tags = checked_tags(request.get("tags"))
    created = call.now()
    expires = created + _VALID_DAYS * _DAY
    serial = call.effects.random.getrandbits(64) | 1
    certificate, key = await call.effects.in_thread(_make, serial, created, expires)
    record: Record = {
        "clientCertificateId": call.new_id(call.region.client_certificates),
        "pemEncodedCertificate": certificate,
        "privateKey": key,
        "createdDate": created,
        "expirationDate": expires,
        "tags": tags,
    }
    if request.get("description") is not None:
        record["description"] = request["description"]
    call.region.client_certificates[record["clientCertificateId"]] = record
    return without_empty_tags(_shown(record))


def get_client_certificate(call: Call, request: Record) -> Record:
    return with_tags(_shown(_find(call, request)))


def get_client_certificates(call: Call, request: Record) -> Record:
    return page(
        list(call.region.client_certificates.values()),
        request,
        key=lambda record: str(record["clientCertificateId"]),
        show=lambda record: without_empty_tags(_shown(record)),
    )


def update_client_certificate(call: Call, request: Record) -> Record:
    record = _find(call, request)
    changed = PATCHES.apply(record, request.get("patchOperations"))
    call.region.client_certificates[record["clientCertificateId"]] = changed
    return with_tags(_shown(changed))


def delete_client_certificate(call: Call, request: Record) -> None:
    certificate_id = _find(call, request)["clientCertificateId"]
    for api in call.region.apis.values():
        for name, stage in api.stages.items():
            if stage.get("clientCertificateId") == certificate_id:
                raise BadRequestException(
                    f"Client certificate {certificate_id} cannot be deleted because it is used by stage {name} "
                    f"of API {api.id}"
                )
    del call.region.client_certificates[certificate_id]


PATCHES = Patches((Rule("/description", ("replace",), text("description")),))


def _find(call: Call, request: Record) -> Record:
    record = call.region.client_certificates.get(request["clientCertificateId"])
    if record is None:
        raise NotFoundException("Invalid Client Certificate identifier specified")
    return record


def _shown(record: Record) -> Record:
    return {member: value for member, value in record.items() if member != "privateKey"}


def _make(serial: int, created: float, expires: float) -> tuple[str, str]:
    """A certificate and its key, both as PEM text."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(kind, value) for kind, value in _SUBJECT])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(datetime.datetime.fromtimestamp(created, datetime.UTC))
        .not_valid_after(datetime.datetime.fromtimestamp(expires, datetime.UTC))
        .sign(key, hashes.SHA256())
    )
    key_text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), key_text.decode()
