"""AWS::ApiGateway::RestApi: made of properties, or of an OpenAPI document (Body, BodyS3Location), or of both.

Follows the resource's page of the CloudFormation reference.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from attrs import frozen

from emulator.cloudformation.resources import Control, Physical, boolean, document, members, patched, wired
from emulator.store.records import Record

_PATCHES = {
    "Name": "/name", "Description": "/description", "ApiKeySourceType": "/apiKeySource",
    "MinimumCompressionSize": "/minimumCompressionSize", "Policy": "/policy",
    "DisableExecuteApiEndpoint": "/disableExecuteApiEndpoint", "BinaryMediaTypes": "/binaryMediaTypes[]",
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
        rest = {k: v for k, v in properties.items() if k in _PATCHES or k == "EndpointConfiguration"}
        _patch(control, made["id"], {}, rest)
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
            old = {}
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
    kind = (new.get("EndpointConfiguration") or {}).get("Types")
    before = (old.get("EndpointConfiguration") or {}).get("Types")
    if kind and before and kind != before:
        operations.append({"op": "replace", "path": f"/endpointConfiguration/types/{before[0]}", "value": kind[0]})
    if operations:
        control("UpdateRestApi", {"restApiId": api_id, "patchOperations": operations})


def _plain(prop: str, value: Any) -> Any:
    return document(value) if prop == "Policy" else value


def _physical(made: Record) -> Physical:
    attributes = {"RestApiId": made["id"], "RootResourceId": made.get("rootResourceId", "")}
    return Physical(made["id"], attributes, {"restApiId": made["id"]})
