"""How each AWS service is spoken to, from botocore's models: protocol, target prefix, version; and the two rewritings
that API Gateway's ``action/`` integrations need.

Belongs here: reading models. Never here: sending anything. Loading a model reads files: call ``describe`` off the
reactor the first time (``known`` tells).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from attrs import frozen

# Names in integration URIs (a host's label, with its subdomain) that are not botocore's directory of that service.
_DIRECTORIES = {
    "states": "stepfunctions",
    "sync-states": "stepfunctions",
    "monitoring": "cloudwatch",
    "email": "ses",
    "tagging": "resourcegroupstaggingapi",
    "elasticloadbalancing": "elbv2",
    "elasticmapreduce": "emr",
    "elasticfilesystem": "efs",
    "es": "opensearch",
    "aps": "amp",
    "cassandra": "keyspaces",
    "geo": "location",
    "memory-db": "memorydb",
    "servicequotas": "service-quotas",
    "streams.dynamodb": "dynamodbstreams",
    "api.ecr": "ecr",
    "api.sagemaker": "sagemaker",
    "runtime.sagemaker": "sagemaker-runtime",
    "metrics.sagemaker": "sagemaker-metrics",
    "featurestore-runtime.sagemaker": "sagemaker-featurestore-runtime",
    "data.iot": "iot-data",
    "data-ats.iot": "iot-data",
    "iotdata": "iot-data",
    "data.mediastore": "mediastore-data",
    "runtime.lex": "lex-runtime",
    "models.lex": "lex-models",
    "query.timestream": "timestream-query",
    "ingest.timestream": "timestream-write",
    "bedrock-runtime": "bedrock-runtime",
    "cloudcontrolapi": "cloudcontrol",
    "application-autoscaling": "application-autoscaling",
    "eventbridge": "events",
    "cognito": "cognito-idp",
    "connect-campaigns": "connectcampaigns",
    "models-v2-lex": "lexv2-models",
    "sso": "sso-admin",
    "aidevops": "devops-agent",
}


@frozen
class Description:
    """One service: ``protocols`` as botocore names them (``json``, ``query``, ``rest-xml`` …), the preferred first."""

    name: str
    protocols: tuple[str, ...]
    target_prefix: str
    json_version: str
    api_version: str
    endpoint_prefix: str
    signing_name: str
    model: Any

    @property
    def speaks_json(self) -> bool:
        """Whether an action is named by X-Amz-Target."""
        return bool(self.target_prefix) and "json" in self.protocols

    @property
    def speaks_query(self) -> bool:
        """Whether an action is a parameter named Action (SQS is, beside JSON: its model calls that compatibility)."""
        return not {"query", "ec2"}.isdisjoint(self.protocols) or "awsQueryCompatible" in self.model.metadata


_known: dict[str, Description | None] = {}


def known(service: str) -> bool:
    """Whether ``describe(service)`` answers at once."""
    return service in _known


def describe(service: str) -> Description | None:
    """The service that a URI or signature calls ``service``; None when botocore has no such model."""
    if service not in _known:
        _known[service] = _load(service)
    return _known[service]


def _load(service: str) -> Description | None:
    from botocore.exceptions import UnknownServiceError
    from botocore.loaders import create_loader
    from botocore.model import ServiceModel

    directory = _DIRECTORIES.get(service, service)
    if directory.endswith(".s3"):
        directory = "s3"
    try:
        document = create_loader().load_service_model(directory, "service-2")
    except UnknownServiceError:
        return None
    model = ServiceModel(document, service_name=directory)
    meta = model.metadata
    return Description(
        name=directory,
        protocols=tuple(meta.get("protocols") or (meta["protocol"],)),
        target_prefix=meta.get("targetPrefix", ""),
        json_version=meta.get("jsonVersion", "1.0"),
        api_version=meta["apiVersion"],
        endpoint_prefix=meta["endpointPrefix"],
        signing_name=meta.get("signingName") or meta["endpointPrefix"],
        model=model,
    )


def has_action(description: Description, action: str) -> bool:
    """Whether the service has an operation of that name."""
    return action in description.model.operation_names


def parameters(description: Description, action: str, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Parameters of a query string (``Names.member.1=a``, ``Count=3``) as the operation's input, typed by its model.

    Names that the operation does not have are left out, as the query protocol does.
    """
    shape = description.model.operation_model(action).input_shape
    if shape is None:
        return {}
    found = _structure(shape, [(name.split("."), value) for name, value in pairs])
    return found if isinstance(found, dict) else {}


_Parts = Sequence[tuple[list[str], str]]


def _structure(shape: Any, parts: _Parts) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, member in shape.members.items():
        below = [(path[1:], value) for path, value in parts if path and path[0] == name]
        if below:
            made[name] = _value(member, below)
    return made


def _value(shape: Any, parts: _Parts) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, parts)
    if kind == "list":
        return [_value(shape.member, below) for below in _numbered(parts, {"member", shape.member.name})]
    if kind == "map":
        return _map(shape, parts)
    return _scalar(kind, parts[0][1])


def _scalar(kind: str, text: str) -> Any:
    if kind == "boolean":
        return text.lower() == "true"
    if kind in ("integer", "long") and text.lstrip("-").isdecimal():
        return int(text)
    if kind in ("float", "double"):
        try:
            return float(text)
        except ValueError:
            return text
    return text


def _numbered(parts: _Parts, fillers: set[str]) -> list[_Parts]:
    """Group ``1.x``, ``2.x`` (with or without ``member.`` before) by number, in order."""
    groups: dict[int, list[tuple[list[str], str]]] = {}
    for path, value in parts:
        steps = path[1:] if path and path[0] in fillers else path
        if steps and steps[0].isdecimal():
            groups.setdefault(int(steps[0]), []).append((steps[1:], value))
        elif not steps:
            groups.setdefault(len(groups) + 1, []).append(([], value))
    return [groups[number] for number in sorted(groups)]


def _map(shape: Any, parts: _Parts) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for entry in _numbered(parts, {"entry"}):
        keys = [value for path, value in entry if path[:1] in (["key"], ["Key"], ["Name"])]
        values = [(path[1:], value) for path, value in entry if path[:1] in (["value"], ["Value"])]
        if keys and values:
            made[keys[0]] = _value(shape.value, values)
    return made


@frozen
class RestRequest:
    """A request of a REST protocol: what botocore's serializer makes of an operation and its parameters."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    body: bytes


def rest_request(description: Description, action: str, pairs: Sequence[tuple[str, str]], body: bytes) -> RestRequest:
    """An ``action/`` call of a REST service (``GetObject&Bucket=b&Key=k``) as the HTTP request it stands for.

    ``body`` is the operation's payload where it has one. Missing required parameters raise ``ValueError``.
    """
    from botocore.exceptions import ParamValidationError
    from botocore.serialize import create_serializer

    operation = description.model.operation_model(action)
    params = parameters(description, action, pairs)
    payload = (operation.input_shape.serialization.get("payload") if operation.input_shape is not None else None) or ""
    if body and payload and operation.input_shape.members[payload].type_name == "blob":
        params[payload] = body
        body = b""
    elif body:
        params = {**_json_object(body), **params}
    protocol = description.model.resolved_protocol
    try:
        made = create_serializer(protocol, include_validation=True).serialize_to_request(params, operation)
    except ParamValidationError as error:
        raise ValueError(str(error)) from error
    written = made.get("body") or b""
    path, _, fixed = made["url_path"].partition("?")
    query = [(name, value) for name, _, value in (part.partition("=") for part in fixed.split("&") if part)]
    given = made.get("query_string") or {}
    for name, value in given.items() if isinstance(given, Mapping) else given:
        query.extend((name, str(each)) for each in (value if isinstance(value, list) else [value]))
    return RestRequest(
        method=made["method"],
        path=path,
        query=tuple(query),
        headers=tuple((name, str(value)) for name, value in made["headers"].items()),
        body=written.encode() if isinstance(written, str) else bytes(written),
    )


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
