"""AWS::SSM::Parameter."""

from __future__ import annotations

from emulator.cloudformation.managed import Managed, listed, only
from emulator.cloudformation.resources import Control, Physical
from emulator.store.records import Record

_SETTINGS = ("Type", "Value", "Description", "AllowedPattern", "Tier", "Policies", "DataType")


def _make(control: Control, properties: Record, name: str) -> Physical:
    given = properties.get("Name") or _generated(name)
    request = {"Name": given, **only(properties, *_SETTINGS)}
    if properties.get("Tags"):
        request["Tags"] = listed(_tags(properties))
    control("ssm:PutParameter", request)
    return Physical(given, _attributes(properties), {"Name": given})


def _generated(name: str) -> str:
    """``CFN-Logical-random``: a parameter's name does not begin with its stack's."""
    _, logical, end = name.rsplit("-", 2)
    return f"CFN-{logical}-{end}"


def _attributes(properties: Record) -> Record:
    return {"Type": properties.get("Type"), "Value": properties.get("Value")}


def _tags(properties: Record) -> dict[str, str]:
    """Tags are a map here; a stack's own come as a list."""
    given = properties.get("Tags") or {}
    pairs = given.items() if isinstance(given, dict) else ((each["Key"], each["Value"]) for each in given)
    return {key: str(value) for key, value in pairs}


def _change(control: Control, physical: Physical, old: Record, new: Record) -> None:
    if any(old.get(each) != new.get(each) for each in _SETTINGS):
        control("ssm:PutParameter", {**physical.path, **only(new, *_SETTINGS), "Overwrite": True})
    physical.attributes.update(_attributes(new))
    before, after = _tags(old), _tags(new)
    target = {"ResourceType": "Parameter", "ResourceId": physical.id}
    added = {key: value for key, value in after.items() if before.get(key) != value}
    gone = [key for key in before if key not in after]
    if added:
        control("ssm:AddTagsToResource", {**target, "Tags": listed(added)})
    if gone:
        control("ssm:RemoveTagsFromResource", {**target, "TagKeys": gone})


def _remove(control: Control, physical: Physical) -> None:
    control("ssm:DeleteParameter", physical.path)


TYPES = (
    Managed(type="AWS::SSM::Parameter", make=_make, change=_change, remove=_remove, replaces=frozenset({"Name"})),
)
