"""AWS::DynamoDB::GlobalTable, what CDK's TableV2 makes: the replica of the stack's own region, as a table."""

from __future__ import annotations

from typing import Any

from emulator.cloudformation import storage
from emulator.cloudformation.managed import Managed
from emulator.cloudformation.resources import Control, Physical
from emulator.store.records import Record

_OF_A_REPLICA = (
    "PointInTimeRecoverySpecification", "TableClass", "DeletionProtectionEnabled", "Tags",
)  # fmt: skip


def _table(properties: Record) -> Record:
    """The properties of an AWS::DynamoDB::Table that is like it."""
    table = {key: value for key, value in properties.items() if not key.startswith(("Write", "Read", "Replicas"))}
    replica = _replica(properties)
    table.update({each: replica[each] for each in _OF_A_REPLICA if replica.get(each) is not None})
    if properties.get("BillingMode") != "PAY_PER_REQUEST":
        table["ProvisionedThroughput"] = _throughput(properties, replica)
    indexes = {each.get("IndexName"): each for each in replica.get("GlobalSecondaryIndexes") or ()}
    if properties.get("GlobalSecondaryIndexes"):
        table["GlobalSecondaryIndexes"] = [
            {
                **{key: value for key, value in each.items() if not key.startswith("Write")},
                **(
                    {"ProvisionedThroughput": _throughput(each, indexes.get(each.get("IndexName")) or {})}
                    if "ProvisionedThroughput" in table
                    else {}
                ),
            }
            for each in properties["GlobalSecondaryIndexes"]
        ]
    return table


def _replica(properties: Record) -> Record:
    replicas: list[Record] = properties.get("Replicas") or []
    own = [each for each in replicas if each.get("Region") == properties.get("__region__")]
    return (own or replicas or [{}])[0]


def _throughput(writing: Record, reading: Record) -> Record:
    """Capacity that scales begins at its minimum."""
    writes = writing.get("WriteProvisionedThroughputSettings") or {}
    reads = reading.get("ReadProvisionedThroughputSettings") or {}
    return {
        "ReadCapacityUnits": _units(reads, "ReadCapacityUnits", "ReadCapacityAutoScalingSettings"),
        "WriteCapacityUnits": _units(writes, "WriteCapacityUnits", "WriteCapacityAutoScalingSettings"),
    }


def _units(settings: Record, fixed: str, scaled: str) -> int:
    scaling: Record = settings.get(scaled) or {}
    given: Any = settings.get(fixed) or scaling.get("SeedCapacity") or scaling.get("MinCapacity") or 1
    return int(given)


def _make(control: Control, properties: Record, name: str) -> Physical:
    return storage.make_table(control, _table(properties), name)


def _change(control: Control, physical: Physical, old: Record, new: Record) -> None:
    storage.change_table(control, physical, _table(old), _table(new))


TYPES = (
    Managed(
        type="AWS::DynamoDB::GlobalTable", make=_make, change=_change, remove=storage.remove_table,
        replaces=frozenset({"TableName", "KeySchema", "LocalSecondaryIndexes"}),
    ),
)  # fmt: skip
