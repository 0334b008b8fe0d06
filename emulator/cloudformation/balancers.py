"""AWS::ElasticLoadBalancingV2's LoadBalancer, TargetGroup and Listener: what a VPC link of an API leads to."""

from __future__ import annotations

from emulator.cloudformation.managed import Managed, differs, listed, only, shortened, tag_map
from emulator.cloudformation.resources import Control, Physical
from emulator.store.records import Record

_LONGEST = 32  # characters of a name
_BALANCER = ("Subnets", "SubnetMappings", "SecurityGroups", "Scheme", "Type", "IpAddressType")
_CHECKS = (
    "HealthCheckProtocol", "HealthCheckPort", "HealthCheckEnabled", "HealthCheckPath", "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount", "Matcher",
)  # fmt: skip
_GROUP = ("Protocol", "ProtocolVersion", "Port", "VpcId", "TargetType", "IpAddressType", *_CHECKS)
_LISTENER = ("Port", "Protocol", "SslPolicy", "Certificates", "DefaultActions", "AlpnPolicy")


def _named(properties: Record, name: str) -> Record:
    tags = tag_map(properties)
    return {"Name": properties.get("Name") or shortened(name, _LONGEST), **({"Tags": listed(tags)} if tags else {})}


def _full_name(arn: str, noun: str) -> str:
    return arn.partition(f":{noun}/")[2]


def _make_balancer(control: Control, properties: Record, name: str) -> Physical:
    request = {**_named(properties, name), **only(properties, *_BALANCER)}
    made: Record = control("elbv2:CreateLoadBalancer", request)["LoadBalancers"][0]
    arn = made["LoadBalancerArn"]
    attributes = {
        "LoadBalancerArn": arn,
        "DNSName": made.get("DNSName"),
        "CanonicalHostedZoneID": made.get("CanonicalHostedZoneId"),
        "LoadBalancerName": made.get("LoadBalancerName"),
        "LoadBalancerFullName": _full_name(arn, "loadbalancer"),
        "SecurityGroups": made.get("SecurityGroups") or [],
    }
    physical = Physical(arn, attributes, {"LoadBalancerArn": arn})
    _settle(control, physical, "LoadBalancerAttributes", {}, properties)
    return physical


def _settle(control: Control, physical: Physical, member: str, old: Record, new: Record) -> None:
    """The attributes that creating does not take."""
    if differs(old, new, member) and new.get(member):
        attributes = [{"Key": each["Key"], "Value": str(each["Value"])} for each in new[member]]
        control(f"elbv2:Modify{member}", {**physical.path, "Attributes": attributes})


def _change_balancer(control: Control, physical: Physical, old: Record, new: Record) -> None:
    if differs(old, new, "Subnets", "SubnetMappings"):
        control("elbv2:SetSubnets", {**physical.path, **only(new, "Subnets", "SubnetMappings")})
    if differs(old, new, "SecurityGroups"):
        control("elbv2:SetSecurityGroups", {**physical.path, "SecurityGroups": new.get("SecurityGroups") or []})
    if differs(old, new, "IpAddressType"):
        control("elbv2:SetIpAddressType", {**physical.path, "IpAddressType": new.get("IpAddressType") or "ipv4"})
    _settle(control, physical, "LoadBalancerAttributes", old, new)


def _remove_balancer(control: Control, physical: Physical) -> None:
    control("elbv2:DeleteLoadBalancer", physical.path)


def _make_group(control: Control, properties: Record, name: str) -> Physical:
    request = {**_named(properties, name), **only(properties, *_GROUP)}
    made: Record = control("elbv2:CreateTargetGroup", request)["TargetGroups"][0]
    arn = made["TargetGroupArn"]
    attributes = {
        "TargetGroupArn": arn,
        "TargetGroupName": made.get("TargetGroupName"),
        "TargetGroupFullName": "targetgroup/" + _full_name(arn, "targetgroup"),
    }
    physical = Physical(arn, attributes, {"TargetGroupArn": arn})
    _settle(control, physical, "TargetGroupAttributes", {}, properties)
    _register(control, physical, {}, properties)
    return physical


def _register(control: Control, physical: Physical, old: Record, new: Record) -> None:
    before, after = old.get("Targets") or [], new.get("Targets") or []
    for action, targets in (
        ("DeregisterTargets", [each for each in before if each not in after]),
        ("RegisterTargets", [each for each in after if each not in before]),
    ):
        if targets:
            control(f"elbv2:{action}", {**physical.path, "Targets": targets})


def _change_group(control: Control, physical: Physical, old: Record, new: Record) -> None:
    if differs(old, new, *_CHECKS):
        control("elbv2:ModifyTargetGroup", {**physical.path, **only(new, *_CHECKS)})
    _settle(control, physical, "TargetGroupAttributes", old, new)
    _register(control, physical, old, new)


def _remove_group(control: Control, physical: Physical) -> None:
    control("elbv2:DeleteTargetGroup", physical.path)


def _make_listener(control: Control, properties: Record, name: str) -> Physical:
    request = only(properties, "LoadBalancerArn", *_LISTENER)
    arn = control("elbv2:CreateListener", request)["Listeners"][0]["ListenerArn"]
    return Physical(arn, {"ListenerArn": arn}, {"ListenerArn": arn})


def _change_listener(control: Control, physical: Physical, old: Record, new: Record) -> None:
    if differs(old, new, *_LISTENER):
        control("elbv2:ModifyListener", {**physical.path, **only(new, *_LISTENER)})


def _remove_listener(control: Control, physical: Physical) -> None:
    control("elbv2:DeleteListener", physical.path)


TYPES = (
    Managed(
        type="AWS::ElasticLoadBalancingV2::LoadBalancer", make=_make_balancer, change=_change_balancer,
        remove=_remove_balancer, replaces=frozenset({"Name", "Scheme", "Type"}),
    ),
    Managed(
        type="AWS::ElasticLoadBalancingV2::TargetGroup", make=_make_group, change=_change_group, remove=_remove_group,
        replaces=frozenset({"Name", "Port", "Protocol", "ProtocolVersion", "VpcId", "TargetType", "IpAddressType"}),
    ),
    Managed(
        type="AWS::ElasticLoadBalancingV2::Listener", make=_make_listener, change=_change_listener,
        remove=_remove_listener, replaces=frozenset({"LoadBalancerArn"}),
    ),
)  # fmt: skip
