"""The ``Condition`` element: every operator of the policy language, compiled to one predicate over a request's context.

Belongs here: operators, set qualifiers, ``…IfExists``, ``Null``. Never here: where the context's values come from.

Follows the IAM user guide's pages "Condition operators", "Conditions with multiple context keys or values".
A missing key makes an operator false and a negated operator true; ``ForAllValues`` is true of no values,
``ForAnyValue`` false.
"""

from __future__ import annotations

import base64
import binascii
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias, TypeVar

from attrs import frozen

from emulator.authorizers.policy_patterns import (
    Context,
    ContextPredicate,
    arn_pattern,
    has_variable,
    text_pattern,
    tokenise,
)

V = TypeVar("V")
Test: TypeAlias = Callable[[Context], bool]
Build: TypeAlias = Callable[[Sequence[str], bool], ContextPredicate]


class MalformedPolicy(ValueError):
    """A document that breaks the policy grammar; the text says where."""


def compile_conditions(element: object, variables: bool) -> tuple[Test, ...]:
    """``{operator: {key: value or values}}`` to the tests that must all hold."""
    if not isinstance(element, Mapping):
        raise MalformedPolicy("Condition must be an object")
    tests: list[Test] = []
    for operator, keys in element.items():
        if not isinstance(keys, Mapping):
            raise MalformedPolicy(f"Condition {operator} must be an object")
        for key, values in keys.items():
            tests.append(_compile_test(str(operator), str(key).lower(), _texts(values, str(key)), variables))
    return tuple(tests)


def _texts(values: object, key: str) -> tuple[str, ...]:
    listed = values if isinstance(values, (list, tuple)) else [values]
    return tuple(_text(value, key) for value in listed)


def _text(value: object, key: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise MalformedPolicy(f"Condition value of {key} must be a string, number or boolean")


def _compile_test(operator: str, key: str, values: tuple[str, ...], variables: bool) -> Test:
    qualifier, _, rest = operator.rpartition(":")
    name = rest.lower()
    quantifier = qualifier.lower()
    if quantifier not in ("", "forallvalues", "foranyvalue"):
        raise MalformedPolicy(f"Invalid condition qualifier {qualifier}")
    if name == "null":
        return _null_test(key, values)
    if_exists = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    if name not in OPERATORS:
        raise MalformedPolicy(f"Invalid condition operator {operator}")
    build, negated = OPERATORS[name]
    return _KeyTest(key, build(values, variables), negated, quantifier, if_exists)


def _null_test(key: str, values: tuple[str, ...]) -> Test:
    wanted = {value.lower() for value in values}
    if not wanted <= {"true", "false"}:
        raise MalformedPolicy("Null takes true or false")
    return lambda context: ("false" if context.get(key) else "true") in wanted


@frozen
class _KeyTest:
    """One operator on one key: ``matches`` says whether a value meets any of the policy's values."""

    key: str
    matches: ContextPredicate
    negated: bool
    quantifier: str
    if_exists: bool

    def __call__(self, context: Context) -> bool:
        found = context.get(self.key)
        if found is None or found == () or (self.quantifier and found == ""):
            if self.if_exists or self.quantifier == "forallvalues":
                return True
            return self.negated and not self.quantifier
        if isinstance(found, str) and not self.quantifier:
            return self.matches(found, context) is not self.negated
        values = (found,) if isinstance(found, str) else found
        met = [self.matches(value, context) for value in values]
        if self.quantifier == "forallvalues":
            return all(hit is not self.negated for hit in met)
        if self.quantifier == "foranyvalue":
            return any(hit is not self.negated for hit in met)
        return not any(met) if self.negated else any(met)


# The operators' families ------------------------------------------------------------


def _any_of(predicates: list[ContextPredicate]) -> ContextPredicate:
    if len(predicates) == 1:
        return predicates[0]
    return lambda value, context: any(predicate(value, context) for predicate in predicates)


def _equal(values: Sequence[str], variables: bool) -> ContextPredicate:
    if not (variables and any("${" in value for value in values)):
        allowed = frozenset(values)
        return lambda value, _context: value in allowed
    return _any_of([text_pattern(value, variables=variables, wildcards=False) for value in values])


def _equal_ignoring_case(values: Sequence[str], variables: bool) -> ContextPredicate:
    return _any_of([text_pattern(value, variables=variables, wildcards=False, ignore_case=True) for value in values])


def _like(values: Sequence[str], variables: bool) -> ContextPredicate:
    return _any_of([text_pattern(value, variables=variables) for value in values])


def _arn(values: Sequence[str], variables: bool) -> ContextPredicate:
    return _any_of([arn_pattern(value, variables=variables) for value in values])


def _bool(values: Sequence[str], variables: bool) -> ContextPredicate:
    for value in values:
        known = value.lower() in ("true", "false")
        if not known and not has_variable(tokenise(value, variables=variables)):
            raise MalformedPolicy(f"Bool takes true or false, not {value}")
    return _equal_ignoring_case(values, variables)


def _compared(parse: Callable[[str], V | None], compare: Callable[[Any, Any], bool], kind: str) -> Build:
    """An operator on parsed values: a request's value that cannot be parsed meets nothing."""

    def build(values: Sequence[str], _variables: bool) -> ContextPredicate:
        bounds: list[V] = []
        for value in values:
            bound = parse(value)
            if bound is None:
                raise MalformedPolicy(f"Invalid {kind} {value} in a condition")
            bounds.append(bound)

        def matches(value: str, _context: Context) -> bool:
            parsed = parse(value)
            return parsed is not None and any(compare(parsed, bound) for bound in bounds)

        return matches

    return build


def parse_number(text: str) -> Decimal | None:
    """An integer or decimal, or None."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def parse_date(text: str) -> datetime | None:
    """One of W3C's forms of ISO 8601 (UTC when no zone is named) or seconds since the epoch, or None."""
    if text.isascii() and text.isdigit() and len(text) != 4:
        try:
            return datetime.fromtimestamp(int(text), UTC)
        except (OverflowError, ValueError, OSError):
            return None
    if len(text) == 4:
        text += "-01-01"
    elif len(text) == 7:
        text += "-01"
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def parse_base64(text: str) -> bytes | None:
    """The bytes behind a base64 text, or None."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


@frozen
class Network:
    """A range of addresses: ``bits`` in total (32 or 128), those above ``shift`` fixed to ``prefix``."""

    bits: int
    shift: int
    prefix: int

    def holds(self, address: tuple[int, int]) -> bool:
        """Whether ``(bits, number)`` lies in the range."""
        return address[0] == self.bits and address[1] >> self.shift == self.prefix


def parse_address(text: str) -> tuple[int, int] | None:
    """An IPv4 or IPv6 address as (bits, number); an IPv4 address mapped into IPv6 is the IPv4 one. None: not one."""
    try:
        if ":" not in text:
            return 32, int.from_bytes(socket.inet_pton(socket.AF_INET, text))
        number = int.from_bytes(socket.inet_pton(socket.AF_INET6, text))
    except (OSError, ValueError):
        return None
    if number >> 32 == 0xFFFF:
        return 32, number & 0xFFFFFFFF
    return 128, number


def parse_network(text: str) -> Network | None:
    """A CIDR block or a single address; None: neither. Host bits beyond the prefix are dropped."""
    base, slash, length = text.partition("/")
    address = parse_address(base)
    if address is None or (slash and not (length.isascii() and length.isdigit() and len(length) <= 3)):
        return None
    bits, number = address
    size = int(length) if slash else bits
    if size > bits:
        return None
    return Network(bits, bits - size, number >> (bits - size))


def _ip(values: Sequence[str], _variables: bool) -> ContextPredicate:
    networks: list[Network] = []
    for value in values:
        network = parse_network(value)
        if network is None:
            raise MalformedPolicy(f"Invalid IP range {value} in a condition")
        networks.append(network)

    def matches(value: str, _context: Context) -> bool:
        address = parse_address(value)
        return address is not None and any(network.holds(address) for network in networks)

    return matches


def _less(left: Any, right: Any) -> bool:
    return bool(left < right)


def _less_equal(left: Any, right: Any) -> bool:
    return bool(left <= right)


def _same(left: Any, right: Any) -> bool:
    return bool(left == right)


def _greater(left: Any, right: Any) -> bool:
    return bool(left > right)


def _greater_equal(left: Any, right: Any) -> bool:
    return bool(left >= right)


OPERATORS: dict[str, tuple[Build, bool]] = {
    "stringequals": (_equal, False),
    "stringnotequals": (_equal, True),
    "stringequalsignorecase": (_equal_ignoring_case, False),
    "stringnotequalsignorecase": (_equal_ignoring_case, True),
    "stringlike": (_like, False),
    "stringnotlike": (_like, True),
    "bool": (_bool, False),
    "binaryequals": (_compared(parse_base64, _same, "base64 value"), False),
    "ipaddress": (_ip, False),
    "notipaddress": (_ip, True),
    "arnequals": (_arn, False),
    "arnlike": (_arn, False),
    "arnnotequals": (_arn, True),
    "arnnotlike": (_arn, True),
}
"""Operator in lower case, without qualifier and IfExists -> (how to build its predicate, whether it is negated)."""

for _family, _parse, _kind in (("numeric", parse_number, "number"), ("date", parse_date, "date")):
    for _suffix, _compare, _negated in (
        ("equals", _same, False),
        ("notequals", _same, True),
        ("lessthan", _less, False),
        ("lessthanequals", _less_equal, False),
        ("greaterthan", _greater, False),
        ("greaterthanequals", _greater_equal, False),
    ):
        OPERATORS[_family + _suffix] = (_compared(_parse, _compare, _kind), _negated)
