"""What is wrong with a body, in the words AWS uses for ``$context.error.validationErrorString``.

Belongs here: one sentence per JSON Schema keyword that is jsonschema's own. Never here: validation itself, or the
keywords of ``schema_keywords.py``, whose errors are worded already.
AWS validates on the JVM; the sentences are those its validator prints: values as JSON, texts as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from jsonschema.exceptions import ValidationError


def describe(error: ValidationError) -> str:
    """One error as a sentence."""
    keyword = str(error.validator)
    build = _SENTENCES.get(keyword)
    if build is None:
        return str(error.message)
    return build(error.validator_value, error.instance, error)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _type_name(instance: Any) -> str:
    if instance is None:
        return "null"
    if isinstance(instance, bool):
        return "boolean"
    if isinstance(instance, int):
        return "integer"
    if isinstance(instance, float):
        return "number"
    if isinstance(instance, str):
        return "string"
    return "array" if isinstance(instance, list) else "object"


def _type(value: Any, instance: Any, _error: ValidationError) -> str:
    allowed = value if isinstance(value, list) else [value]
    names: list[str] = []
    for name in allowed:
        names.append(name)
        if name == "number" and "integer" not in allowed:
            names.append("integer")
    return (
        f"instance type ({_type_name(instance)}) does not match any allowed primitive type "
        f"(allowed: {_json(sorted(names))})"
    )


def _required(value: Any, instance: Any, _error: ValidationError) -> str:
    missing = sorted(name for name in value if name not in instance)
    return f"object has missing required properties ({_json(missing)})"


def _minimum(value: Any, instance: Any, error: ValidationError) -> str:
    schema: Any = error.schema
    if instance == value and schema.get("exclusiveMinimum"):
        return f"numeric instance is not strictly greater than the required minimum {value}"
    return f"numeric instance is lower than the required minimum (minimum: {value}, found: {instance})"


def _maximum(value: Any, instance: Any, error: ValidationError) -> str:
    schema: Any = error.schema
    if instance == value and schema.get("exclusiveMaximum"):
        return f"numeric instance is not strictly lower than the required maximum {value}"
    return f"numeric instance is greater than the required maximum (maximum: {value}, found: {instance})"


_SENTENCES: dict[str, Callable[[Any, Any, ValidationError], str]] = {
    "type": _type,
    "required": _required,
    "minimum": _minimum,
    "maximum": _maximum,
    "enum": lambda value, instance, _e: (
        f"instance value ({_json(instance)}) not found in enum (possible values: {_json(value)})"
    ),
    "minLength": lambda value, instance, _e: (
        f'string "{instance}" is too short (length: {len(instance)}, required minimum: {value})'
    ),
    "maxLength": lambda value, instance, _e: (
        f'string "{instance}" is too long (length: {len(instance)}, maximum allowed: {value})'
    ),
    "minItems": lambda value, instance, _e: (
        f"array is too short: must have at least {value} elements but instance has {len(instance)} elements"
    ),
    "maxItems": lambda value, instance, _e: (
        f"array is too long: must have at most {value} elements but instance has {len(instance)} elements"
    ),
    "uniqueItems": lambda _v, _i, _e: "array must not contain duplicate elements",
    "minProperties": lambda value, instance, _e: (
        f"object has too few properties (found {len(instance)} but schema requires at least {value})"
    ),
    "maxProperties": lambda value, instance, _e: (
        f"object has too many properties (found {len(instance)} but schema requires at most {value})"
    ),
    "multipleOf": lambda value, instance, _e: f"remainder of division is not zero ({instance} / {value})",
    "additionalItems": lambda _v, instance, error: (
        f"schema only allows {_items(error)} elements in array but instance has {len(instance)} elements"
    ),
}


def _items(error: ValidationError) -> int:
    schema: Any = error.schema
    return len(schema.get("items", ()))
