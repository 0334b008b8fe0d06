"""RestApi: create, clone, read, update, delete.

Belongs here: the API's own record. Never here: imports (``imports.py``), or what an API contains.
Follows the API reference's RestApi pages and the developer guide on resource policies and endpoint types.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from attrs import evolve

from emulator.authorizers.policy import compile_policy, known_principals
from emulator.control import lookup, models, stages, usage_plans
from emulator.control.call import Call
from emulator.control.paging import page
from emulator.control.patch import Action, Patches, PatchOp, Rule, element, flag, integer
from emulator.control.tag_rules import checked_tags, with_tags, without_empty_tags
from emulator.deployment.standing import move_endpoint
from emulator.errors import BadRequestException, ConflictException
from emulator.store.records import Record, RestApi

CUSTOM_ID_TAG = "_custom_id_"  # a tag of the emulators' own: fixes the API's id
BAD_COMPRESSION = "Invalid minimum compression size, must be between 0 and 10485760"
NO_ENDPOINT = "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED."
MANY_ENDPOINTS = "Cannot create an api with multiple Endpoint Types."
PRIVATE_IS_DUALSTACK = "Only dualstack ipAddressType is supported for Private APIs."
POLICY_LENGTH = 8192
ENDPOINT_TYPES = ("REGIONAL", "EDGE", "PRIVATE")
SECURITY_POLICIES = (
    "TLS_1_0",
    "TLS_1_2",
    "SecurityPolicy_TLS13_1_3_2025_09",
    "SecurityPolicy_TLS13_1_3_FIPS_2025_09",
    "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_Ext2_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_Ext2_FIPS_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_PQ_2025_09",
    "SecurityPolicy_TLS13_1_2_2021_06",
    "SecurityPolicy_TLS13_2025_EDGE",
    "SecurityPolicy_TLS12_PFS_2025_EDGE",
    "SecurityPolicy_TLS12_2018_EDGE",
)


def create_rest_api(call: Call, request: Record) -> Record:
    """A new API with its root resource and the models Empty and Error; a clone when ``cloneFrom`` says so."""
    if not request["name"].strip():
        raise BadRequestException("Name cannot be an empty string")
    if request.get("description") == "":
        raise BadRequestException("Description cannot be an empty string")
    source = lookup.rest_api(call, request["cloneFrom"]) if request.get("cloneFrom") else None
    size = request.get("minimumCompressionSize")
    if size is not None:
        check_compression(size)
    api = new_api(call, request["name"], checked_tags(request.get("tags")))
    record = api.record
    for member in ("description", "version", "minimumCompressionSize", "securityPolicy", "endpointAccessMode"):
        if request.get(member) is not None:
            record[member] = request[member]
    if request.get("binaryMediaTypes"):
        record["binaryMediaTypes"] = [each.replace("~1", "/") for each in request["binaryMediaTypes"]]
    record["apiKeySource"] = request.get("apiKeySource", "HEADER")
    record["endpointConfiguration"] = endpoint_configuration(request.get("endpointConfiguration"))
    record["disableExecuteApiEndpoint"] = request.get("disableExecuteApiEndpoint", False)
    if request.get("policy"):
        record["policy"] = canonical_policy(call, api.id, request["policy"])
    if source is not None:
        _copy_contents(call, source, api)
    call.store.add_api(api)
    return shown(without_empty_tags(record))


def new_api(call: Call, name: str, tags: dict[str, str] | None = None) -> RestApi:
    """An API that is not in the store yet: defaults, root resource, default models. Raises ConflictException."""
    api_id = (tags or {}).get(CUSTOM_ID_TAG, "").lower() or call.new_id(call.store.apis, 10)
    if api_id in call.store.apis:
        raise ConflictException(f"Rest API id {api_id} already exists")
    root_id = call.effects.new_id(10)
    record: Record = {
        "id": api_id,
        "name": name,
        "createdDate": call.now(),
        "apiKeySource": "HEADER",
        "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"},
        "tags": dict(tags or {}),
        "disableExecuteApiEndpoint": False,
        "rootResourceId": root_id,
    }
    api = RestApi(account=call.account, region=call.region_name, record=record, root_id=root_id)
    api.resources[root_id] = {"id": root_id, "path": "/"}
    api.models = models.default_models(call)
    return api


def _copy_contents(call: Call, source: RestApi, api: RestApi) -> None:
    """Fill ``api`` with copies of what ``source`` contains, under ids of its own; not its deployments and stages."""
    for member in ("binaryMediaTypes", "minimumCompressionSize"):
        if member in source.record:
            api.record.setdefault(member, copy.deepcopy(source.record[member]))
    renamed: dict[str, str] = {source.root_id: api.root_id}
    for resource_id in source.resources:
        renamed.setdefault(resource_id, call.new_id(source.resources))
    for collection in ("validators", "authorizers"):
        for old_id, record in getattr(source, collection).items():
            renamed[old_id] = call.new_id(renamed)
            getattr(api, collection)[renamed[old_id]] = {**copy.deepcopy(record), "id": renamed[old_id]}
    for resource_id, record in source.resources.items():
        clone = copy.deepcopy(record)
        clone["id"] = renamed[resource_id]
        if "parentId" in clone:
            clone["parentId"] = renamed[clone["parentId"]]
        for method in clone.get("resourceMethods", {}).values():
            for member in ("requestValidatorId", "authorizerId"):
                if member in method:
                    method[member] = renamed.get(method[member], method[member])
            integration = method.get("methodIntegration")
            if integration and integration.get("cacheNamespace") == resource_id:
                integration["cacheNamespace"] = clone["id"]
        api.resources[clone["id"]] = clone
    api.models = {name: {**copy.deepcopy(model), "id": call.new_id({})} for name, model in source.models.items()}
    api.gateway_responses = copy.deepcopy(source.gateway_responses)
    for part in source.documentation_parts.values():
        part_id = call.new_id(api.documentation_parts)
        api.documentation_parts[part_id] = {**copy.deepcopy(part), "id": part_id}


def check_compression(size: int) -> None:
    """Raises BadRequestException outside 0 … 10 MiB."""
    if not 0 <= size <= 10485760:
        raise BadRequestException(BAD_COMPRESSION)


def endpoint_configuration(given: Record | None) -> Record:
    """The endpoint configuration as it is kept, its defaults filled in. Raises BadRequestException."""
    given = given or {}
    types = given.get("types", ["EDGE"])
    default = "dualstack" if types == ["PRIVATE"] else "ipv4"
    configuration: Record = {"types": list(types), "ipAddressType": given.get("ipAddressType") or default}
    if given.get("vpcEndpointIds"):
        configuration["vpcEndpointIds"] = list(given["vpcEndpointIds"])
    check_endpoint(configuration)
    return configuration


def check_endpoint(configuration: Record) -> None:
    """Raises BadRequestException for a configuration that AWS does not have."""
    types = configuration["types"]
    if not types:
        raise BadRequestException(NO_ENDPOINT)
    if len(types) > 1:
        raise BadRequestException(MANY_ENDPOINTS)
    if types == ["PRIVATE"] and configuration["ipAddressType"] != "dualstack":
        raise BadRequestException(PRIVATE_IS_DUALSTACK)
    if configuration.get("vpcEndpointIds") and types != ["PRIVATE"]:
        raise BadRequestException("VPCEndpoints can only be specified with PRIVATE apis.")


def canonical_policy(call: Call, api_id: str, policy: str) -> str:
    """The policy as JSON without blanks, ``execute-api:/…`` written out as ARNs. Raises BadRequestException.

    The page followed is "API Gateway resource policy examples" of the developer guide. What is kept is plain JSON;
    ``shown`` escapes it.
    """
    if len(policy) > POLICY_LENGTH:
        raise BadRequestException(f"Resource policy must not be longer than {POLICY_LENGTH} characters")
    try:
        document = json.loads(policy)
        statements = document["Statement"]
        statements = [statements] if isinstance(statements, dict) else statements
        for statement in statements:
            if statement["Effect"] not in ("Allow", "Deny"):
                raise ValueError
            if ("Principal" not in statement and "NotPrincipal" not in statement) or not known_principals(statement):
                raise ValueError
            if "Action" not in statement and "NotAction" not in statement:
                raise ValueError
            for member in ("Resource", "NotResource"):
                if member in statement:
                    statement[member] = _expand(call, api_id, statement[member])
        compile_policy(document, "resource")  # MalformedPolicy is a ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadRequestException(
            "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
        ) from None
    return json.dumps(document, separators=(",", ":"))


def _expand(call: Call, api_id: str, resource: Any) -> Any:
    if isinstance(resource, list):
        return [_expand(call, api_id, each) for each in resource]
    if isinstance(resource, str) and resource.startswith("execute-api:/"):
        rest = resource[len("execute-api:/") :]
        return f"arn:aws:execute-api:{call.region_name}:{call.account}:{api_id}/{rest}"
    return resource


def shown(record: Record) -> Record:
    """The record as it is answered: the policy's quotes, backslashes and slashes are escaped once more."""
    policy = record.get("policy")
    if policy is None:
        return record
    return {**record, "policy": policy.replace("\\", "\\\\").replace('"', '\\"').replace("/", "\\/")}


def get_rest_api(call: Call, request: Record) -> Record:
    return shown(with_tags(lookup.rest_api(call, request["restApiId"]).record))


def get_rest_apis(call: Call, request: Record) -> Record:
    records = [api.record for api in call.region.apis.values()]
    return page(records, request, show=lambda record: shown(without_empty_tags(record)))


def delete_rest_api(call: Call, request: Record) -> None:
    """Delete an API and all it has. Refused while a custom domain maps to it."""
    api = lookup.rest_api(call, request["restApiId"])
    domains = [
        domain
        for domain, mappings in call.region.base_path_mappings.items()
        if any(mapping.get("restApiId") == api.id for mapping in mappings.values())
    ]
    if domains:
        raise BadRequestException(
            f"Deleting RestApi {api.id} failed. Please remove all base path mappings related to the RestApi in your "
            f"domains: {', '.join(domains)}"
        )
    usage_plans.forget_stages(call, api.id)
    for stage in api.stages:
        stages.flush(call, api, stage)
    call.store.remove_api(api)


def update_rest_api(call: Call, request: Record) -> Record:
    api = lookup.rest_api(call, request["restApiId"])
    changed = PATCHES.apply(api.record, request.get("patchOperations"))
    before = api.record["endpointConfiguration"]
    if changed["endpointConfiguration"] != before:
        check_endpoint(changed["endpointConfiguration"])
        if (before["types"], changed["endpointConfiguration"]["types"]) == (["PRIVATE"], ["EDGE"]):
            raise BadRequestException("Cannot update endpoint from PRIVATE to EDGE")
    if changed.get("policy") and changed["policy"] != api.record.get("policy"):
        changed["policy"] = canonical_policy(call, api.id, changed["policy"])
    api.record = changed
    if changed["endpointConfiguration"] != before:
        move_endpoint(api)
    return shown(with_tags(changed))


def _name(record: Record, operation: PatchOp) -> None:
    if not operation.text.strip():
        raise BadRequestException("Name cannot be an empty string")
    record["name"] = operation.text


def _description(record: Record, operation: PatchOp) -> None:
    if operation.op == "remove" or not operation.text:
        record.pop("description", None)
    else:
        record["description"] = operation.text


_change_binary_types = element("binaryMediaTypes")


def _binary_type(record: Record, operation: PatchOp) -> None:
    """Values, too, may come with their slash escaped."""
    if operation.value is not None:
        operation = evolve(operation, value=operation.value.replace("~1", "/"))
    _change_binary_types(record, operation)


def _compression(record: Record, operation: PatchOp) -> None:
    if not operation.text or operation.text == "null":
        record.pop("minimumCompressionSize", None)
        return
    size = integer(operation.value, BAD_COMPRESSION)
    check_compression(size)
    record["minimumCompressionSize"] = size


def _endpoint_type(record: Record, operation: PatchOp) -> None:
    configuration = record["endpointConfiguration"]
    if operation.op not in ("add", "remove", "replace"):
        raise BadRequestException("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
    named = operation.text or (operation.last if operation.op != "replace" else "")
    if named not in ENDPOINT_TYPES:
        raise BadRequestException(
            f"Invalid EndpointTypes specified. Valid options are {','.join(ENDPOINT_TYPES)}"
        )
    if operation.op == "replace":
        configuration["types"] = [named]
        if named == "PRIVATE":
            configuration["ipAddressType"] = "dualstack"
        else:
            configuration.pop("vpcEndpointIds", None)
    elif operation.op == "add":
        configuration["types"] = [*(each for each in configuration["types"] if each != named), named]
    else:
        configuration["types"] = [each for each in configuration["types"] if each != named]


def _ip_address_type(record: Record, operation: PatchOp) -> None:
    if operation.text not in ("ipv4", "dualstack"):
        raise BadRequestException("ipAddressType must be either ipv4 or dualstack.")
    record["endpointConfiguration"]["ipAddressType"] = operation.text


def _vpc_endpoints(record: Record, operation: PatchOp) -> None:
    configuration = record["endpointConfiguration"]
    named = operation.text or operation.last
    ids = [each for each in configuration.get("vpcEndpointIds", ()) if each != named]
    if operation.op == "add":
        ids.append(named)
    configuration.pop("vpcEndpointIds", None)
    if ids:
        configuration["vpcEndpointIds"] = ids


def _policy(record: Record, operation: PatchOp) -> None:
    if operation.text:
        record["policy"] = operation.text
    else:
        record.pop("policy", None)


def choice(member: str, name: str, options: tuple[str, ...], clearable: bool = False) -> Action:
    """Set a member that has a few values; "" takes a ``clearable`` one away."""

    def act(record: Record, operation: PatchOp) -> None:
        if clearable and not operation.text:
            record.pop(member, None)
            return
        if operation.text not in options:
            raise BadRequestException(f"Invalid {name} specified. Valid options are {','.join(options)}")
        record[member] = operation.text

    return act


_SET = ("replace",)
_EVERY = ("add", "remove", "move", "test", "replace", "copy")
PATCHES = Patches(
    rules=(
        Rule("/name", _SET, _name),
        Rule("/description", ("add", "replace", "remove"), _description),
        Rule("/apiKeySource", _SET, choice("apiKeySource", "ApiKeySource", ("HEADER", "AUTHORIZER"))),
        Rule("/binaryMediaTypes/*", ("add", "replace", "remove"), _binary_type),
        Rule("/disableExecuteApiEndpoint", _SET, flag("disableExecuteApiEndpoint")),
        Rule("/endpointConfiguration/types/*", _EVERY, _endpoint_type),
        Rule("/endpointConfiguration/types", _EVERY, _endpoint_type),
        Rule("/endpointConfiguration/ipAddressType", _SET, _ip_address_type),
        Rule("/endpointConfiguration/vpcEndpointIds", ("add", "remove"), _vpc_endpoints),
        Rule("/endpointConfiguration/vpcEndpointIds/*", ("add", "remove"), _vpc_endpoints),
        Rule("/endpointAccessMode", _SET, choice("endpointAccessMode", "EndpointAccessMode", ("BASIC", "STRICT"))),
        Rule("/securityPolicy", _SET, choice("securityPolicy", "SecurityPolicy", SECURITY_POLICIES)),
        Rule("/minimumCompressionSize", _SET, _compression),
        Rule("/policy", _SET, _policy),
    ),
    wording="ops",
)
