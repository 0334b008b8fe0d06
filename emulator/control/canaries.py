"""A stage's canary: its settings, what a patch does to them, its promotion, and what its deployments must say.

Belongs here: ``canarySettings`` of Stage records. Never here: the rest of the stage (``stages.py``,
``stage_patches.py``), or which request the canary gets (``execute_api/locate.py``).

Pages followed: "Set up an API Gateway canary release deployment" and those below it; the API reference's patch
operations of UpdateStage. The refusals are AWS's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.control.patch import PatchOp, number
from emulator.control.stage_variables import check_variables, patched_variables
from emulator.errors import BadRequestException
from emulator.store.records import Record

_PERCENT = "Percent traffic must be between 0.0 and 100.0"
_PROMOTIONS = {
    "/deploymentId": "/canarySettings/deploymentId",
    "/variables": "/canarySettings/stageVariableOverrides",
}


def canary_settings(given: Record, deployment_id: str) -> Record:
    """CanarySettings as they are kept; ``deployment_id`` is the stage's, for a canary that names none.

    Raises BadRequestException.
    """
    percent = given.get("percentTraffic", 0.0)
    if not 0 <= percent <= 100:
        raise BadRequestException(_PERCENT)
    settings: Record = {
        "percentTraffic": float(percent),
        "useStageCache": given.get("useStageCache", False),
        "deploymentId": given.get("deploymentId") or deployment_id,
    }
    if given.get("stageVariableOverrides"):
        check_variables(given["stageVariableOverrides"])
        settings["stageVariableOverrides"] = dict(given["stageVariableOverrides"])
    return settings


def check_deployment(stage_name: str | None, stage: Record | None, canary: Record | None) -> None:
    """Whether CreateDeployment may say ``canarySettings`` (or not) of a stage. Raises BadRequestException."""
    problem = ""
    if canary is not None and not stage_name:
        printed = "null" if stage_name is None else stage_name
        problem = "Non null and non empty stageName must be provided for canary deployment. "
        problem += f"Provided value is {printed}"
    elif canary is not None and stage is None:
        problem = f"Stage {stage_name} must already be created before making a canary release deployment"
    elif canary is None and stage is not None and stage.get("canarySettings"):
        problem = (
            f"Non canary deployment not supported on stage {stage_name} because Canary is enabled. "
            "Provide CanarySettings in deploymentInput."
        )
    if problem:
        raise BadRequestException(f"Invalid deployment content specified.{problem}")


# -- patching ----------------------------------------------------------------------------------------------------------


def patch_canary(stage: Record, operation: PatchOp, unknown: Callable[[PatchOp], BadRequestException]) -> bool:
    """Act on ``/canarySettings…``; False for a ``remove`` of what is no part of it, which AWS takes for a method's."""
    rest = operation.segments[1:]
    if operation.op == "remove":
        if not rest:
            stage.pop("canarySettings", None)
            return True
        if len(rest) != 2 or rest[0] != "stageVariableOverrides":
            return False
    elif operation.op == "add":
        raise BadRequestException(f"Invalid add operation with path: {operation.path}")
    settings: Record = dict(stage.get("canarySettings") or {})
    name = rest[0] if rest else ""
    if name == "stageVariableOverrides":
        settings[name] = patched_variables(settings.get(name), operation, rest[1:], unknown)
    elif len(rest) == 1 and operation.op == "replace" and name in _MEMBERS:
        settings[name] = _MEMBERS[name](operation)
    else:
        raise unknown(operation)
    stage["canarySettings"] = settings
    return True


_MEMBERS: dict[str, Callable[[PatchOp], Any]] = {
    "deploymentId": lambda operation: operation.text,
    "percentTraffic": lambda operation: number(operation.value, _PERCENT),
    "useStageCache": lambda operation: operation.flag,
}


def promote(stage: Record, operation: PatchOp) -> None:
    """``copy``: the canary's deployment, or its variables, become the stage's. Raises BadRequestException."""
    if operation.source is None or _PROMOTIONS.get(operation.path or "") != operation.source:
        raise BadRequestException(
            f"Invalid copy operation with path: {operation.path} and from {operation.source}. Valid copy:path are "
            f"[{', '.join(_PROMOTIONS)}] and valid copy:from are [{', '.join(_PROMOTIONS.values())}]"
        )
    canary = stage.get("canarySettings")
    if not canary:
        raise BadRequestException("Promotion not available. Canary does not exist.")
    if operation.path == "/deploymentId":
        stage["deploymentId"] = canary.get("deploymentId") or stage["deploymentId"]
    elif canary.get("stageVariableOverrides"):
        stage["variables"] = {**stage.get("variables", {}), **canary["stageVariableOverrides"]}
