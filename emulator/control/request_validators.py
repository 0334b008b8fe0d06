"""RequestValidator: which halves of a request a method validates.

Belongs here: RequestValidator records. Never here: validating (``execute_api/``).
"""

from __future__ import annotations

from emulator.control import lookup
from emulator.control.call import Call
from emulator.control.paging import page
from emulator.control.patch import Patches, PatchOp, Rule, flag
from emulator.errors import BadRequestException, ConflictException, NotFoundException
from emulator.store.records import Record, RestApi

MISSING = "Invalid Request Validator identifier specified"
BLANK = "Request Validator name cannot be blank"


def create_request_validator(call: Call, request: Record) -> Record:
    api = call.region.apis.get(request["restApiId"])
    if api is None:
        raise BadRequestException("Invalid REST API identifier specified")
    if not (request.get("name") or "").strip():
        raise BadRequestException(BLANK)
    validator_id = call.new_id(api.validators)
    _check_unique(api, request["name"], validator_id)
    record = {
        "id": validator_id,
        "name": request["name"],
        "validateRequestBody": request.get("validateRequestBody", False),
        "validateRequestParameters": request.get("validateRequestParameters", False),
    }
    api.validators[validator_id] = record
    return record


def _check_unique(api: RestApi, name: str, own_id: str) -> None:
    if any(each["name"] == name and each["id"] != own_id for each in api.validators.values()):
        raise ConflictException(
            f"Request Validator name must be unique. Request Validator {name} already exists in this RestApi."
        )


def _find(call: Call, request: Record) -> tuple[RestApi, Record]:
    api = lookup.api_or_refuse(call, request["restApiId"], MISSING)
    record = api.validators.get(request["requestValidatorId"])
    if record is None:
        raise NotFoundException(MISSING)
    return api, record


def get_request_validator(call: Call, request: Record) -> Record:
    return _find(call, request)[1]


def get_request_validators(call: Call, request: Record) -> Record:
    api = lookup.rest_api(call, request["restApiId"])
    return page(list(api.validators.values()), request)


def delete_request_validator(call: Call, request: Record) -> None:
    """Delete a validator. Refused while a method uses it."""
    api, record = _find(call, request)
    for resource in api.resources.values():
        for verb, method in resource.get("resourceMethods", {}).items():
            if method.get("requestValidatorId") == record["id"]:
                raise ConflictException(
                    f"Cannot delete request validator '{record['name']}', is referenced in method: "
                    f"{verb}/{resource['path']}"
                )
    del api.validators[record["id"]]


def update_request_validator(call: Call, request: Record) -> Record:
    api, record = _find(call, request)
    changed = PATCHES.apply(record, request.get("patchOperations"))
    _check_unique(api, changed["name"], record["id"])
    api.validators[record["id"]] = changed
    return changed


def _name(record: Record, operation: PatchOp) -> None:
    if not operation.text.strip():
        raise BadRequestException(BLANK)
    record["name"] = operation.text


PATCHES = Patches(
    rules=(
        Rule("/name", ("replace",), _name),
        Rule("/validateRequestParameters", ("replace",), flag("validateRequestParameters")),
        Rule("/validateRequestBody", ("replace",), flag("validateRequestBody")),
    )
)
