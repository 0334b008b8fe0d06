"""Authorizer: the records of the four types.

Belongs here: what an authorizer must say, and what refers to it. Never here: authorizing (``authorizers/``).
Follows the API reference's Authorizer pages.
"""

from __future__ import annotations

import copy
import re
from typing import Any

import orjson

from emulator.control import lookup
from emulator.control.call import Call
from emulator.control.paging import page
from emulator.control.patch import Patches, PatchOp, Rule, integer, text
from emulator.errors import BadRequestException, ConflictException, NotFoundException
from emulator.store.records import Record, RestApi

TYPES = ("TOKEN", "REQUEST", "COGNITO_USER_POOLS", "JWT")
MISSING = "Invalid Authorizer identifier specified"
BAD_TTL = "Invalid value specified for authorizerResultTtlInSeconds. Must be between 0 and 3600"
_LAMBDA_URI = re.compile(
    r"arn:aws[\w-]*:apigateway:[a-z]+(?:-[a-z]+)+-\d:lambda:path/\d{4}-\d\d-\d\d/functions/.+/invocations"
)
_HEADER = re.compile(r"method\.request\.header\.[^\s,]+")
_SOURCE = re.compile(r"(method\.request\.(header|querystring|multivalueheader|multivaluequerystring)|context|"
                     r"stageVariables)\.[^\s,]+")  # fmt: skip
_POOL = re.compile(r"arn:aws[\w-]*:cognito-idp:[\w-]+:\d{12}:userpool/.+")


def create_authorizer(call: Call, request: Record) -> Record:
    api = call.region.apis.get(request["restApiId"])
    if api is None:  # AWS's own answer, odd as it is
        raise ConflictException("Unable to complete operation due to concurrent modification. Please try again later.")
    authorizer_id = call.new_id(api.authorizers)
    record: Record = {"id": authorizer_id}
    members = (
        "name", "type", "providerARNs", "authType", "authorizerUri", "authorizerCredentials", "identitySource",
        "identityValidationExpression", "authorizerResultTtlInSeconds", "jwtConfiguration",
    )  # fmt: skip
    for member in members:
        if request.get(member) not in (None, ""):
            record[member] = request[member]
    record.setdefault("authType", {"COGNITO_USER_POOLS": "cognito_user_pools"}.get(record["type"], "custom"))
    if record["type"] == "JWT":
        record.pop("authType")
    check_authorizer(api, record)
    _name_keys(call, record)
    api.authorizers[authorizer_id] = record
    return record


def _name_keys(call: Call, record: Record) -> None:
    """Show where the keys of each issuer are, where the settings say so; others are discovered when first needed."""
    if "jwtConfiguration" not in record:
        return
    configuration = copy.deepcopy(record["jwtConfiguration"])
    for issuer in configuration["issuers"]:
        known = call.settings.issuers.get(issuer["issuer"])
        if known:
            issuer["jwksUri"] = known
    record["jwtConfiguration"] = configuration


def check_authorizer(api: RestApi, record: Record) -> None:
    """Raises BadRequestException and ConflictException for an authorizer that AWS would not keep."""
    name = record.get("name", "")
    if not name.strip():
        raise BadRequestException("Authorizer name cannot be blank")
    for other in api.authorizers.values():
        if other["name"] == name and other["id"] != record["id"]:
            raise ConflictException(
                f"Authorizer name must be unique. Authorizer {name} already exists in this RestApi."
            )
    ttl = record.get("authorizerResultTtlInSeconds")
    if ttl is not None and not 0 <= ttl <= 3600:
        raise BadRequestException(BAD_TTL)
    _CHECKS[record["type"]](record)
    expression = record.get("identityValidationExpression")
    if expression:
        try:
            re.compile(expression)
        except re.error:
            raise BadRequestException("Invalid identity validation expression specified") from None


def _check_lambda(record: Record) -> None:
    uri = record.get("authorizerUri", "")
    if not _LAMBDA_URI.fullmatch(uri):
        raise BadRequestException(
            f"Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda "
            "function invocation."
        )
    source = record.get("identitySource", "")
    if record["type"] == "TOKEN":
        if source and not _HEADER.fullmatch(source):
            raise BadRequestException(f"Invalid mapping expression specified: {source}")
        record.setdefault("identitySource", "method.request.header.Authorization")
        return
    if not source and record.get("authorizerResultTtlInSeconds", 300) > 0:
        raise BadRequestException(
            "Identity source must be set if authorizer caching is enabled (TTL is greater than 0)"
        )
    for each in filter(None, (part.strip() for part in source.split(","))):
        if not _SOURCE.fullmatch(each):
            raise BadRequestException(f"Invalid mapping expression specified: {each}")


def _check_cognito(record: Record) -> None:
    pools = record.get("providerARNs") or []
    if not pools:
        raise BadRequestException("Provider ARNs must be specified for COGNITO_USER_POOLS authorizers")
    for pool in pools:
        if not _POOL.fullmatch(pool):
            raise BadRequestException("Invalid Cognito User Pool ARN")
    source = record.setdefault("identitySource", "method.request.header.Authorization")
    if not _HEADER.fullmatch(source):
        raise BadRequestException(f"Invalid mapping expression specified: {source}")


def _check_jwt(record: Record) -> None:
    if "jwtConfiguration" not in record:
        raise BadRequestException("JWT configuration must be specified for JWT authorizers")
    configuration = record["jwtConfiguration"]
    if not configuration.get("issuers"):
        raise BadRequestException("At least one issuer must be specified for JWT authorizers")
    for issuer in configuration["issuers"]:
        if not isinstance(issuer, dict) or not issuer.get("issuer") or not issuer.get("audiences"):
            raise BadRequestException("Each issuer of a JWT authorizer must have an issuer and audiences")
    if not _HEADER.fullmatch(record.get("identitySource", "")):
        raise BadRequestException("JWT authorizers require a single request header as identity source")
    if "authorizerResultTtlInSeconds" in record:
        raise BadRequestException("authorizerResultTtlInSeconds is not supported for JWT authorizers")


_CHECKS = {
    "TOKEN": _check_lambda,
    "REQUEST": _check_lambda,
    "COGNITO_USER_POOLS": _check_cognito,
    "JWT": _check_jwt,
}


def _find(call: Call, request: Record) -> tuple[RestApi, Record]:
    api = lookup.api_or_refuse(call, request["restApiId"], MISSING)
    record = api.authorizers.get(request["authorizerId"])
    if record is None:
        raise NotFoundException(MISSING)
    return api, record


def get_authorizer(call: Call, request: Record) -> Record:
    return _find(call, request)[1]


def get_authorizers(call: Call, request: Record) -> Record:
    api = lookup.rest_api(call, request["restApiId"])
    return page(list(api.authorizers.values()), request)


def delete_authorizer(call: Call, request: Record) -> None:
    """Delete an authorizer. Refused while a method uses it."""
    api, record = _find(call, request)
    for resource in api.resources.values():
        for verb, method in resource.get("resourceMethods", {}).items():
            if method.get("authorizerId") == record["id"]:
                raise ConflictException(
                    f"Cannot delete authorizer '{record['name']}', is referenced in method: {verb}/{resource['path']}"
                )
    del api.authorizers[record["id"]]


def update_authorizer(call: Call, request: Record) -> Record:
    api, record = _find(call, request)
    changed = PATCHES.apply(record, request.get("patchOperations"))
    check_authorizer(api, changed)
    _name_keys(call, changed)
    api.authorizers[record["id"]] = changed
    return changed


def flush_stage_authorizers_cache(call: Call, request: Record) -> None:
    api, stage = lookup.stage(call, request)
    if call.data_plane is not None:
        call.data_plane.flush_authorizers(api.id, stage["stageName"])


def _ttl(record: Record, operation: PatchOp) -> None:
    record.pop("authorizerResultTtlInSeconds", None)
    if operation.text:
        record["authorizerResultTtlInSeconds"] = integer(operation.value, BAD_TTL)


def _type(record: Record, operation: PatchOp) -> None:
    if operation.text not in TYPES:
        raise BadRequestException(f"Invalid Authorizer type specified. Valid options are {','.join(TYPES)}")
    record["type"] = operation.text


def _providers(record: Record, operation: PatchOp) -> None:
    """The ARN is the value, or the path's last segment."""
    named = operation.text or operation.last
    pools = [each for each in record.get("providerARNs", ()) if each != named]
    if operation.op == "add":
        pools.append(named)
    record.pop("providerARNs", None)
    if pools:
        record["providerARNs"] = pools


def _sources(record: Record, operation: PatchOp) -> None:
    """``add`` and ``remove`` work on the list that the text is; ``replace`` on the text."""
    value = operation.text
    sources = [each.strip() for each in record.get("identitySource", "").split(",") if each.strip()]
    if operation.op == "replace":
        sources = [value] if value else []
    elif operation.op == "add":
        sources = [*(each for each in sources if each != value), value]
    else:
        sources = [each for each in sources if each != value] if value else []
    record.pop("identitySource", None)
    if sources:
        record["identitySource"] = ",".join(sources)


def _jwt(record: Record, operation: PatchOp) -> None:
    """The whole configuration, as JSON."""
    try:
        given: Any = orjson.loads(operation.text)
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise BadRequestException("Invalid JWT configuration specified")
    record["jwtConfiguration"] = given


_SET = ("replace",)
PATCHES = Patches(
    rules=(
        Rule("/authorizerUri", _SET, text("authorizerUri")),
        Rule("/authorizerCredentials", _SET, text("authorizerCredentials")),
        Rule("/authorizerResultTtlInSeconds", _SET, _ttl),
        Rule("/authType", _SET, text("authType")),
        Rule("/identitySource", ("add", "replace", "remove"), _sources),
        Rule("/identityValidationExpression", _SET, text("identityValidationExpression")),
        Rule("/name", _SET, text("name")),
        Rule("/providerARNs", ("add", "remove"), _providers),
        Rule("/providerARNs/*", ("add", "remove"), _providers, listed=""),
        Rule("/type", _SET, _type),
        Rule("/jwtConfiguration", _SET, _jwt, listed=""),
    )
)
