"""AWS::CloudFormation::Stack: a stack within a stack, made, changed and deleted with it.

Belongs here: what the outer stack sees of the inner one. Never here: how stacks run (``stack_runs.py``).

moto's own deletes the inner stack and makes it anew at each change, and knows no ``Outputs.…``.
"""

from __future__ import annotations

from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import cloudformation_backends
from moto.core.common_models import CloudFormationModel

from emulator.cloudformation.resources import Physical, tags
from emulator.store.records import Record


class NestedStack(CloudFormationModel):
    """The resource; ``stack`` is the inner stack."""

    def __init__(self, stack: Any) -> None:
        self.stack = stack
        self.physical = Physical(stack.stack_id, {}, {})

    @property
    def physical_resource_id(self) -> str:
        return self.physical.id

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudFormation::Stack"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return True

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        """``Fn::GetAtt``: ``Outputs.{key}``."""
        kind, _, key = attribute_name.partition(".")
        for each in self.stack.outputs or ():
            if kind == "Outputs" and each["OutputKey"] == key:
                return each["OutputValue"]
        raise ValidationError(
            message=f"Template error: resource {self.stack.name} does not support attribute type {attribute_name} "
            "in Fn::GetAtt"
        )

    def is_created(self) -> bool:
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Record, account_id: str, region_name: str, **kwargs: Any
    ) -> NestedStack:
        properties = cloudformation_json.get("Properties") or {}
        backend = cloudformation_backends[account_id][region_name]
        outer = backend.get_stack(kwargs["StackId"])
        stack = backend.create_stack(
            name=resource_name,
            template=_template(properties, account_id),
            parameters=_parameters(properties),
            notification_arns=properties.get("NotificationARNs"),
            tags={**(outer.tags or {}), **(tags(properties.get("Tags")) or {})},
            outer=outer,
        )
        if stack.status != "CREATE_COMPLETE":
            backend.delete_stack(stack.stack_id)
            raise ValidationError(
                message=f"Embedded stack {stack.stack_id} was not successfully created: {_why(stack)}"
            )
        return cls(stack)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: NestedStack,
        new_resource_name: str,
        cloudformation_json: Record,
        account_id: str,
        region_name: str,
    ) -> NestedStack:
        properties = cloudformation_json.get("Properties") or {}
        stack = original_resource.stack
        wanted = tags(properties.get("Tags")) or {}
        stack.update(
            _template(properties, account_id), parameters=_parameters(properties), tags={**stack.tags, **wanted}
        )
        if stack.status != "UPDATE_COMPLETE":
            raise ValidationError(
                message=f"Embedded stack {stack.stack_id} was not successfully updated: {_why(stack)}"
            )
        return cls(stack)

    def delete(self, account_id: str, region_name: str) -> None:
        cloudformation_backends[account_id][region_name].delete_stack(self.physical.id)
        if self.stack.status == "DELETE_FAILED":
            raise ValidationError(message=f"Embedded stack {self.physical.id} was not successfully deleted")


def _template(properties: Record, account_id: str) -> str:
    from moto.cloudformation.utils import get_stack_from_s3_url

    if not properties.get("TemplateURL"):
        raise ValidationError(message="Properties validation failed: required key [TemplateURL] not found")
    text: str = get_stack_from_s3_url(properties["TemplateURL"], account_id=account_id, partition="aws")
    return text


def _parameters(properties: Record) -> Record:
    given = properties.get("Parameters") or {}
    return {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in given.items()}


def _why(stack: Any) -> str:
    reasons = [
        event.resource_status_reason
        for event in stack.events
        if (event.resource_status or "").endswith("_FAILED") and event.resource_status_reason
    ]
    return str(reasons[0]) if reasons else f"it is {stack.status}"
