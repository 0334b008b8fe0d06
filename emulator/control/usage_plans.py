"""UsagePlan, UsagePlanKey and Usage: who may call what, how fast and how often.

Belongs here: the plans, the keys in them, and reading and changing what was used. Never here: counting
(``store/usage.py``) or refusing requests.

Pages followed: API reference, "UsagePlan", "UsagePlanKey", "Usage", "Supported patch operations".
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from emulator.control import api_keys
from emulator.control.call import Call
from emulator.control.paging import page
from emulator.control.patch import Patches, PatchOp, Rule, integer, number, parse_ops, text
from emulator.control.tag_rules import checked_tags, with_tags, without_empty_tags
from emulator.errors import BadRequestException, ConflictException, NotFoundException
from emulator.store import usage
from emulator.store.records import Record

_PERIODS = ("DAY", "WEEK", "MONTH")
_LONGEST_RANGE_DAYS = 90
_BAD_STAGE = "Invalid API Stage specified"
_METHOD_PATH = re.compile(r"(/apiStages/[^/]+/throttle)/(.+?)(/rateLimit|/burstLimit)?")


def create_usage_plan(call: Call, request: Record) -> Record:
    record: Record = {
        "id": call.new_id(call.region.usage_plans, 6),
        "name": request["name"],
        "apiStages": [dict(each) for each in request.get("apiStages") or ()],
        "tags": checked_tags(request.get("tags")),
    }
    for member in ("description", "throttle", "quota"):
        if request.get(member):
            record[member] = request[member]
    _complete(record)
    _check(call, record)
    call.region.usage_plans[record["id"]] = record
    return without_empty_tags(record)


def get_usage_plan(call: Call, request: Record) -> Record:
    return with_tags(find(call, request["usagePlanId"]))


def get_usage_plans(call: Call, request: Record) -> Record:
    key_id = request.get("keyId")
    records = [
        record
        for plan_id, record in call.region.usage_plans.items()
        if not key_id or key_id in call.region.usage_plan_keys.get(plan_id, {})
    ]
    return page(records, request, show=without_empty_tags)


def delete_usage_plan(call: Call, request: Record) -> None:
    record = find(call, request["usagePlanId"])
    for stage in record["apiStages"]:
        raise BadRequestException(
            f"Cannot delete Usage Plan {record['id']} because there are API Stages associated with it, including "
            f"{stage['apiId']}:{stage['stage']}"
        )
    del call.region.usage_plans[record["id"]]
    call.region.usage_plan_keys.pop(record["id"], None)
    usage.forget(call.region, plan_id=record["id"])


def update_usage_plan(call: Call, request: Record) -> Record:
    record = find(call, request["usagePlanId"])
    operations = [_with_plain_path(operation) for operation in request.get("patchOperations") or ()]
    changed = PATCHES.apply(record, operations)
    _complete(changed)
    _check(call, changed, record["apiStages"])
    call.region.usage_plans[record["id"]] = changed
    if changed.get("quota") != record.get("quota"):
        usage.rebase(call.region, changed, record.get("quota"), usage.day_of(call.effects.wall()))
    return with_tags(changed)


def create_usage_plan_key(call: Call, request: Record) -> Record:
    plan = find(call, request["usagePlanId"])
    if request["keyType"] != "API_KEY":
        raise BadRequestException("Invalid key type specified. Must be one of: [API_KEY]")
    key = api_keys.find(call, request["keyId"])
    keys = call.region.usage_plan_keys.setdefault(plan["id"], {})
    if key["id"] in keys:
        raise ConflictException(f"API Key {key['id']} already exists in usage plan {plan['id']}")
    _check_subscriptions(call, plan, key["id"])
    keys[key["id"]] = {"id": key["id"], "type": "API_KEY"}
    return _shown_key(call, keys[key["id"]])


def get_usage_plan_key(call: Call, request: Record) -> Record:
    return _shown_key(call, _find_key(call, request))


def get_usage_plan_keys(call: Call, request: Record) -> Record:
    """The plan's keys, the newest first; none for a plan that is not there (recorded, both)."""
    query = request.get("nameQuery")
    keys = call.region.usage_plan_keys.get(request["usagePlanId"], {})
    shown = [_shown_key(call, key) for key in reversed(keys.values())]
    return page([key for key in shown if not query or key.get("name", "").startswith(query)], request)


def delete_usage_plan_key(call: Call, request: Record) -> None:
    key = _find_key(call, request)
    del call.region.usage_plan_keys[request["usagePlanId"]][key["id"]]
    usage.forget(call.region, request["usagePlanId"], key["id"])


def get_usage(call: Call, request: Record) -> Record:
    plan = find(call, request["usagePlanId"])
    start, end = _day(request["startDate"]), _day(request["endDate"])
    if start > end:
        raise BadRequestException("Usage start date must be before the end date")
    if (end - start).days >= _LONGEST_RANGE_DAYS:
        raise BadRequestException(f"Usage date range must not exceed {_LONGEST_RANGE_DAYS} days")
    keys = list(call.region.usage_plan_keys.get(plan["id"], {}).values())
    if request.get("keyId"):
        keys = [key for key in keys if key["id"] == request["keyId"]]
    paged = page(keys, request)
    items = {
        key["id"]: usage.days(call.region, plan, key["id"], start.isoformat(), end.isoformat())
        for key in paged.pop("items")
    }
    return {
        "usagePlanId": plan["id"],
        "startDate": start.isoformat(),
        "endDate": end.isoformat(),
        "items": items,
        **paged,
    }


def update_usage(call: Call, request: Record) -> Record:
    """Change what remains of the running period (``/remaining``)."""
    key = _find_key(call, request)
    plan = call.region.usage_plans[request["usagePlanId"]]
    remaining: int | None = None
    for operation in parse_ops(request.get("patchOperations")):
        USAGE_PATCHES.find(operation)
        remaining = integer(operation.value, "Invalid value for remaining quota specified")
        if remaining < 0:
            raise BadRequestException("Invalid value for remaining quota specified")
    today = usage.day_of(call.effects.wall())
    if not plan.get("quota"):
        raise BadRequestException(f"Usage plan {plan['id']} does not have a quota")
    if remaining is not None:
        usage.set_remaining(call.region, plan, key["id"], today, remaining)
    period = plan["quota"]["period"]
    start = usage.period_start(today, period)
    return {
        "usagePlanId": plan["id"],
        "startDate": start,
        "endDate": today,
        "items": {key["id"]: usage.days(call.region, plan, key["id"], start, today)},
    }


def forget_stages(call: Call, api_id: str, stage_name: str | None = None) -> None:
    """A stage, or a whole API, goes: the plans let go of it."""
    for plan in call.region.usage_plans.values():
        plan["apiStages"] = [
            stage
            for stage in plan["apiStages"]
            if stage["apiId"] != api_id or (stage_name is not None and stage["stage"] != stage_name)
        ]


def find(call: Call, plan_id: str) -> Record:
    """The plan of that id. Raises NotFoundException."""
    record = call.region.usage_plans.get(plan_id)
    if record is None:
        raise NotFoundException("Invalid Usage Plan ID specified")
    return record


def _find_key(call: Call, request: Record) -> Record:
    plan = find(call, request["usagePlanId"])
    key = call.region.usage_plan_keys.get(plan["id"], {}).get(request["keyId"])
    if key is None:
        raise NotFoundException(api_keys.NOT_FOUND)
    return key


def _shown_key(call: Call, key: Record) -> Record:
    """The plan's key with the name and value the API key has now."""
    record = call.region.api_keys[key["id"]]
    return {**key, **{member: record[member] for member in ("name", "value") if record.get(member)}}


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise BadRequestException(f"Invalid date specified: {given}. Dates must be in the format YYYY-MM-DD") from None


# -- checks ------------------------------------------------------------------------------------------------------------


def _complete(record: Record) -> None:
    """Fill in what AWS shows beside what was given."""
    if "throttle" in record:
        record["throttle"] = _throttle(record["throttle"])
    if "quota" in record:
        record["quota"] = {"offset": 0, **record["quota"]}
    for stage in record["apiStages"]:
        if stage.get("throttle"):
            stage["throttle"] = {name: _throttle(limits) for name, limits in stage["throttle"].items()}
        else:
            stage.pop("throttle", None)


def _throttle(limits: Record) -> Record:
    return {"burstLimit": int(limits.get("burstLimit", 0)), "rateLimit": float(limits.get("rateLimit", 0.0))}


def _check(call: Call, record: Record, known: Sequence[Record] = ()) -> None:
    """Refuse what AWS refuses; stages the plan had already (``known``) may be gone by now."""
    had = {(stage["apiId"], stage["stage"]) for stage in known}
    if not record.get("name"):
        raise BadRequestException("Usage Plan name must not be empty")
    for stage in record["apiStages"]:
        if not stage.get("apiId") or not stage.get("stage"):
            raise BadRequestException(_BAD_STAGE)
        api = call.region.apis.get(stage["apiId"])
        gone = api is None or stage["stage"] not in api.stages
        if gone and (stage["apiId"], stage["stage"]) not in had:
            raise _no_such_stage(stage["apiId"], stage["stage"], record["id"])
        for limits in (stage.get("throttle") or {}).values():
            _check_throttle(limits)
    _check_throttle(record.get("throttle") or {})
    quota = record.get("quota")
    if quota is not None:
        if quota.get("period") not in _PERIODS:
            raise BadRequestException("Usage plan quota period must be one of: [DAY, WEEK, MONTH]")
        if int(quota.get("limit") or 0) < 1:
            raise BadRequestException("Usage plan quota limit must be greater than 0")
        if not 0 <= int(quota["offset"]) <= int(quota["limit"]):
            raise BadRequestException("Usage plan quota offset must be between 0 and the quota limit")


def _check_throttle(limits: Record) -> None:
    if limits.get("burstLimit", 0) < 0 or limits.get("rateLimit", 0) < 0:
        raise BadRequestException("Usage plan throttle limits must not be negative")


def _check_subscriptions(call: Call, plan: Record, key_id: str) -> None:
    """A key must not reach one stage by two plans."""
    wanted = {(stage["apiId"], stage["stage"]) for stage in plan["apiStages"]}
    for other_id, keys in call.region.usage_plan_keys.items():
        if key_id in keys and other_id != plan["id"]:
            for stage in call.region.usage_plans[other_id]["apiStages"]:
                if (stage["apiId"], stage["stage"]) in wanted:
                    raise ConflictException(
                        f"API Key {key_id} is already subscribed to API Stage "
                        f"{{api: {stage['apiId']}, stage: {stage['stage']}}} by usage plan {other_id}"
                    )


def _no_such_stage(api_id: str, stage: str, plan_id: str) -> NotFoundException:
    return NotFoundException(f"Invalid API Stage {{api: {api_id}, stage: {stage}}} specified for usageplan {plan_id}")


# -- patching ----------------------------------------------------------------------------------------------------------


def _parse_stage(given: str | None) -> tuple[str, str]:
    api_id, colon, stage = (given or "").partition(":")
    if not colon or not api_id or not stage:
        raise BadRequestException(_BAD_STAGE)
    return api_id, stage


def _find_stage(record: Record, given: str | None) -> Record:
    api_id, stage = _parse_stage(given)
    for each in record["apiStages"]:
        if (each["apiId"], each["stage"]) == (api_id, stage):
            found: Record = each
            return found
    raise _no_such_stage(api_id, stage, record["id"])


def _patch_stages(record: Record, operation: PatchOp) -> None:
    if operation.op == "remove":
        record["apiStages"].remove(_find_stage(record, operation.value))
        return
    api_id, stage = _parse_stage(operation.value)
    if not any((each["apiId"], each["stage"]) == (api_id, stage) for each in record["apiStages"]):
        record["apiStages"].append({"apiId": api_id, "stage": stage})


def _patch_stage_throttle(record: Record, operation: PatchOp) -> None:
    """The whole throttle map of a stage, as the text of a JSON object."""
    stage = _find_stage(record, operation.segments[1])
    if operation.op == "remove":
        stage.pop("throttle", None)
        return
    refusal = "Invalid throttle settings specified"
    try:
        given = json.loads(operation.text)
    except ValueError:
        raise BadRequestException(refusal) from None
    if not isinstance(given, dict) or not all(isinstance(limits, dict) for limits in given.values()):
        raise BadRequestException(refusal)
    stage["throttle"] = {
        name: {
            "burstLimit": integer(_as_text(limits.get("burstLimit", 0)), refusal),
            "rateLimit": number(_as_text(limits.get("rateLimit", 0)), refusal),
        }
        for name, limits in given.items()
    }


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _with_plain_path(operation: Record) -> Record:
    """The operation with a method's path as one segment: Terraform writes ``/throttle//pets/GET/rateLimit``."""
    found = _METHOD_PATH.fullmatch(operation.get("path") or "")
    if found is None or "/" not in found[2] or re.fullmatch(r"[^/]+/[^/]+", found[2]):
        return operation
    resource, _, verb = found[2].rpartition("/")
    escaped = "~1" + resource.strip("/").replace("/", "~1")
    return {**operation, "path": f"{found[1]}/{escaped}/{verb}{found[3] or ''}"}


def _patch_method_throttle(record: Record, operation: PatchOp) -> None:
    stage = _find_stage(record, operation.segments[1])
    throttle: Record = dict(stage.get("throttle") or {})
    name = f"{operation.segments[3]}/{operation.segments[4]}"
    if operation.op == "remove":
        if name not in throttle:
            raise NotFoundException(f"Invalid method {name} specified for throttle settings")
        del throttle[name]
    else:
        throttle[name] = {**throttle.get(name, {}), **_limit(operation)}
    stage["throttle"] = throttle


def _limit(operation: PatchOp) -> Record:
    if operation.last == "rateLimit":
        return {"rateLimit": number(operation.value, "Invalid value for rate limit specified")}
    return {"burstLimit": integer(operation.value, "Invalid value for burst limit specified")}


def _patch_throttle(record: Record, operation: PatchOp) -> None:
    if operation.op == "remove":
        record.pop("throttle", None)
    else:
        record["throttle"] = {**record.get("throttle", {}), **_limit(operation)}


def _patch_quota(record: Record, operation: PatchOp) -> None:
    if operation.op == "remove":
        record.pop("quota", None)
        return
    value: Any = operation.text
    if operation.last != "period":
        value = integer(operation.value, f"Invalid value for quota {operation.last} specified")
    record["quota"] = {**record.get("quota", {}), operation.last: value}


_PUT = ("add", "replace")
_STAGE = "/apiStages/*/throttle"
_STAGE_LISTED = "/apiStages/<apidId:stageName>/throttle"  # as AWS spells it
_METHOD = f"{_STAGE}/*/*"
_METHOD_LISTED = "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>"
PATCHES = Patches(
    (
        Rule("/apiStages", ("add", "remove"), _patch_stages),
        Rule("/quota", ("remove",), _patch_quota),
        Rule("/throttle", ("remove",), _patch_throttle),
        Rule("/productCode", ("add", "replace", "remove"), text("productCode")),
        Rule(_METHOD, ("remove",), _patch_method_throttle, _METHOD_LISTED),
        Rule(_STAGE, ("add", "replace", "remove"), _patch_stage_throttle, _STAGE_LISTED),
        Rule(f"{_METHOD}/rateLimit", _PUT, _patch_method_throttle, f"{_METHOD_LISTED}/rateLimit"),
        Rule(f"{_METHOD}/burstLimit", _PUT, _patch_method_throttle, f"{_METHOD_LISTED}/burstLimit"),
        Rule("/description", ("replace",), text("description")),
        Rule("/name", ("replace",), text("name", nullable=False)),
        Rule("/quota/limit", _PUT, _patch_quota),
        Rule("/quota/offset", _PUT, _patch_quota),
        Rule("/quota/period", _PUT, _patch_quota),
        Rule("/throttle/burstLimit", _PUT, _patch_throttle),
        Rule("/throttle/rateLimit", _PUT, _patch_throttle),
    )
)
USAGE_PATCHES = Patches((Rule("/remaining", ("replace",), lambda record, operation: None),))
