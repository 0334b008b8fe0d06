"""Stacks as a whole: made, updated, rolled back and deleted, with the status and the events AWS tells.

Belongs here: what ``moto_models.install`` puts in place of methods of moto's Stack and its backend. Never here: single
resources (``stacks.py``).

A stack whose template has custom resources or stacks within runs after its call was answered, as all stacks do on
AWS: functions take their time, and have calls of their own to make meanwhile. Any other is done when its call is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from twisted.logger import Logger

from emulator.cloudformation.stacks import ResourceFailed, Resources

log = Logger()

_SLOW = ("Custom::", "AWS::CloudFormation::CustomResource", "AWS::CloudFormation::Stack")
_installed: dict[str, Callable[[Callable[[], None]], None]] = {}


def install(apart: Callable[[Callable[[], None]], None]) -> None:
    """Say how work is done after the call that asked for it: ``apart(work)``, on the writer's thread."""
    _installed["apart"] = apart


def _run(stack: Any, work: Callable[[], None], inner: bool) -> None:
    """Do the work of a stack: now, or after the call if it may take long. An inner stack's outer one waits for it."""
    resources = {**stack.resource_map._resource_json_map, **stack.template_dict["Resources"]}
    slow = any(str(resource.get("Type", "")).startswith(_SLOW) for resource in resources.values())
    if inner or not slow:
        work()
    else:
        _installed["apart"](lambda: _watched(stack, work))


def _watched(stack: Any, work: Callable[[], None]) -> None:
    """Do the work; should it break, let the stack say so: nobody waits for it here, but somebody polls the status."""
    try:
        work()
    except Exception as error:
        log.failure("A stack's run broke off: {stack}", stack=stack.name)
        _said(stack, stack.status.partition("_")[0] + "_FAILED", str(getattr(error, "message", "") or error))


def _said(stack: Any, status: str, reason: str | None = None) -> None:
    stack.status = status
    stack._add_stack_event(status, resource_status_reason=reason)


def create_stack(
    self: Any,
    name: str,
    template: Any,
    parameters: dict[str, Any],
    notification_arns: list[str] | None = None,
    tags: dict[str, str] | None = None,
    role_arn: str | None = None,
    enable_termination_protection: bool | None = False,
    timeout_in_mins: int | None = None,
    stack_policy_body: str | None = None,
    outer: Any = None,
) -> Any:
    """``CloudFormationBackend.create_stack``; ``outer`` is the stack that this one is a resource of."""
    if any(stack.name == name for stack in self.stacks.values()):
        raise AlreadyExistsException(f"Stack [{name}] already exists")
    stack = models.Stack(
        stack_id=models.generate_stack_id(name, self.region_name, self.account_id),
        name=name,
        template=template,
        parameters=parameters,
        account_id=self.account_id,
        region_name=self.region_name,
        notification_arns=notification_arns,
        tags=tags,
        role_arn=role_arn,
        cross_stack_resources=self.exports,
        enable_termination_protection=enable_termination_protection,
        timeout_in_mins=timeout_in_mins,
        stack_policy_body=stack_policy_body,
    )
    if outer is not None:
        stack.parent_id = outer.stack_id
        stack.root_id = getattr(outer, "root_id", None) or outer.stack_id
    stack.disable_rollback = _rollback_disabled(self)
    self.stacks[stack.stack_id] = stack
    _said(stack, "CREATE_IN_PROGRESS", "User Initiated")
    _run(stack, stack.create_resources, inner=outer is not None)
    return stack


def _rollback_disabled(backend: Any) -> bool:
    return bool(getattr(backend, "rollback_disabled", False))


def create_resources(self: Any) -> None:
    """``Stack.create_resources``: all of them, or none and ROLLBACK_COMPLETE."""
    resources: Resources = self.resource_map
    resources._template = self.template_dict
    resources._resource_json_map = self.template_dict["Resources"]
    resources.tags.update(
        {"aws:cloudformation:stack-name": self.name, "aws:cloudformation:stack-id": self.stack_id}
    )
    self.description = self.template_dict.get("Description")
    made: list[str] = []
    try:
        for logical_id in resources.wanted(self.template_dict["Resources"]):
            made.append(logical_id)
            resources.make(self, logical_id)
        settle(self)
    except ResourceFailed as failure:
        _take_back(self, resources, made, f"The following resource(s) failed to create: [{failure.logical_id}]. ")
    except ValidationError as error:
        _take_back(self, resources, made, str(error.message))
    else:
        _said(self, "CREATE_COMPLETE")


def _take_back(stack: Any, resources: Resources, made: list[str], reason: str) -> None:
    if stack.disable_rollback:
        _said(stack, "CREATE_FAILED", reason)
        return
    _said(stack, "ROLLBACK_IN_PROGRESS", reason + "Rollback requested by user.")
    failed = []
    for logical_id in reversed(made):
        resource = resources._parsed_resources.get(logical_id)
        if resource is None:
            continue
        if resources.unmake(stack, logical_id, resource, stack.template_dict["Resources"][logical_id]):
            failed.append(logical_id)
        else:
            del resources._parsed_resources[logical_id]
    if failed:
        _said(stack, "ROLLBACK_FAILED", f"The following resource(s) failed to delete: [{', '.join(failed)}]. ")
    else:
        _said(stack, "ROLLBACK_COMPLETE")


def _exports(stack: Any) -> dict[str, Any]:
    exports: dict[str, Any] = models.cloudformation_backends[stack.account_id][stack.region_name].exports
    return exports


def settle(stack: Any) -> None:
    """Take down what the template's Outputs say now, and let other stacks import what it exports.

    Raises ValidationError. Until a run ends the stack shows what it showed before: moto's own map would make resources
    to know their outputs.
    """
    resources: Resources = stack.resource_map
    told, own = [], {}
    for key, output in (stack.template_dict.get("Outputs") or {}).items():
        if "Condition" in output and not resources.lazy_condition_map[output["Condition"]]:
            continue
        said = parsing.clean_json(output, resources)
        name = (said.get("Export") or {}).get("Name")
        value = said.get("Value")
        entry = {"OutputKey": key, "OutputValue": value, "Description": said.get("Description"), "ExportName": name}
        told.append({member: each for member, each in entry.items() if each is not None})
        if name is not None:
            own[name] = parsing.Export(stack.stack_id, name, value)
    everyone = _exports(stack)
    for name in own:
        if name in everyone and everyone[name].exporting_stack_id != stack.stack_id:
            raise ValidationError(message=f"Export with name {name} is already exported by another stack.")
    _withdraw(stack)
    everyone.update(own)
    stack.told_outputs, stack.told_exports = told, list(own.values())


def _withdraw(stack: Any) -> None:
    exports = _exports(stack)
    for name in [name for name, export in exports.items() if export.exporting_stack_id == stack.stack_id]:
        del exports[name]


def outputs(self: Any) -> list[dict[str, Any]] | None:
    """``Stack.outputs``."""
    return getattr(self, "told_outputs", None) or None


def exports(self: Any) -> list[Any]:
    """``Stack.exports``."""
    return list(getattr(self, "told_exports", ()))


def update_stack(
    self: Any,
    template: Any,
    role_arn: str | None = None,
    parameters: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
) -> None:
    """``Stack.update``: change and add, dependencies first; then delete what was replaced or went.

    When a resource fails everything is led back: UPDATE_ROLLBACK_COMPLETE. With roll-back disabled, what was changed
    before stays: UPDATE_FAILED.
    """
    if self.status.endswith("_IN_PROGRESS") or self.status == "ROLLBACK_COMPLETE":
        raise ValidationError(message=f"Stack:{self.stack_id} is in {self.status} state and can not be updated.")
    before = (self.template, self.template_dict, dict(self.parameters))
    self.template = template
    self.parameters = {**self.parameters, **(parameters or {})}
    try:
        self._parse_template()
        self.resource_map._refuse_unknown(self.template_dict["Resources"])
    except ValidationError:
        self.template, self.template_dict, self.parameters = before
        raise
    self.disable_rollback = _rollback_disabled(models.cloudformation_backends[self.account_id][self.region_name])
    _said(self, "UPDATE_IN_PROGRESS", "User Initiated")

    def work() -> None:
        _change(self, before, role_arn, tags)

    _run(self, work, inner=getattr(self, "parent_id", None) is not None)


def _change(stack: Any, before: tuple[Any, Any, Any], role_arn: str | None, tags: dict[str, str] | None) -> None:
    resources: Resources = stack.resource_map
    parameters_before = dict(resources.input_parameters)
    try:
        journal = resources.update(stack.template_dict, stack.parameters, stack)
        try:
            settle(stack)
        except ValidationError as error:
            raise ResourceFailed("Outputs", str(error.message), journal) from error
    except ResourceFailed as failure:
        reason = f"The following resource(s) failed to update: [{failure.logical_id}]. "
        if stack.disable_rollback:
            stack.template_dict = before[1]
            _said(stack, "UPDATE_FAILED", reason)
            return
        _said(stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
        stack.template, stack.template_dict, stack.parameters = before
        failed = resources.undo(stack, before[1], parameters_before, failure.journal)
        if failed:
            _said(stack, "UPDATE_ROLLBACK_FAILED", f"The following resource(s) failed to update: {failed}. ")
            return
        _said(stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        _said(stack, "UPDATE_ROLLBACK_COMPLETE")
        return
    stack.description = stack.template_dict.get("Description")
    stack.role_arn = role_arn
    if tags is not None:
        stack.tags = tags
    _said(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    resources.clean_up(stack, journal)
    _said(stack, "UPDATE_COMPLETE")


def execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
    """``CloudFormationBackend.execute_change_set``: create or update the stack as the change set says."""
    change_set = self.describe_change_set(change_set_name)
    stack = self.stacks[change_set.stack_id]
    change_set.execution_status = "EXECUTE_COMPLETE"
    if change_set.change_set_type != "CREATE":
        stack.update(change_set.template, change_set.role_arn, change_set.parameters, change_set.tags)
        return
    stack.template, stack.parameters = change_set.template, change_set.parameters
    stack._parse_template()
    stack.cross_stack_resources = self.exports
    stack.resource_map = stack._create_resource_map()
    stack.disable_rollback = _rollback_disabled(self)
    _said(stack, "CREATE_IN_PROGRESS", "User Initiated")
    _run(stack, stack.create_resources, inner=False)


def delete_stack(self: Any, name_or_stack_id: str) -> None:
    """``CloudFormationBackend.delete_stack``: a stack that cannot be deleted whole stays, as DELETE_FAILED."""
    for stack in [each for each in self.stacks.values() if name_or_stack_id in (each.stack_id, each.name)]:
        _said(stack, "DELETE_IN_PROGRESS", "User Initiated")
        inner = getattr(stack, "parent_id", None) is not None
        _run(stack, lambda stack=stack: _delete(self, stack), inner)  # type: ignore[misc]


def _delete(backend: Any, stack: Any) -> None:
    failed = stack.resource_map.delete(stack)
    if failed:
        _said(stack, "DELETE_FAILED", f"The following resource(s) failed to delete: [{', '.join(failed)}]. ")
        return
    _said(stack, "DELETE_COMPLETE")
    del backend.stacks[stack.stack_id]
    backend.deleted_stacks[stack.stack_id] = stack
    _withdraw(stack)


def with_rollback_choice(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A method of moto's responses that heeds DisableRollback and OnFailure."""

    def call(self: Any) -> Any:
        backend = self.cloudformation_backend
        backend.rollback_disabled = bool(
            self._get_bool_param("DisableRollback", False) or self._get_param("OnFailure") == "DO_NOTHING"
        )
        try:
            return method(self)
        finally:
            backend.rollback_disabled = False

    call.heeds_rollback_choice = True  # type: ignore[attr-defined]
    return call
