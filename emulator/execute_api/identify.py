"""Identify: the API key of a request and the usage plan it belongs to.

Belongs here: where the key is read (``apiKeySource``), and the index of keys and plans. Never here: limits
(``throttle.py``).
AWS page: "Choose an API key source in API Gateway".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.errors import GatewayError
from emulator.execute_api.context import forget_context
from emulator.execute_api.invocation import Invocation
from emulator.execute_api.locate import Directory
from emulator.store.records import Record, Region

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway


async def identify(invocation: Invocation, gateway: Gateway) -> None:
    """Fill ``api_key`` and ``usage_plan``; INVALID_API_KEY when a method that wants a key does not get a good one."""
    invocation.api_key = None
    invocation.usage_plan = None
    if not invocation.method.api_key_required or invocation.test:
        return
    deployment = invocation.deployment
    if deployment.api_key_source == "AUTHORIZER":
        value = invocation.usage_identifier_key
    else:
        value = invocation.request.headers.last("x-api-key")
    region = gateway.store.region(deployment.account, deployment.region)
    key = keys_by_value(gateway.directory, region).get(value) if value else None
    if key is None or not key.get("enabled"):
        raise GatewayError("INVALID_API_KEY")
    plan = known_plan(gateway.directory, region, key["id"], deployment.api_id, invocation.stage.name)
    if plan is None:
        raise GatewayError("INVALID_API_KEY")
    invocation.api_key = key
    invocation.usage_plan = plan
    invocation.identity["apiKey"] = value
    invocation.identity["apiKeyId"] = key["id"]
    forget_context(invocation)


def keys_by_value(directory: Directory, region: Region) -> dict[str, Record]:
    """The region's API keys by value; kept until the store's generation moves."""
    directory.refresh()
    name = f"keys {region.account} {region.name}"
    index: dict[str, Record] | None = directory.memo.get(name)
    if index is None:
        index = directory.memo[name] = {record["value"]: record for record in region.api_keys.values()}
    return index


def known_plan(directory: Directory, region: Region, key_id: str, api_id: str, stage: str) -> Record | None:
    """``plan_of``, looked up once per key and stage until the store's generation moves."""
    plans: dict[tuple[str, str, str], Record | None] = directory.memo.setdefault("plans", {})
    key = (key_id, api_id, stage)
    if key not in plans:
        plans[key] = plan_of(region, key_id, api_id, stage)
    return plans[key]


def plan_of(region: Region, key_id: str, api_id: str, stage: str) -> Record | None:
    """The usage plan through which a key may call a stage, or None."""
    for plan_id, keys in region.usage_plan_keys.items():
        if key_id in keys:
            plan = region.usage_plans.get(plan_id)
            if plan is not None and stage_entry(plan, api_id, stage) is not None:
                return plan
    return None


def stage_entry(plan: Record, api_id: str, stage: str) -> Record | None:
    """The plan's entry for one stage of one API, or None."""
    for entry in plan.get("apiStages") or ():
        if entry.get("apiId") == api_id and entry.get("stage") == stage:
            found: Record = entry
            return found
    return None
