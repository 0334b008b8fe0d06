"""AWS::ApiGateway::DomainName and DomainNameV2 with their mappings: what a table cannot say of them.

Follows the resources' pages of the CloudFormation reference. A private name (V2) is known by its ARN, whose last part
is ``{name}+{domainNameId}``.
"""

from __future__ import annotations

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


def _named(arn: str) -> Record:
    """The members by which the API names a private domain name."""
    name, _, name_id = str(arn).rsplit("/domainnames/", 1)[-1].partition("+")
    return {"domainName": name, **({"domainNameId": name_id} if name_id else {})}


DOMAIN_NAMES: dict[str, Resource] = {
    **{name: DomainName(KINDS[name]) for name in ("AWS::ApiGateway::DomainName", "AWS::ApiGateway::DomainNameV2")},
    "AWS::ApiGateway::BasePathMappingV2": MappingV2(KINDS["AWS::ApiGateway::BasePathMappingV2"]),
}
