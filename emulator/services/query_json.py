"""Answers of the query protocol in JSON: what AWS's older services give to ``Accept: application/json``.

API Gateway sends that header unless told otherwise, so its users see
``{"PublishResponse":{"PublishResult":{…},"ResponseMetadata":{"RequestId":"…"}}}`` and never the XML.
Belongs here: the rewriting, by botocore's shapes. Never here: deciding when to.
Keys are in alphabetical order, and members that are not there are null, as AWS writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import orjson

from emulator.services.protocols import Description, has_action

# Members whose JSON name is not the model's: SQS has kept the names of its first API here.
_NAMES = {("ReceiveMessage", "Messages"): "messages", ("ListQueues", "QueueUrls"): "queueUrls"}


def xml_as_json(description: Description, action: str, xml: bytes) -> bytes | None:
    """The JSON form of a query-protocol answer, or None when ``xml`` is none (S3's, EC2's, or not XML)."""
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return None
    name = _local(root)
    if name == "ErrorResponse":
        return _error(root)
    if name != f"{action}Response" or not has_action(description, action):
        return None
    answer: dict[str, Any] = {"ResponseMetadata": {"RequestId": _text(_find(root, "ResponseMetadata"), "RequestId")}}
    shape = description.model.operation_model(action).output_shape
    result = _find(root, f"{action}Result")
    if shape is not None and (result is not None or shape.members):
        # SQS's operations without a result element (DeleteMessage) have no such shape either.
        members = _structure(shape, result if result is not None else root)
        answer[f"{action}Result"] = {_NAMES.get((action, key), key): value for key, value in members.items()}
    return _dump({f"{action}Response": answer})


def result_as_json(description: Description, action: str, result: Mapping[str, Any], request_id: str) -> bytes:
    """The query protocol's JSON for a service that itself speaks JSON only (SSM): the same envelope."""
    shape = description.model.operation_model(action).output_shape
    filled = _filled(shape, result) if shape is not None else dict(result)
    return _dump({f"{action}Response": {f"{action}Result": filled, "ResponseMetadata": {"RequestId": request_id}}})


def error_as_json(code: str, message: str, status: int, request_id: str) -> bytes:
    """The query protocol's JSON for an error."""
    kind = "Receiver" if status >= 500 else "Sender"
    return _dump({"Error": {"Code": code, "Message": message, "Type": kind}, "RequestId": request_id})


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _error(root: ElementTree.Element) -> bytes:
    error = _find(root, "Error")
    found = {name: _text(error, name) for name in ("Code", "Message", "Type")}
    request_id = _text(root, "RequestId") or _text(_find(root, "ResponseMetadata"), "RequestId")
    return _dump({"Error": {**found, "Type": found["Type"] or "Sender"}, "RequestId": request_id})


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _find(element: ElementTree.Element, *names: str) -> ElementTree.Element | None:
    return next((child for child in element if _local(child) in names), None)


def _all(element: ElementTree.Element, names: set[str]) -> list[ElementTree.Element]:
    return [child for child in element if _local(child) in names]


def _text(element: ElementTree.Element | None, name: str) -> str | None:
    child = _find(element, name) if element is not None else None
    return child.text if child is not None else None


def _structure(shape: Any, element: ElementTree.Element) -> dict[str, Any]:
    return {name: _member(name, member, element) for name, member in shape.members.items()}


def _member(name: str, shape: Any, element: ElementTree.Element) -> Any:
    written = shape.serialization.get("name", name)
    if shape.type_name == "list":
        return _list(written, shape, element)
    if shape.type_name == "map":
        return _map(written, shape, element)
    child = _find(element, written, name)
    return None if child is None else _value(shape, child)


def _value(shape: Any, element: ElementTree.Element) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, element)
    if kind in ("list", "map"):
        return _list("", shape, element) if kind == "list" else _map("", shape, element)
    text = element.text or ""
    if kind == "boolean":
        return text == "true"
    if kind in ("integer", "long"):
        return int(text) if text.lstrip("-").isdecimal() else text
    if kind in ("float", "double"):
        return float(text)
    if kind == "timestamp":
        return _seconds(text)
    return text


def _seconds(text: str) -> Any:
    """A moment, ISO 8601 in the XML, as AWS's JSON has it: seconds since the epoch, printed as Java prints a double."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    digits = repr(moment.timestamp()).replace(".", "").rstrip("0") or "0"
    return orjson.Fragment(f"{digits[0]}.{digits[1:] or '0'}E9") if moment.timestamp() >= 1e9 else moment.timestamp()


def _list(written: str, shape: Any, element: ElementTree.Element) -> list[Any] | None:
    """A list: wrapped (``<Topics><member>``), or flattened, its items then under one of several names."""
    member = shape.member
    wrapper = _find(element, written) if written and not shape.serialization.get("flattened") else None
    if wrapper is not None:
        return [_value(member, item) for item in wrapper]
    names = {written, written.removesuffix("s"), member.name, member.serialization.get("name", "member")} - {""}
    found = list(element) if not written else _all(element, names)
    return [_value(member, item) for item in found] if found else None


def _map(written: str, shape: Any, element: ElementTree.Element) -> dict[str, Any] | None:
    wrapper = _find(element, written) if written and not shape.serialization.get("flattened") else None
    if wrapper is not None:
        entries = list(wrapper)
    else:
        entries = list(element) if not written else _all(element, {written, written.removesuffix("s"), "entry"})
    made: dict[str, Any] = {}
    for entry in entries:
        key, value = _find(entry, "key", "Name", "Key"), _find(entry, "value", "Value")
        if key is not None and value is not None:
            made[key.text or ""] = _value(shape.value, value)
    return made or None


def _filled(shape: Any, value: Any) -> Any:
    """``value`` with null for every member of ``shape`` that it lacks, at every depth."""
    if shape.type_name == "structure" and isinstance(value, Mapping):
        return {
            name: _filled(member, value[name]) if value.get(name) is not None else None
            for name, member in shape.members.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_filled(shape.member, each) for each in value]
    return value
