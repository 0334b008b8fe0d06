"""Resources and methods to ``paths``.

Belongs here: path items, operations and ``x-amazon-apigateway-integration`` as exports show them. Never here: the rest
of the document.

Names come in the order of Java's HashMap (``documents.hashed``), the paths of Swagger sorted; the media types that a
method consumes and produces are those of its models and of its integration's templates: recorded on AWS (GetExport of
the pet store). The connection type INTERNET and the default timeout are left out, since an import assumes them; cache
namespaces are written only where there are cache key parameters, as on AWS.
"""

from __future__ import annotations

from typing import Any

from emulator.openapi.documents import hashed
from emulator.openapi.operations import ANY_METHOD, INTEGRATION, VALIDATOR
from emulator.store.records import Record, Snapshot

_SWAGGER_VERBS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "ANY")
_OAS3_VERBS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "ANY")
_IN = {
    "path": "path",
    "querystring": "query",
    "header": "header",
    "multivaluequerystring": "query",
    "multivalueheader": "header",
}
_JSON = "application/json"
_TIMEOUT = 29000  # milliseconds; left out, as an import assumes it


class PathsWriter:
    """Writes the paths of one snapshot."""

    def __init__(self, snapshot: Snapshot, swagger: bool, extensions: frozenset[str]) -> None:
        self._swagger = swagger
        self._extensions = extensions
        self._resources = sorted(snapshot.resources.values(), key=lambda record: str(record["path"]))
        self._authorizers = {each["id"]: each["name"] for each in snapshot.authorizers.values()}
        self._validators = {each["id"]: each["name"] for each in snapshot.validators.values()}

    def write(self) -> dict[str, Any]:
        order = _SWAGGER_VERBS if self._swagger else _OAS3_VERBS
        paths: dict[str, Any] = {}
        by_path = {str(record["path"]): record for record in self._resources}
        for path in by_path if self._swagger else hashed(by_path):
            resource = by_path[path]
            methods = resource.get("resourceMethods") or {}
            item = {
                ANY_METHOD if verb == "ANY" else verb.lower(): self._operation(methods[verb])
                for verb in order
                if verb in methods
            }
            if item or not self._has_children(resource):
                paths[resource["path"]] = item
        return paths

    def _has_children(self, resource: Record) -> bool:
        return any(each.get("parentId") == resource["id"] for each in self._resources)

    def _operation(self, method: Record) -> dict[str, Any]:
        operation: dict[str, Any] = {}
        if method.get("operationName"):
            operation["operationId"] = method["operationName"]
        if self._swagger:
            for member, types in (("consumes", _consumed(method)), ("produces", _produced(method))):
                if types:
                    operation[member] = types
        parameters = self._parameters(method)
        if parameters:
            operation["parameters"] = parameters
        if not self._swagger and method.get("requestModels"):
            operation["requestBody"] = {"content": self._content(method["requestModels"]), "required": True}
        operation["responses"] = {
            status: self._response(status, response)
            for status, response in sorted((method.get("methodResponses") or {}).items())
        }
        security = self._security(method)
        if security:
            operation["security"] = security
        validator = self._validators.get(method.get("requestValidatorId", ""))
        if validator is not None and "validators" in self._extensions:
            operation[VALIDATOR] = validator
        if method.get("methodIntegration") and "integrations" in self._extensions:
            operation[INTEGRATION] = write_integration(method["methodIntegration"])
        return operation

    # -- the request ---------------------------------------------------------------------------------------------------

    def _parameters(self, method: Record) -> list[Record]:
        parameters = []
        declared = method.get("requestParameters") or {}
        for name in hashed(declared):
            required = declared[name]
            _, _, where, parameter = name.split(".", 3)
            record: Record = {"name": parameter, "in": _IN[where]}
            if self._swagger:
                record.update(required=bool(required), type="string")
            else:
                if required:
                    record["required"] = True
                record["schema"] = {"type": "string"}
            parameters.append(record)
        models = method.get("requestModels") or {}
        if self._swagger and models:
            model = models.get(_JSON) or models[min(models)]
            parameters.append({"in": "body", "name": model, "required": True, "schema": self._reference(model)})
        return parameters

    def _reference(self, model: str) -> Record:
        return {"$ref": ("#/definitions/" if self._swagger else "#/components/schemas/") + model}

    def _content(self, models: dict[str, str]) -> Record:
        return {media_type: {"schema": self._reference(model)} for media_type, model in sorted(models.items())}

    # -- responses and security ----------------------------------------------------------------------------------------

    def _response(self, status: str, response: Record) -> Record:
        record: Record = {"description": f"{status} response"}
        models = response.get("responseModels") or {}
        if self._swagger and models:
            record["schema"] = self._reference(models.get(_JSON) or models[min(models)])
        kind: Record = {"type": "string"} if self._swagger else {"schema": {"type": "string"}}
        names = [name.split(".", 3)[3] for name in response.get("responseParameters") or {}]
        headers = {name: dict(kind) for name in hashed(names)}
        if headers:
            record["headers"] = headers
        if not self._swagger:
            record["content"] = self._content(models)
        return record

    def _security(self, method: Record) -> list[Record]:
        security: list[Record] = []
        authorizer = self._authorizers.get(method.get("authorizerId", ""))
        if authorizer is not None:
            security.append({authorizer: list(method.get("authorizationScopes") or ())})
        elif method.get("authorizationType") == "AWS_IAM":
            security.append({"sigv4": []})
        if method.get("apiKeyRequired"):
            security.append({"api_key": []})
        return security


def _consumed(method: Record) -> list[str]:
    templates = (method.get("methodIntegration") or {}).get("requestTemplates") or {}
    return hashed({*(method.get("requestModels") or {}), *templates})


def _produced(method: Record) -> list[str]:
    responses = (method.get("methodResponses") or {}).values()
    mapped = ((method.get("methodIntegration") or {}).get("integrationResponses") or {}).values()
    return hashed(
        {media_type for response in responses for media_type in response.get("responseModels") or {}}
        | {media_type for response in mapped for media_type in response.get("responseTemplates") or {}}
    )


def write_integration(integration: Record) -> Record:
    """An integration as its extension shows it, its members in the order of AWS's exports."""
    written: Record = {
        member: integration[member] for member in ("credentials", "httpMethod", "uri") if integration.get(member)
    }
    responses = integration.get("integrationResponses") or {}
    if responses:
        written["responses"] = {
            response.get("selectionPattern") or "default": _integration_response(response)
            for _, response in sorted(responses.items())
        }
    for member in ("requestParameters", "requestTemplates"):
        if integration.get(member):
            written[member] = _texts(integration[member])
    written["passthroughBehavior"] = integration.get("passthroughBehavior", "WHEN_NO_MATCH").lower()
    if integration.get("connectionType") == "VPC_LINK":
        written["connectionType"] = "VPC_LINK"
        written["connectionId"] = integration.get("connectionId", "")
    if integration.get("cacheKeyParameters"):
        written["cacheNamespace"] = integration["cacheNamespace"]
        written["cacheKeyParameters"] = list(integration["cacheKeyParameters"])
    for member in ("contentHandling", "integrationTarget", "responseTransferMode"):
        if integration.get(member):
            written[member] = integration[member]
    if integration.get("timeoutInMillis", _TIMEOUT) != _TIMEOUT:
        written["timeoutInMillis"] = integration["timeoutInMillis"]
    if integration.get("tlsConfig"):
        written["tlsConfig"] = dict(integration["tlsConfig"])
    written["type"] = integration["type"].lower()
    return written


def _integration_response(response: Record) -> Record:
    written: Record = {"statusCode": response["statusCode"]}
    for member in ("responseParameters", "responseTemplates"):
        if response.get(member):
            written[member] = _texts(response[member])
    if response.get("contentHandling"):
        written["contentHandling"] = response["contentHandling"]
    return written


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: values[name] or "" for name in hashed(values)}
