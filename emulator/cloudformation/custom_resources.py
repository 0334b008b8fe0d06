"""Custom resources: a function of the user's makes, changes and deletes what the template describes.

Belongs here: the events that go to the function and what its answer means. Never here: calling functions, or where the
answer comes in (``services/custom_answers.py``).

Follows the CloudFormation guide, "Custom resource request and response reference".
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel

from emulator.cloudformation.resources import Physical
from emulator.store.records import Record

#: ``(account, region, event) -> answer``: hands the event to its ServiceToken and waits for what is put to its
#: ResponseURL. Raises ControlError when nothing is.
Ask = Callable[[str, str, Record], Record]

_installed: dict[str, Ask] = {}


def install(ask: Ask) -> None:
    """Say how functions are asked."""
    _installed["ask"] = ask


class CustomResource(CloudFormationModel):
    """One ``Custom::…`` of a stack. The physical id is the function's; another one after an update replaces the old."""

    def __init__(self, account: str, region: str, told: Record, answer: Record) -> None:
        self.account = account
        self.region = region
        self.told = told  # the event's members that stay the same
        self.data: Record = dict(answer.get("Data") or {})
        self.physical = Physical(str(answer.get("PhysicalResourceId") or ""), self.data, {})

    @property
    def physical_resource_id(self) -> str:
        return self.physical.id

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudFormation::CustomResource"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return True

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        """``Fn::GetAtt``: what the answer's Data holds; dots lead into maps."""
        if attribute_name in self.data:
            return self.data[attribute_name]
        try:
            return functools.reduce(lambda node, step: node[step], attribute_name.split("."), self.data)
        except (KeyError, TypeError):
            raise ValidationError(
                message=f"CustomResource attribute error: Vendor response doesn't contain {attribute_name} attribute "
                f"in object {self.physical.id}"
            ) from None

    def is_created(self) -> bool:
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Record, account_id: str, region_name: str, **kwargs: Any
    ) -> CustomResource:
        told = {
            "StackId": kwargs["StackId"],
            "LogicalResourceId": kwargs["LogicalId"],
            "ResourceType": kwargs["ResourceType"],
            **_given(cloudformation_json),
        }
        answer = _asked(account_id, region_name, {"RequestType": "Create", **told})
        return cls(account_id, region_name, told, {"PhysicalResourceId": resource_name, **answer})

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: CustomResource,
        new_resource_name: str,
        cloudformation_json: Record,
        account_id: str,
        region_name: str,
    ) -> CustomResource:
        before = original_resource
        told = {**before.told, **_given(cloudformation_json)}
        known = {"PhysicalResourceId": before.physical.id}
        old = {"OldResourceProperties": before.told["ResourceProperties"]}
        answer = _asked(account_id, region_name, {"RequestType": "Update", **told, **known, **old})
        return cls(account_id, region_name, told, {**known, **answer})

    def delete(self, account_id: str, region_name: str) -> None:
        known = {"PhysicalResourceId": self.physical.id}
        _asked(self.account, self.region, {"RequestType": "Delete", **self.told, **known})


def _given(cloudformation_json: Record) -> Record:
    properties = _texts(cloudformation_json.get("Properties") or {})
    if not properties.get("ServiceToken"):
        raise ValidationError(message="Properties validation failed: required key [ServiceToken] not found")
    return {"ServiceToken": properties["ServiceToken"], "ResourceProperties": properties}


def _texts(value: Any) -> Any:
    """Numbers and booleans travel as text."""
    if isinstance(value, dict):
        return {key: _texts(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_texts(each) for each in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _asked(account: str, region: str, event: Record) -> Record:
    answer = _installed["ask"](account, region, event)
    if answer.get("Status") != "SUCCESS":
        raise ValidationError(
            message="Received response status [FAILED] from custom resource. Message returned: "
            f"{answer.get('Reason', '')} (RequestId: {answer.get('RequestId', '')})"
        )
    return answer
