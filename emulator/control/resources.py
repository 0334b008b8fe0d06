"""Resource: the tree of paths.

Belongs here: creating, moving, renaming and deleting resources. Never here: their methods.
"""

from __future__ import annotations

import copy
import re

from emulator.control import lookup
from emulator.control.call import Call
from emulator.control.paging import page
from emulator.control.patch import Patches, Rule, text
from emulator.errors import BadRequestException, ConflictException, NotFoundException
from emulator.store.records import Record, RestApi

_PART = re.compile(r"[a-zA-Z0-9._\-:]+|\{[a-zA-Z0-9._\-:]+\+?\}")


def create_resource(call: Call, request: Record) -> Record:
    api, parent = lookup.resource(call, request, "parentId")
    check_place(api, parent, request["pathPart"])
    resource_id = call.new_id(api.resources)
    part = request["pathPart"]
    record = {"id": resource_id, "parentId": parent["id"], "pathPart": part, "path": join(parent["path"], part)}
    api.resources[resource_id] = record
    return record


def join(parent_path: str, part: str) -> str:
    """The path of a resource below ``parent_path``."""
    return f"{parent_path.rstrip('/')}/{part}"


def check_place(api: RestApi, parent: Record, part: str, moving: str = "") -> None:
    """Whether ``part`` may stand below ``parent``; ``moving`` is the id of the resource that goes there.

    Raises BadRequestException and ConflictException.
    """
    if not _PART.fullmatch(part):
        raise BadRequestException(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces "
            "at the beginning and the end."
        )
    parent_part = parent.get("pathPart", "")
    if parent_part.endswith("+}"):
        raise BadRequestException(f"Cannot create a child of a resource with a greedy path variable: {parent_part}")
    variable = part[0] == "{"
    sibling_variable = ""
    for other in api.resources.values():
        if other.get("parentId") != parent["id"] or other["id"] == moving:
            continue
        if other["pathPart"] == part:
            raise ConflictException(f"Another resource with the same parent already has this name: {part}")
        if variable and other["pathPart"][0] == "{":
            sibling_variable = other["pathPart"]
    if sibling_variable:
        raise BadRequestException(
            f"A sibling ({sibling_variable}) of this resource already has a variable path part -- only one is allowed"
        )


def get_resource(call: Call, request: Record) -> Record:
    _api, record = lookup.resource(call, request)
    return _shown(record, "methods" in (request.get("embed") or ()))


def get_resources(call: Call, request: Record) -> Record:
    api = lookup.rest_api(call, request["restApiId"])
    embed = "methods" in (request.get("embed") or ())
    records = sorted(api.resources.values(), key=lambda record: record["path"])
    return page(records, request, show=lambda record: _shown(record, embed))


def _shown(record: Record, embed: bool) -> Record:
    """With its methods whole, or as AWS shows them unasked: names only."""
    methods = record.get("resourceMethods")
    if embed:
        return record
    if not methods:
        return {name: value for name, value in record.items() if name != "resourceMethods"}
    return {**record, "resourceMethods": {verb: {} for verb in methods}}


def delete_resource(call: Call, request: Record) -> None:
    """Delete a resource and everything below it."""
    api, record = lookup.resource(call, request)
    if record["id"] == api.root_id:
        raise BadRequestException("Root resource cannot be deleted.")
    for resource_id in _subtree(api, record["id"]):
        del api.resources[resource_id]


def _subtree(api: RestApi, root_id: str) -> list[str]:
    """The ids of a resource and of all below it, parents first."""
    children: dict[str, list[str]] = {}
    for each in api.resources.values():
        children.setdefault(each.get("parentId", ""), []).append(each["id"])
    found = [root_id]
    for resource_id in found:
        found.extend(children.get(resource_id, ()))
    return found


def update_resource(call: Call, request: Record) -> Record:
    """Rename or move a resource; the paths of everything below follow."""
    api, record = lookup.resource(call, request)
    changed = PATCHES.apply(record, request.get("patchOperations"))
    if record["id"] == api.root_id:
        for member in ("pathPart", "parentId"):
            if changed.get(member) != record.get(member):
                raise BadRequestException(f"Root resource cannot update its {member}.")
        return _shown(record, False)
    parent = api.resources.get(changed["parentId"])
    if parent is None:
        raise NotFoundException(lookup.NO_RESOURCE)
    subtree = _subtree(api, record["id"])
    if parent["id"] in subtree:
        raise BadRequestException("Resources cannot be cyclical.")
    if (changed["parentId"], changed["pathPart"]) != (record["parentId"], record["pathPart"]):
        check_place(api, parent, changed["pathPart"], record["id"])
    record.update(pathPart=changed["pathPart"], parentId=changed["parentId"])
    for resource_id in subtree:
        each = api.resources[resource_id]
        each["path"] = join(api.resources[each["parentId"]]["path"], each["pathPart"])
    return _shown(copy.copy(record), False)




PATCHES = Patches(
    rules=(
        Rule("/parentId", ("replace",), text("parentId", nullable=False)),
        Rule("/pathPart", ("replace",), text("pathPart", nullable=False)),
    )
)
