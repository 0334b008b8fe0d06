"""AWS::ApiGateway::DomainName and DomainNameV2 with their mappings, and those of AWS::ApiGatewayV2 for REST APIs.

Follows the resources' pages of the CloudFormation reference. A private name (V2) is known by its ARN, whose last part
is ``{name}+{domainNameId}``.
"""

from __future__ import annotations

import hashlib

from attrs import frozen

from emulator.cloudformation.kinds import KINDS, Kind
from emulator.cloudformation.resources import Control, Physical, Resource, Tabled, spelled
from emulator.store.records import Record

_MUTUAL = {"TruststoreUri": "truststoreUri", "TruststoreVersion": "truststoreVersion"}


@frozen
class DomainName(Tabled):
    """A custom domain name; its endpoint and its truststore may change where it stands."""

    def update(self, control: Control, physical: Physical, old: Record, new: Record) -> Physical | None:
        updated = super().update(control, physical, old, new)
        if updated is None:
            return None
        operations = _endpoint_patches(old, new) + _mutual_patches(old, new)
        if operations:
            control(self.kind.update, {**updated.path, "patchOperations": operations})
        return updated


def _endpoint_patches(old: Record, new: Record) -> list[Record]:
    before, after = (each.get("EndpointConfiguration") or {} for each in (old, new))
    path = "/endpointConfiguration/types"
    had, wanted = list(before.get("Types") or ()), list(after.get("Types") or ())
    operations = [{"op": "add", "path": path, "value": each} for each in wanted if each not in had]
    if wanted:
        operations += [{"op": "remove", "path": path, "value": each} for each in had if each not in wanted]
    address = after.get("IpAddressType")
    if address and address != before.get("IpAddressType"):
        operations.append({"op": "replace", "path": "/endpointConfiguration/ipAddressType", "value": address})
    return operations


def _mutual_patches(old: Record, new: Record) -> list[Record]:
    before, after = (each.get("MutualTlsAuthentication") or {} for each in (old, new))
    if before and not after:
        return [{"op": "replace", "path": "/mutualTlsAuthentication/truststoreUri", "value": ""}]
    return [
        {"op": "replace", "path": f"/mutualTlsAuthentication/{member}", "value": spelled(after.get(prop))}
        for prop, member in _MUTUAL.items()
        if before.get(prop) != after.get(prop)
    ]


@frozen
class MappingV2:
    """A base path mapping of a private name, which its ARN names."""

    kind: Kind

    def create(self, control: Control, properties: Record, name: str) -> Physical:
        domain = _named(properties["DomainNameArn"])
        request = {
            member: properties[prop]
            for prop, member in (("BasePath", "basePath"), ("RestApiId", "restApiId"), ("Stage", "stage"))
            if properties.get(prop)
        }
        base_path = str(control(self.kind.create, {**domain, **request})["basePath"])
        arn = f"{properties['DomainNameArn']}/basepathmappings/{base_path}"
        return Physical(arn, {"BasePathMappingArn": arn}, {**domain, "basePath": base_path})

    def update(self, control: Control, physical: Physical, old: Record, new: Record) -> Physical | None:
        changed = {key for key in {*old, *new} if old.get(key) != new.get(key)}
        if changed & self.kind.replaces:
            return None
        operations = [
            {"op": "replace", "path": path, "value": spelled(new.get(prop))}
            for prop, path in self.kind.patches.items()
            if prop in changed
        ]
        if operations:
            control(self.kind.update, {**physical.path, "patchOperations": operations})
        return physical

    def delete(self, control: Control, physical: Physical) -> None:
        control(self.kind.delete, physical.path)


@frozen
class SecondApisName:
    """AWS::ApiGatewayV2::DomainName: a name as DomainName makes it, with its settings in a list of configurations."""

    first: DomainName

    def create(self, control: Control, properties: Record, name: str) -> Physical:
        return self.first.create(control, _first_apis(properties), name)

    def update(self, control: Control, physical: Physical, old: Record, new: Record) -> Physical | None:
        return self.first.update(control, physical, _first_apis(old), _first_apis(new))

    def delete(self, control: Control, physical: Physical) -> None:
        self.first.delete(control, physical)


def _first_apis(properties: Record) -> Record:
    """The properties as AWS::ApiGateway::DomainName has them."""
    configuration = (properties.get("DomainNameConfigurations") or [{}])[0]
    kind = configuration.get("EndpointType") or "REGIONAL"
    certificate = "CertificateArn" if kind == "EDGE" else "RegionalCertificateArn"
    endpoint: Record = {"Types": [kind]}
    if configuration.get("IpAddressType"):
        endpoint["IpAddressType"] = configuration["IpAddressType"]
    given = {
        "DomainName": properties["DomainName"],
        "EndpointConfiguration": endpoint,
        certificate: configuration.get("CertificateArn"),
        "SecurityPolicy": configuration.get("SecurityPolicy"),
        "OwnershipVerificationCertificateArn": configuration.get("OwnershipVerificationCertificateArn"),
        "MutualTlsAuthentication": properties.get("MutualTlsAuthentication"),
        "Tags": properties.get("Tags"),
    }
    return {name: value for name, value in given.items() if value is not None}


@frozen
class ApiMapping:
    """AWS::ApiGatewayV2::ApiMapping: how a REST API comes by a base path of several levels."""

    def create(self, control: Control, properties: Record, name: str) -> Physical:
        domain = str(properties["DomainName"])
        request: Record = {"domainName": domain, "restApiId": properties["ApiId"], "stage": properties["Stage"]}
        if properties.get("ApiMappingKey"):
            request["basePath"] = properties["ApiMappingKey"]
        base_path = str(control("CreateBasePathMapping", request)["basePath"])
        # As the second API names it (``control/api_mappings.py``).
        mapping_id = hashlib.sha256(f"{domain}/{base_path}".encode()).hexdigest()[:6]
        path = {"domainName": domain, "basePath": base_path}
        return Physical(mapping_id, {"ApiMappingId": mapping_id}, path)

    def update(self, control: Control, physical: Physical, old: Record, new: Record) -> Physical | None:
        if any(old.get(key) != new.get(key) for key in ("DomainName", "ApiMappingKey")):
            return None
        operations = [
            {"op": "replace", "path": path, "value": spelled(new.get(prop))}
            for prop, path in (("ApiId", "/restapiId"), ("Stage", "/stage"))
            if old.get(prop) != new.get(prop)
        ]
        if operations:
            control("UpdateBasePathMapping", {**physical.path, "patchOperations": operations})
        return physical

    def delete(self, control: Control, physical: Physical) -> None:
        control("DeleteBasePathMapping", physical.path)


def _named(arn: str) -> Record:
    """The members by which the API names a private domain name."""
    name, _, name_id = str(arn).rsplit("/domainnames/", 1)[-1].partition("+")
    return {"domainName": name, **({"domainNameId": name_id} if name_id else {})}


DOMAIN_NAMES: dict[str, Resource] = {
    **{name: DomainName(KINDS[name]) for name in ("AWS::ApiGateway::DomainName", "AWS::ApiGateway::DomainNameV2")},
    "AWS::ApiGateway::BasePathMappingV2": MappingV2(KINDS["AWS::ApiGateway::BasePathMappingV2"]),
    "AWS::ApiGatewayV2::DomainName": SecondApisName(DomainName(KINDS["AWS::ApiGateway::DomainName"])),
    "AWS::ApiGatewayV2::ApiMapping": ApiMapping(),
}
