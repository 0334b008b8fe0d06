"""Event source mappings as Lambda keeps them: the function one names, and which there may be.

Belongs here: changes to what moto makes of CreateEventSourceMapping and its siblings. Never here: polling
(``lambda_sources.py``, ``lambda_streams.py``). ``install`` runs on the writer's thread.

Follows https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html. moto points a mapping to an
alias's version of today for ever, takes a second one of the same, and finds none by another form of the name.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from emulator.services.lambda_functions import parse_reference

_NO_QUEUE = (
    "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
    "SQS Error Message: The specified queue does not exist."
)


def install(models: Any, changed: Callable[[Any], None], began: Callable[[Any], None]) -> None:
    """``changed`` hears of each mapping that is made or changed, ``began`` of new ones."""
    backend = models.LambdaBackend
    create, update, delete = (
        backend.create_event_source_mapping,
        backend.update_event_source_mapping,
        backend.delete_event_source_mapping,
    )

    @functools.wraps(create)
    def create_event_source_mapping(self: Any, spec: dict[str, Any]) -> Any:
        _refuse(models, self, spec)
        listeners = _listeners(self, spec.get("EventSourceArn") or "")
        others = dict(listeners or {})
        mapping = create(self, spec)
        _name(self, mapping, spec.get("FunctionName"))
        if listeners is not None:
            # An alias of $LATEST has taken the function's own place for a moment.
            for function, each in others.items():
                listeners.setdefault(function, each)
        changed(mapping)
        began(mapping)
        return mapping

    @functools.wraps(update)
    def update_event_source_mapping(self: Any, uuid: str, spec: dict[str, Any]) -> Any:
        mapping = update(self, uuid, spec)
        if mapping is not None:
            _name(self, mapping, spec.get("FunctionName"))
            changed(mapping)
        return mapping

    @functools.wraps(delete)
    def delete_event_source_mapping(self: Any, uuid: str) -> Any:
        mapping = delete(self, uuid)
        if mapping is not None:
            mapping.enabled = False  # moto leaves it on the queue
        return mapping

    def list_event_source_mappings(self: Any, event_source_arn: str, function_name: str) -> Iterable[Any]:
        function = _arn(self, function_name) if function_name else None
        return [
            each
            for each in list(self._event_source_mappings.values())
            if (not event_source_arn or each.event_source_arn == event_source_arn)
            and (function is None or each.function_arn == function)
        ]

    backend.create_event_source_mapping = create_event_source_mapping
    backend.update_event_source_mapping = update_event_source_mapping
    backend.delete_event_source_mapping = delete_event_source_mapping
    backend.list_event_source_mappings = list_event_source_mappings


def _arn(backend: Any, name: str) -> str:
    """The ARN a mapping shows for a function's name: with the version or alias, if it has one."""
    reference = parse_reference(backend.account_id, backend.region_name, name, None)
    return reference.arn if reference is not None else name


def _refuse(models: Any, backend: Any, spec: dict[str, Any]) -> None:
    """Raise for a source that is not there, and for a mapping that is there already."""
    source, name = spec.get("EventSourceArn") or "", spec.get("FunctionName") or ""
    if ":sqs:" in source and _listeners(backend, source) is None:
        raise models.LambdaClientError("InvalidParameterValueException", _NO_QUEUE)
    function = _arn(backend, name)
    for each in list(backend._event_source_mappings.values()):
        if each.event_source_arn == source and each.function_arn == function:
            shown = function.partition(":function:")[2] or function
            pair = f'(" {source} ") and function (" {shown} ")'
            if ":sqs:" in source:
                said = f"An event source mapping with SQS arn {pair} already exists."
            else:
                said = f"The event source arn {pair} provided mapping already exists."
            message = f"{said} Please update or delete the existing mapping with UUID {each.uuid}"
            error = models.LambdaClientError("ResourceConflictException", message)
            error.code = 409
            raise error


def _name(backend: Any, mapping: Any, name: str | None) -> None:
    """Have the mapping follow an alias, where moto has resolved it."""
    if not name:
        return
    before = mapping.function_arn
    mapping.function_arn = _arn(backend, name)
    listeners = _listeners(backend, mapping.event_source_arn)
    if listeners is not None and before in listeners:
        listeners.pop(before)
        listeners[mapping.function_arn] = mapping


def _listeners(backend: Any, source: str) -> dict[str, Any] | None:
    """moto's table of a queue's or a table's mappings by function; None when there is no such source."""
    account, region = backend.account_id, backend.region_name
    found: Any = None
    if ":sqs:" in source:
        from moto.sqs.models import sqs_backends

        found = sqs_backends[account][region].queues.get(source.rpartition(":")[2])
    elif ":dynamodb:" in source:
        from moto.dynamodb.models import dynamodb_backends

        found = dynamodb_backends[account][region].tables.get((source.split("/") + [""])[1])
    return None if found is None else found.lambda_event_source_mappings
