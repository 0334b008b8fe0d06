"""Model: JSON schemas by name, and the mapping templates made from them.

Belongs here: Model records and what refers to them. Never here: validating a body against one (``execute_api/``).
"""

from __future__ import annotations

import functools
import re
from typing import Any

import orjson
from jsonschema import Draft4Validator

from emulator.control import lookup
from emulator.control.call import Call
from emulator.control.paging import page
from emulator.control.patch import Patches, PatchOp, Rule
from emulator.errors import BadRequestException, ConflictException, NotFoundException
from emulator.store.records import Record, RestApi

EMPTY_SCHEMA = (
    '{\n  "$schema": "http://json-schema.org/draft-04/schema#",\n  "title" : "Empty Schema",\n  "type" : "object"\n}'
)
ERROR_SCHEMA = (
    '{\n  "$schema" : "http://json-schema.org/draft-04/schema#",\n  "title" : "Error Schema",\n  "type" : "object",\n'
    '  "properties" : {\n    "message" : { "type" : "string" }\n  }\n}'
)
NO_PROPERTIES = "Model schema must have at least 1 property or array items defined"
# OpenAPI's additions to JSON schema, which API Gateway does not take.
_FOREIGN_KEYWORDS = frozenset(
    {"deprecated", "discriminator", "example", "externalDocs", "nullable", "readOnly", "writeOnly", "xml"}
)
_REFERENCE = re.compile(r"https://apigateway\.amazonaws\.com/restapis/([^/]+)/models/([^/]+)")


def default_models(call: Call) -> dict[str, Record]:
    """The models that every API is born with."""
    made = {}
    for name, schema in (("Empty", EMPTY_SCHEMA), ("Error", ERROR_SCHEMA)):
        made[name] = {
            "id": call.new_id({}),
            "name": name,
            "description": f"This is a default {name.lower()} schema model",
            "schema": schema,
            "contentType": "application/json",
        }
    return made


def create_model(call: Call, request: Record) -> Record:
    api = lookup.rest_api(call, request["restApiId"])
    name = request["name"]
    if not name:
        raise BadRequestException("Model name must be non-empty")
    if not name.isalnum() or not name.isascii():
        raise BadRequestException(f"Model name must be alphanumeric: {name}")
    if name in api.models:
        raise ConflictException("Model name already exists for this REST API")
    check_content_type(request["contentType"])
    schema = request.get("schema", "")
    check_schema(api, schema, request["contentType"])
    record: Record = {"id": call.new_id({}), "name": name, "schema": schema, "contentType": request["contentType"]}
    if request.get("description"):  # an empty one is not kept, as recorded
        record["description"] = request["description"]
    api.models[name] = record
    return record


def check_content_type(content_type: str) -> None:
    """Raises BadRequestException for what is no media type."""
    if not re.fullmatch(r"[^/\s]+/[^/\s]+.*", content_type):
        raise BadRequestException(f"Invalid content type specified: {content_type}")


def check_schema(api: RestApi, schema: str, content_type: str) -> None:
    """Raises BadRequestException for a schema that AWS would not keep."""
    if not schema.strip():
        raise BadRequestException(NO_PROPERTIES)
    if "json" not in content_type:
        return
    try:
        document = orjson.loads(schema)
    except orjson.JSONDecodeError:
        document = None
    problems = _problems(api, document)
    if problems:
        raise BadRequestException(
            f"Invalid model specified: Validation Result: warnings : [], errors : [{', '.join(problems)}]"
        )


def _problems(api: RestApi, document: Any) -> list[str]:
    """What AWS says against a schema; it must be one of JSON schema draft 4."""
    if not isinstance(document, dict):
        return ["Invalid model schema specified"]
    references = _references(document)
    for reference in references:
        found = _REFERENCE.fullmatch(reference)
        if found is not None and found[1] == api.id and found[2] not in api.models:
            return [f"Invalid model reference specified: {reference}"]
        if found is None and not reference.startswith("#"):
            return ["Invalid model schema specified", "Model reference must be in canonical form"]
    foreign = sorted(_keywords(document) & _FOREIGN_KEYWORDS)
    if foreign:
        listed = ",".join(f'"{keyword}"' for keyword in foreign)
        return [f"Invalid model schema specified. Unsupported keyword(s): [{listed}]"]
    return [] if _draft_4().is_valid(document) else ["Invalid model schema specified"]


@functools.cache
def _draft_4() -> Draft4Validator:
    """What draft 4 says a schema is; its own ``$schema`` may be any."""
    return Draft4Validator(Draft4Validator.META_SCHEMA)


def _keywords(document: Any) -> set[str]:
    """Every keyword of a schema and of the schemas inside it; the names of properties are none."""
    found: set[str] = set()
    pending = [document]
    while pending:
        node = pending.pop()
        if not isinstance(node, dict):
            continue
        found.update(node)
        for keyword, value in node.items():
            if keyword in ("properties", "patternProperties", "definitions") and isinstance(value, dict):
                pending.extend(value.values())
            elif keyword in ("items", "allOf", "anyOf", "oneOf") and isinstance(value, list):
                pending.extend(value)
            elif keyword in ("items", "not", "additionalProperties", "additionalItems"):
                pending.append(value)
    return found


def _references(document: Any) -> list[str]:
    """Every ``$ref`` in a schema."""
    found: list[str] = []
    pending = [document]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                found.append(node["$ref"])
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return found


def _find(call: Call, request: Record) -> tuple[RestApi, Record]:
    missing = f"Invalid model name specified: {request['modelName']}"
    api = lookup.api_or_refuse(call, request["restApiId"], missing)
    record = api.models.get(request["modelName"])
    if record is None:
        raise NotFoundException(missing)
    return api, record


def get_model(call: Call, request: Record) -> Record:
    api, record = _find(call, request)
    if request.get("flatten"):
        return {**record, "schema": flattened(api, record)}
    return record


def flattened(api: RestApi, record: Record) -> str:
    """The schema with every model it refers to, however far, as a local definition."""
    try:
        document = orjson.loads(record["schema"])
    except orjson.JSONDecodeError:
        return str(record["schema"])
    definitions: dict[str, Any] = {}
    pending = [document]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
        if not isinstance(node, dict):
            continue
        found = _REFERENCE.fullmatch(node["$ref"]) if isinstance(node.get("$ref"), str) else None
        if found is not None and found[2] in api.models:
            name = found[2]
            node["$ref"] = f"#/definitions/{name}"
            if name not in definitions:
                definitions[name] = orjson.loads(api.models[name]["schema"])
                pending.append(definitions[name])
        pending.extend(value for key, value in node.items() if key != "$ref")
    if definitions:
        document.setdefault("definitions", {}).update(definitions)
    return orjson.dumps(document).decode()


def get_models(call: Call, request: Record) -> Record:
    api = lookup.rest_api(call, request["restApiId"])
    records = sorted(api.models.values(), key=lambda record: record["name"])
    return page(records, request, key=lambda record: str(record["name"]))


def delete_model(call: Call, request: Record) -> None:
    """Delete a model. Refused while a method or another model refers to it."""
    api, record = _find(call, request)
    name = record["name"]
    user = _user_of(api, name)
    if user:
        raise ConflictException(f"Cannot delete model '{name}', is referenced in {user}")
    del api.models[name]


def _user_of(api: RestApi, name: str) -> str:
    """Who refers to a model, in AWS's words; the youngest resource comes first."""
    for resource in reversed(list(api.resources.values())):
        for verb, method in resource.get("resourceMethods", {}).items():
            place = f"{resource['path']}/{verb}"
            if name in (method.get("requestModels") or {}).values():
                return f"method request: {place}"
            for status, response in (method.get("methodResponses") or {}).items():
                if name in (response.get("responseModels") or {}).values():
                    return f"method response: {place}/{status}"
    for other in api.models.values():
        if other["name"] != name and f"/restapis/{api.id}/models/{name}\"" in other["schema"]:
            return f"model: {other['name']}"
    return ""


def update_model(call: Call, request: Record) -> Record:
    api, record = _find(call, request)
    changed = PATCHES.apply(record, request.get("patchOperations"))
    if changed["schema"] != record["schema"]:
        check_schema(api, changed["schema"], record["contentType"])
    api.models[record["name"]] = changed
    return changed


def _schema(record: Record, operation: PatchOp) -> None:
    if not operation.text.strip():
        raise BadRequestException(NO_PROPERTIES)
    record["schema"] = operation.text


def _description(record: Record, operation: PatchOp) -> None:
    if operation.text:
        record["description"] = operation.text
    else:
        record.pop("description", None)  # as CreateModel, which keeps no empty one


PATCHES = Patches(
    rules=(
        Rule("/description", ("replace",), _description),
        Rule("/schema", ("replace",), _schema),
    )
)


def get_model_template(call: Call, request: Record) -> Record:
    """A sample mapping template made from the model's schema."""
    api, record = _find(call, request)
    try:
        document = orjson.loads(record["schema"])
    except orjson.JSONDecodeError:
        document = {}
    body = _Sampler(api, document).sample(document, "$inputRoot", "", 0)
    return {"value": f"#set($inputRoot = $input.path('$'))\n{body}"}


class _Sampler:
    """Writes an example of what a schema describes, arrays as ``#foreach`` loops."""

    def __init__(self, api: RestApi, document: Any) -> None:
        self.api = api
        self.document = document

    def sample(self, schema: Any, place: str, indent: str, depth: int) -> str:
        schema = self._resolved(schema)
        kind = schema.get("type") if isinstance(schema, dict) else None
        if not isinstance(schema, dict) or depth > 20:
            return "{ }"
        if isinstance(kind, list):
            kind = next((each for each in kind if each != "null"), "string")
        if kind == "array":
            inner = self.sample(schema.get("items", {}), "$elem", indent + "  ", depth + 1)
            return (
                f"[\n{indent}##TODO: Update this foreach loop to reference array from input json\n"
                f"{indent}#foreach($elem in {place})\n"
                f"{indent}  {inner}#if($foreach.hasNext),#end\n{indent}#end\n{indent}]"
            )
        if kind == "object" or "properties" in schema or kind is None:
            return self._object(schema, place, indent, depth)
        return {"string": '"foo"', "integer": "42", "number": "42", "boolean": "true"}.get(kind, "null")

    def _object(self, schema: Any, place: str, indent: str, depth: int) -> str:
        properties = schema.get("properties") or {}
        if not properties:
            return "{ }"
        lines = [
            f'{indent}  "{name}" : {self.sample(inner, f"{place}.{name}", indent + "  ", depth + 1)}'
            for name, inner in properties.items()
        ]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"

    def _resolved(self, schema: Any) -> Any:
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if not isinstance(reference, str):
            return schema
        found = _REFERENCE.fullmatch(reference)
        if found is not None and found[2] in self.api.models:
            return orjson.loads(self.api.models[found[2]]["schema"])
        node = self.document
        for segment in reference.lstrip("#").strip("/").split("/"):
            node = node.get(segment, {}) if isinstance(node, dict) else {}
        return node
