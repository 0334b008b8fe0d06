"""GatewayResponse: what an API answers when it does not reach its integration.

Belongs here: the records, AWS's defaults, and how a type falls back on DEFAULT_4XX and DEFAULT_5XX. Never here:
rendering them (``execute_api/gateway_response.py``).
"""

from __future__ import annotations

from emulator.control import lookup
from emulator.control.call import Call
from emulator.control.paging import page
from emulator.control.patch import Patches, PatchOp, Rule, entry
from emulator.errors import BadRequestException, NotFoundException
from emulator.store.records import Record, RestApi

TEMPLATE = '{"message":$context.error.messageString}'
# Each type's status; the two defaults have none of their own.
STATUSES: dict[str, str | None] = {
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "REQUEST_TOO_LARGE": "413",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}


def put_gateway_response(call: Call, request: Record) -> Record:
    api = lookup.rest_api(call, request["restApiId"])
    record = new_response(
        request["responseType"],
        request.get("statusCode"),
        request.get("responseParameters"),
        request.get("responseTemplates"),
    )
    api.gateway_responses[record["responseType"]] = record
    return record


def new_response(
    response_type: str, status: str | None = None, parameters: Record | None = None, templates: Record | None = None
) -> Record:
    """A GatewayResponse of an API's own, what is not given filled in as AWS does."""
    record: Record = {
        "responseType": response_type,
        "responseParameters": dict(parameters or {}),
        "responseTemplates": dict(templates or {"application/json": TEMPLATE}),
        "defaultResponse": False,
    }
    status = status or STATUSES[response_type]
    if status is not None:
        record["statusCode"] = status
    _check(record)
    return record


def _check(record: Record) -> None:
    for member in ("responseParameters", "responseTemplates"):
        if any(not value for value in record[member].values()):
            raise BadRequestException(f"Invalid null or empty value in {member}")
    for name in record["responseParameters"]:
        if not name.startswith("gatewayresponse.header.") or name == "gatewayresponse.header.":
            raise BadRequestException(f"Invalid parameter name specified: {name}")


def effective(api: RestApi, response_type: str) -> Record:
    """The response of a type: the API's own, or the default after what the API says of DEFAULT_4XX or DEFAULT_5XX."""
    own = api.gateway_responses.get(response_type)
    if own is not None:
        return own
    status = STATUSES[response_type]
    record: Record = {
        "responseType": response_type,
        "responseParameters": {},
        "responseTemplates": {"application/json": TEMPLATE},
        "defaultResponse": True,
    }
    if status is None:
        return record
    record["statusCode"] = status
    general = api.gateway_responses.get("DEFAULT_4XX" if status < "500" else "DEFAULT_5XX")
    if general is not None:
        for member in ("responseParameters", "responseTemplates", "statusCode"):
            if member in general:
                record[member] = general[member]
    return record


def get_gateway_response(call: Call, request: Record) -> Record:
    return effective(lookup.rest_api(call, request["restApiId"]), request["responseType"])


def get_gateway_responses(call: Call, request: Record) -> Record:
    """All 21 types in one page unless asked for less."""
    api = lookup.rest_api(call, request["restApiId"])
    records = [effective(api, response_type) for response_type in STATUSES]
    return page(records, request, key=lambda record: str(record["responseType"]))


def delete_gateway_response(call: Call, request: Record) -> None:
    api = lookup.rest_api(call, request["restApiId"])
    if request["responseType"] not in api.gateway_responses:
        raise NotFoundException("Gateway response type not defined on api")
    del api.gateway_responses[request["responseType"]]


def update_gateway_response(call: Call, request: Record) -> Record:
    """Patch a response; a type the API did not define starts from what it answers now."""
    api = lookup.rest_api(call, request["restApiId"])
    record = {**effective(api, request["responseType"]), "defaultResponse": False}
    changed = PATCHES.apply(record, request.get("patchOperations"))
    changed.setdefault("responseParameters", {})
    changed.setdefault("responseTemplates", {})
    _check(changed)
    api.gateway_responses[request["responseType"]] = changed
    return changed


def _status(record: Record, operation: PatchOp) -> None:
    text = operation.text
    if not text:
        record.pop("statusCode", None)
    elif len(text) == 3 and text.isdigit() and "1" <= text[0] <= "5":
        record["statusCode"] = text
    else:
        raise BadRequestException(f"Invalid status code specified: {text}")


def _value(member: str, operation: PatchOp) -> str:
    if not operation.value:
        raise BadRequestException(f"Invalid null or empty value in {member}")
    return operation.value


_ENTRY = ("add", "replace", "remove")
PATCHES = Patches(
    rules=(
        Rule("/statusCode", ("replace",), _status),
        Rule(
            "/responseParameters/*",
            _ENTRY,
            entry(
                "responseParameters",
                "Invalid parameter name specified",
                lambda _name, operation: _value("responseParameters", operation),
            ),
        ),
        Rule(
            "/responseTemplates/*",
            _ENTRY,
            entry(
                "responseTemplates",
                "Content-Type specified was not found",
                lambda _name, operation: _value("responseTemplates", operation),
            ),
        ),
    ),
    wording="path",
)
