"""Account: API Gateway's settings of the account in one region.

Belongs here: GetAccount and UpdateAccount. Never here: throttling by those limits (``execute_api/throttle.py``).
"""

from __future__ import annotations

import re

from emulator.control.call import Call
from emulator.control.patch import Patches, PatchOp, Rule
from emulator.errors import BadRequestException
from emulator.store.records import Record

_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/.+")


def get_account(call: Call, request: Record) -> Record:
    """The account's throttling limits, features and CloudWatch role: AWS's defaults until changed."""
    return {
        "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
        **call.region.account_settings,
    }


def update_account(call: Call, request: Record) -> Record:
    call.region.account_settings = PATCHES.apply(call.region.account_settings, request.get("patchOperations"))
    return get_account(call, request)


def _role(record: Record, operation: PatchOp) -> None:
    record.pop("cloudwatchRoleArn", None)
    if operation.text:
        if not _ROLE.fullmatch(operation.text):
            raise BadRequestException("Invalid ARN specified in the request")
        record["cloudwatchRoleArn"] = operation.text


def _features(_record: Record, operation: PatchOp) -> None:
    """The only feature is there for every account, and cannot be given back."""
    if operation.text != "UsagePlans":
        raise BadRequestException("Invalid feature specified. Must be one of: [UsagePlans]")
    if operation.op == "remove":
        raise BadRequestException("Usage Plans cannot be disabled once enabled")


PATCHES = Patches(
    rules=(
        Rule("/cloudwatchRoleArn", ("replace",), _role),
        Rule("/features", ("add", "remove"), _features),
    )
)
