"""DocumentationPart and DocumentationVersion.

Belongs here: parts, their import, and the versions that freeze them. Never here: where a part may belong
(``openapi/locations.py``), or documents (``openapi/``).

Pages followed: developer guide, "Documentation for REST APIs in API Gateway"; API reference, "DocumentationPart".
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

from emulator.control import lookup
from emulator.control.call import Call
from emulator.control.paging import page
from emulator.control.patch import Patches, PatchOp, Rule, text
from emulator.errors import BadRequestException, ConflictException, NotFoundException
from emulator.openapi import apply, documents, locations
from emulator.store.records import Record, RestApi

_NO_PART = "Invalid Documentation part identifier specified"
_NO_VERSION = "Invalid Documentation version specified"
_NO_IMPORTER = "Unable to build importer with provided input."
_EXTENSION = "x-amazon-apigateway-documentation"


def create_documentation_part(call: Call, request: Record) -> Record:
    api = lookup.rest_api(call, request["restApiId"])
    location = _normal(request["location"])
    _check_properties(request["properties"])
    if any(locations.key(part["location"]) == locations.key(location) for part in api.documentation_parts.values()):
        described = ", ".join(f"{field} '{value}'" for field, value in location.items())
        raise ConflictException(f"Documentation part already exists for the specified location: {described}.")
    record = {
        "id": call.new_id(api.documentation_parts),
        "location": location,
        "properties": request["properties"],
    }
    api.documentation_parts[record["id"]] = record
    return record


def get_documentation_part(call: Call, request: Record) -> Record:
    return _find_part(call, request)[1]


def get_documentation_parts(call: Call, request: Record) -> Record:
    """The parts, filtered; with ``locationStatus`` UNDOCUMENTED the places that have none."""
    api = lookup.rest_api(call, request["restApiId"])
    if request.get("locationStatus") == "UNDOCUMENTED":
        known = {locations.key(part["location"]) for part in api.documentation_parts.values()}
        parts = [{"location": each} for each in _places(api) if locations.key(each) not in known]
    else:
        parts = list(api.documentation_parts.values())
    kind, name, path = request.get("type"), request.get("nameQuery"), request.get("path")
    parts = [
        part
        for part in parts
        if (not kind or part["location"]["type"] == kind)
        and (not path or part["location"].get("path") == path)
        and (not name or name in part["location"].get("name", ""))
    ]
    return page(parts, request, key=lambda part: str(part.get("id") or "|".join(locations.key(part["location"]))))


def update_documentation_part(call: Call, request: Record) -> Record:
    api, record = _find_part(call, request)
    changed = PART_PATCHES.apply(record, request.get("patchOperations"))
    api.documentation_parts[record["id"]] = changed
    return changed


def delete_documentation_part(call: Call, request: Record) -> None:
    api = lookup.rest_api(call, request["restApiId"])
    if request["documentationPartId"] not in api.documentation_parts:
        raise NotFoundException(_NO_PART)
    del api.documentation_parts[request["documentationPartId"]]


def import_documentation_parts(call: Call, request: Record) -> Record:
    """Parts from a document's ``x-amazon-apigateway-documentation``; overwriting drops those there were."""
    api = lookup.rest_api(call, request["restApiId"])
    parts = _parts_of(request["body"])
    draft = apply.draft(api)
    if request.get("mode") == "overwrite":
        draft.documentation_parts = {}
    warnings: list[str] = []
    ids: list[str] = []
    apply.merge_parts(draft, parts, call.effects.new_id, warnings.append, ids)
    if warnings and request.get("failOnWarnings"):
        raise BadRequestException("Warnings found during import:\n\t" + "\n\t".join(warnings))
    api.documentation_parts = draft.documentation_parts
    return {"ids": ids, **({"warnings": warnings} if warnings else {})}


def create_documentation_version(call: Call, request: Record) -> Record:
    api = lookup.rest_api(call, request["restApiId"])
    version = request["documentationVersion"]
    if not version:
        raise BadRequestException("Documentation version cannot be empty")
    if version in api.documentation_versions:
        raise ConflictException(f"Documentation version '{version}' already exists for this REST API")
    stage_name = request.get("stageName")
    if stage_name and stage_name not in api.stages:
        raise NotFoundException("Invalid stage identifier specified")
    record: Record = {"version": version, "createdDate": call.now()}
    if request.get("description") is not None:
        record["description"] = request["description"]
    record["parts"] = copy.deepcopy(list(api.documentation_parts.values()))
    api.documentation_versions[version] = record
    if stage_name:
        api.stages[stage_name]["documentationVersion"] = version
    return _shown_version(record)


def get_documentation_version(call: Call, request: Record) -> Record:
    return _shown_version(_find_version(call, request)[1])


def get_documentation_versions(call: Call, request: Record) -> Record:
    api = lookup.rest_api(call, request["restApiId"])
    return page(
        list(api.documentation_versions.values()),
        request,
        key=lambda record: str(record["version"]),
        show=_shown_version,
    )


def update_documentation_version(call: Call, request: Record) -> Record:
    api, record = _find_version(call, request)
    changed = VERSION_PATCHES.apply(record, request.get("patchOperations"))
    api.documentation_versions[record["version"]] = changed
    return _shown_version(changed)


def delete_documentation_version(call: Call, request: Record) -> None:
    api, record = _find_version(call, request)
    users = [name for name, stage in api.stages.items() if stage.get("documentationVersion") == record["version"]]
    if users:
        raise ConflictException(
            f"Documentation version '{record['version']}' is associated with stage(s): {', '.join(users)}"
        )
    del api.documentation_versions[record["version"]]


def _properties(record: Record, operation: PatchOp) -> None:
    _check_properties(operation.text)
    record["properties"] = operation.text


PART_PATCHES = Patches((Rule("/properties", ("replace",), _properties),))
VERSION_PATCHES = Patches((Rule("/description", ("replace",), text("description")),))


# -- finding and checking ----------------------------------------------------------------------------------------------


def _find_part(call: Call, request: Record) -> tuple[RestApi, Record]:
    api = call.region.apis.get(request["restApiId"])
    record = api.documentation_parts.get(request["documentationPartId"]) if api is not None else None
    if api is None or record is None:
        raise NotFoundException(_NO_PART)
    return api, record


def _find_version(call: Call, request: Record) -> tuple[RestApi, Record]:
    api = lookup.rest_api(call, request["restApiId"])
    record = api.documentation_versions.get(request["documentationVersion"])
    if record is None:
        raise NotFoundException(_NO_VERSION)
    return api, record


def _shown_version(record: Record) -> Record:
    return {member: value for member, value in record.items() if member != "parts"}


def _normal(location: Record) -> Record:
    try:
        return locations.normal(location)
    except locations.InvalidLocation as error:
        raise BadRequestException(str(error)) from None


def _check_properties(properties: str) -> None:
    try:
        parsed = json.loads(properties)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict) or not parsed:
        raise BadRequestException("Invalid documentation properties specified: must be a non-empty JSON object")


def _parts_of(body: bytes) -> list[Record]:
    """The parts in a document. Raises BadRequestException for what has none."""
    try:
        document = documents.load(body)
    except documents.MalformedDocument:
        raise BadRequestException(_NO_IMPORTER) from None
    holder = document.get(_EXTENSION, document)
    parts = holder.get("documentationParts") if isinstance(holder, dict) else None
    if not isinstance(parts, list) and not ("swagger" in document or "openapi" in document):
        raise BadRequestException(_NO_IMPORTER)
    return [
        {"location": part["location"], "properties": part.get("properties", {})}
        for part in parts or ()
        if isinstance(part, dict) and isinstance(part.get("location"), dict)
    ]


# -- what could be documented ------------------------------------------------------------------------------------------


_PARAMETER_TYPES = {"path": "PATH_PARAMETER", "querystring": "QUERY_PARAMETER", "header": "REQUEST_HEADER"}


def _places(api: RestApi) -> Iterator[Record]:
    """Every place of the API that a part can describe."""
    yield {"type": "API"}
    for record in api.authorizers.values():
        yield {"type": "AUTHORIZER", "name": record["name"]}
    for name in sorted(api.models):
        yield {"type": "MODEL", "name": name}
    for resource in sorted(api.resources.values(), key=lambda record: str(record["path"])):
        yield {"type": "RESOURCE", "path": resource["path"]}
        for verb, method in (resource.get("resourceMethods") or {}).items():
            yield from _method_places({"path": resource["path"], "method": verb}, method)


def _method_places(place: Record, method: Record) -> Iterator[Record]:
    yield {"type": "METHOD", **place}
    for name in method.get("requestParameters") or {}:
        _, _, where, parameter = name.split(".", 3)
        if where in _PARAMETER_TYPES:
            yield {"type": _PARAMETER_TYPES[where], **place, "name": parameter}
    if method.get("requestModels"):
        yield {"type": "REQUEST_BODY", **place}
    for status, response in (method.get("methodResponses") or {}).items():
        yield {"type": "RESPONSE", **place, "statusCode": status}
        for name in response.get("responseParameters") or {}:
            yield {"type": "RESPONSE_HEADER", **place, "statusCode": status, "name": name.split(".", 3)[-1]}
        if response.get("responseModels"):
            yield {"type": "RESPONSE_BODY", **place, "statusCode": status}
