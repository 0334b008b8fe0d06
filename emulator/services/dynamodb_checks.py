"""What DynamoDB says of attribute values and expressions before it looks at a table; and its newer sentences.

Belongs here: DynamoDB's own validation where moto has none, fails, or speaks as it did years ago. Never here: what
every service checks (``request_checks.py``). The texts are those that dynalite's tests saw on AWS.
AWS pages: AttributeValue, and "Using expressions in DynamoDB", in DynamoDB's developer guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

_TYPES = frozenset(("S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"))
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,9})?")
_PLACEHOLDER = re.compile(r"[:#][A-Za-z0-9_]+")
_EXPRESSIONS = (
    "KeyConditionExpression", "FilterExpression", "ProjectionExpression", "ConditionExpression", "UpdateExpression",
)  # fmt: skip
_DEEPEST = 32
TOO_DEEP = "Nesting Levels have exceeded supported limits: Attributes have nested levels beyond supported limit"
_INVALID = "One or more parameter values were invalid: "
# Sentences of moto's, and the ones DynamoDB has by now; with the error's code where that is another.
_REWORDED = (
    (
        re.compile(r"One or more parameter values were invalid: An AttributeValue may not contain an empty string\. "),
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
        "string value. ",
    ),
    (re.compile(r"Invalid index: (\S+) for table: .*"), r"The table does not have the specified index: \1"),
    (re.compile(r"^Validation Exception$"), "The provided key element does not match the schema"),
    (re.compile(r"^1 validation error detected: (?=One or more|Invalid \w+Expression)"), ""),
)


class _Invalid(Exception):
    """An attribute value that DynamoDB does not take; its text."""


def refusal(action: str, body: Mapping[str, Any]) -> str | None:
    """The text of the ValidationException for ``body``, which is of the model's types; None when there is none."""
    try:
        for value in _values(body):
            _check(value)
    except _Invalid as error:
        return str(error)
    if action == "Query" and not body.get("KeyConditions") and "KeyConditionExpression" not in body:
        return "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
    return _named_values(body) or _placeholders(body)


def plain_number(text: Any) -> Any:
    """A number as DynamoDB gives it back: no exponent, no zeros that do not count (``1.50`` is ``1.5``)."""
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        return text
    plain = format(Decimal(text), "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in ("-0", "") else plain


def reworded(error: dict[str, Any]) -> dict[str, Any]:
    """An error's members, its sentence as DynamoDB has it."""
    message = error.get("message")
    if isinstance(message, str):
        for known, text in _REWORDED:
            changed = known.sub(text, message)
            if changed != message:
                error = {**error, "message": changed}
                if "specified index" in text:
                    error["__type"] = "ValidationException"
                break
    return error


def _values(body: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """Every attribute value of a request's items and keys, those of batches and transactions too."""
    for member in ("Item", "Key", "ExclusiveStartKey"):
        yield from (body.get(member) or {}).values()
    for requests in (body.get("RequestItems") or {}).values():
        if isinstance(requests, list):
            for request in requests:
                for part in request.values():
                    yield from _values(part)
    for item in body.get("TransactItems") or ():
        for part in item.values():
            yield from _values(part)


def _check(value: Mapping[str, Any], depth: int = 1) -> None:
    kinds = [kind for kind, given in value.items() if kind in _TYPES and given is not None]
    if not kinds:
        raise _Invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
    if len(kinds) > 1:
        raise _Invalid(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
            "datatypes"
        )
    kind, given = kinds[0], value[kinds[0]]
    if kind == "N":
        _check_number(given)
    elif kind == "NULL" and given is not True:
        raise _Invalid(_INVALID + "Null attribute value types must have the value of true")
    elif kind in ("SS", "NS", "BS"):
        _check_set(kind, given)
    elif kind in ("M", "L"):
        if depth > _DEEPEST:
            raise _Invalid(TOO_DEEP)
        for each in given.values() if kind == "M" else given:
            _check(each, depth + 1)


def _check_set(kind: str, given: list[str]) -> None:
    if not given:
        empty = {"SS": "An string set  may not be empty", "NS": "An number set  may not be empty"}
        raise _Invalid(_INVALID + empty.get(kind, "Binary sets should not be empty"))
    if kind == "NS":
        for each in given:
            _check_number(each)
        if len({Decimal(each) for each in given}) < len(given):
            raise _Invalid("Input collection contains duplicates")
    elif len(set(given)) < len(given):
        raise _Invalid(f"{_INVALID}Input collection [{', '.join(given)}] contains duplicates.")


def _check_number(text: str) -> None:
    if not text:
        raise _Invalid("The parameter cannot be converted to a numeric value")
    if not _NUMBER.fullmatch(text):
        raise _Invalid(f"The parameter cannot be converted to a numeric value: {text}")
    number = Decimal(text)
    if len("".join(map(str, number.as_tuple().digits)).strip("0")) > 38:
        raise _Invalid("Attempting to store more than 38 significant digits in a Number")
    if number and not -130 <= number.adjusted() <= 125:
        size, word = ("larger", "overflow") if number.adjusted() > 0 else ("smaller", "underflow")
        raise _Invalid(f"Number {word}. Attempting to store a number with magnitude {size} than supported range")


def _named_values(body: Mapping[str, Any]) -> str | None:
    for name, value in (body.get("ExpressionAttributeValues") or {}).items():
        try:
            _check(value)
        except _Invalid as error:
            return f"ExpressionAttributeValues contains invalid value: {error} for key {name}"
    return None


def _placeholders(body: Mapping[str, Any]) -> str | None:
    """Names and values in expressions that are not defined, and those defined that no expression has."""
    given = [(member, body[member]) for member in _EXPRESSIONS if body.get(member) is not None]
    if not given:
        return None
    names = body.get("ExpressionAttributeNames") or {}
    values = body.get("ExpressionAttributeValues") or {}
    used: set[str] = set()
    for member, expression in given:
        if not expression.strip():
            return f"Invalid {member}: The expression can not be empty;"
        for found in _PLACEHOLDER.findall(expression):
            used.add(found)
            if found[0] == ":" and found not in values:
                detail = f"An expression attribute value used in expression is not defined; attribute value: {found}"
                return f"Invalid {member}: {detail}"
            if found[0] == "#" and found not in names:
                detail = "An expression attribute name used in the document path is not defined; attribute name: "
                return f"Invalid {member}: {detail}{found}"
    for kind, defined in (("Names", names), ("Values", values)):
        unused = [name for name in defined if name not in used]
        if unused:
            return (
                f"Value provided in ExpressionAttribute{kind} unused in expressions: keys: {{{', '.join(unused)}}}"
            )
    return None
