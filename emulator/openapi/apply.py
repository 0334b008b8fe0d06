"""A read document into a REST API: create, merge and overwrite.

Belongs here: which parts of the API stay, go or change. Never here: reading documents, or the operations' input.

Everything happens on a copy: the caller takes it over (``adopt``) only when there are no errors, so that a failing
import changes nothing. As recorded on AWS: an overwritten resource keeps its id, while the cache namespace of its
methods is new; binary media types are joined when merging; imports make no default models.
Page followed: developer guide, "Import an OpenAPI file to update an existing API definition".
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from emulator.openapi import locations
from emulator.openapi.operations import ReadMethod
from emulator.openapi.paths import BadPath, Tree
from emulator.openapi.reader import Document
from emulator.store.records import Record, RestApi

NewId = Callable[[int], str]
_RESET = ("binaryMediaTypes", "minimumCompressionSize", "description", "policy", "version")
_PARTS = (
    "record",
    "resources",
    "models",
    "validators",
    "authorizers",
    "gateway_responses",
    "documentation_parts",
)


def draft(api: RestApi) -> RestApi:
    """A copy of what an import may change: records are replaced whole, so that only their holders are copied."""
    made = RestApi(
        account=api.account,
        region=api.region,
        root_id=api.root_id,
        **{part: dict(getattr(api, part)) for part in _PARTS},
    )
    made.record = copy.deepcopy(api.record)
    made.documentation_parts = {each: dict(part) for each, part in api.documentation_parts.items()}
    made.resources = {each: dict(resource) for each, resource in api.resources.items()}
    for resource in made.resources.values():
        if "resourceMethods" in resource:
            resource["resourceMethods"] = dict(resource["resourceMethods"])
    return made


def adopt(api: RestApi, changed: RestApi) -> None:
    """Take a draft over into the API."""
    for part in _PARTS:
        setattr(api, part, getattr(changed, part))


def apply(api: RestApi, document: Document, overwrite: bool, new_id: NewId) -> None:
    """Change ``api`` (a draft) into what the document says; problems go to ``document.errors``."""
    _apply_settings(api, document, overwrite)
    _apply_named(api.models, document.models, overwrite, new_id, by_name=True)
    validators = _apply_named(api.validators, document.validators, overwrite, new_id)
    authorizers = _apply_named(api.authorizers, document.authorizers, overwrite, new_id)
    if overwrite:
        api.gateway_responses = {}
        api.documentation_parts = {}
        _drop_methods(api)
    api.gateway_responses.update(document.gateway_responses)
    _apply_documentation(api, document, new_id)
    before = set(api.resources)
    tree = Tree(api, new_id)
    for path in document.paths:
        try:
            resource = tree.add(path)
        except BadPath as error:
            document.errors.append(f"Unable to create resource at path '{path}': {error}")
            continue
        renewed = overwrite and resource["id"] in before and resource["id"] != api.root_id
        namespace = new_id(6) if renewed else resource["id"]
        for verb, method in document.methods.get(path, {}).items():
            record = _complete(method, path, verb, namespace, validators, authorizers, document)
            resource.setdefault("resourceMethods", {})[verb] = record
    if overwrite:
        _drop_unused_resources(api, tree, document.paths)


def _apply_settings(api: RestApi, document: Document, overwrite: bool) -> None:
    record = api.record
    types = record.get("binaryMediaTypes", [])
    if overwrite:
        for member in _RESET:
            record.pop(member, None)
        record["apiKeySource"] = "HEADER"
        record["disableExecuteApiEndpoint"] = False
    record["name"] = document.name or record.get("name", "")
    if document.description is not None:
        record["description"] = document.description
    if document.version is not None:
        record["version"] = document.version
    record.update(copy.deepcopy(document.settings))
    if not overwrite and "binaryMediaTypes" in document.settings:
        record["binaryMediaTypes"] = list(dict.fromkeys([*types, *document.settings["binaryMediaTypes"]]))
    if not record.get("binaryMediaTypes"):
        record.pop("binaryMediaTypes", None)
    if document.endpoint:
        endpoint = record.setdefault("endpointConfiguration", {"types": ["EDGE"], "ipAddressType": "ipv4"})
        endpoint.update(document.endpoint)
        if "types" in document.endpoint and "ipAddressType" not in document.endpoint:
            endpoint["ipAddressType"] = "dualstack" if "PRIVATE" in endpoint["types"] else "ipv4"
        if "PRIVATE" not in endpoint["types"] and "vpcEndpointIds" not in document.endpoint:
            endpoint.pop("vpcEndpointIds", None)
    if document.tags:
        record["tags"] = {**record.get("tags", {}), **document.tags}


def _apply_named(
    existing: dict[str, Record], given: dict[str, Record], overwrite: bool, new_id: NewId, by_name: bool = False
) -> dict[str, str]:
    """Put the document's records among the API's, known ones by name; gives the ids by name."""
    ids = {record["name"]: record["id"] for record in existing.values()}
    if overwrite:
        existing.clear()
    for name, record in given.items():
        made = {"id": ids.get(name) or _fresh(new_id, existing), **copy.deepcopy(record)}
        ids[name] = made["id"]
        existing[name if by_name else made["id"]] = made
    return {record["name"]: record["id"] for record in existing.values()}


def _fresh(new_id: NewId, taken: Any) -> str:
    while True:
        made = new_id(6)
        if made not in taken:
            return made


def _drop_methods(api: RestApi) -> None:
    for resource in api.resources.values():
        resource.pop("resourceMethods", None)


def _drop_unused_resources(api: RestApi, tree: Tree, paths: list[str]) -> None:
    kept = {api.root_id}
    for path in paths:
        resource = tree.find(path)
        while resource is not None and resource["id"] not in kept:
            kept.add(resource["id"])
            resource = api.resources.get(resource.get("parentId", ""))
    api.resources = {each: record for each, record in api.resources.items() if each in kept}


def _complete(
    method: ReadMethod,
    path: str,
    verb: str,
    namespace: str,
    validators: dict[str, str],
    authorizers: dict[str, str],
    document: Document,
) -> Record:
    record = copy.deepcopy(method.record)
    if method.authorizer is not None:
        record["authorizerId"] = authorizers[method.authorizer]
    if method.validator is not None:
        if method.validator in validators:
            record["requestValidatorId"] = validators[method.validator]
        else:
            document.errors.append(
                f"Unable to put method '{verb}' on resource at path '{path}': "
                "Invalid Request Validator identifier specified"
            )
    if "methodIntegration" in record:
        record["methodIntegration"].setdefault("cacheNamespace", namespace)
    return record


def _apply_documentation(api: RestApi, document: Document, new_id: NewId) -> None:
    merge_parts(api, document.documentation, new_id, document.warn)


def merge_parts(
    api: RestApi, parts: list[Record], new_id: NewId, warn: Callable[[str], None], ids: list[str] | None = None
) -> None:
    """Put documentation parts in, each in place of the one at its location; ``ids`` gets the ids they have then."""
    by_location = {locations.key(part["location"]): part for part in api.documentation_parts.values()}
    for each in parts:
        try:
            location = locations.normal(each["location"])
        except locations.InvalidLocation as error:
            warn(str(error))
            continue
        part = by_location.get(locations.key(location))
        if part is None:
            part = {"id": _fresh(new_id, api.documentation_parts), "location": location}
            api.documentation_parts[part["id"]] = part
            by_location[locations.key(location)] = part
        part["properties"] = locations.properties_text(each["properties"])
        if ids is not None:
            ids.append(part["id"])
