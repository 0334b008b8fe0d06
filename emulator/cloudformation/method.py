"""AWS::ApiGateway::Method: the method, its integration and all their responses, which are one resource in a stack.

Follows the resource's page of the CloudFormation reference. An update puts the method anew.
"""

from __future__ import annotations

from attrs import frozen

from emulator.cloudformation.resources import Control, Physical, boolean, members, wired
from emulator.store.records import Record

_ADDRESS = ("RestApiId", "ResourceId", "HttpMethod")


@frozen
class Method:
    """One method of a resource."""

    def create(self, control: Control, properties: Record, name: str) -> Physical:
        path = {"restApiId": properties["RestApiId"], "resourceId": properties["ResourceId"]}
        path["httpMethod"] = properties["HttpMethod"]
        responses = properties.get("MethodResponses") or []
        integration = properties.get("Integration")
        own = {k: v for k, v in properties.items() if k not in (*_ADDRESS, "MethodResponses", "Integration")}
        request = members(wired(own))
        request.setdefault("authorizationType", "NONE")
        control("PutMethod", {**request, **path, **_flags(request)})
        for response in responses:
            sent = members(response)
            control("PutMethodResponse", {**sent, **_flags(sent, "responseParameters"), **path, **_status(response)})
        if integration:
            _integrate(control, path, integration)
        return Physical(name, {}, path)

    def update(self, control: Control, physical: Physical, old: Record, new: Record) -> Physical | None:
        if any(old.get(key) != new.get(key) for key in _ADDRESS):
            return None
        control("DeleteMethod", physical.path)
        return self.create(control, new, physical.id)

    def delete(self, control: Control, physical: Physical) -> None:
        control("DeleteMethod", physical.path)


def _integrate(control: Control, path: Record, properties: Record) -> None:
    responses = properties.get("IntegrationResponses") or []
    own = wired({k: v for k, v in properties.items() if k not in ("IntegrationResponses", "IntegrationHttpMethod")})
    request = members(own)
    if properties.get("IntegrationHttpMethod"):
        request["integrationHttpMethod"] = properties["IntegrationHttpMethod"]
    control("PutIntegration", {**request, **path})
    for response in responses:
        control("PutIntegrationResponse", {**members(response), **path, **_status(response)})


def _flags(request: Record, member: str = "requestParameters") -> Record:
    # Templates may write the booleans of these maps as strings.
    if member not in request:
        return {}
    return {member: {name: boolean(value) for name, value in request[member].items()}}


def _status(response: Record) -> Record:
    return {"statusCode": str(response["StatusCode"])}
