"""Resource types of other services that stacks around an API have, made and changed by the services' own calls.

moto's CloudFormation knows few of their properties and updates them hardly or by deleting them: here what is made is
the same as one made by hand, and what AWS changes in place keeps its data.
Belongs here: how such a type lives. Never here: what each type's properties mean (``storage.py``, ``messaging.py``,
``computing.py``, ``identities.py``).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from attrs import frozen

from emulator.cloudformation.resources import Control, Physical
from emulator.store.records import Record

Make = Callable[[Control, Record, str], Physical]
Change = Callable[[Control, Physical, Record, Record], None]
Remove = Callable[[Control, Physical], None]


@frozen(kw_only=True)
class Managed:
    """One type: ``make`` it of its properties and the name made for it, ``change`` it from old to new, ``remove`` it.

    ``replaces``: the properties whose change asks for a new one, as the type's page of AWS's reference says.
    """

    type: str
    make: Make
    change: Change
    remove: Remove
    replaces: frozenset[str]

    def create(self, control: Control, properties: Record, name: str) -> Physical:
        return self.make(control, properties, name)

    def update(self, control: Control, physical: Physical, old: Record, new: Record) -> Physical | None:
        if any(old.get(each) != new.get(each) for each in self.replaces):
            return None
        self.change(control, physical, old, new)
        return physical

    def delete(self, control: Control, physical: Physical) -> None:
        self.remove(control, physical)


def only(properties: Record, *names: str) -> Record:
    """The named properties, as far as they are there."""
    return {name: properties[name] for name in names if properties.get(name) is not None}


def differs(old: Record, new: Record, *names: str) -> bool:
    """Whether one of the properties changed."""
    return any(old.get(name) != new.get(name) for name in names)


def text(document: Any) -> str:
    """A document as the text a service takes."""
    return document if isinstance(document, str) else json.dumps(document)


def tag_map(properties: Record) -> dict[str, str]:
    """CloudFormation's Tags as a map."""
    return {tag["Key"]: str(tag["Value"]) for tag in properties.get("Tags") or ()}


def tag_changes(old: Record, new: Record) -> tuple[dict[str, str], list[str]]:
    """The tags to set, and the keys of those to take away."""
    before, after = tag_map(old), tag_map(new)
    added = {key: value for key, value in after.items() if before.get(key) != value}
    return added, [key for key in before if key not in after]


def listed(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def small(value: Any) -> Any:
    """Names with small first letters all the way down."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: small(each) for key, each in value.items()}
    return [small(each) for each in value] if isinstance(value, list) else value


def shortened(name: str, limit: int) -> str:
    """A generated name within a service's limit; its random end stays."""
    head, dash, end = name.rpartition("-")
    return name if len(name) <= limit else head[: limit - len(end) - 1] + dash + end
