"""ApiKey: created, imported from CSV, listed and changed.

Belongs here: the keys themselves. Never here: which plan a key is in (``usage_plans.py``), or what a request with a key
may do.

Pages followed: API reference, "ApiKey"; developer guide, "API Gateway API key file format". A key's ``stageKeys`` are
``{restApiId}/{stageName}``; ``labels`` are kept and, as on AWS, shown nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emulator.control.call import Call
from emulator.control.paging import page
from emulator.control.patch import Patches, PatchOp, Rule, flag, text
from emulator.control.tag_rules import checked_tags, with_tags, without_empty_tags
from emulator.errors import BadRequestException, ConflictException, NotFoundException
from emulator.store import usage
from emulator.store.records import Record

_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_MADE_LENGTH = 40
_SHORTEST, _LONGEST = 20, 128
_LONGEST_NAME = 1024
NOT_FOUND = "Invalid API Key identifier specified"


def create_api_key(call: Call, request: Record) -> Record:
    name = request.get("name")
    _check_name(name)
    value = request.get("value")
    if not value:  # an empty one counts as none, as recorded
        value = "".join(call.effects.random.choices(_ALPHABET, k=_MADE_LENGTH))
    _check_value(call, value)
    stage_keys = [f"{each.get('restApiId')}/{each.get('stageName')}" for each in request.get("stageKeys") or ()]
    for stage_key in stage_keys:
        _check_stage(call, stage_key)
    distinct = request.get("generateDistinctId") is not False or not request.get("value")
    record = {
        "id": call.new_id(call.region.api_keys, 10) if distinct else value,
        "value": value,
        "enabled": bool(request.get("enabled", False)),
        "createdDate": call.now(),
        "lastUpdatedDate": call.now(),
        "stageKeys": stage_keys,
        **{member: request[member] for member in ("name", "description", "customerId") if request.get(member)},
        "tags": checked_tags(request.get("tags")),
    }
    if record["id"] in call.region.api_keys:
        raise ConflictException("API Key already exists")
    call.region.api_keys[record["id"]] = record
    return _listed(record, with_value=True)


def get_api_key(call: Call, request: Record) -> Record:
    return with_tags(_single(find(call, request["apiKey"]), with_value=request.get("includeValue") is True))


def get_api_keys(call: Call, request: Record) -> Record:
    """The keys, the newest first, as recorded."""
    query, customer = request.get("nameQuery"), request.get("customerId")
    records = [
        record
        for record in reversed(call.region.api_keys.values())
        if (not query or record.get("name", "").startswith(query))
        and (not customer or record.get("customerId") == customer)
    ]
    with_values = request.get("includeValues") is True
    return page(records, request, show=lambda record: _listed(record, with_values))


def delete_api_key(call: Call, request: Record) -> None:
    record = find(call, request["apiKey"])
    del call.region.api_keys[record["id"]]
    for keys in call.region.usage_plan_keys.values():
        keys.pop(record["id"], None)
    usage.forget(call.region, key_id=record["id"])


def update_api_key(call: Call, request: Record) -> Record:
    record = find(call, request["apiKey"])
    changed = PATCHES.apply(record, request.get("patchOperations"))
    _check_name(changed.get("name"))
    for stage_key in changed["stageKeys"]:
        if stage_key not in record["stageKeys"]:
            _check_stage(call, stage_key)
    changed["lastUpdatedDate"] = call.now()
    call.region.api_keys[record["id"]] = changed
    return with_tags(_single(changed, with_value=False))


def import_api_keys(call: Call, request: Record) -> Record:
    """Keys from CSV. A row that cannot be taken is a warning; a file without its two columns is refused."""
    warnings: list[str] = []
    rows = list(_rows(request["body"]))
    taken = [row for row in rows if _importable(call, row, warnings)]
    if warnings and request.get("failOnWarnings"):
        raise BadRequestException("Warnings found during import:\n\t" + "\n\t".join(warnings))
    ids = [_import_row(call, row) for row in taken]
    return {"ids": list(dict.fromkeys(ids)), **({"warnings": warnings} if warnings else {})}


def find(call: Call, key_id: str) -> Record:
    """The key of that id. Raises NotFoundException."""
    record = call.region.api_keys.get(key_id)
    if record is None:
        raise NotFoundException(NOT_FOUND)
    return record


# -- showing -----------------------------------------------------------------------------------------------------------


def _single(record: Record, with_value: bool) -> Record:
    return {member: value for member, value in record.items() if member != "value" or with_value}


def _listed(record: Record, with_value: bool) -> Record:
    return without_empty_tags(_single(record, with_value))


# -- checks ------------------------------------------------------------------------------------------------------------


def _check_name(name: str | None) -> None:
    if name is not None and len(name) > _LONGEST_NAME:
        raise BadRequestException(f"API Key name exceeds maximum size of {_LONGEST_NAME} characters")


def _check_value(call: Call, value: str) -> None:
    if len(value) < _SHORTEST:
        raise BadRequestException(f"API Key value should be at least {_SHORTEST} characters")
    if len(value) > _LONGEST:
        raise BadRequestException(f"API Key value exceeds maximum size of {_LONGEST} characters")
    if any(record["value"] == value for record in call.region.api_keys.values()):
        raise ConflictException("API Key already exists")


def _check_stage(call: Call, stage_key: str) -> None:
    api_id, _, stage = stage_key.partition("/")
    api = call.region.apis.get(api_id)
    if api is None or stage not in api.stages:
        raise BadRequestException(f"Invalid stage identifier specified: {stage_key}")


# -- patching ----------------------------------------------------------------------------------------------------------


def _change_list(member: str) -> Rule:
    def act(record: Record, operation: PatchOp) -> None:
        values: list[str] = list(record.get(member) or [])
        if operation.op == "remove":
            values = [value for value in values if value != operation.value] if operation.value else []
        elif not operation.value:
            raise BadRequestException(f"Invalid value specified for op 'add' and path '/{member}'")
        elif operation.value not in values:
            values.append(operation.value)
        record[member] = values

    path = "/stages" if member == "stageKeys" else f"/{member}"
    return Rule(path, ("add", "remove"), act)


PATCHES = Patches(
    (
        Rule("/customerId", ("replace",), text("customerId")),
        Rule("/description", ("replace",), text("description")),
        Rule("/enabled", ("replace",), flag("enabled")),
        _change_list("labels"),
        Rule("/name", ("replace",), text("name")),
        _change_list("stageKeys"),
    )
)


# -- CSV ---------------------------------------------------------------------------------------------------------------


def _rows(body: bytes) -> Iterator[dict[str, str]]:
    """The file's rows by lower-case column name. Raises BadRequestException for what is no key file."""
    try:
        lines = [line for line in body.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise BadRequestException("Unable to parse CSV: the file is not UTF-8 text") from None
    header = [name.strip().lower() for name in _fields(lines[0])] if lines else []
    missing = [name for name in ("name", "key") if name not in header]
    if missing:
        raise BadRequestException(f"Unable to parse CSV: missing required column(s): {', '.join(missing)}")
    for line in lines[1:]:
        yield dict(zip(header, (field.strip() for field in _fields(line)), strict=False))


def _fields(line: str) -> Sequence[str]:
    """The fields of a line; a field may stand in double or single quotes."""
    fields: list[str] = []
    field, quote = "", ""
    for character in line:
        if quote:
            if character == quote:
                quote = ""
            else:
                field += character
        elif character in "\"'" and not field.strip():
            quote, field = character, ""
        elif character == ",":
            fields.append(field)
            field = ""
        else:
            field += character
    return [*fields, field]


def _importable(call: Call, row: dict[str, str], warnings: list[str]) -> bool:
    name, value = row.get("name", ""), row.get("key", "")
    problem = None
    if not name or not value:
        problem = "a name and a key are required"
    elif not _SHORTEST <= len(value) <= _LONGEST:
        problem = f"the key must be between {_SHORTEST} and {_LONGEST} characters"
    elif len(name) > _LONGEST_NAME:
        problem = f"the name cannot exceed {_LONGEST_NAME} characters"
    if problem is not None:
        warnings.append(f"Unable to import API Key '{name}': {problem}")
        return False
    for plan_id in _plan_ids(row):
        if plan_id not in call.region.usage_plans:
            warnings.append(f"Unable to add API Key '{name}' to usage plan '{plan_id}': no such usage plan")
    return True


def _plan_ids(row: dict[str, str]) -> list[str]:
    return [each.strip() for each in row.get("usageplanids", "").split(",") if each.strip()]


def _import_row(call: Call, row: dict[str, str]) -> str:
    """Make the row's key, or overwrite the key of the same value; gives its id."""
    value = row["key"]
    record = next((each for each in call.region.api_keys.values() if each["value"] == value), None)
    if record is None:
        record = {
            "id": call.new_id(call.region.api_keys, 10),
            "value": value,
            "createdDate": call.now(),
            "stageKeys": [],
            "tags": {},
        }
        call.region.api_keys[record["id"]] = record
    record["name"] = row["name"]
    record["enabled"] = row.get("enabled", "").lower() != "false"
    record["lastUpdatedDate"] = call.now()
    record.pop("description", None)
    if row.get("description"):
        record["description"] = row["description"]
    for plan_id in _plan_ids(row):
        if plan_id in call.region.usage_plans:
            call.region.usage_plan_keys.setdefault(plan_id, {}).setdefault(
                record["id"], {"id": record["id"], "type": "API_KEY"}
            )
    return str(record["id"])
