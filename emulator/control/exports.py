"""GetExport, GetSdk, GetSdkTypes, GetSdkType: a stage as a document, and as a client.

Belongs here: finding the stage, the parameters and their refusals. Never here: writing documents or clients
(``openapi/``).
"""

from __future__ import annotations

import re

from emulator.control import lookup
from emulator.control.call import Call
from emulator.control.paging import page
from emulator.errors import BadRequestException, NotFoundException, NotImplementedByEmulator
from emulator.openapi import documents, sdk, writer
from emulator.store.records import Deployment, Record

_TYPES = ("oas30", "swagger")
_MANY = 20  # resources


async def get_export(call: Call, request: Record) -> Record:
    """The stage's API as a document, in the media type that ``accepts`` asks for. Large ones are written aside."""
    api, stage = lookup.stage(call, request)
    kind = request["exportType"]
    if kind not in _TYPES:
        raise BadRequestException(f"Invalid export type specified: {kind}. Must be one of: [{', '.join(_TYPES)}]")
    accepts = (request.get("accepts") or "application/json").split(",")[0].split(";")[0].strip().lower()
    if accepts in ("*/*", "application/*"):
        accepts = "application/json"
    if accepts not in ("application/json", "application/yaml"):
        raise BadRequestException(f"Invalid accept type specified: {accepts}")
    deployment: Deployment = api.deployments[stage["deploymentId"]]
    version = stage.get("documentationVersion")
    export = writer.Export(
        snapshot=deployment.snapshot,
        stage_name=stage["stageName"],
        swagger=kind == "swagger",
        extensions=writer.extensions_of((request.get("parameters") or {}).get("extensions")),
        documentation=api.documentation_versions.get(version) if version else None,
    )
    json_wanted = accepts == "application/json"
    if len(export.snapshot.resources) > _MANY:
        text = await call.effects.in_thread(_text, export, json_wanted)
    else:
        text = _text(export, json_wanted)
    name = f"{kind}_{writer.version_of(export.snapshot.api)}.{'json' if json_wanted else 'yaml'}"
    return {
        "contentType": "application/octet-stream",  # recorded, whatever is accepted
        "contentDisposition": f'attachment; filename="{name}"',
        "body": text.encode(),
    }


def _text(export: writer.Export, json_wanted: bool) -> str:
    document = writer.write(export)
    return documents.pretty(document) if json_wanted else documents.to_yaml(document)


def get_sdk(call: Call, request: Record) -> Record:
    """A zip with a client of the stage."""
    api, stage = lookup.stage(call, request)
    kind = request["sdkType"]
    described = sdk.TYPES.get(kind)
    if described is None and kind not in sdk.MADE:
        raise BadRequestException(f"Invalid SDK type specified: {kind}")
    parameters = request.get("parameters") or {}
    missing = [
        each["name"]
        for each in (described or {}).get("configurationProperties", ())
        if each["required"] and not parameters.get(each["name"])
    ]
    if missing:
        raise BadRequestException(f"Missing required parameter(s) for SDK type {kind}: {', '.join(missing)}")
    if kind not in sdk.MADE:
        raise NotImplementedByEmulator(
            f"GetSdk of type '{kind}' is not made by this emulator; it makes: {', '.join(sdk.MADE)}"
        )
    deployment: Deployment = api.deployments[stage["deploymentId"]]
    own = f"{_own_address(call)}/restapis/{api.id}/{stage['stageName']}/_user_request_"
    endpoint = parameters.get("endpoint") or own
    target = sdk.Target(snapshot=deployment.snapshot, stage_name=stage["stageName"], endpoint=endpoint)
    name = f"{kind}_{writer.instant(call.now())}.zip"
    return {
        "contentType": "application/octet-stream",
        "contentDisposition": f'attachment; filename="{name}"',
        "body": sdk.MADE[kind](target),
    }


def _own_address(call: Call) -> str:
    """Where the caller reaches this emulator: the address of this very call, else where it listens."""
    if call.endpoint:
        return call.endpoint
    for listen in call.settings.listen:
        found = re.match(r"(tcp|ssl):(?:port=)?([1-9]\d*)", listen)
        if found is not None:
            return f"{'https' if found[1] == 'ssl' else 'http'}://localhost:{found[2]}"
    return "http://localhost:4566"


def get_sdk_types(call: Call, request: Record) -> Record:
    return page(list(sdk.TYPES.values()), request)


def get_sdk_type(call: Call, request: Record) -> Record:
    found = sdk.TYPES.get(request["id"])
    if found is None:
        raise NotFoundException("Invalid SDK type identifier specified")
    return found
