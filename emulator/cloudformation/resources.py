"""What a resource of a stack does to API Gateway: calls of the control plane, made from its properties.

Belongs here: turning properties into requests and differences into patches. Pure but for the ``Control`` handed in.
Never here: moto's CloudFormation (``moto_models.py``), or AWS's rules (the control plane has them).
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from attrs import frozen

from emulator.cloudformation.kinds import FREE_FORM, Kind
from emulator.store.records import Record


class Control(Protocol):
    """One call of the control plane; raises ControlError."""

    def __call__(self, operation: str, request: Record) -> Record: ...


@frozen
class Physical:
    """A made resource: what ``Ref`` answers, what ``Fn::GetAtt`` does, and the path members that name it."""

    id: str
    attributes: Record
    path: Record


class Resource(Protocol):
    """How one resource type lives. ``update`` answers None when a new resource has to take its place."""

    def create(self, control: Control, properties: Record, name: str) -> Physical: ...
    def update(self, control: Control, physical: Physical, old: Record, new: Record) -> Physical | None: ...
    def delete(self, control: Control, physical: Physical) -> None: ...


def members(value: Any) -> Any:
    """Properties as request members: small first letters all the way down, the user's own maps left alone."""
    if isinstance(value, dict):
        return {
            _small(key): ({k: _text(v) for k, v in inner.items()} if key in FREE_FORM and isinstance(inner, dict)
                          else members(inner))
            for key, inner in value.items()
        }  # fmt: skip
    if isinstance(value, list):
        return [members(each) for each in value]
    return value


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]


def _text(value: Any) -> Any:
    # Numbers in maps of strings are common in YAML; CloudFormation sends them as strings.
    if isinstance(value, bool):
        return value
    return str(value) if isinstance(value, (int, float)) else value


def tags(listed: Any) -> Any:
    """CloudFormation's list of Key and Value as API Gateway's map."""
    if isinstance(listed, list):
        return {tag["Key"]: str(tag["Value"]) for tag in listed}
    return listed


def document(value: Any) -> Any:
    """A JSON document given as an object, as the text the API takes."""
    return json.dumps(value) if isinstance(value, (dict, list)) else value


def boolean(value: Any) -> Any:
    """``"true"`` and ``"false"`` as CloudFormation accepts them for booleans."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


#: Members that are documents in a template and text on the wire.
_DOCUMENTS = ("Schema", "Policy", "Properties")
#: Members that templates often spell as strings.
_BOOLEANS = frozenset(
    {"Enabled", "GenerateDistinctId", "ValidateRequestBody", "ValidateRequestParameters", "TracingEnabled",
     "CacheClusterEnabled", "DisableExecuteApiEndpoint", "ApiKeyRequired", "FailOnWarnings"}
)  # fmt: skip
_INTEGERS = frozenset(
    {"AuthorizerResultTtlInSeconds", "MinimumCompressionSize", "TimeoutInMillis", "BurstLimit", "Limit", "Offset"}
)


def wired(properties: Record) -> Record:
    """Properties with documents, tags, booleans and numbers in the types the API takes."""
    result: Record = {}
    for key, value in properties.items():
        if key in _DOCUMENTS:
            value = document(value)
        elif key == "Tags":
            value = tags(value)
        elif key in _BOOLEANS:
            value = boolean(value)
        elif key in _INTEGERS and isinstance(value, str) and value.lstrip("-").isdigit():
            value = int(value)
        elif isinstance(value, dict) and key not in FREE_FORM:
            value = wired(value)
        result[key] = value
    return result


def patched(path: str, old: Any, new: Any) -> list[Record]:
    """The patch operations that lead from ``old`` to ``new`` at a path of a Kind's ``patches``."""
    if path.endswith("[]"):
        base = path[:-2]
        had, wanted = list(old or ()), list(new or ())
        gone = [{"op": "remove", "path": base, "value": str(v)} for v in had if v not in wanted]
        return [{"op": "add", "path": base, "value": str(v)} for v in wanted if v not in had] + gone
    if path.endswith("{}"):
        base = path[:-2]
        before, after = dict(old or {}), dict(new or {})
        gone = [{"op": "remove", "path": f"{base}/{escaped(k)}"} for k in before if k not in after]
        return gone + [
            {"op": "replace", "path": f"{base}/{escaped(k)}", "value": str(_text(v))}
            for k, v in after.items()
            if before.get(k) != v
        ]
    return [{"op": "replace", "path": path, "value": spelled(new)}]


def spelled(value: Any) -> str:
    """A value as patch operations carry it: text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(document(value))


def escaped(name: str) -> str:
    """A name as one step of a patch path."""
    return name.replace("~", "~0").replace("/", "~1")


@frozen
class Tabled:
    """A resource type that ``kinds.py`` describes whole."""

    kind: Kind

    def create(self, control: Control, properties: Record, name: str) -> Physical:
        kind = self.kind
        properties = wired(properties)
        if kind.named and not properties.get(kind.named):
            properties[kind.named] = _legal(kind, name)
        request = members({k: v for k, v in properties.items() if k not in kind.path and k not in kind.rename})
        for prop, member in {**kind.path, **kind.rename}.items():
            if prop in properties:
                request[member] = properties[prop]
        if kind.type == "AWS::ApiGateway::DocumentationVersion":
            request = {"restApiId": request["restApiId"], **_version(properties)}
        if kind.type == "AWS::ApiGateway::Model":
            request.setdefault("contentType", "application/json")
        return self._physical(control(kind.create, request), request)

    def _physical(self, answer: Record, request: Record) -> Physical:
        kind = self.kind
        path = {member: request[member] for member in kind.path.values() if member in request}
        if kind.id_member:
            path[kind.id_member] = str(answer.get(kind.id, "") or "(none)")
        if answer.get("domainNameId") and kind.type.endswith("V2"):
            path.update(domainName=answer["domainName"], domainNameId=answer["domainNameId"])
        attributes = {name: answer.get(member, "") for name, member in kind.attributes.items()}
        return Physical(str(answer.get(kind.id, "") or "(none)"), attributes, path)

    def update(self, control: Control, physical: Physical, old: Record, new: Record) -> Physical | None:
        kind = self.kind
        changed = {key for key in {*old, *new} if old.get(key) != new.get(key)}
        if changed & kind.replaces:
            return None
        if kind.type == "AWS::ApiGateway::GatewayResponse":
            return self.create(control, new, "")
        old, new = wired(old), wired(new)
        operations = [
            operation
            for prop, path in kind.patches.items()
            if prop in changed
            for operation in patched(path, old.get(prop), new.get(prop))
        ]
        if kind.type == "AWS::ApiGateway::UsagePlan":
            operations += _plan_patches(changed, old, new)
        if operations:
            control(kind.update, {**physical.path, "patchOperations": operations})
        return physical

    def delete(self, control: Control, physical: Physical) -> None:
        if self.kind.type == "AWS::ApiGateway::UsagePlan":
            _release(control, physical)
        control(self.kind.delete, physical.path)


def _release(control: Control, physical: Physical) -> None:
    # The API refuses to delete a plan that has stages; CloudFormation takes them out first.
    stages = control("GetUsagePlan", physical.path).get("apiStages") or ()
    operations = [{"op": "remove", "path": "/apiStages", "value": f"{s['apiId']}:{s['stage']}"} for s in stages]
    if operations:
        control("UpdateUsagePlan", {**physical.path, "patchOperations": operations})


def _legal(kind: Kind, name: str) -> str:
    # A model's name is letters and digits only.
    return "".join(c for c in name if c.isalnum()) if kind.type == "AWS::ApiGateway::Model" else name


def _version(properties: Record) -> Record:
    request = {"documentationVersion": properties.get("DocumentationVersion")}
    if properties.get("Description"):
        request["description"] = properties["Description"]
    return request


def _plan_patches(changed: set[str], old: Record, new: Record) -> list[Record]:
    operations: list[Record] = []
    for prop, path, parts in (
        ("Quota", "/quota", {"Limit": "limit", "Offset": "offset", "Period": "period"}),
        ("Throttle", "/throttle", {"RateLimit": "rateLimit", "BurstLimit": "burstLimit"}),
    ):
        if prop in changed and not new.get(prop):
            operations.append({"op": "remove", "path": path})
        elif prop in changed:
            operations += [
                {"op": "replace", "path": f"{path}/{member}", "value": spelled(new[prop][part])}
                for part, member in parts.items()
                if part in new[prop]
            ]
    if "ApiStages" in changed:
        before, after = (_stages(each) for each in (old, new))
        operations += [{"op": "remove", "path": "/apiStages", "value": each} for each in before if each not in after]
        operations += [{"op": "add", "path": "/apiStages", "value": each} for each in after if each not in before]
        for stage, throttles in after.items():
            for route, limits in throttles.items():
                base = f"/apiStages/{stage}/throttle/{escaped(route.rsplit('/', 1)[0])}/{route.rsplit('/', 1)[1]}"
                operations += [
                    {"op": "replace", "path": f"{base}/{_small(limit)}", "value": spelled(value)}
                    for limit, value in limits.items()
                ]
    return operations


def _stages(plan: Record) -> Record:
    return {f"{s['ApiId']}:{s['Stage']}": s.get("Throttle") or {} for s in plan.get("ApiStages") or ()}


#: How the tagging operations name a resource, below ``arn:aws:apigateway:{region}::``.
_ARNS = {
    "AWS::ApiGateway::RestApi": "/restapis/{restApiId}",
    "AWS::ApiGateway::Stage": "/restapis/{restApiId}/stages/{stageName}",
    "AWS::ApiGateway::ApiKey": "/apikeys/{apiKey}",
    "AWS::ApiGateway::UsagePlan": "/usageplans/{usagePlanId}",
    "AWS::ApiGateway::DomainName": "/domainnames/{domainName}",
    "AWS::ApiGateway::VpcLink": "/vpclinks/{vpcLinkId}",
    "AWS::ApiGateway::ClientCertificate": "/clientcertificates/{clientCertificateId}",
}


def tag_as_made(control: Control, type_name: str, region: str, physical: Physical, tagged: Record) -> None:
    """Give a new resource the tags of its stack; ``tagged`` has AWS's own (``aws:…``) among them."""
    if type_name not in _ARNS:
        return
    arn = f"arn:aws:apigateway:{region}::" + _ARNS[type_name].format(**physical.path)
    own = {key: value for key, value in tagged.items() if key.startswith("aws:")}
    users = {key: value for key, value in tagged.items() if key not in own}
    control("TagResource", {"resourceArn": arn, "tags": users, "systemTags": own})


def retag(control: Control, type_name: str, region: str, physical: Physical, old: Record, new: Record) -> None:
    """Make the tags of a resource that was updated in place those of the new template."""
    before, after = (tags(each.get("Tags") or []) for each in (old, new))
    if before == after or type_name not in _ARNS:
        return
    arn = f"arn:aws:apigateway:{region}::" + _ARNS[type_name].format(**physical.path)
    gone = [key for key in before if key not in after]
    if gone:
        control("UntagResource", {"resourceArn": arn, "tagKeys": gone})
    if after:
        control("TagResource", {"resourceArn": arn, "tags": after})
