"""Stage: a deployment under a name, and the settings that act at once.

Belongs here: Stage records, whole. Never here: the paths that UpdateStage takes (``stage_patches.py``), or its canary
(``canaries.py``).
Follows the API reference's Stage pages and "Set up a stage" of the developer guide.
"""

from __future__ import annotations

import copy
import re

from emulator.control import lookup, usage_plans
from emulator.control.call import Call
from emulator.control.canaries import canary_settings
from emulator.control.stage_patches import apply_stage_patch
from emulator.control.stage_variables import check_variables
from emulator.control.tag_rules import checked_tags, without_empty_tags
from emulator.deployment.standing import settle_default_endpoint
from emulator.errors import BadRequestException, ConflictException, NotFoundException
from emulator.store.records import Record, RestApi

# What CreateDeployment may say about the stage it makes or moves.
DEPLOYMENT_MEMBERS = ("variables", "cacheClusterEnabled", "cacheClusterSize", "tracingEnabled")
NO_DEPLOYMENT = "Deployment id does not exist"
# How long a cache cluster takes to come and go, in seconds; minutes on AWS.
CACHE_SECONDS = 1.0
_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")


def create_stage(call: Call, request: Record) -> Record:
    api = lookup.rest_api(call, request["restApiId"])
    name = request["stageName"]
    if name in api.stages:
        raise ConflictException("Stage already exists")
    if not request["deploymentId"]:
        raise BadRequestException("DeploymentId cannot be empty")
    if request["deploymentId"] not in api.deployments:
        raise BadRequestException(NO_DEPLOYMENT)
    settings = {
        member: request[member]
        for member in (*DEPLOYMENT_MEMBERS, "description", "documentationVersion", "tags")
        if request.get(member) is not None
    }
    stage = new_stage(call, name, request["deploymentId"], settings)
    if request.get("canarySettings") is not None:
        stage["canarySettings"] = canary_settings(request["canarySettings"], stage["deploymentId"])
    check_references(call, api, stage)
    api.stages[name] = stage
    settle_default_endpoint(api)
    return shown(call, api, stage)


def new_stage(call: Call, name: str, deployment_id: str, settings: Record) -> Record:
    """A Stage record that is in no API yet. Raises BadRequestException."""
    if not _NAME.fullmatch(name):
        raise BadRequestException("Stage name only allows a-zA-Z0-9_")
    stage: Record = {
        "deploymentId": deployment_id,
        "stageName": name,
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": False,
        "createdDate": call.now(),
        "lastUpdatedDate": call.now(),
    }
    return changed_stage(call, stage, settings)


def changed_stage(call: Call, stage: Record, settings: Record) -> Record:
    """A copy of a stage with other settings; ``variables`` join those that are there."""
    changed = copy.deepcopy(stage)
    for member in ("description", "documentationVersion", "tracingEnabled", "cacheClusterSize"):
        if member in settings:
            changed[member] = settings[member]
    if settings.get("variables"):
        changed["variables"] = {**changed.get("variables", {}), **settings["variables"]}
        check_variables(changed["variables"])
    if "tags" in settings:
        changed["tags"] = checked_tags(settings["tags"])
    if "cacheClusterEnabled" in settings:
        changed["cacheClusterEnabled"] = settings["cacheClusterEnabled"]
    settle_cache(call, stage, changed)
    changed["lastUpdatedDate"] = call.now()
    return changed


def settle_cache(call: Call, before: Record, after: Record) -> None:
    """Let the cache cluster's state follow whether it is enabled."""
    if after["cacheClusterEnabled"]:
        after.setdefault("cacheClusterSize", "0.5")
    if bool(before["cacheClusterEnabled"]) != bool(after["cacheClusterEnabled"]):
        after["cacheClusterSince"] = call.effects.wall()
        after["cacheClusterStatus"] = (
            "CREATE_IN_PROGRESS" if after["cacheClusterEnabled"] else "DELETE_IN_PROGRESS"
        )


def check_references(call: Call, api: RestApi, stage: Record) -> None:
    """Whether the deployments, documentation version and certificate that a stage names are there."""
    canary = stage.get("canarySettings") or {}
    named = [stage["deploymentId"], *([canary["deploymentId"]] if canary.get("deploymentId") else [])]
    if any(each not in api.deployments for each in named):
        raise BadRequestException(NO_DEPLOYMENT)
    version = stage.get("documentationVersion")
    if version and version not in api.documentation_versions:
        raise NotFoundException("Invalid Documentation version identifier specified")
    certificate = stage.get("clientCertificateId")
    if certificate and certificate not in call.region.client_certificates:
        raise NotFoundException("Invalid Client Certificate identifier specified")


def shown(call: Call, _api: RestApi, stage: Record) -> Record:
    """The stage as it is answered: the cache cluster's state as of now, no empty tags."""
    answer = without_empty_tags(stage)
    since = stage.get("cacheClusterSince")
    if since is not None and call.effects.wall() - since >= CACHE_SECONDS:
        settled = "AVAILABLE" if stage["cacheClusterEnabled"] else "NOT_AVAILABLE"
        answer = {**answer, "cacheClusterStatus": settled}
    return answer


def get_stage(call: Call, request: Record) -> Record:
    api, stage = lookup.stage(call, request)
    return shown(call, api, stage)


def get_stages(call: Call, request: Record) -> Record:
    """Every stage (there are no pages), or those of one deployment."""
    api = lookup.rest_api(call, request["restApiId"])
    wanted = request.get("deploymentId")
    found = sorted(api.stages.values(), key=lambda stage: str(stage["stageName"]))
    return {"item": [shown(call, api, stage) for stage in found if wanted in (None, "", stage["deploymentId"])]}


def delete_stage(call: Call, request: Record) -> None:
    api, stage = lookup.stage(call, request)
    del api.stages[stage["stageName"]]
    usage_plans.forget_stages(call, api.id, stage["stageName"])
    flush(call, api, stage["stageName"])


def update_stage(call: Call, request: Record) -> Record:
    api, stage = lookup.stage(call, request)
    changed = apply_stage_patch(stage, request.get("patchOperations"))
    check_variables(changed.get("variables", {}))
    if changed.get("canarySettings"):
        changed["canarySettings"] = canary_settings(changed["canarySettings"], changed["deploymentId"])
    check_references(call, api, changed)
    settle_cache(call, stage, changed)
    if call.data_plane is not None and stage["cacheClusterEnabled"] and not changed["cacheClusterEnabled"]:
        call.data_plane.flush_cache(api.id, stage["stageName"])
    changed["lastUpdatedDate"] = call.now()
    api.stages[stage["stageName"]] = changed
    settle_default_endpoint(api)
    return shown(call, api, changed)


def flush_stage_cache(call: Call, request: Record) -> None:
    api, stage = lookup.stage(call, request)
    if call.data_plane is not None:
        call.data_plane.flush_cache(api.id, stage["stageName"])


def flush(call: Call, api: RestApi, stage: str) -> None:
    """Forget what the data plane kept for a stage."""
    if call.data_plane is not None:
        call.data_plane.flush_cache(api.id, stage)
        call.data_plane.flush_authorizers(api.id, stage)
