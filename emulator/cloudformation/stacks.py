"""Stacks: the order of their resources, and what happens when one fails.

moto's own engine makes resources in the order of the template, skips types it does not know and leaves a failed stack
half made; an update removes first and adds later. Here, as on AWS: dependencies first (references as well as
DependsOn), events for each resource, roll-back on failure, replaced and removed resources deleted last.
Belongs here: that engine, as a subclass and functions that ``moto_models.install`` puts in place.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any

from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import ValidationError
from twisted.logger import Logger

log = Logger()

_SUBSTITUTION = re.compile(r"\$\{([^!}.]+)[^}]*\}")


class ResourceFailed(Exception):
    """One resource could not be made, changed or deleted; ``reason`` is what its event tells."""

    def __init__(self, logical_id: str, reason: str) -> None:
        super().__init__(logical_id, reason)
        self.logical_id = logical_id
        self.reason = reason


def references(value: Any) -> Iterator[str]:
    """Every logical id (or parameter, or pseudo parameter) that a piece of template refers to."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref" and isinstance(inner, str):
                yield inner
            elif key == "Fn::GetAtt":
                yield (inner if isinstance(inner, list) else str(inner).split("."))[0]
            elif key == "Fn::Sub":
                text = inner[0] if isinstance(inner, list) else inner
                yield from _SUBSTITUTION.findall(text)
                yield from references(inner[1:] if isinstance(inner, list) else None)
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def ordered(resources: dict[str, Any]) -> list[str]:
    """Logical ids, dependencies first, otherwise as the template has them; a circle is a ValidationError."""
    result: list[str] = []
    state: dict[str, bool] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if state.get(name):
            return
        if name in state:
            circle = ", ".join(sorted(trail[trail.index(name) :]))
            raise ValidationError(message=f"Circular dependency between resources: [{circle}]")
        state[name] = False
        resource = resources[name]
        depends = resource.get("DependsOn") or []
        for other in [*([depends] if isinstance(depends, str) else depends), *references(resource.get("Properties"))]:
            if other in resources:
                visit(other, (*trail, name))
        state[name] = True
        result.append(name)

    for name in resources:
        visit(name, ())
    return result


class Resources(parsing.ResourceMap):  # type: ignore[misc]
    """A stack's resources, made and unmade in order."""

    _resource_json_map: dict[str, Any]
    input_parameters: dict[str, Any]

    def load(self) -> None:
        self._refuse_unknown(self._resource_json_map)
        super().load()

    def _refuse_unknown(self, resources: dict[str, Any]) -> None:
        unknown = sorted(
            {
                resource.get("Type", "None")
                for resource in resources.values()
                if not str(resource.get("Type")).startswith("Custom::")
                and resource.get("Type") not in parsing.NULL_MODELS
                and resource.get("Type") != "AWS::CloudFormation::CustomResource"
                and resource.get("Type") not in parsing.get_model_map()
            }
        )
        if unknown:
            raise ValidationError(message=f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")

    def wanted(self, resources: dict[str, Any]) -> list[str]:
        """The ids whose Condition holds, dependencies first."""
        return [
            name
            for name in ordered(resources)
            if "Condition" not in resources[name] or self.lazy_condition_map[resources[name]["Condition"]]
        ]

    def make(self, stack: Any, logical_id: str) -> Any:
        """Make one resource, with its events; ResourceFailed when it cannot be."""
        resource_json = self._resource_json_map[logical_id]
        _event(stack, logical_id, "", resource_json["Type"], "CREATE_IN_PROGRESS")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = self[logical_id]
        except Exception as error:
            # Whatever moto or a resource raises ends in the stack's events, as on AWS.
            log.failure("A resource failed: {logical_id}", logical_id=logical_id)
            reason = str(getattr(error, "message", "") or error)
            _event(stack, logical_id, "", resource_json["Type"], "CREATE_FAILED", reason)
            raise ResourceFailed(logical_id, reason) from error
        _event(stack, logical_id, _id(made), resource_json["Type"], "CREATE_COMPLETE")
        return made

    def unmake(self, stack: Any, logical_id: str, resource: Any, resource_json: dict[str, Any]) -> str:
        """Delete one resource; answers the reason when that fails, else an empty string."""
        type_name = resource_json["Type"]
        if resource_json.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate"):
            _event(stack, logical_id, _id(resource), type_name, "DELETE_SKIPPED")
            return ""
        try:
            self._delete_resource(resource, resource_json)
        except Exception as error:
            log.failure("A resource could not be deleted: {logical_id}", logical_id=logical_id)
            reason = str(getattr(error, "message", "") or error)
            _event(stack, logical_id, _id(resource), type_name, "DELETE_FAILED", reason)
            return reason
        _event(stack, logical_id, _id(resource), type_name, "DELETE_COMPLETE")
        return ""

    def update(
        self, template: dict[str, Any], parameters: dict[str, Any] | None = None, stack: Any = None
    ) -> None:
        """Change and add, dependencies first; then delete what was replaced or went. ResourceFailed stops it."""
        old, new = self._resource_json_map, template["Resources"]
        self._refuse_unknown(new)
        resolved_before = {name: self._resolved(old.get(name)) for name in old if name in self._parsed_resources}
        self._template, self._resource_json_map = template, new
        if parameters:
            self.input_parameters = {**self.input_parameters, **parameters}
        self.load_mapping()
        self.load_parameters()
        self.load_conditions()
        doomed: list[tuple[str, Any, dict[str, Any]]] = []
        wanted = self.wanted(new)
        for logical_id in wanted:
            present = self._parsed_resources.get(logical_id)
            if present is None:
                self.make(stack, logical_id)
            elif logical_id not in old or old[logical_id].get("Type") != new[logical_id]["Type"]:
                doomed.append((logical_id, self._parsed_resources.pop(logical_id), old[logical_id]))
                self.make(stack, logical_id)
            elif self._resolved(new[logical_id]) != resolved_before.get(logical_id):
                self._change(stack, logical_id, present, old[logical_id], doomed)
        for logical_id in reversed(ordered(old)):
            if logical_id not in wanted and self._parsed_resources.get(logical_id) is not None:
                doomed.append((logical_id, self._parsed_resources.pop(logical_id), old[logical_id]))
        for logical_id, resource, resource_json in doomed:
            self.unmake(stack, logical_id, resource, resource_json)

    def _change(
        self, stack: Any, logical_id: str, present: Any, was: dict[str, Any], doomed: list[Any]
    ) -> None:
        type_name = was["Type"]
        _event(stack, logical_id, _id(present), type_name, "UPDATE_IN_PROGRESS")
        try:
            changed = parsing.parse_and_update_resource(
                logical_id, self._resource_json_map[logical_id], self, self._account_id, self._region_name
            )
        except Exception as error:
            log.failure("A resource could not be updated: {logical_id}", logical_id=logical_id)
            reason = str(getattr(error, "message", "") or error)
            _event(stack, logical_id, _id(present), type_name, "UPDATE_FAILED", reason)
            raise ResourceFailed(logical_id, reason) from error
        if changed is not None:
            self._parsed_resources[logical_id] = changed
            replaced = _id(changed) != _id(present) and hasattr(present, "physical")
            if replaced:
                doomed.append((logical_id, present, was))
        _event(stack, logical_id, _id(changed or present), type_name, "UPDATE_COMPLETE")

    def _resolved(self, resource_json: dict[str, Any] | None) -> Any:
        """A resource's properties with everything resolved that exists by now; None where something does not."""
        if resource_json is None:
            return None
        try:
            return parsing.clean_json(resource_json.get("Properties") or {}, self)
        except (KeyError, AttributeError, TypeError, ValidationError):
            return None

    def delete(self, stack: Any = None) -> list[str]:
        """Delete everything that was made, dependants first; answers the ids of what could not be."""
        failed = []
        for logical_id in reversed(ordered(self._resource_json_map)):
            resource = self._parsed_resources.get(logical_id)
            if resource is None:
                continue
            if self.unmake(stack, logical_id, resource, self._resource_json_map[logical_id]):
                failed.append(logical_id)
            else:
                del self._parsed_resources[logical_id]
        return failed


def _id(resource: Any) -> str:
    return str(getattr(resource, "physical_resource_id", "") or "") if resource is not None else ""


def _event(stack: Any, logical_id: str, physical: str, type_name: str, status: str, reason: str | None = None) -> None:
    if stack is None:
        return
    stack.events.append(
        models.Event(
            stack_id=stack.stack_id,
            stack_name=stack.name,
            logical_resource_id=logical_id,
            physical_resource_id=physical,
            resource_type=type_name,
            resource_status=status,
            resource_status_reason=reason,
            resource_properties=None,
        )
    )


def create_resources(self: Any) -> None:
    """``Stack.create_resources``: all of them, or none and ROLLBACK_COMPLETE."""
    self.status = "CREATE_IN_PROGRESS"
    resources: Resources = self.resource_map
    resources._template = self.template_dict
    resources._resource_json_map = self.template_dict["Resources"]
    _tag(self, resources)
    made: list[str] = []
    try:
        for logical_id in resources.wanted(self.template_dict["Resources"]):
            resources.make(self, logical_id)
            made.append(logical_id)
    except ResourceFailed as failure:
        _rolled_back(self, resources, made, failure)
        return
    self.description = self.template_dict.get("Description")
    if all(each is None or each.is_created() for each in map(resources._parsed_resources.get, made)):
        self.mark_creation_complete()


def _tag(stack: Any, resources: Resources) -> None:
    resources.tags.update(
        {"aws:cloudformation:stack-name": stack.name, "aws:cloudformation:stack-id": stack.stack_id}
    )


def _rolled_back(stack: Any, resources: Resources, made: list[str], failure: ResourceFailed) -> None:
    reason = f"The following resource(s) failed to create: [{failure.logical_id}]. "
    if stack.disable_rollback:
        stack.status = "CREATE_FAILED"
        stack._add_stack_event("CREATE_FAILED", resource_status_reason=reason)
        return
    stack._add_stack_event("ROLLBACK_IN_PROGRESS", resource_status_reason=reason + "Rollback requested by user.")
    for logical_id in reversed(made):
        resource = resources._parsed_resources.pop(logical_id, None)
        if resource is not None:
            resources.unmake(stack, logical_id, resource, stack.template_dict["Resources"][logical_id])
    stack.status = "ROLLBACK_COMPLETE"
    stack._add_stack_event("ROLLBACK_COMPLETE")


def update_stack(
    self: Any,
    template: Any,
    role_arn: str | None = None,
    parameters: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
) -> None:
    """``Stack.update``: change and add, dependencies first; then delete what was replaced or went."""
    self._add_stack_event("UPDATE_IN_PROGRESS", resource_status_reason="User Initiated")
    before, self.template = self.template_dict, template
    if parameters:
        self.parameters = {**self.parameters, **parameters}
    self._parse_template()
    try:
        self.resource_map.update(self.template_dict, parameters, stack=self)
    except ResourceFailed as failure:
        self.template_dict = before
        reason = f"The following resource(s) failed to update: [{failure.logical_id}]. {failure.reason}"
        # As on AWS with roll-back disabled: what was changed before the failure stays, and the status says so.
        self.status = "UPDATE_FAILED"
        self._add_stack_event("UPDATE_FAILED", resource_status_reason=reason)
        return
    self.output_map = self._create_output_map()
    self._add_stack_event("UPDATE_COMPLETE")
    self.status = "UPDATE_COMPLETE"
    self.role_arn = role_arn
    if tags is not None:
        self.tags = tags


def execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
    """``CloudFormationBackend.execute_change_set``: create or update the stack as the change set says."""
    change_set = self.describe_change_set(change_set_name)
    stack = self.stacks[change_set.stack_id]
    change_set.execution_status = "EXECUTE_COMPLETE"
    if change_set.change_set_type != "CREATE":
        stack.update(change_set.template, change_set.role_arn, change_set.parameters, change_set.tags)
    else:
        stack.template, stack.parameters = change_set.template, change_set.parameters
        stack._parse_template()
        stack.cross_stack_resources = self.exports
        stack.resource_map = stack._create_resource_map()
        stack.output_map = stack._create_output_map()
        stack._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")
        stack.create_resources()
    for export in stack.exports:
        self.exports[export.name] = export


def delete_stack(self: Any, name_or_stack_id: str) -> None:
    """``CloudFormationBackend.delete_stack``: a stack that cannot be deleted whole stays, as DELETE_FAILED."""
    found = [s for s in self.stacks.values() if name_or_stack_id in (s.stack_id, s.name)]
    for stack in found:
        exports = [export.name for export in stack.exports]
        stack._add_stack_event("DELETE_IN_PROGRESS", resource_status_reason="User Initiated")
        failed = stack.resource_map.delete(stack)
        if failed:
            stack.status = "DELETE_FAILED"
            reason = f"The following resource(s) failed to delete: [{', '.join(failed)}]. "
            stack._add_stack_event("DELETE_FAILED", resource_status_reason=reason)
            continue
        stack.status = "DELETE_COMPLETE"
        stack._add_stack_event("DELETE_COMPLETE")
        del self.stacks[stack.stack_id]
        self.deleted_stacks[stack.stack_id] = stack
        for name in exports:
            self.exports.pop(name, None)
