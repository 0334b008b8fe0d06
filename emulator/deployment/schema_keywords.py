"""Draft 4's keywords where jsonschema's own would not do: AWS's sentences, and patterns that cannot hold the reactor.

Belongs here: a function per keyword, and ``Validator``, which has them. Never here: models and their references.
An error's message is AWS's sentence already; the keywords that are jsonschema's get theirs in ``schema_errors.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import jsonschema
import jsonschema.exceptions
import jsonschema.validators
import orjson
import regex

from emulator.deployment import schema_formats

# Seconds one pattern may take on one string; past it the string counts as not matching.
_PATTERN_LIMIT = 0.05

ValidationError = jsonschema.exceptions.ValidationError
Errors = Iterator[Any]


class Remark(ValidationError):
    """Not an error: what AWS mentions beside the errors, when there are any."""


def matches(pattern: str, text: str) -> bool:
    """Whether ``pattern`` is found in ``text``; a pattern that is none, or takes too long, is not."""
    try:
        return regex.search(pattern, text, timeout=_PATTERN_LIMIT) is not None
    except (TimeoutError, regex.error):
        return False


def fits(validator: Any, instance: Any, schema: Any) -> bool:
    """Whether ``instance`` is valid under a schema within the validator's own."""
    return all(isinstance(error, Remark) for error in validator.descend(instance, schema))


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Errors:
    if isinstance(instance, str) and not matches(pattern, instance):
        yield ValidationError(f'ECMA 262 regex "{pattern}" does not match input string "{instance}"')


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _schema: Any) -> Errors:
    if isinstance(instance, dict):
        for pattern, subschema in patterns.items():
            for name, value in instance.items():
                if matches(pattern, name):
                    yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, rule: Any, instance: Any, schema: Mapping[str, Any]) -> Errors:
    if not isinstance(instance, dict) or rule is True:
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    extra = [name for name in instance if name not in known and not any(matches(pattern, name) for pattern in patterns)]
    if isinstance(rule, dict):
        for name in extra:
            yield from validator.descend(instance[name], rule, path=name)
    elif extra:
        yield ValidationError(
            f"object instance has properties which are not allowed by the schema: {_json(sorted(extra))}"
        )


def _dependencies(validator: Any, dependencies: Any, instance: Any, _schema: Any) -> Errors:
    if not isinstance(instance, dict):
        return
    for name, needed in dependencies.items():
        if name not in instance:
            continue
        if isinstance(needed, dict):
            yield from validator.descend(instance, needed, schema_path=name)
            continue
        missing = [each for each in needed if each not in instance]
        if missing:
            yield ValidationError(
                f'property "{name}" of object has missing property dependencies '
                f"(schema requires {_json(sorted(needed))}; missing: {_json(sorted(missing))})"
            )


def _all_of(validator: Any, branches: Any, instance: Any, _schema: Any) -> Errors:
    matched = sum(fits(validator, instance, branch) for branch in branches)
    if matched != len(branches):
        yield ValidationError(
            f"instance failed to match all required schemas (matched only {matched} out of {len(branches)})"
        )


def _any_of(validator: Any, branches: Any, instance: Any, _schema: Any) -> Errors:
    if not any(fits(validator, instance, branch) for branch in branches):
        yield ValidationError(f"instance failed to match at least one required schema among {len(branches)}")


def _one_of(validator: Any, branches: Any, instance: Any, _schema: Any) -> Errors:
    matched = sum(fits(validator, instance, branch) for branch in branches)
    if matched != 1:
        yield ValidationError(f"instance failed to match exactly one schema (matched {matched} out of {len(branches)})")


def _not(validator: Any, schema: Any, instance: Any, _schema: Any) -> Errors:
    if fits(validator, instance, schema):
        yield ValidationError("instance matched a schema which it should not have")


def _multiple_of(validator: Any, divisor: Any, instance: Any, _schema: Any) -> Errors:
    # As decimals, the way they were written: 4.35 is a multiple of 0.01, whatever binary fractions say.
    if validator.is_type(instance, "number") and Fraction(repr(instance)) % Fraction(repr(divisor)):
        yield ValidationError("")


def _is_integer(_checker: Any, value: Any) -> bool:
    """A body's integers beyond 64 bits are read as floats."""
    if isinstance(value, float):
        return abs(value) >= 2**63
    return isinstance(value, int) and not isinstance(value, bool)


def _format(_validator: Any, name: Any, instance: Any, _schema: Any) -> Errors:
    if not schema_formats.is_known(name):
        yield Remark(f'format attribute "{name}" not supported')
    elif isinstance(instance, str):
        fault = schema_formats.fault(name, instance)
        if fault is not None:
            yield ValidationError(fault)


_extend: Any = jsonschema.validators.extend

Validator: Any = _extend(
    jsonschema.Draft4Validator,
    {
        "additionalProperties": _additional_properties,
        "allOf": _all_of,
        "anyOf": _any_of,
        "dependencies": _dependencies,
        "format": _format,
        "multipleOf": _multiple_of,
        "not": _not,
        "oneOf": _one_of,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
    },
    type_checker=jsonschema.Draft4Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)
