"""Stage variables, of a stage and of its canary: names, values, and what a patch does to them.

Belongs here: maps of variables. Never here: the records that hold them.
Page followed: "Use stage variables for a REST API in API Gateway", with the developer guide's fixed quotas.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import orjson

from emulator.control.patch import PatchOp
from emulator.errors import BadRequestException
from emulator.store.records import Record

# The developer guide's quotas that cannot be raised.
VARIABLES, VARIABLE_NAME, VARIABLE_VALUE = 100, 64, 512
_VARIABLE = re.compile(r"[A-Za-z0-9_]+")
_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=, ]+")


def check_variables(variables: Record) -> None:
    """Raises BadRequestException for names and values that stage variables cannot have, and for too many."""
    if len(variables) > VARIABLES:
        raise BadRequestException(f"A stage must not have more than {VARIABLES} stage variables")
    for name, value in variables.items():
        if not _VARIABLE.fullmatch(name):
            raise BadRequestException(
                f"Invalid stage variable name: {name}.  Please use names with only word characters."
            )
        if not _VALUE.fullmatch(value or ""):
            printed = "null" if value is None else value
            raise BadRequestException(
                f"Invalid stage variable value: {printed}.  Please use values with alphanumeric characters and the "
                "symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','."
            )
        if len(name) > VARIABLE_NAME or len(value) > VARIABLE_VALUE:
            raise BadRequestException(
                f"Stage variable names must not be longer than {VARIABLE_NAME} characters, and their values not longer "
                f"than {VARIABLE_VALUE}: {name}"
            )


def patched_variables(
    present: Record | None,
    operation: PatchOp,
    rest: tuple[str, ...],
    unknown: Callable[[PatchOp], BadRequestException],
) -> Record:
    """A map of variables after the operation: one entry of it, or (no ``rest``) all of it, given as JSON."""
    entries = dict(present or {})
    if operation.op not in ("replace", "remove") or len(rest) > 1:
        raise unknown(operation)
    if operation.op == "remove":
        if not rest:
            return {}
        if rest[0] not in entries:
            raise BadRequestException(f"Cannot remove stage variable {rest[0]} because it does not exist")
        del entries[rest[0]]
        return entries
    if rest:
        entries[rest[0]] = operation.text
        return entries
    try:
        given = orjson.loads(operation.text)
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise unknown(operation)
    return given
