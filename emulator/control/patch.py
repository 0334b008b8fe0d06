"""PATCH as API Gateway means it: op, path and value against the table of what one operation supports.

Belongs here: pointers, the parsing of values (all of which arrive as text), the matching of rules, the two ways AWS
words its refusals, and the actions that several nouns share. Never here: the table of any one operation; that stands
in the file of its noun.

The page followed is the API reference's "Supported patch operations".
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

from emulator.errors import BadRequestException, NotFoundException
from emulator.store.records import Record


@frozen
class PatchOp:
    """One operation of a patch, its path taken apart: ``segments`` are unescaped (``~1`` is ``/``, ``~0`` is ``~``)."""

    op: str
    path: str | None
    value: str | None
    source: str | None  # "from", of copy and move
    segments: tuple[str, ...]

    @property
    def last(self) -> str:
        return self.segments[-1]

    @property
    def text(self) -> str:
        """The value, or "" when there is none."""
        return self.value or ""

    @property
    def flag(self) -> bool:
        """The value as AWS reads booleans: whatever is not ``true`` is false."""
        return self.text.lower() == "true"


Action = Callable[[Record, PatchOp], None]


@frozen
class Rule:
    """A path (``*`` stands for one segment), the ops it takes, and what they do to the record.

    ``listed`` is how the path prints in refusals; "" keeps it out of them.
    """

    path: str
    ops: tuple[str, ...]
    action: Action
    listed: str | None = None

    def matches(self, segments: Sequence[str]) -> bool:
        own = self.path.split("/")[1:]
        return len(own) == len(segments) and all(
            each == other or (each == "*" and other != "") for each, other in zip(own, segments, strict=True)
        )

    @property
    def printed(self) -> str:
        return self.path if self.listed is None else self.listed


def pointer(path: str) -> tuple[str, ...]:
    """The segments of a JSON pointer."""
    return tuple(segment.replace("~1", "/").replace("~0", "~") for segment in path.split("/")[1:])


def parse_ops(operations: Sequence[Record] | None) -> list[PatchOp]:
    """The operations of a request's ``patchOperations``, in order."""
    parsed = []
    for operation in operations or ():
        path = operation.get("path")
        parsed.append(
            PatchOp(
                operation.get("op", ""),
                path,
                operation.get("value"),
                operation.get("from"),
                pointer(path) if path is not None and path.startswith("/") else (),
            )
        )
    return parsed


@frozen
class Patches:
    """What one Update operation supports.

    ``wording`` chooses among AWS's ways to refuse: ``listing`` names the paths that the op has (``Invalid patch path
    '/x' specified for op 'add'. …``); ``ops`` names the ops that the path has, or the bad path (``Invalid patch path
    /x``); ``path`` names the bad path whatever was wrong.
    """

    rules: tuple[Rule, ...]
    wording: str = "listing"

    def apply(self, record: Record, operations: Sequence[Record] | None) -> Record:
        """A changed copy of ``record``; the record itself is left as it is. Raises BadRequestException."""
        changed = copy.deepcopy(record)
        for operation in parse_ops(operations):
            self.find(operation).action(changed, operation)
        return changed

    def find(self, operation: PatchOp) -> Rule:
        """The rule that an operation falls under. Raises BadRequestException with AWS's text when there is none."""
        found = [rule for rule in self.rules if operation.segments and rule.matches(operation.segments)]
        for rule in found:
            if operation.op in rule.ops:
                return rule
        raise self._refusal(operation, found)

    def _refusal(self, operation: PatchOp, found: Sequence[Rule]) -> BadRequestException:
        path = "null" if operation.path is None else operation.path
        if self.wording != "listing":
            if found and self.wording == "ops":
                ops = ", ".join(op for rule in found for op in rule.ops)
                return BadRequestException(f"Invalid patch operation specified. Must be one of: [{ops}]")
            return BadRequestException(f"Invalid patch path {path}")
        start = f"Invalid patch path  '{path}' specified for op '{operation.op}'. "
        allowed = [rule.printed for rule in self.rules if operation.op in rule.ops and rule.printed]
        if not allowed:
            return BadRequestException(start + "Please choose supported operations")
        return BadRequestException(start + f"Must be one of: [{', '.join(dict.fromkeys(allowed))}]")


# -- actions that several nouns share ----------------------------------------------------------------------------------


def text(member: str, nullable: bool = True) -> Action:
    """Set a text; ``remove``, and an absent value, take it away unless not ``nullable`` (then it becomes "")."""

    def act(record: Record, operation: PatchOp) -> None:
        if operation.op == "remove" or (operation.value is None and nullable):
            record.pop(member, None)
        else:
            record[member] = operation.text

    return act


def flag(member: str) -> Action:
    """Set a boolean."""

    def act(record: Record, operation: PatchOp) -> None:
        record[member] = operation.flag

    return act


def integer(text_value: str | None, refusal: str) -> int:
    """A whole number given as text. Raises BadRequestException(``refusal``)."""
    try:
        return int((text_value or "").strip())
    except ValueError:
        raise BadRequestException(refusal) from None


def number(text_value: str | None, refusal: str) -> float:
    """A decimal number given as text. Raises BadRequestException(``refusal``)."""
    try:
        value = float((text_value or "").strip())
    except ValueError:
        raise BadRequestException(refusal) from None
    if value != value or value in (float("inf"), float("-inf")):
        raise BadRequestException(refusal)
    return value


def entry(member: str, missing: str, convert: Callable[[str, PatchOp], Any] | None = None) -> Action:
    """Add, replace or remove the map entry that the path's last segment names.

    ``missing`` is the NotFoundException's text when replace or remove finds no such entry; ``convert(name, op)``
    makes (and checks) the value. A map that loses its last entry goes too.
    """

    def act(record: Record, operation: PatchOp) -> None:
        name = operation.last
        entries: Record = dict(record.get(member) or {})
        if operation.op != "add" and name not in entries:
            raise NotFoundException(missing)
        if operation.op == "remove":
            del entries[name]
        else:
            entries[name] = operation.text if convert is None else convert(name, operation)
        if entries:
            record[member] = entries
        else:
            record.pop(member, None)

    return act


def element(member: str, missing: str = "") -> Action:
    """Add, replace or remove the list element that the path's last segment is.

    ``replace`` puts the value in the old element's place at the end. ``missing``, when given, is the
    NotFoundException's text for an element that is not there.
    """

    def act(record: Record, operation: PatchOp) -> None:
        elements: list[str] = list(record.get(member) or [])
        name = operation.last
        if operation.op != "add":
            if name not in elements:
                if missing:
                    raise NotFoundException(missing)
            else:
                elements.remove(name)
        added = operation.value if operation.op == "replace" and operation.value is not None else name
        if operation.op != "remove" and added not in elements:
            elements.append(added)
        if elements:
            record[member] = elements
        else:
            record.pop(member, None)

    return act
