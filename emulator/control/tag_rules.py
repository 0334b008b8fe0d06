"""What every tagged resource shares: checking tags, and showing them.

Belongs here: the rules of the developer guide's tagging page. Never here: the tag operations.
"""

from __future__ import annotations

from emulator.errors import BadRequestException
from emulator.store.records import Record


def checked_tags(tags: Record | None) -> dict[str, str]:
    """The tags as they will be kept. Raises BadRequestException."""
    kept = {}
    for key, value in (tags or {}).items():
        if key.lower().startswith("aws:"):
            raise BadRequestException("aws: prefixed tag key names are not allowed for external use.")
        if not 1 <= len(key) <= 128:
            raise BadRequestException("Tag keys must be between 1 and 128 characters long")
        if len(value or "") > 256:
            raise BadRequestException("Tag values must be at most 256 characters long")
        kept[key] = value or ""
    if len(kept) > 50:
        raise BadRequestException("The number of tags must not exceed 50")
    return kept


def with_tags(record: Record) -> Record:
    """The record as Get… and Update… show it: with ``tags`` even when there are none."""
    return record if record.get("tags") else {**record, "tags": {}}


def without_empty_tags(record: Record) -> Record:
    """The record as Create… and the lists show it: without ``tags`` when there are none."""
    if "tags" in record and not record["tags"]:
        record = dict(record)
        del record["tags"]
    return record
