"""Deployment: freezing an API, and pointing a stage at the result.

Belongs here: CreateDeployment and what is refused around deployments. Never here: what a frozen API compiles to
(``emulator.deployment``).
"""

from __future__ import annotations

from emulator.control import lookup, stages
from emulator.control.call import Call
from emulator.control.canaries import canary_settings, check_deployment
from emulator.control.paging import page
from emulator.control.patch import Patches, Rule, text
from emulator.deployment.compiled import CompiledApi
from emulator.deployment.compiler import compile_api
from emulator.deployment.standing import settle_default_endpoint
from emulator.effects import lasting
from emulator.errors import BadRequestException, NotFoundException
from emulator.store.records import Deployment, Frozen, Record, RestApi, Snapshot

# An API of more methods is compiled in a thread: some 20 µs each, and the reactor shall not wait 5 ms.
COMPILED_AT_ONCE = 150
# So is one with more text of templates: a thousand characters take some 4 ms, 300 KB more than half a second.
TEXT_AT_ONCE = 1_000


async def create_deployment(call: Call, request: Record) -> Record:
    """Freeze and compile an API; make or move the stage that is named.

    With ``canarySettings`` the stage, which must be there, keeps its deployment, and the new one becomes its canary.
    """
    api = lookup.rest_api(call, request["restApiId"])
    count = _check_deployable(api)
    deployment_id = call.new_id(api.deployments)
    record: Record = {"id": deployment_id, "createdDate": call.now()}
    if request.get("description"):
        record["description"] = request["description"]
    if not request.get("stageName"):
        check_deployment(request.get("stageName"), None, request.get("canarySettings"))
    else:
        _stage(call, api, request, deployment_id)  # refused now rather than after the work
    frozen = api.freeze()
    if count > COMPILED_AT_ONCE or _template_text(api) > TEXT_AT_ONCE:
        snapshot, compiled = await call.effects.in_thread(_compile_large, frozen)
        api = lookup.rest_api(call, request["restApiId"])  # it may be gone meanwhile
    else:
        snapshot = frozen.thaw()
        compiled = compile_api(snapshot)
    stage = _stage(call, api, request, deployment_id) if request.get("stageName") else None
    api.deployments[deployment_id] = Deployment(record=record, snapshot=snapshot, compiled=compiled)
    if stage is not None:
        api.stages[stage["stageName"]] = stage
        settle_default_endpoint(api)
    return record


def _compile_large(frozen: Frozen) -> tuple[Snapshot, CompiledApi]:
    with lasting():
        snapshot = frozen.thaw()
        return snapshot, compile_api(snapshot)


def _template_text(api: RestApi) -> int:
    """How many characters of mapping templates there are to compile."""
    return sum(
        len(template or "")
        for resource in api.resources.values()
        for method in (resource.get("resourceMethods") or {}).values()
        for holder in _holders(method.get("methodIntegration") or {})
        for template in holder.values()
    )


def _holders(integration: Record) -> list[Record]:
    responses = (integration.get("integrationResponses") or {}).values()
    return [integration.get("requestTemplates") or {}, *(each.get("responseTemplates") or {} for each in responses)]



def _check_deployable(api: RestApi) -> int:
    """How many methods there are to deploy. Raises BadRequestException when there are none, or one lacks its end."""
    methods = [method for each in api.resources.values() for method in each.get("resourceMethods", {}).values()]
    if not methods:
        raise BadRequestException("The REST API doesn't contain any methods")
    if not all("methodIntegration" in method for method in methods):
        raise BadRequestException("No integration defined for method")
    if api.record["endpointConfiguration"]["types"] == ["PRIVATE"] and not api.record.get("policy"):
        raise BadRequestException("Private REST API doesn't have a resource policy attached to it")
    return len(methods)


def _stage(call: Call, api: RestApi, request: Record, deployment_id: str) -> Record:
    """The stage as it will be once the deployment is there; nothing is changed yet."""
    existing = api.stages.get(request["stageName"])
    check_deployment(request["stageName"], existing, request.get("canarySettings"))
    settings = {name: request[name] for name in stages.DEPLOYMENT_MEMBERS if request.get(name) is not None}
    if request.get("stageDescription") is not None:
        settings["description"] = request["stageDescription"]
    canary = request.get("canarySettings")
    if existing is None:
        stage = stages.new_stage(call, request["stageName"], deployment_id, settings)
    else:
        stage = stages.changed_stage(call, existing, settings)
        if canary is None:
            stage["deploymentId"] = deployment_id
    if canary is not None:
        stage["canarySettings"] = canary_settings(canary, deployment_id)
    return stage


def _find(call: Call, request: Record) -> tuple[RestApi, Deployment]:
    api = lookup.rest_api(call, request["restApiId"])
    found = api.deployments.get(request["deploymentId"])
    if found is None:
        raise NotFoundException("Invalid Deployment identifier specified")
    return api, found


def get_deployment(call: Call, request: Record) -> Record:
    _api, deployment = _find(call, request)
    return _with_summary(deployment) if "apisummary" in (request.get("embed") or ()) else deployment.record


def _with_summary(deployment: Deployment) -> Record:
    """The record with the methods that were frozen, by path and verb."""
    summary = {
        resource["path"]: {
            verb: {"authorizationType": method["authorizationType"], "apiKeyRequired": method["apiKeyRequired"]}
            for verb, method in resource["resourceMethods"].items()
        }
        for resource in deployment.snapshot.resources.values()
        if resource.get("resourceMethods")
    }
    return {**deployment.record, "apiSummary": summary}


def get_deployments(call: Call, request: Record) -> Record:
    api = lookup.rest_api(call, request["restApiId"])
    return page([deployment.record for deployment in api.deployments.values()], request)


def delete_deployment(call: Call, request: Record) -> None:
    """Delete a deployment. Refused while a stage, or its canary, serves it."""
    api, deployment = _find(call, request)
    deployment_id = deployment.record["id"]
    for stage in api.stages.values():
        canary = stage.get("canarySettings") or {}
        if deployment_id in (stage["deploymentId"], canary.get("deploymentId")):
            raise BadRequestException("Active stages pointing to this deployment must be moved or deleted")
    del api.deployments[deployment_id]


def update_deployment(call: Call, request: Record) -> Record:
    _api, deployment = _find(call, request)
    deployment.record = PATCHES.apply(deployment.record, request.get("patchOperations"))
    return deployment.record


PATCHES = Patches(rules=(Rule("/description", ("replace",), text("description")),))
