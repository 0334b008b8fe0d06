"""An Application Load Balancer's rules: which action a request gets.

Belongs here: pure choosing over elbv2's records. Never here: asking elbv2, or calling targets.
AWS page: "Listener rules for your Application Load Balancer".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache

from attrs import frozen

from emulator.store.records import Record
from emulator.wire import Headers


@frozen
class Asked:
    """What rules look at. ``host`` is without its port; ``query`` is decoded."""

    method: str
    host: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Headers
    source_ip: str = "127.0.0.1"


def actions_for(rules: Sequence[Record], asked: Asked) -> Sequence[Record]:
    """The actions of the first rule by priority that ``asked`` meets; the default's when there is none."""

    def priority(rule: Record) -> float:
        text = str(rule.get("Priority", ""))
        return float(text) if text.isdecimal() else float("inf")

    for rule in sorted(rules, key=priority):
        if all(_meets(condition, asked) for condition in rule.get("Conditions", ())):
            actions: Sequence[Record] = rule.get("Actions", ())
            return actions
    return ()


def _meets(condition: Record, asked: Asked) -> bool:
    field = condition.get("Field")
    if field == "path-pattern":
        return any(_like(each, True).fullmatch(asked.path) for each in _values(condition, "PathPatternConfig"))
    if field == "host-header":
        return any(_like(each, False).fullmatch(asked.host) for each in _values(condition, "HostHeaderConfig"))
    if field == "http-request-method":
        return asked.method in _values(condition, "HttpRequestMethodConfig")
    if field == "http-header":
        name = condition.get("HttpHeaderConfig", {}).get("HttpHeaderName", "")
        patterns = [_like(each, False) for each in _values(condition, "HttpHeaderConfig")]
        return any(pattern.fullmatch(value) for value in asked.headers.all(name) for pattern in patterns)
    if field == "query-string":
        wanted = condition.get("QueryStringConfig", {}).get("Values", ())
        return any(_pair_is(each, pair) for each in wanted for pair in asked.query)
    if field == "source-ip":
        address = ipaddress.ip_address(asked.source_ip)
        return any(address in ipaddress.ip_network(each) for each in _values(condition, "SourceIpConfig"))
    return False


def _values(condition: Record, config: str) -> Sequence[str]:
    values: Sequence[str] = condition.get(config, {}).get("Values") or condition.get("Values") or ()
    return values


def _pair_is(wanted: Record, pair: tuple[str, str]) -> bool:
    key = wanted.get("Key")
    if key is not None and not _like(key, False).fullmatch(pair[0]):
        return False
    return _like(wanted.get("Value", "*"), False).fullmatch(pair[1]) is not None


@lru_cache(maxsize=1024)
def _like(pattern: str, case_matters: bool) -> re.Pattern[str]:
    """A pattern with ``*`` (any run) and ``?`` (any one) as a regular expression."""
    written = "".join(".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    # Runs of stars mean one: .*.*.* would try every way of sharing a text out.
    written = re.sub(r"(?:\.\*)+", ".*", written)
    return re.compile(written, re.DOTALL if case_matters else re.DOTALL | re.IGNORECASE)
