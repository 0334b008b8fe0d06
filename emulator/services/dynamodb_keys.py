"""Keys of DynamoDB's tables: values that are not of the key's type are refused, where moto finds nothing by them.

Belongs here: what can only be said with the table's schema at hand. Never here: values by themselves
(``dynamodb_checks.py``). The texts are those that dynalite's tests saw on AWS.
AWS pages: GetItem, DeleteItem, UpdateItem and Query in DynamoDB's reference.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any


def mend_dynamodb_keys() -> None:
    """Once per process."""
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.responses import DynamoHandler

    for name in ("get_item", "delete_item", "update_item"):
        setattr(DynamoHandler, name, _checked(getattr(DynamoHandler, name)))
    DynamoDBBackend.query = _checked_query(DynamoDBBackend.query)


def _checked(known: Any) -> Any:
    @functools.wraps(known)
    def asked(self: Any) -> Any:
        table = self.dynamodb_backend.get_table(self.body["TableName"])
        _check_key(_types(table, table.schema), self.body["Key"])
        return known(self)

    return asked


def _types(table: Any, schema: Any) -> dict[str, str]:
    """The types of a key's attributes, its hash key first."""
    defined = {each["AttributeName"]: each["AttributeType"] for each in table.attr}
    keys = sorted(schema, key=lambda each: str(each["KeyType"]))
    return {each["AttributeName"]: defined[each["AttributeName"]] for each in keys}


def _check_key(types: Mapping[str, str], key: Mapping[str, Any]) -> None:
    from moto.dynamodb.exceptions import MockValidationException

    if types.keys() != key.keys() or any(types[name] not in value for name, value in key.items()):
        raise MockValidationException("The provided key element does not match the schema")
    for name, value in key.items():
        if not value[types[name]]:
            kind = "string" if types[name] == "S" else "binary"
            raise MockValidationException(
                f"One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                f"empty {kind} value. Key: {name}"
            )


def _checked_query(known: Any) -> Any:
    from moto.dynamodb.exceptions import MockValidationException

    @functools.wraps(known)
    def query(
        self: Any, table_name: str, hash_key_dict: Any, range_comparison: Any, range_value_dicts: Any, *rest: Any,
        **more: Any,
    ) -> Any:  # fmt: skip
        table = self.get_table(table_name)
        index = more.get("index_name")
        schema = table.get_index(index, error_if_not=True).schema if index else table.schema
        types = list(_types(table, schema).values())
        given = [(hash_key_dict, types[:1]), *((each, types[1:2]) for each in range_value_dicts or ())]
        if len(types) <= 2 and any(value and kinds and kinds[0] not in value for value, kinds in given):
            raise MockValidationException(
                "One or more parameter values were invalid: Condition parameter type does not match schema type"
            )
        return known(self, table_name, hash_key_dict, range_comparison, range_value_dicts, *rest, **more)

    return query
