"""Change sets: found by their own ARN, or by their name within a stack.

Belongs here: looking them up and running them. moto's own takes the first of that name of any stack, and CDK gives all
of them the same. Never here: what running one does to the stack (``stack_runs.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.core.responses import ActionResult, EmptyResult

from emulator.cloudformation import templates


class ChangeSetNotFoundException(CloudFormationError):  # type: ignore[misc]
    """As AWS tells it."""

    code = "ChangeSetNotFoundException"

    def __init__(self, name: str) -> None:
        super().__init__(f"ChangeSet [{name}] does not exist")


def find(backend: Any, stack: str | None, name: str) -> Any:
    """The change set. Raises ChangeSetNotFoundException, and ValidationError for a stack that is not there."""
    if name.startswith("arn:"):
        found = backend.change_sets.get(name)
    else:
        if not stack:
            raise ValidationError(message="StackName must be specified if ChangeSetName is not specified as an ARN.")
        stack_id = backend.get_stack(stack).stack_id
        same = [each for each in backend.change_sets.values() if each.change_set_name == name]
        found = next((each for each in reversed(same) if each.stack_id == stack_id), None)
    if found is None:
        raise ChangeSetNotFoundException(name)
    return found


def _found(responses: Any) -> Any:
    return find(
        responses.cloudformation_backend, responses._get_param("StackName"), responses._get_param("ChangeSetName")
    )


def describe_change_set(self: Any) -> Any:
    """``CloudFormationResponse.describe_change_set``."""
    return ActionResult(_found(self))


def delete_change_set(self: Any) -> Any:
    """``CloudFormationResponse.delete_change_set``: one that is not there is no mistake."""
    try:
        change_set = _found(self)
    except ChangeSetNotFoundException:
        return EmptyResult()
    del self.cloudformation_backend.change_sets[change_set.change_set_id]
    return EmptyResult()


def list_change_sets(self: Any) -> Any:
    """``CloudFormationResponse.list_change_sets``: those of one stack."""
    backend = self.cloudformation_backend
    stack_id = backend.get_stack(self._get_param("StackName")).stack_id
    return ActionResult({"Summaries": [each for each in backend.change_sets.values() if each.stack_id == stack_id]})


def execute_change_set(self: Any) -> Any:
    """``CloudFormationResponse.execute_change_set``."""
    change_set = _found(self)
    if change_set.execution_status != "AVAILABLE":
        raise ValidationError(
            message=f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current status of "
            f"[{change_set.status}]"
        )
    self.cloudformation_backend.execute_change_set(change_set.change_set_id)
    return EmptyResult()


def has_template(self: Any, other_template: str) -> bool:
    """``Stack.has_template``: as they were written, before any transform."""
    return templates.parse(self.template or "{}") == templates.parse(other_template or "{}")


def has_parameters(self: Any, other_parameters: dict[str, Any]) -> bool:
    """``Stack.has_parameters``: those that are not named stay as they are."""
    now = {**self.resource_map.resolved_parameters, **self.parameters}
    return all(str(now.get(name)) == str(value) for name, value in other_parameters.items())


METHODS: dict[str, Callable[[Any], Any]] = {
    "describe_change_set": describe_change_set,
    "delete_change_set": delete_change_set,
    "list_change_sets": list_change_sets,
    "execute_change_set": execute_change_set,
}
