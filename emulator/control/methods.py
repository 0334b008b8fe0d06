"""Method and MethodResponse.

Belongs here: the front half of a method: who may call, with what, and what comes back. Never here: integrations.
"""

from __future__ import annotations

from emulator.control import lookup
from emulator.control.call import Call
from emulator.control.mapping_rules import check_method_parameters, check_method_response_parameters
from emulator.control.patch import Patches, PatchOp, Rule, entry, flag, text
from emulator.errors import BadRequestException, ConflictException, NotFoundException
from emulator.store.records import Record, RestApi

VERBS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
AUTHORIZATION_TYPES = ("NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS", "JWT")
# The authorizer types that each authorization type works with.
_AUTHORIZERS = {"CUSTOM": ("TOKEN", "REQUEST"), "COGNITO_USER_POOLS": ("COGNITO_USER_POOLS",), "JWT": ("JWT",)}
NO_AUTHORIZER = (
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid "
    "authorizer."
)
NO_PARAMETER = "Invalid parameter name specified"
NO_CONTENT_TYPE = "Content-Type specified was not found"


def check_verb(verb: str) -> None:
    """Raises BadRequestException for what is no HTTP method of API Gateway's."""
    if verb not in VERBS:
        raise BadRequestException(f"Invalid HttpMethod specified. Valid options are {','.join(VERBS)}")


def put_method(call: Call, request: Record) -> Record:
    api, parent = lookup.resource(call, request)
    verb = request["httpMethod"]
    check_verb(verb)
    record: Record = {
        "httpMethod": verb,
        "authorizationType": request["authorizationType"],
        "apiKeyRequired": request.get("apiKeyRequired", False),
    }
    for member in ("authorizerId", "requestValidatorId", "operationName", "authorizationScopes"):
        if request.get(member):
            record[member] = request[member]
    if request.get("requestParameters"):
        record["requestParameters"] = {
            name: bool(required) for name, required in request["requestParameters"].items()
        }
    if request.get("requestModels"):
        record["requestModels"] = dict(request["requestModels"])
    _check(api, record)
    if verb in parent.get("resourceMethods", {}):
        raise ConflictException("Method already exists for this resource")
    parent.setdefault("resourceMethods", {})[verb] = record
    return record


def _check(api: RestApi, record: Record) -> None:
    """Whether what a method refers to is there. Raises BadRequestException; drops an authorizer it does not use."""
    kind = record["authorizationType"]
    if kind not in AUTHORIZATION_TYPES:
        raise BadRequestException(
            f"Invalid AuthorizationType specified. Valid options are {','.join(AUTHORIZATION_TYPES)}"
        )
    if kind in _AUTHORIZERS:
        authorizer = api.authorizers.get(record.get("authorizerId", ""))
        if authorizer is None or authorizer["type"] not in _AUTHORIZERS[kind]:
            raise BadRequestException(NO_AUTHORIZER)
    else:
        record.pop("authorizerId", None)
    validator = record.get("requestValidatorId")
    if validator and validator not in api.validators:
        raise BadRequestException("Invalid Request Validator identifier specified")
    check_models(api, record.get("requestModels"))
    check_method_parameters(record.get("requestParameters"))


def check_models(api: RestApi, by_type: Record | None) -> None:
    """Raises BadRequestException for a model that the API does not have."""
    for name in (by_type or {}).values():
        if name not in api.models:
            raise BadRequestException(f"Invalid model identifier specified: {name}")


def get_method(call: Call, request: Record) -> Record:
    return lookup.method(call, request)[2]


def delete_method(call: Call, request: Record) -> None:
    _api, parent, record = lookup.method(call, request)
    del parent["resourceMethods"][record["httpMethod"]]


def update_method(call: Call, request: Record) -> Record:
    api, parent, record = lookup.method(call, request)
    changed = PATCHES.apply(record, request.get("patchOperations"))
    _check(api, changed)
    parent["resourceMethods"][record["httpMethod"]] = changed
    return changed


def _required(_name: str, operation: PatchOp) -> bool:
    return operation.flag


def _scopes(record: Record, operation: PatchOp) -> None:
    """The scope is the value, or the path's last segment."""
    named = operation.text or operation.last
    scopes = [each for each in record.get("authorizationScopes", ()) if each != named]
    if operation.op == "add":
        scopes.append(named)
    record.pop("authorizationScopes", None)
    if scopes:
        record["authorizationScopes"] = scopes


def _cleared_text(member: str) -> Rule:
    """A text that an empty value takes away."""

    def act(record: Record, operation: PatchOp) -> None:
        record.pop(member, None)
        if operation.text:
            record[member] = operation.text

    return Rule(f"/{member}", ("replace",), act)


_ENTRY = ("add", "replace", "remove")
PATCHES = Patches(
    rules=(
        Rule("/authorizationScopes", ("add", "remove"), _scopes),
        Rule("/authorizationScopes/*", ("add", "remove"), _scopes),
        Rule("/authorizationType", ("replace",), text("authorizationType", nullable=False)),
        _cleared_text("authorizerId"),
        Rule("/apiKeyRequired", ("replace",), flag("apiKeyRequired")),
        _cleared_text("operationName"),
        Rule("/requestParameters/*", _ENTRY, entry("requestParameters", NO_PARAMETER, _required)),
        Rule("/requestModels/*", _ENTRY, entry("requestModels", NO_CONTENT_TYPE)),
        _cleared_text("requestValidatorId"),
    ),
    wording="ops",
)


# -- MethodResponse ----------------------------------------------------------------------------------------------------


def put_method_response(call: Call, request: Record) -> Record:
    api, _parent, method = lookup.method(call, request)
    status = request["statusCode"]
    if status in method.get("methodResponses", {}):
        raise ConflictException("Response already exists for this resource")
    record: Record = {"statusCode": status}
    if request.get("responseParameters") is not None:
        record["responseParameters"] = {
            name: bool(required) for name, required in request["responseParameters"].items()
        }
    if request.get("responseModels") is not None:
        record["responseModels"] = dict(request["responseModels"])
    _check_response(api, record)
    method.setdefault("methodResponses", {})[status] = record
    return record


def _check_response(api: RestApi, record: Record) -> None:
    check_models(api, record.get("responseModels"))
    check_method_response_parameters(record.get("responseParameters"))


def _response(call: Call, request: Record) -> tuple[RestApi, Record, Record]:
    api, _parent, method = lookup.method(call, request)
    record = method.get("methodResponses", {}).get(request["statusCode"])
    if record is None:
        raise NotFoundException(lookup.NO_STATUS)
    return api, method, record


def get_method_response(call: Call, request: Record) -> Record:
    return _response(call, request)[2]


def delete_method_response(call: Call, request: Record) -> None:
    _api, method, record = _response(call, request)
    del method["methodResponses"][record["statusCode"]]
    if not method["methodResponses"]:
        del method["methodResponses"]


def update_method_response(call: Call, request: Record) -> Record:
    api, method, record = _response(call, request)
    changed = RESPONSE_PATCHES.apply(record, request.get("patchOperations"))
    _check_response(api, changed)
    method["methodResponses"][record["statusCode"]] = changed
    return changed


RESPONSE_PATCHES = Patches(
    rules=(
        Rule("/responseModels/*", _ENTRY, entry("responseModels", NO_CONTENT_TYPE)),
        Rule("/responseParameters/*", _ENTRY, entry("responseParameters", NO_PARAMETER, _required)),
    ),
    wording="ops",
)
