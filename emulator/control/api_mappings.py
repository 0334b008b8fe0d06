"""API Gateway V2's face of custom domain names: the second API over the same names and mappings.

Belongs here: ``/v2/domainnames…``, as far as REST APIs need it: on AWS base paths of several levels are made there.
Never here: the records (``domains.py``, ``base_path_mappings.py``), HTTP and WebSocket APIs (moto has those: what is
about one of them goes on to it).

Pages followed: API Gateway V2's API reference, "DomainName" and "ApiMapping"; developer guide, "Use API mappings to map
API stages to a custom domain name for REST APIs".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import orjson
from twisted.internet.defer import Deferred

from emulator.control.app import ControlApp
from emulator.control.base_path_mappings import NONE
from emulator.control.codec import error_response
from emulator.errors import BadRequestException, ControlError, NotFoundException
from emulator.store.records import Record, Region
from emulator.wire import Headers, Request, Response

Elsewhere = Callable[[Request, str, str], Deferred[Response]]

_FIRST = b"/v2/domainnames"
# The same modes under the names of either API.
_MODES = {
    "API_MAPPING_ONLY": "BASE_PATH_MAPPING_ONLY",
    "ROUTING_RULE_ONLY": "ROUTING_RULE_ONLY",
    "ROUTING_RULE_THEN_API_MAPPING": "ROUTING_RULE_THEN_BASE_PATH_MAPPING",
}
_MODES_HERE = {ours: theirs for theirs, ours in _MODES.items()}


class ApiMappings:
    """``elsewhere(request, account, region)`` is the other APIs' own service, which is told of our names too."""

    def __init__(self, app: ControlApp, elsewhere: Elsewhere) -> None:
        self._app = app
        self._elsewhere = elsewhere

    def serve(self, request: Request, account: str, region: str) -> Deferred[Response] | None:
        """The answer, or None for what is none of ours."""
        if request.raw_path != _FIRST and not request.raw_path.startswith(_FIRST + b"/"):
            return None
        parts = [unquote(part) for part in request.raw_path[len(_FIRST) :].decode("latin-1").split("/") if part]
        store = self._app.store.region(account, region)
        body = _body(request)
        if parts and parts[0].lower() not in store.domain_names:
            return None
        if len(parts) > 1 and not _is_ours(store, parts, request.method, body):
            return None
        return Deferred.fromCoroutine(self._answer(request, parts, body, account, region))

    async def _answer(self, request: Request, parts: list[str], body: Record, account: str, region: str) -> Response:
        try:
            call = _ACTIONS.get((request.method, len(parts)))
            if call is None:
                raise NotFoundException("Not Found")
            status, answer = await call(_Asked(self, request, parts, body, account, region))
        except ControlError as error:
            return error_response(error)
        headers = Headers([("Content-Type", "application/json"), ("x-amzn-RequestId", self._app.effects.uuid())])
        return Response(status=status, headers=headers, body=b"" if answer is None else orjson.dumps(answer))


class _Asked:
    """One request, and how it is carried out."""

    def __init__(
        self, mappings: ApiMappings, request: Request, parts: list[str], body: Record, account: str, region: str
    ) -> None:
        self.app, self.request, self.body = mappings._app, request, body
        self.name = parts[0].lower() if parts else ""
        self.mapping_id = parts[2] if len(parts) > 2 else ""
        self.where = (account, region)
        self._tell = mappings._elsewhere

    @property
    def store(self) -> Region:
        return self.app.store.region(*self.where)

    async def perform(self, operation: str, **request: Any) -> Record:
        """An operation of the first API."""
        answer = await self.app.perform(operation, self.app.make_call(*self.where), request)
        return answer or {}

    async def tell(self) -> Record:
        """What the other APIs' service says to the same request; nothing when it refuses."""
        response = await self._tell(self.request, *self.where)
        return orjson.loads(response.body) if response.status < 300 and response.body else {}

    def mapping(self) -> Record:
        """The mapping that the path names."""
        for mapping in self.store.base_path_mappings.get(self.name, {}).values():
            if _id(self.name, mapping) == self.mapping_id:
                return mapping
        raise NotFoundException("Invalid API mapping identifier specified")


async def _create_domain(asked: _Asked) -> tuple[int, Record]:
    body = asked.body
    configuration = (body.get("domainNameConfigurations") or [{}])[0]
    kind = configuration.get("endpointType") or "REGIONAL"
    certificate = "certificateArn" if kind == "EDGE" else "regionalCertificateArn"
    request: Record = {
        "domainName": body.get("domainName") or "",
        "endpointConfiguration": {"types": [kind], "ipAddressType": configuration.get("ipAddressType")},
        certificate: configuration.get("certificateArn"),
        "routingMode": _MODES.get(body.get("routingMode") or ""),
        "tags": body.get("tags"),
    }
    for member in ("securityPolicy", "ownershipVerificationCertificateArn"):
        request[member] = configuration.get(member)
    request["mutualTlsAuthentication"] = body.get("mutualTlsAuthentication")
    made = await asked.perform("CreateDomainName", **{k: v for k, v in request.items() if v is not None})
    await asked.tell()
    return 201, _domain(made)


async def _get_domains(asked: _Asked) -> tuple[int, Record]:
    return 200, {"items": [_domain(each) for each in asked.store.domain_names.values() if "domainNameId" not in each]}


async def _get_domain(asked: _Asked) -> tuple[int, Record]:
    return 200, _domain(await asked.perform("GetDomainName", domainName=asked.name))


async def _update_domain(asked: _Asked) -> tuple[int, Record]:
    body, operations = asked.body, []
    edge = "EDGE" in asked.store.domain_names[asked.name]["endpointConfiguration"]["types"]
    configuration = (body.get("domainNameConfigurations") or [{}])[0]
    for path, value in (
        ("/certificateArn" if edge else "/regionalCertificateArn", configuration.get("certificateArn")),
        ("/securityPolicy", configuration.get("securityPolicy")),
        ("/endpointConfiguration/ipAddressType", configuration.get("ipAddressType")),
        ("/routingMode", _MODES.get(body.get("routingMode") or "")),
        *(
            (f"/mutualTlsAuthentication/{member}", value)
            for member, value in (body.get("mutualTlsAuthentication") or {}).items()
        ),
    ):
        if value is not None:
            operations.append({"op": "replace", "path": path, "value": value})
    changed = await asked.perform("UpdateDomainName", domainName=asked.name, patchOperations=operations)
    await asked.tell()
    return 200, _domain(changed)


async def _delete_domain(asked: _Asked) -> tuple[int, None]:
    await asked.perform("DeleteDomainName", domainName=asked.name)
    await asked.tell()
    return 204, None


async def _create_mapping(asked: _Asked) -> tuple[int, Record]:
    request = {"restApiId": asked.body["apiId"], "stage": asked.body.get("stage") or ""}
    if not request["stage"]:
        raise BadRequestException("Invalid stage identifier specified")
    key = asked.body.get("apiMappingKey") or NONE
    return 201, _mapping(
        asked.name, await asked.perform("CreateBasePathMapping", domainName=asked.name, basePath=key, **request)
    )


async def _get_mappings(asked: _Asked) -> tuple[int, Record]:
    ours = [_mapping(asked.name, each) for each in asked.store.base_path_mappings.get(asked.name, {}).values()]
    return 200, {"items": [*ours, *((await asked.tell()).get("items") or ())]}


async def _get_mapping(asked: _Asked) -> tuple[int, Record]:
    return 200, _mapping(asked.name, asked.mapping())


async def _update_mapping(asked: _Asked) -> tuple[int, Record]:
    operations = [
        {"op": "replace", "path": path, "value": asked.body[member]}
        for member, path in (("apiMappingKey", "/basePath"), ("apiId", "/restapiId"), ("stage", "/stage"))
        if asked.body.get(member) is not None
    ]
    where = {"domainName": asked.name, "basePath": asked.mapping()["basePath"]}
    return 200, _mapping(
        asked.name, await asked.perform("UpdateBasePathMapping", **where, patchOperations=operations)
    )


async def _delete_mapping(asked: _Asked) -> tuple[int, None]:
    await asked.perform("DeleteBasePathMapping", domainName=asked.name, basePath=asked.mapping()["basePath"])
    return 204, None


# (verb, parts of the path below /v2/domainnames)
_ACTIONS: dict[tuple[str, int], Any] = {
    ("POST", 0): _create_domain,
    ("GET", 0): _get_domains,
    ("GET", 1): _get_domain,
    ("PATCH", 1): _update_domain,
    ("DELETE", 1): _delete_domain,
    ("POST", 2): _create_mapping,
    ("GET", 2): _get_mappings,
    ("GET", 3): _get_mapping,
    ("PATCH", 3): _update_mapping,
    ("DELETE", 3): _delete_mapping,
}


def _is_ours(store: Region, parts: list[str], verb: str, body: Record) -> bool:
    """Whether what is below a name is about a REST API."""
    if parts[1] != "apimappings":
        return False
    if len(parts) > 2:
        mappings = store.base_path_mappings.get(parts[0].lower(), {}).values()
        return any(_id(parts[0].lower(), each) == parts[2] for each in mappings)
    return verb == "GET" or body.get("apiId") in store.apis


def _body(request: Request) -> Record:
    try:
        body = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError:
        body = None
    return body if isinstance(body, dict) else {}


def _id(name: str, mapping: Record) -> str:
    """A mapping's id: the first API has none, so it comes from where the mapping is."""
    return hashlib.sha256(f"{name}/{mapping['basePath']}".encode()).hexdigest()[:6]


def _mapping(name: str, mapping: Record) -> Record:
    key = "" if mapping["basePath"] == NONE else mapping["basePath"]
    shown = {"apiId": mapping["restApiId"], "apiMappingId": _id(name, mapping), "apiMappingKey": key}
    return {**shown, "stage": mapping["stage"]} if mapping.get("stage") else shown


def _domain(record: Record) -> Record:
    shown: Record = {
        "apiMappingSelectionExpression": "$request.basepath",
        "domainName": record["domainName"],
        "domainNameArn": record["domainNameArn"],
        "domainNameConfigurations": [_configuration(record, each) for each in record["endpointConfiguration"]["types"]],
        "routingMode": _MODES_HERE.get(record["routingMode"], "API_MAPPING_ONLY"),
        "tags": record.get("tags") or {},
    }
    if record.get("mutualTlsAuthentication"):
        shown["mutualTlsAuthentication"] = record["mutualTlsAuthentication"]
    return shown


def _configuration(record: Record, kind: str) -> Record:
    edge = kind == "EDGE"
    uploaded = record.get("certificateUploadDate")
    shown = {
        "apiGatewayDomainName": record.get("distributionDomainName" if edge else "regionalDomainName"),
        "certificateArn": record.get("certificateArn" if edge else "regionalCertificateArn"),
        "certificateUploadDate": datetime.fromtimestamp(uploaded, UTC).isoformat() if edge and uploaded else None,
        "domainNameStatus": record["domainNameStatus"],
        "endpointType": kind,
        "hostedZoneId": record.get("distributionHostedZoneId" if edge else "regionalHostedZoneId"),
        "ipAddressType": record["endpointConfiguration"].get("ipAddressType"),
        "securityPolicy": record["securityPolicy"],
    }
    return {name: value for name, value in shown.items() if value is not None}
