"""DomainName: custom domain names, edge-optimized, regional and private.

Belongs here: the names, their certificates and endpoints. Never here: what they map to (``base_path_mappings.py``), or
who may reach a private one (``access_associations.py``).

Pages followed: API reference, "DomainName"; developer guide, "Custom domain names for REST APIs", "Custom domain names
for private APIs". Certificates are believed: local users invent ARNs, so only a malformed one is refused. A private
name is kept under ``name+domainNameId``, the others under their name.
"""

from __future__ import annotations

import json
import re

from emulator.control.call import Call
from emulator.control.paging import page
from emulator.control.patch import Patches, PatchOp, Rule, text
from emulator.control.tag_rules import checked_tags, with_tags, without_empty_tags
from emulator.errors import BadRequestException, NotFoundException
from emulator.store.records import Record

CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"
# "Amazon API Gateway endpoints and quotas" of the general reference: Route 53 hosted zones of regional endpoints.
REGIONAL_ZONES = {
    "us-east-1": "Z1UJRXOUMOOFQ8",
    "us-east-2": "ZOJJZC49E0EPZ",
    "us-west-1": "Z2MUQ32089INYE",
    "us-west-2": "Z2OJLYMUO9EFXC",
    "af-south-1": "Z2DHW2332DAMTN",
    "ap-east-1": "Z3FD1VL90ND7K5",
    "ap-south-1": "Z3VO1THU9YC4UR",
    "ap-northeast-1": "Z1YSHQZHG15GKL",
    "ap-northeast-2": "Z20JF4UZKIW1U8",
    "ap-northeast-3": "Z22ILHG95FLSZ2",
    "ap-southeast-1": "ZL327KTPIQFUL",
    "ap-southeast-2": "Z2RPCDW04V8134",
    "ca-central-1": "Z19DQILCV0OWEC",
    "eu-central-1": "Z1U9ULNL0V5AJ3",
    "eu-north-1": "Z3UWIKFBOOGXPP",
    "eu-south-1": "Z3BT4WSQ9TDYZV",
    "eu-west-1": "ZLY8HYME6SFDD",
    "eu-west-2": "ZJ5UAJN8Y3Z2Q",
    "eu-west-3": "Z3KY65QIEKYHQQ",
    "me-south-1": "Z20ZBPC0SS8806",
    "sa-east-1": "ZCMLWB8V5SYIT",
}
_NAME = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_ADDRESS = re.compile(r"[\d.]+")
# Hosts under which the emulator itself answers: a domain of such a name would lock everybody out.
_OURS = frozenset({"localhost.localstack.cloud", "host.docker.internal", "*.localhost", "*.amazonaws.com"})
_CERTIFICATE = re.compile(r"arn:[a-z0-9-]+:(acm|iam):[a-z0-9-]*:\d*:.+")
_TYPES = ("EDGE", "REGIONAL", "PRIVATE")
_REGIONAL_MEMBERS = ("regionalCertificateName", "regionalCertificateArn")
_PLAIN_MEMBERS = (
    "certificateName",
    "certificateArn",
    "regionalCertificateName",
    "regionalCertificateArn",
    "ownershipVerificationCertificateArn",
    "endpointAccessMode",
    "policy",
)
NO_DOMAIN = "Invalid domain name identifier specified"


def create_domain_name(call: Call, request: Record) -> Record:
    name = request["domainName"].lower()
    if len(name) > 253 or not _NAME.fullmatch(name) or "." not in name or name in _OURS or _ADDRESS.fullmatch(name):
        raise BadRequestException(f"Invalid domain name specified: {request['domainName']}")
    configuration = request.get("endpointConfiguration") or {}
    types = list(configuration.get("types") or (["REGIONAL"] if _is_regional(request) else ["EDGE"]))
    private = types == ["PRIVATE"]
    record: Record = {"domainName": name}
    if private:
        record["domainNameId"] = call.effects.new_id(10)
    elif any(each["domainName"] == name and "domainNameId" not in each for each in call.region.domain_names.values()):
        raise BadRequestException("The domain name you provided already exists.")
    record["domainNameArn"] = _arn(call, record)
    for member in _PLAIN_MEMBERS:
        if request.get(member):
            record[member] = request[member]
    record["endpointConfiguration"] = {
        "types": types,
        "ipAddressType": configuration.get("ipAddressType") or ("dualstack" if private else "ipv4"),
    }
    if request.get("mutualTlsAuthentication"):
        record["mutualTlsAuthentication"] = dict(request["mutualTlsAuthentication"])
    record["domainNameStatus"] = "AVAILABLE"
    record["securityPolicy"] = request.get("securityPolicy") or "TLS_1_2"
    record["routingMode"] = request.get("routingMode") or "BASE_PATH_MAPPING_ONLY"
    record["tags"] = checked_tags(request.get("tags"))
    _complete(call, record)
    _check(call, record)
    if types == ["REGIONAL"] and ("certificateArn" in record or "certificateName" in record):
        raise BadRequestException("Cannot import certificates for EDGE while REGIONAL is active.")
    call.region.domain_names[key_of(record)] = record
    return without_empty_tags(record)


def get_domain_name(call: Call, request: Record) -> Record:
    return with_tags(find(call, request))


def get_domain_names(call: Call, request: Record) -> Record:
    """The caller's names; other accounts' private ones when ``resourceOwner`` says so and an association was made."""
    records = list(call.region.domain_names.values())
    if request.get("resourceOwner") == "OTHER_ACCOUNTS":
        wanted = {each["domainNameArn"] for each in call.region.access_associations.values()}
        records = [
            record
            for region in call.store.each_region()
            if region.name == call.region_name and region.account != call.account
            for record in region.domain_names.values()
            if record["domainNameArn"] in wanted
        ]
    return page(records, request, key=key_of, show=without_empty_tags)


def update_domain_name(call: Call, request: Record) -> Record:
    record = find(call, request)
    changed = PATCHES.apply(record, request.get("patchOperations"))
    _complete(call, changed)
    _check(call, changed)
    call.region.domain_names[key_of(record)] = changed
    return with_tags(changed)


def delete_domain_name(call: Call, request: Record) -> None:
    """Delete a name with its mappings, and the associations that reach it."""
    record = find(call, request)
    del call.region.domain_names[key_of(record)]
    call.region.base_path_mappings.pop(key_of(record), None)
    for region in call.store.each_region():
        for arn, association in list(region.access_associations.items()):
            if association["domainNameArn"] == record["domainNameArn"] and "domainNameId" in record:
                del region.access_associations[arn]


def find(call: Call, request: Record) -> Record:
    """The name that a request means by ``domainName`` and ``domainNameId``. Raises NotFoundException."""
    name, name_id = request["domainName"].lower(), request.get("domainNameId")
    record = call.region.domain_names.get(f"{name}+{name_id}" if name_id else name)
    if record is None:
        raise NotFoundException(NO_DOMAIN)
    return record


def key_of(record: Record) -> str:
    """What a name is kept under, its mappings too."""
    name_id = record.get("domainNameId")
    return f"{record['domainName']}+{name_id}" if name_id else str(record["domainName"])


def _is_regional(request: Record) -> bool:
    return any(request.get(member) for member in _REGIONAL_MEMBERS) and not request.get("certificateArn")


def _arn(call: Call, record: Record) -> str:
    account = call.account if "domainNameId" in record else ""
    return f"arn:aws:apigateway:{call.region_name}:{account}:/domainnames/{key_of(record)}"


def _complete(call: Call, record: Record) -> None:
    """Give the name what its endpoint types call for, and take what they do not."""
    types = record["endpointConfiguration"]["types"]
    if "EDGE" in types:
        if "distributionDomainName" not in record:
            record["distributionDomainName"] = f"d{call.effects.new_id(13)}.cloudfront.net"
        record["distributionHostedZoneId"] = CLOUDFRONT_ZONE
        record.setdefault("certificateUploadDate", call.now())
    else:
        for member in ("distributionDomainName", "distributionHostedZoneId", "certificateUploadDate"):
            record.pop(member, None)
    if "REGIONAL" in types:
        if "regionalDomainName" not in record:
            label = call.effects.new_id(10)
            record["regionalDomainName"] = f"d-{label}.execute-api.{call.region_name}.amazonaws.com"
        record["regionalHostedZoneId"] = REGIONAL_ZONES.get(call.region_name, REGIONAL_ZONES["us-east-1"])
    else:
        for member in ("regionalDomainName", "regionalHostedZoneId"):
            record.pop(member, None)


def _check(call: Call, record: Record) -> None:
    types = record["endpointConfiguration"]["types"]
    if not types or any(each not in _TYPES for each in types):
        raise BadRequestException(f"Invalid EndpointTypes specified. Valid options are {','.join(sorted(_TYPES))}")
    if "PRIVATE" in types and len(types) > 1:
        raise BadRequestException("A private custom domain name cannot have another endpoint type.")
    for member in ("certificateArn", "regionalCertificateArn", "ownershipVerificationCertificateArn"):
        if record.get(member) and not _CERTIFICATE.fullmatch(record[member]):
            raise BadRequestException(f"Invalid ARN. ARN is not well formed {record[member]}")
    _check_regions(call, record)
    for member in ("policy", "managementPolicy"):
        if record.get(member):
            if "PRIVATE" not in types:
                raise BadRequestException("Policies are supported only for private custom domain names.")
            _check_policy(record[member])
    mutual = record.get("mutualTlsAuthentication")
    if mutual:
        uri = mutual.get("truststoreUri", "")
        if not re.fullmatch(r"s3://[^/]+/.+", uri):
            raise BadRequestException(f"Invalid truststore URI specified: {uri}")
        if "REGIONAL" not in types:
            raise BadRequestException("Mutual TLS is supported only for regional custom domain names.")
        if record["securityPolicy"] == "TLS_1_0":
            raise BadRequestException("Mutual TLS needs a security policy of at least TLS_1_2.")


def _check_regions(call: Call, record: Record) -> None:
    """A certificate lives where it is used: CloudFront's in us-east-1, the others in the name's own region."""
    edge = "EDGE" in record["endpointConfiguration"]["types"]
    for member, region in (
        ("certificateArn", "us-east-1" if edge else call.region_name),
        ("regionalCertificateArn", call.region_name),
    ):
        arn = record.get(member, "")
        if arn.split(":")[2:3] == ["acm"] and arn.split(":")[3] != region:
            raise BadRequestException(f"Invalid certificate ARN: {arn}. Certificate must be in '{region}'.")


def _check_policy(policy: str) -> None:
    try:
        parsed = json.loads(policy)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict) or not isinstance(parsed.get("Statement"), list | dict):
        raise BadRequestException(
            "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
        )


# -- patching ----------------------------------------------------------------------------------------------------------


def _patch_types(record: Record, operation: PatchOp) -> None:
    types = record["endpointConfiguration"]["types"]
    if operation.text not in _TYPES:
        raise BadRequestException(f"Invalid EndpointTypes specified. Valid options are {','.join(sorted(_TYPES))}")
    if operation.op == "add" and operation.text not in types:
        types.append(operation.text)
    elif operation.op == "remove" and operation.text in types:
        types.remove(operation.text)


def _patch_address_type(record: Record, operation: PatchOp) -> None:
    if operation.text not in ("ipv4", "dualstack"):
        raise BadRequestException("ipAddressType must be either ipv4 or dualstack.")
    record["endpointConfiguration"]["ipAddressType"] = operation.text


def _patch_mutual_tls(record: Record, operation: PatchOp) -> None:
    mutual: Record = dict(record.get("mutualTlsAuthentication") or {})
    if operation.op == "remove" or not operation.value:
        mutual.pop(operation.last, None)
        if operation.last == "truststoreUri":
            mutual = {}
    else:
        mutual[operation.last] = operation.text
    record.pop("mutualTlsAuthentication", None)
    if mutual:
        record["mutualTlsAuthentication"] = mutual


def _one_of(member: str, allowed: tuple[str, ...]) -> Rule:
    def act(record: Record, operation: PatchOp) -> None:
        if operation.text not in allowed:
            raise BadRequestException(f"Invalid {member} specified. Valid options are {','.join(allowed)}")
        record[member] = operation.text

    return Rule(f"/{member}", ("replace",), act)


def _patch_security_policy(record: Record, operation: PatchOp) -> None:
    if operation.text not in ("TLS_1_0", "TLS_1_2") and not operation.text.startswith("SecurityPolicy_"):
        raise BadRequestException(f"Invalid security policy specified: {operation.text}")
    record["securityPolicy"] = operation.text


_ANY = ("add", "replace", "remove")
PATCHES = Patches(
    (
        Rule("/certificateName", _ANY, text("certificateName")),
        Rule("/certificateArn", _ANY, text("certificateArn")),
        Rule("/endpointConfiguration/types", ("add", "remove"), _patch_types),
        Rule("/endpointConfiguration/ipAddressType", ("replace",), _patch_address_type),
        _one_of("endpointAccessMode", ("BASIC", "STRICT")),
        Rule("/managementPolicy", ("replace",), text("managementPolicy")),
        Rule("/mutualTlsAuthentication/truststoreUri", _ANY, _patch_mutual_tls),
        Rule("/mutualTlsAuthentication/truststoreVersion", _ANY, _patch_mutual_tls),
        Rule("/policy", ("replace",), text("policy")),
        Rule("/regionalCertificateName", _ANY, text("regionalCertificateName")),
        Rule("/regionalCertificateArn", _ANY, text("regionalCertificateArn")),
        _one_of(
            "routingMode", ("BASE_PATH_MAPPING_ONLY", "ROUTING_RULE_ONLY", "ROUTING_RULE_THEN_BASE_PATH_MAPPING")
        ),
        Rule("/securityPolicy", ("replace",), _patch_security_policy),
        Rule("/ownershipVerificationCertificateArn", _ANY, text("ownershipVerificationCertificateArn")),
    )
)
