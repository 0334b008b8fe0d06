"""AWS::ApiGateway::RestApi: made of properties, or of an OpenAPI document (Body, BodyS3Location), or of both.

Follows the resource's page of the CloudFormation reference.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from attrs import frozen

from emulator.cloudformation.resources import (
    Control,
    Physical,
    boolean,
    document,
    escaped,
    members,
    patched,
    wired,
)
from emulator.openapi import documents
from emulator.store.records import Record

_PATCHES = {
    "Name": "/name", "Description": "/description", "ApiKeySourceType": "/apiKeySource",
    "MinimumCompressionSize": "/minimumCompressionSize", "Policy": "/policy",
    "DisableExecuteApiEndpoint": "/disableExecuteApiEndpoint",
    "EndpointAccessMode": "/endpointAccessMode", "SecurityPolicy": "/securityPolicy",
}  # fmt: skip
_BODY = ("Body", "BodyS3Location", "FailOnWarnings", "Mode", "Parameters")


@frozen
class RestApi:
    """The API itself. ``fetch`` reads an object of S3 by bucket, key and version, as bytes."""

    fetch: Callable[[str, str, str], bytes]

    def create(self, control: Control, properties: Record, name: str) -> Physical:
        body = self._document(properties)
        if body is None:
            made = control("CreateRestApi", _request({"Name": name, **properties}))
            return _physical(made)
        made = control("ImportRestApi", {**_import(properties), "body": body})
        rest = {k: v for k, v in properties.items() if k in (*_PATCHES, "BinaryMediaTypes", "EndpointConfiguration")}
        _patch(control, made["id"], {"EndpointConfiguration": {"Types": _kinds(properties)}}, rest)
        if properties.get("Tags"):
            arn = f"arn:aws:apigateway:{properties.get('__region__', 'us-east-1')}::/restapis/{made['id']}"
            control("TagResource", {"resourceArn": arn, "tags": wired(properties)["Tags"]})
        return _physical(made)

    def update(self, control: Control, physical: Physical, old: Record, new: Record) -> Physical | None:
        if old.get("CloneFrom") != new.get("CloneFrom"):
            return None
        body = self._document(new)
        if body is not None and any(old.get(key) != new.get(key) for key in _BODY):
            mode = new.get("Mode") or "overwrite"
            control("PutRestApi", {"restApiId": physical.id, "mode": mode, **_import(new), "body": body})
            kept = [each for each in _declared(body) if each in _types(new)]  # its others stay, whatever they are
            old = {"EndpointConfiguration": old.get("EndpointConfiguration"), "BinaryMediaTypes": kept}
        _patch(control, physical.id, old, {k: v for k, v in new.items() if k not in _BODY})
        return physical

    def delete(self, control: Control, physical: Physical) -> None:
        control("DeleteRestApi", {"restApiId": physical.id})

    def _document(self, properties: Record) -> bytes | None:
        body = properties.get("Body")
        if body is not None:
            return (body if isinstance(body, str) else json.dumps(body)).encode()
        place = properties.get("BodyS3Location")
        if place:
            return self.fetch(place["Bucket"], place["Key"], str(place.get("Version") or ""))
        return None


def _kinds(properties: Record) -> list[str]:
    """What kind of endpoint an import made."""
    return list((properties.get("EndpointConfiguration") or {}).get("Types") or ["EDGE"])


def _declared(body: bytes) -> list[str]:
    """The binary media types that a document brings itself."""
    try:
        found = documents.load(body).get("x-amazon-apigateway-binary-media-types")
    except documents.MalformedDocument:
        return []
    return [str(each) for each in found] if isinstance(found, list) else []


def _request(properties: Record) -> Record:
    properties = wired({k: v for k, v in properties.items() if k not in _BODY and k != "__region__"})
    source = properties.pop("ApiKeySourceType", None)
    request: Record = members(properties)
    if "tags" in request:
        request["tags"] = properties["Tags"]
    if source:
        request["apiKeySource"] = source
    return request


def _import(properties: Record) -> Record:
    parameters = {str(k): str(v) for k, v in (properties.get("Parameters") or {}).items()}
    types = (properties.get("EndpointConfiguration") or {}).get("Types")
    if types:
        parameters.setdefault("endpointConfigurationTypes", ",".join(types))
    return {"failOnWarnings": bool(boolean(properties.get("FailOnWarnings", False))), "parameters": parameters}


def _patch(control: Control, api_id: str, old: Record, new: Record) -> None:
    operations = [
        operation
        for prop, path in _PATCHES.items()
        if old.get(prop) != new.get(prop) and (prop in new or prop in old)
        for operation in patched(path, _plain(prop, old.get(prop)), _plain(prop, new.get(prop)))
    ]
    operations += _listed("/binaryMediaTypes", _types(old), _types(new))
    operations += _endpoint(old.get("EndpointConfiguration") or {}, new.get("EndpointConfiguration") or {})
    if operations:
        control("UpdateRestApi", {"restApiId": api_id, "patchOperations": operations})


def _types(properties: Record) -> list[str]:
    # Templates write the slash escaped already.
    return [str(each).replace("~1", "/") for each in properties.get("BinaryMediaTypes") or ()]


def _listed(path: str, before: list[str], after: list[str]) -> list[Record]:
    """The patch operations for a list whose elements are named by the path itself."""
    added = [{"op": "add", "path": f"{path}/{escaped(each)}"} for each in after if each not in before]
    return added + [{"op": "remove", "path": f"{path}/{escaped(each)}"} for each in before if each not in after]


def _endpoint(old: Record, new: Record) -> list[Record]:
    """The patch operations of EndpointConfiguration. An endpoint that stays private may change its address type."""
    operations: list[Record] = []
    before, after = (list(each.get("Types") or ()) for each in (old, new))
    if before and after and before != after:
        operations.append({"op": "replace", "path": f"/endpointConfiguration/types/{before[0]}", "value": after[0]})
    if new.get("IpAddressType") and new.get("IpAddressType") != old.get("IpAddressType"):
        path = "/endpointConfiguration/ipAddressType"
        operations.append({"op": "replace", "path": path, "value": new["IpAddressType"]})
    had = list(old.get("VpcEndpointIds") or ()) if "PRIVATE" in after else []
    for op, ids in (
        ("add", [each for each in new.get("VpcEndpointIds") or () if each not in had]),
        ("remove", [each for each in had if each not in (new.get("VpcEndpointIds") or ())]),
    ):
        operations += [{"op": op, "path": "/endpointConfiguration/vpcEndpointIds", "value": each} for each in ids]
    return operations


def _plain(prop: str, value: Any) -> Any:
    return document(value) if prop == "Policy" else value


def _physical(made: Record) -> Physical:
    attributes = {"RestApiId": made["id"], "RootResourceId": made.get("rootResourceId", "")}
    return Physical(made["id"], attributes, {"restApiId": made["id"]})
