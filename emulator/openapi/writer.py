"""A deployed API to a document: Swagger 2.0 or OpenAPI 3.0, with the extensions asked for.

Belongs here: the document as a whole. Never here: operations (``paths_writer.py``), descriptions from documentation
parts (``describe.py``), or bytes (``documents.py``).

Page followed: developer guide, "Export a REST API from API Gateway". ``extensions`` are ``integrations`` (with the
settings of the API), ``authorizers``, ``documentation``, ``validators``, ``gatewayresponses``, and ``apigateway`` for
all of them. ``postman`` is taken too: what AWS adds for it is documented nowhere, and Postman reads plain documents.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from typing import Any

from attrs import frozen

from emulator.openapi.describe import Describer
from emulator.openapi.documents import hashed
from emulator.openapi.paths_writer import PathsWriter
from emulator.openapi.schemas import to_document, used_models
from emulator.openapi.security import AUTHORIZER, AUTHTYPE
from emulator.store.records import Record, Snapshot

EXTENSION = "x-amazon-apigateway-"
ALL = frozenset({"integrations", "authorizers", "documentation", "validators", "gatewayresponses"})


@frozen(kw_only=True)
class Export:
    """What to export: a stage's snapshot, and how."""

    snapshot: Snapshot
    stage_name: str
    swagger: bool
    extensions: frozenset[str]
    documentation: Record | None = None  # the stage's DocumentationVersion record, with its parts


def extensions_of(given: str | None) -> frozenset[str]:
    """The extensions that a comma-separated parameter names."""
    named = {each.strip().lower() for each in (given or "").split(",") if each.strip()}
    return ALL if "apigateway" in named else frozenset(named & ALL)


def write(export: Export) -> dict[str, Any]:
    """The document."""
    api = export.snapshot.api
    host = f"{api['id']}.execute-api.{export.snapshot.region}.amazonaws.com"
    document: dict[str, Any] = {"swagger": "2.0"} if export.swagger else {"openapi": "3.0.1"}
    document["info"] = _info(api, export.swagger)
    if export.swagger:
        document.update(host=host, basePath=f"/{export.stage_name}", schemes=["https"])
    else:
        document["servers"] = [
            {
                "url": f"https://{host}/{{basePath}}",
                "variables": {"basePath": {"default": export.stage_name}},
            }
        ]
        _endpoint_configuration(export, document["servers"][0])
    document["paths"] = PathsWriter(export.snapshot, export.swagger, export.extensions).write()
    _write_components(export, document)
    if export.swagger:
        _endpoint_configuration(export, document)
    _write_settings(export, document)
    if export.documentation is not None:
        Describer(export.documentation["parts"], export.swagger).apply(document)
        if "documentation" in export.extensions:
            document[EXTENSION + "documentation"] = _documentation(export.documentation)
    return document


def version_of(api: Record) -> str:
    """The API's version, or when it was made: in ``info`` and in the name of the file."""
    return str(api.get("version") or instant(api["createdDate"]))


def _info(api: Record, swagger: bool) -> Record:
    version = version_of(api)
    described = {"description": api["description"]} if api.get("description") else {}
    if swagger:
        return {**described, "version": version, "title": api["name"]}
    return {"title": api["name"], **described, "version": version}


def instant(epoch: float) -> str:
    """An instant as AWS prints it in documents."""
    return datetime.datetime.fromtimestamp(epoch, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _write_components(export: Export, document: dict[str, Any]) -> None:
    snapshot = export.snapshot
    prefix = "#/definitions/" if export.swagger else "#/components/schemas/"
    schemas = {
        name: to_document(snapshot.models[name]["schema"], name, prefix) for name in hashed(_used(snapshot))
    }
    schemes = _schemes(snapshot, "authorizers" in export.extensions)
    if export.swagger:
        if schemes:
            document["securityDefinitions"] = schemes
        if schemas:
            document["definitions"] = schemas
    else:  # there even when empty, as recorded
        document["components"] = {
            **({"schemas": schemas} if schemas else {}),
            **({"securitySchemes": schemes} if schemes else {}),
        }


def _methods(snapshot: Snapshot) -> Iterable[Record]:
    for resource in snapshot.resources.values():
        yield from (resource.get("resourceMethods") or {}).values()


def _used(snapshot: Snapshot) -> set[str]:
    """The models that methods use, and those that these refer to; AWS exports no others."""
    pending: set[str] = set()
    for method in _methods(snapshot):
        pending.update((method.get("requestModels") or {}).values())
        for response in (method.get("methodResponses") or {}).values():
            pending.update((response.get("responseModels") or {}).values())
    found: set[str] = set()
    while pending:
        name = pending.pop()
        if name in snapshot.models and name not in found:
            found.add(name)
            pending |= used_models(snapshot.models[name]["schema"])
    return found


def _schemes(snapshot: Snapshot, extended: bool) -> Record:
    schemes: Record = {}
    for record in sorted(snapshot.authorizers.values(), key=lambda each: str(each["name"])):
        schemes[record["name"]] = _scheme(record, extended)
    if any(method.get("apiKeyRequired") for method in _methods(snapshot)):
        schemes["api_key"] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
    if any(method.get("authorizationType") == "AWS_IAM" for method in _methods(snapshot)):
        schemes["sigv4"] = {"type": "apiKey", "name": "Authorization", "in": "header", AUTHTYPE: "awsSigv4"}
    return schemes


def _scheme(record: Record, extended: bool) -> Record:
    source = record.get("identitySource", "")
    header = "method.request.header."
    derived = record["type"] != "REQUEST" and source.startswith(header) and "," not in source
    if record["type"] == "REQUEST":
        name = "Unused"
    else:
        name = source[len(header) :] if derived else "Authorization"
    scheme: Record = {"type": "apiKey", "name": name, "in": "header"}
    if not extended:
        return scheme
    if record.get("authType"):
        scheme[AUTHTYPE] = record["authType"]
    authorizer: Record = {"type": record["type"].lower()}
    for member in (
        "providerARNs",
        "authorizerUri",
        "authorizerCredentials",
        "authorizerResultTtlInSeconds",
        "identityValidationExpression",
        "jwtConfiguration",
    ):
        if record.get(member) is not None:
            authorizer[member] = record[member]
    if source and not derived:
        authorizer["identitySource"] = source
    scheme[AUTHORIZER] = authorizer
    return scheme


def _endpoint_configuration(export: Export, holder: dict[str, Any]) -> None:
    if "integrations" not in export.extensions:
        return
    api = export.snapshot.api
    given: Record = {}
    if api.get("disableExecuteApiEndpoint"):
        given["disableExecuteApiEndpoint"] = True
    if api.get("endpointConfiguration", {}).get("vpcEndpointIds"):
        given["vpcEndpointIds"] = api["endpointConfiguration"]["vpcEndpointIds"]
    if given:
        holder[EXTENSION + "endpoint-configuration"] = given


def _write_settings(export: Export, document: dict[str, Any]) -> None:
    api, snapshot = export.snapshot.api, export.snapshot
    if "validators" in export.extensions and snapshot.validators:
        document[EXTENSION + "request-validators"] = {
            record["name"]: {
                "validateRequestBody": record["validateRequestBody"],
                "validateRequestParameters": record["validateRequestParameters"],
            }
            for record in sorted(snapshot.validators.values(), key=lambda each: str(each["name"]))
        }
    if "gatewayresponses" in export.extensions and snapshot.gateway_responses:
        document[EXTENSION + "gateway-responses"] = {
            kind: {
                member: record[member]
                for member in ("statusCode", "responseParameters", "responseTemplates")
                if record.get(member)
            }
            for kind, record in sorted(snapshot.gateway_responses.items())
        }
    if "integrations" not in export.extensions:
        return
    if api.get("policy"):
        document[EXTENSION + "policy"] = json.loads(api["policy"])
    if api.get("apiKeySource") == "AUTHORIZER":
        document[EXTENSION + "api-key-source"] = "AUTHORIZER"
    if api.get("minimumCompressionSize") is not None:
        document[EXTENSION + "minimum-compression-size"] = api["minimumCompressionSize"]
    for member, extension in (("securityPolicy", "security-policy"), ("endpointAccessMode", "endpoint-access-mode")):
        if api.get(member):
            document[EXTENSION + extension] = api[member]
    if api.get("binaryMediaTypes"):
        document[EXTENSION + "binary-media-types"] = api["binaryMediaTypes"]


def _documentation(version: Record) -> Record:
    return {
        "version": version["version"],
        "createdDate": instant(version["createdDate"]),
        "documentationParts": [
            {"location": part["location"], "properties": json.loads(part["properties"])} for part in version["parts"]
        ],
    }
