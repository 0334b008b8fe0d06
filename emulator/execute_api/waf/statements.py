"""Statements: what a rule asks of a request, compiled to predicates.

Belongs here: every kind of statement. Never here: what a match leads to (``web_acl``).
AWS page: "Rule statements list".
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import regex
from attrs import define, field
from twisted.logger import Logger

from emulator.authorizers.policy_conditions import parse_address
from emulator.execute_api.waf.addresses import Addresses
from emulator.execute_api.waf.attacks import looks_like_script, looks_like_sql
from emulator.execute_api.waf.components import Extract, compile_component
from emulator.execute_api.waf.rates import Rates
from emulator.execute_api.waf.seen import Seen
from emulator.execute_api.waf.transformations import compile_transformations

log = Logger()

Predicate: TypeAlias = Callable[[Seen], bool]
Record: TypeAlias = Mapping[str, Any]

REGEX_SECONDS = 0.05
# PCRE's settings at the head of an expression (``(*UTF8)``): what is matched here is text already.
_SETTINGS = re.compile(r"^(\(\*[A-Z0-9_=]+\))+")


class WafDirectory(Protocol):
    """Where web ACLs, IP sets, regex pattern sets and rule groups are; called on the reactor, so it answers at once."""

    def lock_token(self, arn: str) -> str | None:
        """The object's lock token, which changes with it; None when there is no such object."""

    def record(self, arn: str) -> Record | None:
        """The object as wafv2 shows it (GetWebACL, GetIPSet, …)."""


@define(eq=False, kw_only=True)
class Scope:
    """What compiling a statement needs to know. ``namespace`` is that of the labels (``awswaf:1234:webacl:name:``)."""

    directory: WafDirectory
    namespace: str
    rates: Callable[[str], Rates]
    body_limit: int
    path: str = ""
    not_evaluated: list[str] = field(factory=list)


class Referenced:
    """An object that a statement refers to by ARN, compiled anew whenever its lock token has changed."""

    def __init__(self, scope: Scope, arn: str, build: Callable[[Record], Any]) -> None:
        self._directory = scope.directory
        self._arn = arn
        self._build = build
        self._token: str | None = None
        self._built: Any = None

    def get(self) -> Any:
        """The compiled object, or None when it is not there."""
        token = self._directory.lock_token(self._arn)
        if token is None:
            return None
        if token != self._token:
            record = self._directory.record(self._arn)
            if record is None:
                return None
            self._built = self._build(record)
            self._token = token
        return self._built


def compile_statement(statement: Record, scope: Scope) -> Predicate:
    """The predicate of a statement. Raises ValueError for one there is not."""
    for name, build in _BUILDERS.items():
        if statement.get(name) is not None:
            return build(statement[name], scope)
    raise ValueError(f"Unknown statement {', '.join(statement) or '(none)'}")


# Looking at components ---------------------------------------------------------------------


def _on_component(options: Record, scope: Scope, matches: Callable[[bytes], bool]) -> Predicate:
    """Whether any text of the component, transformed, matches."""
    extract: Extract = compile_component(options["FieldToMatch"], scope.body_limit)
    before = compile_transformations(options.get("PreParseTextTransformations"))
    transform = compile_transformations(options.get("TextTransformations"))

    def predicate(seen: Seen) -> bool:
        found = extract(seen)
        if isinstance(found, bool):
            return found
        return any(matches(transform(before(text))) for text in found)

    return predicate


def search_bytes(options: Record) -> bytes:
    """A SearchString: base64, as the service's JSON carries it; what is none is taken as it stands."""
    value = options.get("SearchStringBase64", options.get("SearchString", ""))
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return str(value).encode()


def _byte_match(options: Record, scope: Scope) -> Predicate:
    wanted = search_bytes(options)
    constraint = options["PositionalConstraint"]
    tests: dict[str, Callable[[bytes], bool]] = {
        "EXACTLY": wanted.__eq__,
        "STARTS_WITH": lambda text: text.startswith(wanted),
        "ENDS_WITH": lambda text: text.endswith(wanted),
        "CONTAINS": lambda text: wanted in text,
        "CONTAINS_WORD": _word(wanted),
    }
    if constraint not in tests:
        raise ValueError(f"Unknown positional constraint {constraint}")
    return _on_component(options, scope, tests[constraint])


def _word(wanted: bytes) -> Callable[[bytes], bool]:
    pattern = re.compile(rb"(?<![A-Za-z0-9_])" + re.escape(wanted) + rb"(?![A-Za-z0-9_])")
    return lambda text: pattern.search(text) is not None


def _matcher(patterns: Sequence[str]) -> Callable[[bytes], bool]:
    """Whether any of the expressions is found; one that thinks for too long is not, and said so."""
    try:
        compiled = [regex.compile(_SETTINGS.sub("", pattern)) for pattern in patterns]
    except regex.error as problem:
        raise ValueError(f"Invalid regular expression: {problem}") from problem

    def matches(text: bytes) -> bool:
        decoded = text.decode("utf-8", "replace")
        for expression in compiled:
            try:
                if expression.search(decoded, timeout=REGEX_SECONDS):
                    return True
            except TimeoutError:
                log.warn("the expression {expression} takes too long", expression=expression.pattern)
        return False

    return matches


def _regex_match(options: Record, scope: Scope) -> Predicate:
    return _on_component(options, scope, _matcher([options["RegexString"]]))


def _regex_set(options: Record, scope: Scope) -> Predicate:
    patterns = Referenced(
        scope,
        options["ARN"],
        lambda record: _matcher([each["RegexString"] for each in record["RegularExpressionList"]]),
    )

    def matches(text: bytes) -> bool:
        found = patterns.get()
        return found is not None and found(text)

    return _on_component(options, scope, matches)


_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "EQ": lambda size, bound: size == bound,
    "NE": lambda size, bound: size != bound,
    "LE": lambda size, bound: size <= bound,
    "LT": lambda size, bound: size < bound,
    "GE": lambda size, bound: size >= bound,
    "GT": lambda size, bound: size > bound,
}


def _size(options: Record, scope: Scope) -> Predicate:
    compare, bound = _COMPARISONS[options["ComparisonOperator"]], int(options["Size"])
    return _on_component(options, scope, lambda text: compare(len(text), bound))


def _sqli(options: Record, scope: Scope) -> Predicate:
    high = options.get("SensitivityLevel") == "HIGH"
    return _on_component(options, scope, lambda text: looks_like_sql(text, high=high))


def _xss(options: Record, scope: Scope) -> Predicate:
    return _on_component(options, scope, looks_like_script)


# Where it comes from -------------------------------------------------------------------------


def _ip_set(options: Record, scope: Scope) -> Predicate:
    addresses = Referenced(scope, options["ARN"], lambda record: Addresses(record["Addresses"]))
    forwarded = options.get("IPSetForwardedIPConfig")

    def predicate(seen: Seen) -> bool:
        known = addresses.get()
        if known is None:
            return False
        if not forwarded:
            return seen.address in known
        hops = seen.forwarded(forwarded["HeaderName"])
        if hops is None:
            return False
        position = forwarded.get("Position", "FIRST")
        chosen = {"FIRST": hops[:1], "LAST": hops[-1:]}.get(position, hops[:10])
        parsed = [parse_address(hop) for hop in chosen]
        if None in parsed:
            return bool(forwarded.get("FallbackBehavior") == "MATCH")
        return any(address in known for address in parsed)

    return predicate


def _geo(options: Record, _scope: Scope) -> Predicate:
    """The country the user's header names (``settings.geo_header``); without it, nobody's country is known."""
    countries = {code.upper() for code in options.get("CountryCodes") or ()}

    def predicate(seen: Seen) -> bool:
        if seen.country is None:
            return False
        seen.labels.add(f"awswaf:clientip:geo:country:{seen.country}")
        return seen.country in countries

    return predicate


def _not_evaluated(what: Callable[[Record], str]) -> Callable[[Record, Scope], Predicate]:
    """A statement whose data the emulator does not have: never matches, and is named in the log."""

    def build(options: Record, scope: Scope) -> Predicate:
        note = f"{what(options)} is not evaluated"
        scope.not_evaluated.append(note)

        def predicate(seen: Seen) -> bool:
            seen.notes.append(note)
            return False

        return predicate

    return build


# Rates and labels ----------------------------------------------------------------------------


def _rate(options: Record, scope: Scope) -> Predicate:
    limit, window = int(options["Limit"]), float(options.get("EvaluationWindowSec") or 300)
    key_of = _aggregate(options, scope)
    narrowed = options.get("ScopeDownStatement")
    applies = compile_statement(narrowed, scope) if narrowed else None
    rates = scope.rates(scope.path)

    def predicate(seen: Seen) -> bool:
        if applies is not None and not applies(seen):
            return False
        key = key_of(seen)
        return key is not None and rates.count(key, seen.now, window) > limit

    return predicate


def _aggregate(options: Record, scope: Scope) -> Callable[[Seen], Hashable | None]:
    """What requests are counted by; None: this one is not counted."""
    kind = options["AggregateKeyType"]
    if kind == "CONSTANT":
        return lambda _seen: ""
    if kind == "IP":
        return lambda seen: seen.source_ip
    if kind == "FORWARDED_IP":
        forwarded = options["ForwardedIPConfig"]
        return lambda seen: _forwarded_key(seen, forwarded)
    parts = [_custom_key(each, options, scope) for each in options.get("CustomKeys") or ()]

    def key_of(seen: Seen) -> Hashable | None:
        values = tuple(part(seen) for part in parts)
        return None if None in values else values

    return key_of


def _forwarded_key(seen: Seen, forwarded: Record) -> Hashable | None:
    hops = seen.forwarded(forwarded["HeaderName"])
    if hops is None:
        return None
    if parse_address(hops[0]) is None:
        return "invalid" if forwarded.get("FallbackBehavior") == "MATCH" else None
    return hops[0]


def _custom_key(key: Record, options: Record, scope: Scope) -> Callable[[Seen], Hashable | None]:
    for name, field_name in (
        ("Header", "SingleHeader"),
        ("QueryArgument", "SingleQueryArgument"),
        ("QueryString", "QueryString"),
        ("UriPath", "UriPath"),
    ):
        if key.get(name) is not None:
            return _component_key({field_name: key[name]}, key[name], scope)
    if key.get("Cookie") is not None:
        pattern = {"MatchPattern": {"IncludedCookies": [key["Cookie"]["Name"]]}, "MatchScope": "VALUE"}
        return _component_key({"Cookies": pattern}, key["Cookie"], scope)
    if "HTTPMethod" in key:
        return lambda seen: seen.method
    if "IP" in key:
        return lambda seen: seen.source_ip
    if "ForwardedIP" in key:
        forwarded = options["ForwardedIPConfig"]
        return lambda seen: _forwarded_key(seen, forwarded)
    if key.get("LabelNamespace") is not None:
        prefix = key["LabelNamespace"]["Namespace"]
        return lambda seen: tuple(sorted(label for label in seen.labels if label.startswith(prefix))) or None
    raise ValueError(f"Unknown aggregation key {', '.join(key) or '(none)'}")


def _component_key(field_to_match: Record, options: Record, scope: Scope) -> Callable[[Seen], Hashable | None]:
    extract = compile_component(field_to_match, scope.body_limit)
    transform = compile_transformations(options.get("TextTransformations"))

    def key_of(seen: Seen) -> Hashable | None:
        found = extract(seen)
        return None if isinstance(found, bool) or not found else transform(found[0])

    return key_of


def _label(options: Record, scope: Scope) -> Predicate:
    key: str = options["Key"]
    if not key.startswith("awswaf:"):
        key = scope.namespace + key
    if options["Scope"] == "NAMESPACE":
        return lambda seen: any(label.startswith(key) for label in seen.labels)
    return lambda seen: key in seen.labels


# Together ------------------------------------------------------------------------------------


def _nested(options: Record, scope: Scope) -> list[Predicate]:
    return [compile_statement(each, scope) for each in options["Statements"]]


def _and(options: Record, scope: Scope) -> Predicate:
    parts = _nested(options, scope)
    return lambda seen: all(part(seen) for part in parts)


def _or(options: Record, scope: Scope) -> Predicate:
    parts = _nested(options, scope)
    return lambda seen: any(part(seen) for part in parts)


def _not(options: Record, scope: Scope) -> Predicate:
    part = compile_statement(options["Statement"], scope)
    return lambda seen: not part(seen)


_BUILDERS: dict[str, Callable[[Record, Scope], Predicate]] = {
    "ByteMatchStatement": _byte_match,
    "SqliMatchStatement": _sqli,
    "XssMatchStatement": _xss,
    "SizeConstraintStatement": _size,
    "GeoMatchStatement": _geo,
    "IPSetReferenceStatement": _ip_set,
    "RegexPatternSetReferenceStatement": _regex_set,
    "RegexMatchStatement": _regex_match,
    "RateBasedStatement": _rate,
    "AndStatement": _and,
    "OrStatement": _or,
    "NotStatement": _not,
    "LabelMatchStatement": _label,
    "AsnMatchStatement": _not_evaluated(lambda _options: "The ASN match statement"),
}
