"""ImportRestApi and PutRestApi: a document becomes an API, or changes one.

Belongs here: the two operations, and putting what was read through the same checks as the operations of each noun.
Never here: reading documents (``openapi/``).

Large documents are read off the reactor. Nothing is changed before everything has been checked. Errors and warnings
are worded as AWS words them: ``Errors found during import:`` and a tab before each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from emulator.control import (
    authorizers,
    gateway_responses,
    integrations,
    lookup,
    mapping_rules,
    methods,
    models,
    rest_apis,
)
from emulator.control.call import Call
from emulator.control.tag_rules import with_tags, without_empty_tags
from emulator.errors import BadRequestException, ConflictException, ControlError
from emulator.openapi import apply, reader
from emulator.openapi.reader import Document
from emulator.openapi.writer import instant
from emulator.store.records import Record, RestApi

_AUTHORIZED = ("CUSTOM", "COGNITO_USER_POOLS", "JWT")
_SMALL = 32 * 1024  # bytes that are read on the reactor
_ATTEMPTS = 5


async def import_rest_api(call: Call, request: Record) -> Record:
    api = rest_apis.new_api(call, "")
    api.models = {}
    document = await _aside(call, request, _read, call, request, api.id, frozenset())
    _entitle(call, document)
    if not (document.name or "").strip():
        raise BadRequestException(_failure("Errors", ["Unable to create REST API: Name cannot be empty"]))
    await _aside(call, request, _change, call, api, document, False, request)
    call.store.add_api(api)
    return _answer(without_empty_tags(api.record), document)


async def put_rest_api(call: Call, request: Record) -> Record:
    overwrite = request.get("mode") == "overwrite"
    api = lookup.rest_api(call, request["restApiId"])
    known = frozenset() if overwrite else frozenset(api.models)
    document = await _aside(call, request, _read, call, request, api.id, known)
    if overwrite:
        _entitle(call, document)
    draft = await _changed(call, request, document, overwrite)
    api = lookup.rest_api(call, request["restApiId"])
    apply.adopt(api, draft)
    return _answer(with_tags(api.record), document)


def _entitle(call: Call, document: Document) -> None:
    """An API whose document has no title is named after the moment, as users of Terraform and Pulumi found."""
    if document.name is None:
        document.name = f"Imported on {instant(call.now())}"


async def _changed(call: Call, request: Record, document: Document, overwrite: bool) -> RestApi:
    """The API as the import makes it. A change that comes in between makes it begin again."""
    for _ in range(_ATTEMPTS):
        api = lookup.rest_api(call, request["restApiId"])
        draft, generation = apply.draft(api), call.store.generation
        await _aside(call, request, _change, call, draft, document, overwrite, request)
        if call.store.generation == generation:
            return draft
    raise ConflictException("Unable to complete operation due to concurrent modification. Please try again later.")


async def _aside(call: Call, request: Record, function: Callable[..., Any], *arguments: Any) -> Any:
    """Do the work of a large document off the reactor, and that of a small one at once."""
    if len(request["body"]) <= _SMALL:
        return function(*arguments)
    return await call.effects.in_thread(function, *arguments)


def _read(call: Call, request: Record, api_id: str, known_models: frozenset[str]) -> Document:
    parameters: Mapping[str, str] = request.get("parameters") or {}
    document = reader.parse(request["body"], _variables(call))
    return reader.read(document, api_id, parameters, call.effects.hex, known_models)


def _variables(call: Call) -> dict[str, str]:
    partition = {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(call.region_name.rsplit("-", 2)[0], "aws")
    return {
        "${AWS::AccountId}": call.account,
        "${AWS::Partition}": partition,
        "${AWS::Region}": call.region_name,
    }


def _change(call: Call, api: RestApi, document: Document, overwrite: bool, request: Record) -> None:
    del document.errors[document.read_errors :]  # of an attempt before
    del document.warnings[document.read_warnings :]
    apply.apply(api, document, overwrite, call.effects.new_id)
    _check(call, api, document, request)


def _check(call: Call, api: RestApi, document: Document, request: Record) -> None:
    """Put what was imported through the checks of each noun.

    Raises BadRequestException when something is wrong, or was warned about where warnings are not wanted.
    """
    errors = list(document.errors)
    for prefix, check in _checks(call, api, document):
        try:
            check()
        except ControlError as error:
            errors.append(prefix + error.message)
    if errors:
        also = "\nAdditionally, these warnings were found:\n\t" + "\n\t".join(document.warnings)
        raise BadRequestException(_failure("Errors", errors) + (also if document.warnings else ""))
    if document.warnings and request.get("failOnWarnings"):
        raise BadRequestException(_failure("Warnings", document.warnings))


def _checks(call: Call, api: RestApi, document: Document) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each check with the words that come before what it says."""
    yield "", lambda: _check_settings(call, api, document)
    for name, model in document.models.items():
        yield (
            f"Unable to create model for '{name}': ",
            partial(models.check_schema, api, model["schema"], model["contentType"]),
        )
    for authorizer in api.authorizers.values():
        if authorizer["name"] in document.authorizers:
            yield f"Unable to create authorizer '{authorizer['name']}': ", partial(_check_authorizer, api, authorizer)
    for kind in document.gateway_responses:
        yield f"Unable to put gateway response '{kind}': ", partial(_complete_gateway_response, api, kind)
    for resource in api.resources.values():
        for verb in document.methods.get(resource["path"], ()):
            method = resource["resourceMethods"][verb]
            yield from _method_checks(call, api, method, f"'{verb}' for resource at path '{resource['path']}'")


def _check_settings(call: Call, api: RestApi, document: Document) -> None:
    record = api.record
    if any(each not in rest_apis.ENDPOINT_TYPES for each in record["endpointConfiguration"]["types"]):
        raise BadRequestException(
            f"Invalid EndpointTypes specified. Valid options are {','.join(rest_apis.ENDPOINT_TYPES)}"
        )
    rest_apis.check_endpoint(record["endpointConfiguration"])
    if record.get("minimumCompressionSize") is not None:
        rest_apis.check_compression(record["minimumCompressionSize"])
    if "policy" in document.settings:
        record["policy"] = rest_apis.canonical_policy(call, api.id, document.settings["policy"])
    if record["apiKeySource"] not in ("HEADER", "AUTHORIZER"):
        raise BadRequestException("Invalid ApiKeySource specified. Valid options are HEADER,AUTHORIZER")


def _check_authorizer(api: RestApi, record: Record) -> None:
    if record["type"] not in authorizers.TYPES:
        raise BadRequestException(
            f"Invalid authorizer type specified. Valid options are {','.join(authorizers.TYPES)}"
        )
    authorizers.check_authorizer(api, record)


def _complete_gateway_response(api: RestApi, kind: str) -> None:
    if kind not in gateway_responses.STATUSES:
        raise BadRequestException(f"Invalid gateway response type specified: {kind}")
    given = api.gateway_responses[kind]
    if not re.fullmatch(r"[1-5]\d\d", given.get("statusCode", "200")):
        raise BadRequestException(f"Invalid status code specified: {given['statusCode']}")
    api.gateway_responses[kind] = gateway_responses.new_response(
        kind, given.get("statusCode"), given.get("responseParameters"), given.get("responseTemplates")
    )


def _method_checks(
    call: Call, api: RestApi, method: Record, where: str
) -> Iterator[tuple[str, Callable[[], Any]]]:
    on_method = f"Unable to put method {where.replace(' for resource', ' on resource')}: "
    if method["authorizationType"] in _AUTHORIZED and "authorizerId" not in method:
        yield on_method, partial(_refuse, methods.NO_AUTHORIZER)
    yield on_method, partial(methods.check_models, api, method.get("requestModels"))
    yield on_method, partial(mapping_rules.check_method_parameters, method.get("requestParameters"))
    declared = method.get("methodResponses") or {}
    for response in declared.values():
        prefix = f"Unable to put method response '{response['statusCode']}' on {where}: "
        if not re.fullmatch(r"[1-5]\d\d", response["statusCode"]):
            yield prefix, partial(_refuse, "Invalid status code specified")
        yield prefix, partial(methods.check_models, api, response.get("responseModels"))
        yield prefix, partial(mapping_rules.check_method_response_parameters, response.get("responseParameters"))
    integration = method.get("methodIntegration")
    if integration is None:
        return
    yield f"Unable to put integration on {where}: ", partial(
        integrations.check_integration, call, api, method, integration
    )
    for response in (integration.get("integrationResponses") or {}).values():
        prefix = f"Unable to put integration response on {where}: "
        known = declared.get(response["statusCode"], {}).get("responseParameters")
        yield (
            prefix,
            partial(
                mapping_rules.check_integration_response_parameters, response.get("responseParameters"), known
            ),
        )
        yield prefix, partial(mapping_rules.check_template_types, response.get("responseTemplates"))


def _refuse(text: str) -> None:
    raise BadRequestException(text)


def _failure(kind: str, texts: list[str]) -> str:
    return f"{kind} found during import:\n\t" + "\n\t".join(texts)


def _answer(record: Record, document: Document) -> Record:
    shown = rest_apis.shown(record)
    return {**shown, "warnings": list(document.warnings)} if document.warnings else shown
