"""The resources of a stack: the order they are made in, and what happens when one fails.

moto's own engine makes resources in the order of the template, skips types it does not know and leaves a failed stack
half made; an update removes first and adds later. Here, as on AWS: dependencies first (references as well as
DependsOn), events for each resource, roll-back on failure, replaced and removed resources deleted last.
Belongs here: that engine, as a subclass that ``moto_models.install`` puts in place. Never here: stacks as a whole
(``stack_runs.py``).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any

from attrs import Factory, define
from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import ValidationError
from twisted.logger import Logger

log = Logger()

_SUBSTITUTION = re.compile(r"\$\{([^!}.]+)[^}]*\}")


@define
class Journal:
    """What an update did: ids that are new, ids that were changed in place, what was replaced and what is to go."""

    made: list[str] = Factory(list)
    changed: list[str] = Factory(list)
    replaced: dict[str, tuple[Any, dict[str, Any]]] = Factory(dict)
    gone: dict[str, tuple[Any, dict[str, Any]]] = Factory(dict)


class ResourceFailed(Exception):
    """One resource could not be made, changed or deleted; ``reason`` is what its event tells."""

    def __init__(self, logical_id: str, reason: str, journal: Journal | None = None) -> None:
        super().__init__(logical_id, reason)
        self.logical_id = logical_id
        self.reason = reason
        self.journal = journal or Journal()


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


#: A resource's attributes whose references are dependencies: SAM's aliases name a CodeDeploy group in UpdatePolicy.
_REFERRING = ("Properties", "UpdatePolicy", "CreationPolicy", "Metadata")


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
        told = [resource.get(each) for each in _REFERRING]
        for other in [*([depends] if isinstance(depends, str) else depends), *references(told)]:
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
    resolved_parameters: dict[str, Any]
    _making: str | None = None
    _looked_up: frozenset[str] = frozenset()

    def __getitem__(self, key: str) -> Any:
        """What a name stands for. Looking makes nothing, but for the one resource whose turn it is."""
        made = self._parsed_resources.get(key)
        if made is not None or key in self._parsed_resources:
            return made
        if key == self._making:
            return super().__getitem__(key)
        condition = self._resource_json_map[key].get("Condition")
        if condition is not None and not self.lazy_condition_map[condition]:
            return None
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        """The names of what has been made."""
        return iter([name for name in self._resource_json_map if self._parsed_resources.get(name) is not None])

    def load(self) -> None:
        self._refuse_unknown(self._resource_json_map)
        ordered(self._resource_json_map)
        super().load()

    def parse_ssm_parameter(self, value: str, value_type: str) -> Any:
        """The value of a parameter of the parameter store; one that was looked up before stands for itself."""
        if value in self.resolved_parameters.values() or value in self._looked_up:
            return value
        try:
            return super().parse_ssm_parameter(value, value_type)
        except AttributeError:
            raise ValidationError(
                message=f"Unable to fetch parameters [{value}] from parameter store for this account."
            ) from None

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
                self._making = logical_id
                made = self[logical_id]
        except Exception as error:
            # Whatever moto or a resource raises ends in the stack's events, as on AWS.
            log.failure("A resource failed: {logical_id}", logical_id=logical_id)
            reason = str(getattr(error, "message", "") or error)
            _event(stack, logical_id, "", resource_json["Type"], "CREATE_FAILED", reason)
            raise ResourceFailed(logical_id, reason) from error
        finally:
            self._making = None
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

    def update(self, template: dict[str, Any], parameters: dict[str, Any] | None, stack: Any) -> Journal:
        """Change and add, dependencies first; then delete what was replaced or went.

        ResourceFailed stops it; its ``journal`` is what ``undo`` needs.
        """
        old, new = self._resource_json_map, template["Resources"]
        self._refuse_unknown(new)
        resolved_before = {name: self._resolved(old.get(name)) for name in old if name in self._parsed_resources}
        journal = Journal()
        self._look_at(template, {**self.input_parameters, **(parameters or {})})
        wanted = self.wanted(new)
        try:
            for logical_id in wanted:
                present = self._parsed_resources.get(logical_id)
                if logical_id in old and new[logical_id]["Type"] in parsing.NULL_MODELS:
                    continue
                if present is None:
                    journal.made.append(logical_id)
                    self.make(stack, logical_id)
                elif logical_id not in old or old[logical_id].get("Type") != new[logical_id]["Type"]:
                    journal.replaced[logical_id] = (self._parsed_resources.pop(logical_id), old[logical_id])
                    self.make(stack, logical_id)
                elif self._resolved(new[logical_id]) != resolved_before.get(logical_id):
                    self._change(stack, logical_id, present, old[logical_id], journal)
        except ResourceFailed as failure:
            failure.journal = journal
            raise
        for logical_id in reversed(ordered(old)):
            if logical_id not in wanted and self._parsed_resources.get(logical_id) is not None:
                journal.gone[logical_id] = (self._parsed_resources.pop(logical_id), old[logical_id])
        return journal

    def clean_up(self, stack: Any, journal: Journal) -> None:
        """Delete what an update replaced or left out."""
        for logical_id, (resource, resource_json) in {**journal.replaced, **journal.gone}.items():
            self.unmake(stack, logical_id, resource, resource_json)

    def undo(self, stack: Any, template: dict[str, Any], parameters: dict[str, Any], journal: Journal) -> list[str]:
        """Lead everything back to the old template; answers the ids of what could not be."""
        newer = self._resource_json_map
        self._look_at(template, parameters)
        failed, doomed = [], []
        for logical_id, (resource, _json) in journal.replaced.items():
            doomed.append((logical_id, self._parsed_resources.get(logical_id)))
            self._parsed_resources[logical_id] = resource
        for logical_id in journal.changed:
            try:
                self._change(stack, logical_id, self._parsed_resources[logical_id], newer[logical_id], Journal())
            except ResourceFailed:
                failed.append(logical_id)
        doomed += [(logical_id, self._parsed_resources.pop(logical_id, None)) for logical_id in journal.made]
        for logical_id, resource in reversed(doomed):
            if resource is not None and self.unmake(stack, logical_id, resource, newer[logical_id]):
                failed.append(logical_id)
        return failed

    def _look_at(self, template: dict[str, Any], parameters: dict[str, Any]) -> None:
        """Take a template and its parameters for those that hold from now on."""
        self._template, self._resource_json_map = template, template["Resources"]
        declared = template.get("Parameters") or {}
        self.input_parameters = {
            name: ",".join(map(str, value)) if isinstance(value, list) else value
            for name, value in parameters.items()
            if name in declared
        }
        self._looked_up |= {value for value in self.resolved_parameters.values() if isinstance(value, str)}
        self.resolved_parameters = {}
        self.load_mapping()
        self.load_parameters()
        self.load_conditions()

    def _change(self, stack: Any, logical_id: str, present: Any, was: dict[str, Any], journal: Journal) -> None:
        type_name = was["Type"]
        journal.changed.append(logical_id)
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
            if _id(changed) != _id(present) and hasattr(present, "physical"):
                journal.changed.remove(logical_id)
                journal.replaced[logical_id] = (present, was)
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
