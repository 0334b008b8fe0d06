"""AWS::Route53::HostedZone, and RecordSet and RecordSetGroup in a zone that is told by its id or by its name."""

from __future__ import annotations

from typing import Any

from emulator.cloudformation.managed import Managed, only
from emulator.cloudformation.resources import Control, Physical, boolean
from emulator.errors import BadRequestException
from emulator.store.records import Record

_SET = (
    "Name", "Type", "SetIdentifier", "Weight", "Region", "Failover", "GeoLocation", "HealthCheckId",
    "MultiValueAnswer",
)  # fmt: skip


def _make_zone(control: Control, properties: Record, name: str) -> Physical:
    request = {"Name": properties["Name"], "CallerReference": name, **only(properties, "HostedZoneConfig")}
    networks = properties.get("VPCs") or ()
    if networks:
        request["VPC"] = networks[0]
    made = control("route53:CreateHostedZone", request)
    zone = str(made["HostedZone"]["Id"]).rpartition("/")[2]
    for network in networks[1:]:
        control("route53:AssociateVPCWithHostedZone", {"HostedZoneId": zone, "VPC": network})
    if properties.get("HostedZoneTags"):
        tags = {"ResourceType": "hostedzone", "ResourceId": zone, "AddTags": properties["HostedZoneTags"]}
        control("route53:ChangeTagsForResource", tags)
    servers = (made.get("DelegationSet") or {}).get("NameServers") or []
    return Physical(zone, {"Id": zone, "NameServers": servers}, {"Id": zone})


def _change_zone(control: Control, physical: Physical, old: Record, new: Record) -> None:
    if old.get("HostedZoneConfig") != new.get("HostedZoneConfig"):
        comment = (new.get("HostedZoneConfig") or {}).get("Comment", "")
        control("route53:UpdateHostedZoneComment", {"Id": physical.id, "Comment": comment})


def _remove_zone(control: Control, physical: Physical) -> None:
    control("route53:DeleteHostedZone", physical.path)


def _zone(control: Control, properties: Record) -> str:
    if properties.get("HostedZoneId"):
        return str(properties["HostedZoneId"])
    name = str(properties.get("HostedZoneName"))
    for zone in control("route53:ListHostedZonesByName", {"DNSName": name}).get("HostedZones") or ():
        if zone["Name"].rstrip(".") == name.rstrip("."):
            return str(zone["Id"]).rpartition("/")[2]
    raise BadRequestException(f"No hosted zones named {name} found")


def _record(properties: Record) -> Record:
    record = only(properties, *_SET)
    if properties.get("ResourceRecords"):
        record["ResourceRecords"] = [{"Value": str(each)} for each in properties["ResourceRecords"]]
        record["TTL"] = int(properties.get("TTL") or 0)
    if properties.get("AliasTarget"):
        target = properties["AliasTarget"]
        record["AliasTarget"] = {
            **only(target, "DNSName", "HostedZoneId"),
            "EvaluateTargetHealth": bool(boolean(target.get("EvaluateTargetHealth", False))),
        }
    return record


def _sets(properties: Record) -> list[tuple[Record, Record]]:
    """The records with the properties that tell the zone of each."""
    if "RecordSets" not in properties:
        return [(properties, _record(properties))]
    return [({**properties, **each}, _record(each)) for each in properties["RecordSets"] or ()]


def _ask(control: Control, action: str, zone: str, record: Record) -> None:
    changes = [{"Action": action, "ResourceRecordSet": record}]
    control("route53:ChangeResourceRecordSets", {"HostedZoneId": zone, "ChangeBatch": {"Changes": changes}})


def _make(control: Control, properties: Record, name: str) -> Physical:
    made: list[Record] = []
    for told, record in _sets(properties):
        zone = _zone(control, told)
        _ask(control, "CREATE", zone, record)
        made.append({"zone": zone, "record": record})
    return Physical(name if "RecordSets" in properties else properties["Name"], {}, {"made": made})


def _change(control: Control, physical: Physical, old: Record, new: Record) -> None:
    wanted: list[Record] = [{"zone": _zone(control, told), "record": record} for told, record in _sets(new)]
    kept = [_key(each) for each in wanted]
    for each in physical.path["made"]:
        if _key(each) not in kept:
            _ask(control, "DELETE", each["zone"], each["record"])
    for each in wanted:
        if each not in physical.path["made"]:
            _ask(control, "UPSERT", each["zone"], each["record"])
    physical.path["made"] = wanted


def _key(made: Record) -> tuple[Any, ...]:
    record = made["record"]
    return made["zone"], record["Name"], record["Type"], record.get("SetIdentifier")


def _remove(control: Control, physical: Physical) -> None:
    for each in physical.path["made"]:
        _ask(control, "DELETE", each["zone"], each["record"])


TYPES = (
    Managed(
        type="AWS::Route53::HostedZone", make=_make_zone, change=_change_zone, remove=_remove_zone,
        replaces=frozenset({"Name", "VPCs"}),
    ),
    Managed(
        type="AWS::Route53::RecordSet", make=_make, change=_change, remove=_remove,
        replaces=frozenset({"HostedZoneId", "HostedZoneName", "Name"}),
    ),
    Managed(
        type="AWS::Route53::RecordSetGroup", make=_make, change=_change, remove=_remove,
        replaces=frozenset({"HostedZoneId", "HostedZoneName"}),
    ),
)  # fmt: skip
