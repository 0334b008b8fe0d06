"""The ``format`` keyword: which formats are looked at, when a text has one, and what is said of one that has not.

Belongs here: one predicate and one sentence per format. Never here: the walk over a schema (``schema_keywords.py``).
AWS checks the formats of draft 4 and a few of its validator's own; any other (``int32``, ``date``) is let through,
with a remark among the errors when there are errors.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date

_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,12})?(?:Z|[+-]\d\d:?\d\d)", re.ASCII
)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_NOT_IN_URIS = re.compile(r"[\x00-\x20\x7f\"<>\\^`{|}]|%(?![0-9A-Fa-f]{2})")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATE_FORMATS = "[yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.SSSZ]"


def _is_date_time(text: str) -> bool:
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return False
    try:
        date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return False
    return True


def _is_hostname(text: str) -> bool:
    labels = text.removesuffix(".").split(".")
    return len(text) <= 253 and all(_LABEL.fullmatch(each) for each in labels) and not labels[-1][0].isdigit()


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text


# name -> (whether a text has the format, the sentence for one that has not)
_CHECKED: dict[str, tuple[Callable[[str], object], str]] = {
    "date-time": (_is_date_time, 'string "{}" is invalid against requested date format(s) ' + _DATE_FORMATS),
    "email": (_EMAIL.fullmatch, 'string "{}" is not a valid email address'),
    "hostname": (_is_hostname, 'string "{}" is not a valid hostname'),
    "ipv4": (_is_ipv4, 'string "{}" is not a valid IPv4 address'),
    "ipv6": (_is_ipv6, 'string "{}" is not a valid IPv6 address'),
    "uri": (lambda text: _NOT_IN_URIS.search(text) is None, 'string "{}" is not a valid URI'),
    "uuid": (_UUID.fullmatch, 'input string "{}" is not a valid UUID'),
}
# Known to AWS's validator, not checked here.
_ACCEPTED = frozenset({"base64", "json-pointer", "mac", "md5", "regex", "sha1", "sha256", "sha512"})


def is_known(name: str) -> bool:
    """Whether the format is one of those AWS supports."""
    return name in _CHECKED or name in _ACCEPTED


def fault(name: str, text: str) -> str | None:
    """What is wrong with ``text`` as a ``name``; None when nothing is, or when nobody looks."""
    found = _CHECKED.get(name)
    if found is None or found[0](text):
        return None
    return found[1].replace("{}", text)
