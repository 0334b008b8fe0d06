"""ImportRestApi and PutRestApi: a document becomes an API, or changes one.

Belongs here: the two operations, and putting what was read through the same checks as the operations of each noun.
Never here: reading documents (``openapi/``).

Large documents are read off the reactor. Nothing is changed before everything has been checked. Errors and warnings
are worded as AWS words them: ``Errors found during import:`` and a tab before each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emulator.control import lookup, models, rest_apis
from emulator.control.call import Call
from emulator.control.tag_rules import with_tags, without_empty_tags
from emulator.errors import BadRequestException, ControlError
from emulator.openapi import apply, reader
from emulator.openapi.reader import Document
from emulator.store.records import Record, RestApi

_SMALL = 32 * 1024  # bytes that are read on the reactor


async def import_rest_api(call: Call, request: Record) -> Record:
    api = rest_apis.new_api(call, "")
    api.models = {}
    document = await _read(call, request, api.id, frozenset())
    if not document.name:
        raise BadRequestException(_failure("Errors", ["Unable to create REST API: Name cannot be empty"]))
    _change(call, api, document, overwrite=False)
    _check(call, api, document, request)
    call.store.add_api(api)
    return _answer(without_empty_tags(api.record), document)


async def put_rest_api(call: Call, request: Record) -> Record:
    overwrite = request.get("mode") == "overwrite"
    api = lookup.rest_api(call, request["restApiId"])
    document = await _read(call, request, api.id, frozenset() if overwrite else frozenset(api.models))
    api = lookup.rest_api(call, request["restApiId"])  # it may have gone meanwhile
    draft = apply.draft(api)
    _change(call, draft, document, overwrite)
    _check(call, draft, document, request)
    apply.adopt(api, draft)
    return _answer(with_tags(api.record), document)


async def _read(call: Call, request: Record, api_id: str, known_models: frozenset[str]) -> Document:
    body: bytes = request["body"]
    parameters: Mapping[str, str] = request.get("parameters") or {}
    arguments = (body, api_id, parameters, call.effects.hex, known_models)
    if len(body) <= _SMALL:
        return _parse_and_read(*arguments)
    document: Document = await call.effects.in_thread(_parse_and_read, *arguments)
    return document


def _parse_and_read(
    body: bytes, api_id: str, parameters: Mapping[str, str], new_hex: Callable[[int], str], known: frozenset[str]
) -> Document:
    return reader.read(reader.parse(body), api_id, parameters, new_hex, known)


def _change(call: Call, api: RestApi, document: Document, overwrite: bool) -> None:
    apply.apply(api, document, overwrite, call.effects.new_id)


def _check(call: Call, api: RestApi, document: Document, request: Record) -> None:
    """Raises BadRequestException when something of the import is wrong, or warned about where that is not wanted."""
    errors = list(document.errors)

    def attempt(prefix: str, check: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return check(*arguments)
        except ControlError as error:
            errors.append(prefix + error.message)
            return None

    record = api.record
    attempt("", rest_apis.check_endpoint, record["endpointConfiguration"])
    if record.get("minimumCompressionSize") is not None:
        attempt("", rest_apis.check_compression, record["minimumCompressionSize"])
    if "policy" in document.settings:
        record["policy"] = attempt("", rest_apis.canonical_policy, call, api.id, document.settings["policy"])
    for name, model in document.models.items():
        attempt(f"Unable to create model for '{name}': ", models.check_schema, api, model["schema"], "application/json")
    if errors:
        raise BadRequestException(_failure("Errors", errors))
    if document.warnings and request.get("failOnWarnings"):
        raise BadRequestException(_failure("Warnings", document.warnings))


def _failure(kind: str, texts: list[str]) -> str:
    return f"{kind} found during import:\n\t" + "\n\t".join(texts)


def _answer(record: Record, document: Document) -> Record:
    shown = rest_apis.shown(record)
    return {**shown, "warnings": list(document.warnings)} if document.warnings else shown
