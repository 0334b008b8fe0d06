"""Lists: ``position`` and ``limit`` as every Get…s operation takes them.

Belongs here: cutting a list into pages and the opaque position. Never here: the order or the filters of any list.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence

import orjson

from emulator.errors import BadRequestException
from emulator.store.records import Record

DEFAULT_LIMIT = 25
MAXIMUM_LIMIT = 500


def page(
    records: Sequence[Record],
    request: Record,
    key: Callable[[Record], str] = lambda record: str(record["id"]),
    show: Callable[[Record], Record] | None = None,
) -> Record:
    """One page of ``records`` (already in AWS's order), as ``{"items": […], "position": …}``.

    The position names, by their keys, the last record shown and the next one, beside the index, so that walking on is
    right when records came or went meanwhile. ``show`` makes the records of this page only. Raises BadRequestException.
    """
    limit = request.get("limit")
    if limit is None or limit < 1:
        limit = DEFAULT_LIMIT  # GetApiKeys was seen on AWS to take -1 without complaint
    limit = min(limit, MAXIMUM_LIMIT)  # and it takes more than it gives, too
    start = 0
    if request.get("position"):
        start = _after(records, request["position"], key)
    shown = list(records[start : start + limit])
    result: Record = {"items": shown if show is None else [show(record) for record in shown]}
    end = start + limit
    if end < len(records):
        result["position"] = _encode(end, key(records[end - 1]), key(records[end]))
    return result


def _encode(index: int, shown: str, coming: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([index, shown, coming])).decode()


def _after(records: Sequence[Record], position: str, key: Callable[[Record], str]) -> int:
    """The index of the first record that was not shown yet."""
    try:
        index, shown, coming = orjson.loads(base64.urlsafe_b64decode(position.encode()))
    except (binascii.Error, ValueError, TypeError):
        raise BadRequestException("Invalid position parameter") from None
    if not isinstance(index, int):
        raise BadRequestException("Invalid position parameter")
    if 0 < index < len(records) and key(records[index]) == coming:
        return index
    found = {key(record): number for number, record in enumerate(records)}
    if coming in found:
        return found[coming]
    return found[shown] + 1 if shown in found else len(records)
