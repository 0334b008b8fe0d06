"""A document to the parts of a REST API: Swagger 2.0 and OpenAPI 3.0, with API Gateway's extensions.

Belongs here: the document as a whole. Never here: ids, or what an import does to an API that exists (``apply.py``).

Pages followed: developer guide, "Develop REST APIs using OpenAPI in API Gateway", "Set the OpenAPI basePath
property", "OpenAPI extensions for API Gateway". What the reader takes but cannot use becomes a warning, what makes
the import fail an error; both in AWS's words where they are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from attrs import Factory, define

from emulator.errors import BadRequestException
from emulator.openapi import documents
from emulator.openapi.documents import as_list, as_map, as_text
from emulator.openapi.operations import ANY_METHOD, VERBS, OperationReader, ReadMethod
from emulator.openapi.references import References, UnresolvedReference
from emulator.openapi.schemas import ModelBook, description_of, is_canonical
from emulator.openapi.security import Security
from emulator.store.records import Record

EXTENSION = "x-amazon-apigateway-"
_KNOWN_OAS3 = re.compile(r"3\.0(\.\d+)?")
INVALID = "Invalid OpenAPI input."


@define(eq=False, kw_only=True)
class Document:
    """What a document says, in records that lack only their ids."""

    name: str | None = None  # the title, where there is one
    description: str | None = None
    version: str | None = None
    settings: Record = Factory(dict)  # members of the RestApi record
    endpoint: Record = Factory(dict)  # members of its endpointConfiguration
    tags: dict[str, str] = Factory(dict)
    paths: list[str] = Factory(list)
    methods: dict[str, dict[str, ReadMethod]] = Factory(dict)  # path -> verb -> method
    models: dict[str, Record] = Factory(dict)
    validators: dict[str, Record] = Factory(dict)  # by name
    authorizers: dict[str, Record] = Factory(dict)  # by name
    gateway_responses: dict[str, Record] = Factory(dict)  # by type
    documentation: list[Record] = Factory(list)
    warnings: list[str] = Factory(list)
    errors: list[str] = Factory(list)
    read_errors: int = 0  # how many of the errors and warnings come from reading
    read_warnings: int = 0

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def parse(body: bytes, variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The document in ``body``, of a version that AWS takes. Raises BadRequestException.

    ``variables``: see ``documents.load``; the page followed is "AWS variables for OpenAPI import".
    """
    try:
        document = documents.load(body, variables)
    except documents.MalformedDocument:
        raise BadRequestException(INVALID) from None
    swagger, openapi = document.get("swagger"), document.get("openapi")
    known = (swagger is not None and as_text(swagger) in ("2.0", "2")) or (
        isinstance(openapi, str) and _KNOWN_OAS3.fullmatch(openapi) is not None
    )
    info = document.get("info")
    if not known or not isinstance(info, dict) or not isinstance(document.get("paths", {}), dict):
        raise BadRequestException(INVALID)
    return document


def read(
    document: dict[str, Any],
    api_id: str,
    parameters: Mapping[str, str],
    new_hex: Callable[[int], str],
    known_models: frozenset[str] = frozenset(),
) -> Document:
    """Read a parsed document for the API ``api_id``.

    ``parameters`` are the operation's: ``basepath``, ``ignore``, ``endpointConfigurationTypes``. ``known_models`` are
    models the API has already and keeps. ``new_hex(n)`` gives n random hexadecimal digits.
    """
    references = References(document)
    result = Document()
    if "paths" not in document:
        result.warn("Parse issue: attribute paths is missing")
    _read_info(document["info"], result)
    _read_settings(document, result)
    _read_endpoint(document, parameters, result)
    try:
        _read_parts(references, api_id, parameters, new_hex, known_models, result)
    except UnresolvedReference as error:
        result.errors.append(str(error))
    except RecursionError:
        result.errors.append("The references of the document are nested too deeply")
    if str(parameters.get("ignore", "")).lower() == "documentation":
        result.documentation = []
    result.read_errors, result.read_warnings = len(result.errors), len(result.warnings)
    return result


def _read_parts(
    references: References,
    api_id: str,
    parameters: Mapping[str, str],
    new_hex: Callable[[int], str],
    known_models: frozenset[str],
    result: Document,
) -> None:
    document = references.document
    security = Security(references, result.warn)
    result.authorizers = security.authorizers
    _read_validators(document, result)
    _read_gateway_responses(references, result)
    schemas = _schemas(references)
    names = set(known_models) | set(schemas)
    models = ModelBook(api_id, references, names, lambda: "MODEL" + new_hex(6), result.warn)
    for name, schema in schemas.items():
        _add_model(name, schema, models, result)
    reader = OperationReader(references, models, security, result.warn)
    prefix = _prefix(document, str(parameters.get("basepath", "ignore")).lower())
    if prefix:
        result.paths.append(prefix)
    for path, given in as_map(document.get("paths")).items():
        if not path.startswith("x-"):
            _read_path(prefix, path, references.resolve(given), reader, result)
    for name in list(models.inline):
        _add_model(name, models.inline[name], models, result)
    _read_documentation(document, result)


def _read_info(info: Record, result: Document) -> None:
    title = info.get("title")
    if title is None:
        result.warn("Parse issue: attribute info.title is missing")
    else:
        result.name = as_text(title)
    if info.get("version") is None:
        result.warn("Parse issue: attribute info.version is missing")
    else:
        result.version = as_text(info["version"])
    if info.get("description") is not None:
        result.description = as_text(info["description"])


def _read_settings(document: Record, result: Document) -> None:
    """The extensions at the root that become members of the RestApi."""
    types = document.get(EXTENSION + "binary-media-types")
    if isinstance(types, list):
        result.settings["binaryMediaTypes"] = [as_text(each) for each in types]
    size = document.get(EXTENSION + "minimum-compression-size")
    if size is not None:
        try:
            result.settings["minimumCompressionSize"] = int(size)
        except (TypeError, ValueError):
            result.errors.append("Invalid minimum compression size, must be between 0 and 10485760")
    for extension, member in (
        ("api-key-source", "apiKeySource"),
        ("security-policy", "securityPolicy"),
        ("endpoint-access-mode", "endpointAccessMode"),
    ):
        if document.get(EXTENSION + extension) is not None:
            result.settings[member] = as_text(document[EXTENSION + extension])
    if "apiKeySource" in result.settings:
        result.settings["apiKeySource"] = result.settings["apiKeySource"].upper()
    policy = document.get(EXTENSION + "policy")
    if policy is not None:
        result.settings["policy"] = policy if isinstance(policy, str) else json.dumps(policy, separators=(",", ":"))
    for tag in as_list(document.get("tags")):
        if isinstance(tag, dict) and isinstance(tag.get(EXTENSION + "tag-value"), str) and tag.get("name"):
            result.tags[str(tag["name"])] = tag[EXTENSION + "tag-value"]
    if EXTENSION + "cors" in document:
        result.warn(f"{EXTENSION}cors is only supported for HTTP APIs. Ignoring.")


def _read_endpoint(document: Record, parameters: Mapping[str, str], result: Document) -> None:
    given = document.get(EXTENSION + "endpoint-configuration")
    if len(as_list(document.get("servers"))) > 1:
        result.warn("More than one server provided. Ignoring all but the first for defining endpoint configuration")
    for server in as_list(document.get("servers"))[:1]:  # OpenAPI 3 puts it with a server
        if given is None and isinstance(server, dict):
            given = server.get(EXTENSION + "endpoint-configuration")
    if isinstance(given, dict):
        ids = given.get("vpcEndpointIds")
        if isinstance(ids, list):
            result.endpoint["vpcEndpointIds"] = [as_text(each) for each in ids]
        if isinstance(given.get("types"), list):
            result.endpoint["types"] = [as_text(each).upper() for each in given["types"]]
        if given.get("ipAddressType") is not None:
            result.endpoint["ipAddressType"] = as_text(given["ipAddressType"])
        if given.get("disableExecuteApiEndpoint") is not None:
            result.settings["disableExecuteApiEndpoint"] = given["disableExecuteApiEndpoint"] in (True, "true")
    if parameters.get("endpointConfigurationTypes"):
        result.endpoint["types"] = [each.strip() for each in parameters["endpointConfigurationTypes"].split(",")]
    if parameters.get("endpointConfigurationVpcEndpointIds"):
        ids_text = parameters["endpointConfigurationVpcEndpointIds"]
        result.endpoint["vpcEndpointIds"] = [each.strip() for each in ids_text.split(",")]


def base_path(document: Record) -> str:
    """The document's base path: ``basePath``, or the path of the first server, or its ``basePath`` variable."""
    if "swagger" in document:
        return str(document.get("basePath") or "")
    servers = document.get("servers")
    if not isinstance(servers, list) or not servers or not isinstance(servers[0], dict):
        return ""
    url = str(servers[0].get("url") or "")
    variables = servers[0].get("variables")
    if isinstance(variables, dict):
        for name, variable in variables.items():
            if isinstance(variable, dict):
                value = str(variable.get("default", ""))
                url = url.replace("/{" + name + "}", "/" + value.lstrip("/")).replace("{" + name + "}", value)
    path = urlsplit(url).path if "://" in url else url
    return path.split("?", 1)[0]


def _prefix(document: Record, mode: str) -> str:
    """What comes before every path: nothing, the base path, or the base path without its first segment."""
    if mode not in ("ignore", "prepend", "split"):
        raise BadRequestException(f"Invalid basepath mode '{mode}' specified. Must be one of: [ignore, prepend, split]")
    segments = [part for part in base_path(document).split("/") if part]
    if mode == "ignore":
        segments = []
    elif mode == "split":
        segments = segments[1:]
    return "".join("/" + part for part in segments)


def _read_path(prefix: str, path: str, item: Any, reader: OperationReader, result: Document) -> None:
    whole = prefix + "/" + path.lstrip("/")
    if not path.startswith("/"):
        result.warn(f"Parse issue: attribute paths. Resource {path} should start with /")
    if len(whole) > 1:
        whole = whole.rstrip("/") or "/"
    if whole not in result.paths:
        result.paths.append(whole)
    if not isinstance(item, dict):
        return
    shared = item.get("parameters")
    methods = result.methods.setdefault(whole, {})
    for key, operation in item.items():
        verb = "ANY" if key == ANY_METHOD else key.upper() if key.lower() in VERBS else None
        if verb is not None and isinstance(operation, dict):
            methods[verb] = reader.read(whole, verb, operation, as_list(shared), path)
        elif key.lower() == "trace":
            result.warn(f"Unsupported method 'TRACE' for path '{whole}'. Ignoring.")


def _schemas(references: References) -> dict[str, Any]:
    document = references.document
    if references.swagger:
        return as_map(document.get("definitions"))
    return as_map(as_map(document.get("components")).get("schemas"))


def _add_model(name: str, schema: Any, models: ModelBook, result: Document) -> None:
    problem = _problem_of_model(name, schema, models.references)
    if problem:
        result.errors.append(f"Unable to create model for '{name}': {problem}")
        models.names.discard(name)
        return
    record: Record = {"name": name, "contentType": "application/json"}
    description = description_of(schema)
    if description is not None:
        record["description"] = description
    record["schema"] = models.text(schema, name)
    result.models[name] = record


def _problem_of_model(name: str, schema: Any, references: References) -> str:
    """What keeps a schema of the document from being a model."""
    if not re.fullmatch(r"[A-Za-z0-9]+", name):
        return f"Model name must be alphanumeric: {name}"
    if not is_canonical(schema):
        problem = "Model reference must be in canonical form"
        return f"Invalid model specified: Validation Result: warnings : [], errors : [{problem}]"
    if str(as_map(schema).get("$ref", "")).startswith("#"):
        try:
            references.resolve(schema)
        except UnresolvedReference as error:
            return str(error)
    return ""


def _read_validators(document: Record, result: Document) -> None:
    for name, each in as_map(document.get(EXTENSION + "request-validators")).items():
        if isinstance(each, dict):
            result.validators[name] = {
                "name": name,
                "validateRequestBody": each.get("validateRequestBody") in (True, "true"),
                "validateRequestParameters": each.get("validateRequestParameters") in (True, "true"),
            }


def _read_gateway_responses(references: References, result: Document) -> None:
    for kind, each in as_map(references.document.get(EXTENSION + "gateway-responses")).items():
        response = references.resolve(each)
        if not isinstance(response, dict):
            continue
        record: Record = {"responseType": kind}
        if response.get("statusCode") is not None:
            record["statusCode"] = as_text(response["statusCode"])
        for member in ("responseParameters", "responseTemplates"):
            values = response.get(member)
            if isinstance(values, dict):
                record[member] = {name: as_text(value) for name, value in values.items()}
        result.gateway_responses[kind] = record


def _read_documentation(document: Record, result: Document) -> None:
    for part in as_list(as_map(document.get(EXTENSION + "documentation")).get("documentationParts")):
        if isinstance(part, dict) and isinstance(part.get("location"), dict):
            result.documentation.append({"location": part["location"], "properties": part.get("properties", {})})
