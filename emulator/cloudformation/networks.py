"""AWS::EC2 types of a network that moto's CloudFormation makes and never deletes, so that a VPC could not go either."""

from __future__ import annotations

from attrs import Factory, frozen

from emulator.cloudformation.managed import Managed, listed, only, tag_changes, tag_map, text
from emulator.cloudformation.resources import Control, Physical
from emulator.store.records import Record


@frozen(kw_only=True)
class _Kind:
    """One type: the calls, which properties creating takes, and where in the answer its id stands.

    ``within``   the answer's member that describes what was made, or an empty string
    ``path``     deletion's parameter -> member of the description, or ``=Property``; ``[]`` makes a list of it
    ``tagged``   the resource type in TagSpecifications, where creating takes tags
    """

    type: str
    create: str
    delete: str
    takes: tuple[str, ...]
    within: str = ""
    id: str
    path: dict[str, str]
    tagged: str = ""
    attributes: dict[str, str] = Factory(dict)

    def managed(self) -> Managed:
        return Managed(
            type=self.type, make=self._make, change=self._change, remove=self._remove, replaces=frozenset(self.takes)
        )

    def _make(self, control: Control, properties: Record, name: str) -> Physical:
        request = only(properties, *self.takes)
        if "PolicyDocument" in request:
            request["PolicyDocument"] = text(request["PolicyDocument"])
        tags = tag_map(properties)
        if tags and self.tagged:
            request["TagSpecifications"] = [{"ResourceType": self.tagged, "Tags": listed(tags)}]
        answer: Record = control(f"ec2:{self.create}", request) or {}
        told = {**properties, **(answer[self.within] if self.within else answer)}
        path = {
            parameter: [told[where[2:]]] if where.startswith("[]") else told.get(where)
            for parameter, where in self.path.items()
            if told.get(where.removeprefix("[]"))
        }
        attributes = {attribute: told.get(where) for attribute, where in self.attributes.items()}
        return Physical(str(told[self.id]), attributes, path)

    def _change(self, control: Control, physical: Physical, old: Record, new: Record) -> None:
        added, gone = tag_changes(old, new)
        if added and self.tagged:
            control("ec2:CreateTags", {"Resources": [physical.id], "Tags": listed(added)})
        if gone and self.tagged:
            control("ec2:DeleteTags", {"Resources": [physical.id], "Tags": [{"Key": key} for key in gone]})

    def _remove(self, control: Control, physical: Physical) -> None:
        control(f"ec2:{self.delete}", physical.path)


_KINDS: tuple[_Kind, ...] = (
    _Kind(
        type="AWS::EC2::RouteTable", create="CreateRouteTable", delete="DeleteRouteTable", takes=("VpcId",),
        within="RouteTable", id="RouteTableId", path={"RouteTableId": "RouteTableId"}, tagged="route-table",
        attributes={"RouteTableId": "RouteTableId"},
    ),
    _Kind(
        type="AWS::EC2::SubnetRouteTableAssociation", create="AssociateRouteTable", delete="DisassociateRouteTable",
        takes=("SubnetId", "RouteTableId"), id="AssociationId", path={"AssociationId": "AssociationId"},
        attributes={"Id": "AssociationId"},
    ),
    _Kind(
        type="AWS::EC2::InternetGateway", create="CreateInternetGateway", delete="DeleteInternetGateway", takes=(),
        within="InternetGateway", id="InternetGatewayId", path={"InternetGatewayId": "InternetGatewayId"},
        tagged="internet-gateway", attributes={"InternetGatewayId": "InternetGatewayId"},
    ),
    _Kind(
        type="AWS::EC2::NatGateway", create="CreateNatGateway", delete="DeleteNatGateway",
        takes=("SubnetId", "AllocationId", "ConnectivityType", "PrivateIpAddress"), within="NatGateway",
        id="NatGatewayId", path={"NatGatewayId": "NatGatewayId"}, tagged="natgateway",
        attributes={"NatGatewayId": "NatGatewayId"},
    ),
    _Kind(
        type="AWS::EC2::EIP", create="AllocateAddress", delete="ReleaseAddress", takes=("Domain",), id="PublicIp",
        path={"AllocationId": "AllocationId"}, tagged="elastic-ip",
        attributes={"AllocationId": "AllocationId", "PublicIp": "PublicIp"},
    ),
    _Kind(
        type="AWS::EC2::VPCEndpoint", create="CreateVpcEndpoint", delete="DeleteVpcEndpoints",
        takes=(
            "ServiceName", "VpcId", "VpcEndpointType", "SubnetIds", "SecurityGroupIds", "RouteTableIds",
            "PolicyDocument", "PrivateDnsEnabled",
        ),
        within="VpcEndpoint", id="VpcEndpointId", path={"VpcEndpointIds": "[]VpcEndpointId"}, tagged="vpc-endpoint",
        attributes={"Id": "VpcEndpointId", "NetworkInterfaceIds": "NetworkInterfaceIds"},
    ),
)  # fmt: skip


def _attach(control: Control, properties: Record, name: str) -> Physical:
    for member, action in (("InternetGatewayId", "AttachInternetGateway"), ("VpnGatewayId", "AttachVpnGateway")):
        if properties.get(member):
            control(f"ec2:{action}", only(properties, "VpcId", member))
    return Physical(name, {}, only(properties, "VpcId", "InternetGatewayId", "VpnGatewayId"))


def _detach(control: Control, physical: Physical) -> None:
    for member, action in (("InternetGatewayId", "DetachInternetGateway"), ("VpnGatewayId", "DetachVpnGateway")):
        if physical.path.get(member):
            control(f"ec2:{action}", only(physical.path, "VpcId", member))


def _nothing(control: Control, physical: Physical, old: Record, new: Record) -> None:
    """Whatever changes of it asks for a new one."""


TYPES = (
    *(kind.managed() for kind in _KINDS),
    Managed(
        type="AWS::EC2::VPCGatewayAttachment", make=_attach, change=_nothing, remove=_detach,
        replaces=frozenset({"VpcId", "InternetGatewayId", "VpnGatewayId"}),
    ),
)  # fmt: skip
