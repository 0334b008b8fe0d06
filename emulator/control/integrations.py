"""Integration and IntegrationResponse.

Belongs here: where a method's requests go, as records. Never here: going there (``integrations/`` of the emulator).
Follows PutIntegration and UpdateIntegration of the API reference.
"""

from __future__ import annotations

import re

from emulator.control import lookup
from emulator.control.call import Call
from emulator.control.mapping_rules import (
    check_integration_parameters,
    check_integration_response_parameters,
    check_template_types,
)
from emulator.control.methods import NO_CONTENT_TYPE, NO_PARAMETER, check_verb
from emulator.control.patch import Action, Patches, PatchOp, Rule, entry, integer, text
from emulator.errors import AccessDeniedException, BadRequestException, NotFoundException
from emulator.integrations.lambda_calls import lambda_target
from emulator.store.records import Record, RestApi

PASSTHROUGH = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
CONTENT_HANDLING = ("CONVERT_TO_BINARY", "CONVERT_TO_TEXT")
CONNECTION_TYPES = ("INTERNET", "VPC_LINK")
TRANSFER_MODES = ("BUFFERED", "STREAM")
DEFAULT_TIMEOUT = 29000
RAISED_TIMEOUT = 300000  # milliseconds: of regional and private APIs
STREAM_TIMEOUT = 900000  # milliseconds: the most that a streamed answer may take
_PROXY_TARGET = re.compile(
    r"arn:aws[\w-]*:apigateway:[\w-]+:(lambda:path/\d{4}-\d\d-\d\d/functions/.+/(response-streaming-)?invocations"
    r"|firehose:.+)"
)


_CACHE_KEY = re.compile(r"(method|integration)\.request\.(path|header|querystring|multivalue(header|querystring))\.\S+")

# A call of a function, whatever stands in the function's place.
_INVOKED = re.compile(r":lambda:path/+\d{4}-\d\d-\d\d/functions/.*/(?:response-streaming-)?invocations")


def put_integration(call: Call, request: Record) -> Record:
    api, parent, method = lookup.method(call, request)
    record: Record = {"type": request["type"]}
    if request.get("integrationHttpMethod"):
        record["httpMethod"] = request["integrationHttpMethod"]
    for member in ("uri", "connectionType", "connectionId", "credentials", "contentHandling"):
        if request.get(member):
            record[member] = request[member]
    for member in ("requestParameters", "requestTemplates"):
        if request.get(member):
            record[member] = dict(request[member])
    record["passthroughBehavior"] = request.get("passthroughBehavior") or "WHEN_NO_MATCH"
    for member in ("responseTransferMode", "integrationTarget", "tlsConfig"):
        if request.get(member):
            record[member] = request[member]
    record["timeoutInMillis"] = request.get("timeoutInMillis", DEFAULT_TIMEOUT)
    record["cacheNamespace"] = request.get("cacheNamespace") or parent["id"]
    record["cacheKeyParameters"] = list(request.get("cacheKeyParameters") or ())
    check_integration(call, api, method, record)
    method["methodIntegration"] = record
    return record


def check_integration(call: Call, api: RestApi, method: Record, record: Record) -> None:
    """Whether AWS would keep such an integration of such a method. Raises BadRequestException."""
    if record["type"] != "MOCK":
        if not record.get("httpMethod"):
            raise BadRequestException("Enumeration value for HttpMethod must be non-empty")
        check_verb(record["httpMethod"])
        _check_uri(record)
    credentials = record.get("credentials", "")
    named = re.fullmatch(r"arn:aws[\w-]*:iam::(\d{12}|\*):(role|user)/.+", credentials)
    if credentials and "${" not in credentials:
        if named is None:
            raise BadRequestException("Invalid ARN specified in the request")
        if named[1] not in ("*", call.account):
            raise AccessDeniedException("Cross-account pass role is not allowed.")
    _one_of("PassthroughBehavior", record["passthroughBehavior"], PASSTHROUGH)
    if not all(_CACHE_KEY.fullmatch(each) for each in record.get("cacheKeyParameters") or ()):
        raise BadRequestException("Invalid cache key parameter specified")
    streams = record.get("responseTransferMode") == "STREAM"
    if streams and record["type"] not in ("HTTP_PROXY", "AWS_PROXY"):
        raise BadRequestException("Response streaming is only supported for HTTP_PROXY and AWS_PROXY integrations")
    longest = STREAM_TIMEOUT if streams else _longest_timeout(api)
    if not 50 <= record["timeoutInMillis"] <= longest:
        raise BadRequestException(f"Timeout should be between 50 ms and {longest} ms")
    if record.get("connectionType") == "VPC_LINK" and not record.get("connectionId"):
        raise BadRequestException("Connection id must be specified for integrations of connection type VPC_LINK")
    check_integration_parameters(record.get("requestParameters"), method.get("requestParameters"))
    check_template_types(record.get("requestTemplates"))


def _longest_timeout(api: RestApi) -> int:
    """29 seconds; where AWS raises that on demand, the most it gives ("Integration timeout" of the quotas)."""
    edge = "EDGE" in api.record.get("endpointConfiguration", {}).get("types", ("EDGE",))
    return DEFAULT_TIMEOUT if edge else RAISED_TIMEOUT


def _check_uri(record: Record) -> None:
    uri = record.get("uri", "")
    if record["type"] in ("HTTP", "HTTP_PROXY"):
        if not re.match(r"https?://[^/\s]", uri) and not uri.startswith("${"):
            raise BadRequestException("Invalid HTTP endpoint specified for URI")
        return
    if not re.match(r"arn:aws[\w-]*:[^:]+(:[^:]*){3}", uri):
        raise BadRequestException("Invalid ARN specified in the request")
    # The ARN of a function or of a role has neither, and no other place for it is looked at (seen on AWS).
    target = uri.split(":", 5)[5]
    if not target.startswith(("path/", "action/")) or uri.split(":", 3)[2] != "apigateway":
        raise BadRequestException("AWS ARN for integration must contain path or action")
    invoked = _INVOKED.search(uri)
    if invoked is not None and "{" not in uri and lambda_target(uri, "000000000000", "us-east-1") is None:
        raise BadRequestException("Invalid function ARN or invalid uri")
    if record["type"] == "AWS_PROXY":
        if not _PROXY_TARGET.fullmatch(uri):
            raise BadRequestException(
                "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream "
                "invocations."
            )
    elif ":lambda:path/" not in uri and not record.get("credentials"):
        raise BadRequestException("Role ARN must be specified for AWS integrations")


def _one_of(name: str, value: str, options: tuple[str, ...]) -> None:
    if value not in options:
        raise BadRequestException(f"Invalid {name} specified. Valid options are {','.join(options)}")


def get_integration(call: Call, request: Record) -> Record:
    return lookup.integration(call, request)[2]


def delete_integration(call: Call, request: Record) -> None:
    _api, method, _record = lookup.integration(call, request)
    del method["methodIntegration"]


def update_integration(call: Call, request: Record) -> Record:
    api, method, record = lookup.integration(call, request)
    changed = PATCHES.apply(record, request.get("patchOperations"))
    changed.setdefault("cacheKeyParameters", [])
    check_integration(call, api, method, changed)
    method["methodIntegration"] = changed
    return changed


def _chosen(member: str, options: tuple[str, ...]) -> Rule:
    """A member with a few values, which an empty one takes away."""
    name = member[0].upper() + member[1:]

    def act(record: Record, operation: PatchOp) -> None:
        record.pop(member, None)
        if operation.text:
            _one_of(name, operation.text, options)
            record[member] = operation.text

    return Rule(f"/{member}", ("replace",), act)


def _passthrough(record: Record, operation: PatchOp) -> None:
    _one_of("PassthroughBehavior", operation.text, PASSTHROUGH)
    record["passthroughBehavior"] = operation.text


def _timeout(record: Record, operation: PatchOp) -> None:
    longest = STREAM_TIMEOUT if record.get("responseTransferMode") == "STREAM" else DEFAULT_TIMEOUT
    refusal = f"Timeout should be between 50 ms and {longest} ms"
    record["timeoutInMillis"] = integer(operation.value, refusal)


def _insecure(record: Record, operation: PatchOp) -> None:
    record["tlsConfig"] = {**record.get("tlsConfig", {}), "insecureSkipVerification": operation.flag}


def _cache_key(record: Record, operation: PatchOp) -> None:
    """Add, take away or exchange one cache key parameter; it is the path's last segment."""
    keys = [each for each in record["cacheKeyParameters"] if each != operation.last]
    if operation.op != "remove":
        keys.append(operation.text or operation.last if operation.op == "replace" else operation.last)
    record["cacheKeyParameters"] = list(dict.fromkeys(keys))


def _set(member: str, action: Action | None = None) -> Rule:
    return Rule(f"/{member}", ("replace",), action or text(member))


_ENTRY = ("add", "replace", "remove")
PATCHES = Patches(
    rules=(
        Rule("/cacheKeyParameters/*", _ENTRY, _cache_key),
        _set("cacheNamespace"),
        _set("connectionId"),
        _chosen("connectionType", CONNECTION_TYPES),
        _chosen("contentHandling", CONTENT_HANDLING),
        _set("credentials"),
        _set("httpMethod"),
        _set("integrationTarget"),
        _set("passthroughBehavior", _passthrough),
        Rule("/requestParameters/*", _ENTRY, entry("requestParameters", NO_PARAMETER)),
        Rule("/requestTemplates/*", _ENTRY, entry("requestTemplates", NO_CONTENT_TYPE)),
        _chosen("responseTransferMode", TRANSFER_MODES),
        _set("timeoutInMillis", _timeout),
        Rule("/tlsConfig/insecureSkipVerification", ("replace",), _insecure),
        _set("uri"),
    ),
    wording="ops",
)


# -- IntegrationResponse -----------------------------------------------------------------------------------------------


def put_integration_response(call: Call, request: Record) -> Record:
    """Put, or replace, the response of one status code."""
    _api, method, integration = lookup.integration(call, request)
    record: Record = {"statusCode": request["statusCode"]}
    if request.get("selectionPattern") is not None:
        record["selectionPattern"] = request["selectionPattern"]
    if request.get("responseParameters"):
        record["responseParameters"] = dict(request["responseParameters"])
    if request.get("responseTemplates"):
        record["responseTemplates"] = {
            content_type: template or None for content_type, template in request["responseTemplates"].items()
        }
    if request.get("contentHandling"):
        record["contentHandling"] = request["contentHandling"]
    _check_response(method, record)
    integration.setdefault("integrationResponses", {})[record["statusCode"]] = record
    return record


def _check_response(method: Record, record: Record) -> None:
    declared = method.get("methodResponses", {}).get(record["statusCode"], {}).get("responseParameters")
    check_integration_response_parameters(record.get("responseParameters"), declared)
    check_template_types(record.get("responseTemplates"))


def _response(call: Call, request: Record, no_method: str = lookup.NO_METHOD) -> tuple[Record, Record, Record]:
    _api, method, integration = lookup.integration(call, request, no_method)
    record = integration.get("integrationResponses", {}).get(request["statusCode"])
    if record is None:
        raise NotFoundException(lookup.NO_STATUS)
    return method, integration, record


def get_integration_response(call: Call, request: Record) -> Record:
    return _response(call, request)[2]


def delete_integration_response(call: Call, request: Record) -> None:
    # Alone among its like, this operation blames the integration for a method that is not there.
    _method, integration, record = _response(call, request, lookup.NO_INTEGRATION)
    del integration["integrationResponses"][record["statusCode"]]
    if not integration["integrationResponses"]:
        del integration["integrationResponses"]


def update_integration_response(call: Call, request: Record) -> Record:
    method, integration, record = _response(call, request)
    changed = RESPONSE_PATCHES.apply(record, request.get("patchOperations"))
    _check_response(method, changed)
    integration["integrationResponses"][record["statusCode"]] = changed
    return changed


def _template(_name: str, operation: PatchOp) -> str | None:
    return operation.value or None


RESPONSE_PATCHES = Patches(
    rules=(
        _chosen("contentHandling", CONTENT_HANDLING),
        Rule("/responseParameters/*", _ENTRY, entry("responseParameters", NO_PARAMETER)),
        Rule("/responseTemplates/*", _ENTRY, entry("responseTemplates", NO_CONTENT_TYPE, _template)),
        _set("selectionPattern"),
    ),
    wording="ops",
)
