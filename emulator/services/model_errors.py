"""A service's errors as its model has them: the status of each, and the member its text is in.

moto gives most errors of the REST protocols 400, where AWS's are 404, 409 and the like: selection patterns are matched
against that status. Belongs here: what botocore's model says of an error. Never here: the JSON protocols, whose errors
are all 400 or 500.
"""

from __future__ import annotations

from attrs import frozen

from emulator.services.protocols import Description


@frozen
class ModelError:
    """``status`` is None where the model leaves it open; ``text`` is the member of the message."""

    status: int | None
    text: str


_of_services: dict[str, dict[str, ModelError]] = {}


def model_error(description: Description, code: str) -> ModelError | None:
    """The service's error of that code; None when it has no such error, or leaves both to its protocol."""
    errors = _of_services.get(description.name)
    if errors is None:
        errors = _of_services[description.name] = _errors(description)
    return errors.get(code)


def _errors(description: Description) -> dict[str, ModelError]:
    made: dict[str, ModelError] = {}
    for shape in description.model.error_shapes:
        told = shape.metadata.get("error") or {}
        text = next((name for name in shape.members if name.lower() == "message"), "message")
        made[shape.name] = made[told.get("code", shape.name)] = ModelError(told.get("httpStatusCode"), text)
    return made
