"""BasePathMapping: which API and stage a custom domain serves under which base path.

Belongs here: the mappings of a domain name. Never here: choosing one for a request (``execute_api/locate.py``).

Page followed: API reference, "BasePathMapping". ``(none)`` is the empty base path. A base path may have several levels
here; on AWS those are made through the second API (``api_mappings.py``) only.
"""

from __future__ import annotations

import re

from emulator.control import domains
from emulator.control.call import Call
from emulator.control.paging import page
from emulator.control.patch import Patches, PatchOp, Rule, text
from emulator.errors import BadRequestException, ConflictException, NotFoundException
from emulator.store.records import Record

NONE = "(none)"
_PATH = re.compile(r"[A-Za-z0-9$\-_.+!*'()]+(/[A-Za-z0-9$\-_.+!*'()]+)*")
_BAD_PATH = "API Gateway only allow a-zA-Z0-9$-_.+!*'() characters in path"

_BAD_SLASH = (
    "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path "
    "mapping, use API Gateway V2."
)


def create_base_path_mapping(call: Call, request: Record) -> Record:
    mappings = _mappings(call, request)
    if domains.find(call, request).get("routingMode") == "ROUTING_RULE_ONLY":
        raise BadRequestException("A domain name with the routing mode ROUTING_RULE_ONLY takes no mappings.")
    record: Record = {"basePath": request.get("basePath") or NONE, "restApiId": request["restApiId"]}
    if request.get("stage"):
        record["stage"] = request["stage"]
    _check(call, record)
    if record["basePath"] in mappings:
        raise ConflictException("Base path already exists for this domain name")
    mappings[record["basePath"]] = record
    return record


def get_base_path_mapping(call: Call, request: Record) -> Record:
    return _find(call, request)


def get_base_path_mappings(call: Call, request: Record) -> Record:
    records = sorted(_mappings(call, request).values(), key=lambda record: str(record["basePath"]))
    return page(records, request, key=lambda record: str(record["basePath"]))


def update_base_path_mapping(call: Call, request: Record) -> Record:
    mappings, record = _mappings(call, request), _find(call, request)
    changed = PATCHES.apply(record, request.get("patchOperations"))
    _check(call, changed)
    if changed["basePath"] != record["basePath"] and changed["basePath"] in mappings:
        raise ConflictException("Base path already exists for this domain name")
    del mappings[record["basePath"]]
    mappings[changed["basePath"]] = changed
    return changed


def delete_base_path_mapping(call: Call, request: Record) -> None:
    record = _find(call, request)
    del _mappings(call, request)[record["basePath"]]


def _base_path(record: Record, operation: PatchOp) -> None:
    record["basePath"] = operation.value or NONE


def _stage(record: Record, operation: PatchOp) -> None:
    record.pop("stage", None)
    if operation.value and operation.value != NONE:
        record["stage"] = operation.value


PATCHES = Patches(
    (
        Rule("/basePath", ("replace",), _base_path),
        Rule("/restapiId", ("replace",), text("restApiId", nullable=False)),
        Rule("/stage", ("replace",), _stage),
    )
)


def _mappings(call: Call, request: Record) -> dict[str, Record]:
    domain = domains.find(call, request)
    return call.region.base_path_mappings.setdefault(domains.key_of(domain), {})


def _find(call: Call, request: Record) -> Record:
    record = _mappings(call, request).get(request["basePath"] or NONE)
    if record is None:
        raise NotFoundException("Invalid base path mapping identifier specified")
    return record


def _check(call: Call, record: Record) -> None:
    if record["basePath"] != NONE and not _PATH.fullmatch(record["basePath"]):
        empty_level = "" in record["basePath"].split("/")
        raise BadRequestException(_BAD_SLASH if empty_level else _BAD_PATH)
    api = call.region.apis.get(record["restApiId"])
    if api is None:
        raise BadRequestException("Invalid REST API identifier specified")
    if "stage" in record and record["stage"] not in api.stages:
        raise BadRequestException("Invalid stage identifier specified")
