"""Operations: one verb of one path as a Method record, with its integration and responses.

Belongs here: parameters, bodies, responses, ``x-amazon-apigateway-integration``. Never here: resources or ids.

A Method record made here is complete but for what needs ids: the integration's ``cacheNamespace``, the authorizer and
the validator, which ``ReadMethod`` names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from attrs import frozen

from emulator.errors import BadRequestException
from emulator.openapi.documents import as_list, as_map, as_text
from emulator.openapi.references import References
from emulator.openapi.schemas import ModelBook
from emulator.openapi.security import Security
from emulator.store.records import Record

INTEGRATION = "x-amazon-apigateway-integration"
ANY_METHOD = "x-amazon-apigateway-any-method"
VALIDATOR = "x-amazon-apigateway-request-validator"
VERBS = ("get", "put", "post", "delete", "options", "head", "patch")

_LOCATIONS = {"header": "header", "query": "querystring", "path": "path"}
_PARAMETER_MEMBERS = frozenset(
    {
        "name", "in", "description", "required", "deprecated", "allowEmptyValue", "style", "explode", "allowReserved",
        "schema", "example", "examples", "content",
    }
)  # fmt: skip
_PATH_VARIABLE = re.compile(r"\{([^{}]+?)\+?\}")
_TYPES = ("HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS")
_TEXT_MEMBERS = ("uri", "connectionId", "credentials", "cacheNamespace", "integrationTarget")
_UPPER_MEMBERS = (
    "type",
    "httpMethod",
    "connectionType",
    "passthroughBehavior",
    "contentHandling",
    "responseTransferMode",
)


@frozen(kw_only=True)
class ReadMethod:
    """A method as the document says it: the record, and by name what it needs ids of."""

    record: Record
    authorizer: str | None
    validator: str | None


class OperationReader:
    """Reads the operations of one document."""

    def __init__(
        self, references: References, models: ModelBook, security: Security, warn: Callable[[str], None]
    ) -> None:
        self.references = references
        self.models = models
        self.security = security
        self._warn = warn
        self._default_validator = references.document.get(VALIDATOR)
        self._where = self._parsed_at = ""  # the operation being read, as warnings name it

    def read(self, path: str, verb: str, operation: Record, shared: list[Any], written: str = "") -> ReadMethod:
        """``path`` is the resource's whole path, ``written`` the path as the document has it.

        ``shared`` are the parameters of its path item.
        """
        self._where = f"'{verb} {path}'"
        self._parsed_at = f"paths.'{written or path}'({verb.lower()})"
        authorization = self.security.of(operation)
        record: Record = {
            "httpMethod": verb,
            "authorizationType": authorization.type,
            "apiKeyRequired": authorization.api_key,
        }
        if authorization.scopes:
            record["authorizationScopes"] = list(authorization.scopes)
        if operation.get("operationId") is not None:
            record["operationName"] = as_text(operation["operationId"])
        self._read_parameters(path, operation, shared, record)
        self._read_body(operation, record)
        responses = self._read_responses(operation)
        if responses:
            record["methodResponses"] = responses
        if operation.get(INTEGRATION) is not None:
            record["methodIntegration"] = self._read_integration(path, verb, operation)
        validator = operation.get(VALIDATOR, self._default_validator)
        return ReadMethod(
            record=record,
            authorizer=authorization.authorizer,
            validator=validator if isinstance(validator, str) else None,
        )

    # -- the request ---------------------------------------------------------------------------------------------------

    def _parameters(self, operation: Record, shared: list[Any]) -> list[Record]:
        """The operation's parameters, those of the path item first; the operation's replace the path item's."""
        merged: dict[tuple[str, str], Record] = {}
        for each in [*shared, *as_list(operation.get("parameters"))]:
            parameter = self.references.resolve(each)
            if isinstance(parameter, dict):
                self._check_parameter(parameter)
                merged[(as_text(parameter.get("in")), as_text(parameter.get("name")))] = parameter
        return list(merged.values())

    def _check_parameter(self, parameter: Record) -> None:
        if not self.references.swagger:
            for key in parameter:
                if key not in _PARAMETER_MEMBERS and not key.startswith("x-"):
                    self._warn(
                        f"Parse issue: attribute {self._parsed_at}.parameters.[{parameter.get('name')}].{key} "
                        "is unexpected"
                    )

    def _read_parameters(self, path: str, operation: Record, shared: list[Any], record: Record) -> None:
        found: dict[str, bool] = {}
        for parameter in self._parameters(operation, shared):
            where, name = as_text(parameter.get("in")), parameter.get("name")
            if where == "body":
                self._read_swagger_body(operation, parameter, record)
            elif where in _LOCATIONS and name is not None:
                required = where == "path" or parameter.get("required") is True
                found[f"method.request.{_LOCATIONS[where]}.{as_text(name)}"] = required
            else:
                self._warn(f"Unsupported parameter type '{where}' for parameter '{name}'. Ignoring.")
        for name in _PATH_VARIABLE.findall(path):
            found.setdefault(f"method.request.path.{name}", True)
        if found:
            record["requestParameters"] = found

    def _read_swagger_body(self, operation: Record, parameter: Record, record: Record) -> None:
        where = f"in body parameter of method {self._where}"
        model = self.models.name_for(parameter.get("schema"), where, f"{self._parsed_at}.parameters.[body].schema")
        if model is not None:
            types = self._media_types(operation, "consumes")
            record["requestModels"] = dict.fromkeys(types, model)

    def _read_body(self, operation: Record, record: Record) -> None:
        if self.references.swagger or operation.get("requestBody") is None:
            return
        models = self._content_models(
            self.references.resolve(operation["requestBody"]), f"in request body of method {self._where}", "requestBody"
        )
        if models:
            record["requestModels"] = models

    def _media_types(self, operation: Record, member: str) -> list[str]:
        given = operation.get(member)
        if not isinstance(given, list):
            given = self.references.document.get(member)
        return [as_text(each) for each in as_list(given)] or ["application/json"]

    def _content_models(self, holder: Any, where: str, at: str) -> dict[str, str]:
        """The models of a ``content`` map by media type."""
        models: dict[str, str] = {}
        for media_type, described in as_map(as_map(holder).get("content")).items():
            described = self.references.resolve(described)
            if isinstance(described, dict) and described.get("schema") is not None:
                parsed_at = f"{self._parsed_at}.{at}.content.schema"
                model = self.models.name_for(described["schema"], where, parsed_at)
                if model is not None:
                    models[media_type] = model
        return models

    # -- the responses -------------------------------------------------------------------------------------------------

    def _read_responses(self, operation: Record) -> dict[str, Record]:
        responses: dict[str, Record] = {}
        if "responses" not in operation:
            self._missing("responses")
        for key, each in as_map(operation.get("responses")).items():
            status = as_text(key)
            if status.startswith("x-"):
                continue
            if status == "default":
                self._warn(f"Default response of method {self._where} is not supported. Ignoring.")
                continue
            responses[status] = self._read_response(status, self.references.resolve(each), operation)
        return responses

    def _missing(self, attribute: str) -> None:
        """What the specification asks for and AWS's parser misses; it does not look into extensions such as ANY."""
        if not self.references.swagger and not self._where.startswith("'ANY "):
            self._warn(f"Parse issue: attribute {self._parsed_at}.{attribute} is missing")

    def _read_response(self, status: str, response: Any, operation: Record) -> Record:
        record: Record = {"statusCode": status}
        if not isinstance(response, dict):
            return record
        if "description" not in response:
            self._missing(f"responses.{status}.description")
        headers = response.get("headers")
        if isinstance(headers, dict) and headers:
            record["responseParameters"] = {f"method.response.header.{name}": False for name in headers}
        where, at = f"in {status} response to method {self._where}", f"responses.{status}"
        if self.references.swagger:
            model = self.models.name_for(response.get("schema"), where, f"{self._parsed_at}.{at}.schema")
            models = dict.fromkeys(self._media_types(operation, "produces"), model) if model else {}
        else:
            models = self._content_models(response, where, at)
        if models:
            record["responseModels"] = models
        return record

    # -- the integration -----------------------------------------------------------------------------------------------

    def _read_integration(self, path: str, verb: str, operation: Record) -> Record:
        given = self.references.resolve(operation[INTEGRATION])
        whole = isinstance(given, dict) and not any(
            isinstance(given.get(member), dict | list) for member in (*_UPPER_MEMBERS, *_TEXT_MEMBERS)
        )
        if not whole or as_text(given.get("type")).upper() not in _TYPES:
            raise BadRequestException(
                f"Unable to parse API definition because of a malformed integration at path {path}."
            )
        where = f"of resource '{path}' and method '{verb}'"
        record: Record = {}
        for member in _UPPER_MEMBERS:
            if given.get(member) is not None:
                record[member] = as_text(given[member]).upper()
        for member in _TEXT_MEMBERS:
            if given.get(member) is not None:
                record[member] = as_text(given[member])
        if record.get("type") == "MOCK":
            record.pop("httpMethod", None)  # as recorded: a mock has no method of its own
        if record.get("type") in ("HTTP", "HTTP_PROXY"):
            record.setdefault("connectionType", "INTERNET")
        for member in ("requestParameters", "requestTemplates"):
            texts = self._texts(given.get(member), member, where)
            if texts:
                record[member] = texts
        record.setdefault("passthroughBehavior", "WHEN_NO_MATCH")
        try:
            record["timeoutInMillis"] = int(given.get("timeoutInMillis", 29000))
        except (TypeError, ValueError):
            record["timeoutInMillis"] = 0  # refused where integrations are checked
        record["cacheKeyParameters"] = [as_text(key) for key in as_list(given.get("cacheKeyParameters"))]
        tls = given.get("tlsConfig")
        if isinstance(tls, dict) and tls:
            record["tlsConfig"] = {"insecureSkipVerification": tls.get("insecureSkipVerification") in (True, "true")}
        responses = self._read_integration_responses(given.get("responses"), where)
        if responses:
            record["integrationResponses"] = responses
        return record

    def _read_integration_responses(self, given: Any, where: str) -> dict[str, Record]:
        responses: dict[str, Record] = {}
        for pattern, each in as_map(given).items():
            response = self.references.resolve(each)
            if pattern.startswith("x-") or not isinstance(response, dict):
                continue
            status = as_text(response.get("statusCode", "200"))
            record: Record = {"statusCode": status}
            if pattern != "default":
                record["selectionPattern"] = pattern
            for member in ("responseParameters", "responseTemplates"):
                texts = self._texts(response.get(member), member, where)
                if texts:
                    record[member] = texts
            if response.get("contentHandling") is not None:
                record["contentHandling"] = as_text(response["contentHandling"]).upper()
            responses[status] = record
        return responses

    def _texts(self, given: Any, member: str, where: str) -> dict[str, str | None]:
        """A map of texts; what is no text is left out with AWS's warning. An empty template is kept as None."""
        texts: dict[str, str | None] = {}
        for name, value in as_map(given).items():
            if member.endswith("Templates") and value in (None, ""):
                texts[name] = None
            elif isinstance(value, str):
                texts[name] = value
            else:
                self._warn(
                    f"Invalid format for '{member}'. Expected type string for property '{name}' {where} "
                    f"but got '{as_text(value)}'"
                )
        return texts
