"""What WAFv2 refuses of web ACLs, rule groups and sets before it keeps them.

Belongs here: the rules beyond the service's model (``request_checks``) and their words. Never here: moto's classes
(``waf_associations.py``), evaluating a web ACL (``execute_api/waf``).

Sources: WAFInvalidParameterException in the WAF API reference for fields and parameters; its reasons as users of
Terraform and the CDK report them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import regex
from attrs import frozen

Record: TypeAlias = Mapping[str, Any]

_EXACTLY_ONE = "You have used none or multiple values for a field that requires exactly one value."
_TOO_FEW = (
    "You haven't met a minimum requirement for a threshold setting. Examples include a rule group capacity setting "
    "that's too low and an OR statement with only one nested statement."
)
_MALFORMED = "The parameter contains formatting that is not valid."
_NO_ARN = (
    "The ARN isn't valid. A valid ARN begins with arn: and includes other information separated by colons or slashes."
)
_GROUPS = ("RuleGroupReferenceStatement", "ManagedRuleGroupStatement")
_REFERENCES = ("IPSetReferenceStatement", "RegexPatternSetReferenceStatement", "RuleGroupReferenceStatement")
# PCRE's settings at the head of an expression (``(*UTF8)``).
_SETTINGS = re.compile(r"^(\(\*[A-Z0-9_=]+\))+")


@frozen
class Invalid:
    """A WAFInvalidParameterException."""

    reason: str
    field: str
    parameter: str

    @property
    def message(self) -> str:
        """As clients see it."""
        return f"Error reason: {self.reason}, field: {self.field}, parameter: {self.parameter}"


def invalid(asked: Record) -> Invalid | None:
    """The first thing wrong with a request to create or update something; its shape is the model's."""
    return next(_faults(asked), None)


def known(shape: Any, value: Any) -> Any:
    """What the model's ``shape`` has of a value: the rest, and nulls, are lost on the way to the service."""
    if shape.type_name == "structure":
        members = shape.members
        return {
            name: known(members[name], each) for name, each in value.items() if name in members and each is not None
        }
    if shape.type_name == "list":
        return [known(shape.member, each) for each in value if each is not None]
    if shape.type_name == "map":
        return {name: known(shape.value, each) for name, each in value.items() if each is not None}
    return value


def references(asked: Record) -> Iterator[str]:
    """The ARNs of what its statements refer to."""
    for rule in asked.get("Rules") or ():
        for statement in _statements(rule["Statement"]):
            for name in _REFERENCES:
                if statement.get(name) is not None:
                    yield statement[name]["ARN"]


def _faults(asked: Record) -> Iterator[Invalid]:
    if asked.get("DefaultAction") is not None and _given(asked["DefaultAction"]) != 1:
        yield Invalid(_EXACTLY_ONE, "DEFAULT_ACTION", "DefaultAction")
    for rule in asked.get("Rules") or ():
        yield from _of_rule(rule)
    for address in asked.get("Addresses") or ():
        if not _is_block(address, asked.get("IPAddressVersion")):
            yield Invalid(_MALFORMED, "IP_ADDRESS", address)
    for each in asked.get("RegularExpressionList") or ():
        if not _compiles(each.get("RegexString") or ""):
            yield Invalid(_MALFORMED, "REGEX_PATTERN_SET", each.get("RegexString") or "")


def _given(record: Record) -> int:
    return sum(value is not None for value in record.values())


def _of_rule(rule: Record) -> Iterator[Invalid]:
    for member, field in (("Action", "RULE_ACTION"), ("OverrideAction", "OVERRIDE_ACTION")):
        if rule.get(member) is not None and _given(rule[member]) != 1:
            yield Invalid(_EXACTLY_ONE, field, "RuleAction" if member == "Action" else member)
    for statement in _statements(rule["Statement"]):
        yield from _of_statement(statement)
    grouped = any(rule["Statement"].get(name) is not None for name in _GROUPS)
    wanted, other = ("OverrideAction", "Action") if grouped else ("Action", "OverrideAction")
    if rule.get(wanted) is None or rule.get(other) is not None:
        yield Invalid(_EXACTLY_ONE, "RULE", "Rule")


def _statements(statement: Record) -> Iterator[Record]:
    """A statement and all that it holds."""
    yield statement
    for options in statement.values():
        if isinstance(options, Mapping):
            for member in ("Statement", "ScopeDownStatement"):
                if options.get(member) is not None:
                    yield from _statements(options[member])
            for inner in options.get("Statements") or ():
                yield from _statements(inner)


def _of_statement(statement: Record) -> Iterator[Invalid]:
    if _given(statement) != 1:
        yield Invalid(_EXACTLY_ONE, "STATEMENT", "Statement")
        return
    name, options = next((name, options) for name, options in statement.items() if options is not None)
    if name in ("AndStatement", "OrStatement") and len(options["Statements"]) < 2:
        yield Invalid(_TOO_FEW, f"{name[:-9].upper()}_STATEMENT", name)
    for key in options.get("CustomKeys") or ():
        if _given(key) != 1:
            yield Invalid(_EXACTLY_ONE, "CUSTOM_KEYS", "CustomKeys")
    if options.get("FieldToMatch") is not None and _given(options["FieldToMatch"]) != 1:
        yield Invalid(_EXACTLY_ONE, "FIELD_TO_MATCH", "FieldToMatch")
    if name == "RegexMatchStatement" and not _compiles(options["RegexString"]):
        yield Invalid(_MALFORMED, "STATEMENT", options["RegexString"])
    if name in _REFERENCES and not options["ARN"].startswith("arn:"):
        yield Invalid(_NO_ARN, "RESOURCE_ARN", options["ARN"])


def _is_block(address: str, version: str | None) -> bool:
    """A CIDR block of the set's version. One with bits of a host is none, nor is all of the internet."""
    try:
        block = ipaddress.ip_network(address)
    except ValueError:
        return False
    return "/" in address and block.prefixlen > 0 and version in (None, f"IPV{block.version}")


def _compiles(expression: str) -> bool:
    try:
        regex.compile(_SETTINGS.sub("", expression))
    except regex.error:
        return False
    return True
