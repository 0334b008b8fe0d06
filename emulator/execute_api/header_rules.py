"""Which headers are dropped, added, refused or renamed, by type of integration: tables.

Belongs here: data, and the smallest functions over it. Never here: values of headers.
AWS page: "Amazon API Gateway important notes" (REST APIs), and answers recorded on AWS.
"""

from __future__ import annotations

import re
from functools import lru_cache

from emulator.errors import GatewayError

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

# Dropped as a request arrives, whatever the integration.
ARRIVAL_DROPPED = frozenset(
    {
        "connection",
        "content-length",
        "content-md5",
        "expect",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "te",
        "transfer-encoding",
        "trailer",
        "upgrade",
        "www-authenticate",
    }
)

# Never sent to an HTTP backend, mapped or not.
NEVER_SENT = frozenset({"expect", "proxy-authenticate", "te", "via"})
# Dropped on the way to the integration; HTTP_PROXY keeps of these what a mapping has set.
REQUEST_DROPPED = {
    "AWS": frozenset({"referer"}),
    "AWS_PROXY": frozenset(),
    "HTTP": NEVER_SENT,
    "HTTP_PROXY": frozenset({"via", "host", "content-encoding"}),
    "MOCK": frozenset(),
}

_NEVER_MAPPED = frozenset({"content-length", "transfer-encoding", "x-amzn-trace-id", "x-amzn-apigateway-api-id"})
_NEVER_MAPPED_AWS = _NEVER_MAPPED | {"authorization", "connection", "expect", "proxy-authenticate", "te"}

# What may not be the target of a mapping: a request whose method does so anyway answers 500.
REQUEST_REFUSED = {
    "AWS": _NEVER_MAPPED_AWS,
    "AWS_PROXY": _NEVER_MAPPED_AWS,
    "HTTP": _NEVER_MAPPED,
    "HTTP_PROXY": _NEVER_MAPPED,
    "MOCK": _NEVER_MAPPED,
}

_REMAPPED = frozenset({"connection", "content-length", "date", "server", "x-amzn-requestid"})
# Recorded for AWS and HTTP; the guide's table says the same of the others for most, and callers of Lambda and HTTP
# proxies report the rest (X-Forwarded-For among them).
_REMAPPED_ALL = _REMAPPED | {
    "authorization",
    "content-md5",
    "expect",
    "host",
    "max-forwards",
    "proxy-authenticate",
    "trailer",
    "upgrade",
    "user-agent",
    "www-authenticate",
}

# Given back as ``x-amzn-Remapped-<Name>``. TestInvokeMethod (TEST) renames nothing, seen on AWS.
RESPONSE_REMAPPED = {
    "AWS": _REMAPPED_ALL,
    "AWS_PROXY": _REMAPPED_ALL | {"x-forwarded-for"},
    "HTTP": _REMAPPED_ALL,
    "HTTP_PROXY": _REMAPPED_ALL | {"x-forwarded-for"},
    "MOCK": _REMAPPED,
    "TEST": frozenset(),
}

# A backend's own x-amz-apigw-id (it is an API Gateway too) gives way to ours.
_DROPPED = frozenset({"transfer-encoding", "x-amz-apigw-id"})
RESPONSE_DROPPED = {
    "AWS": _DROPPED,
    "AWS_PROXY": _DROPPED,
    "HTTP": _DROPPED,
    "HTTP_PROXY": _DROPPED | {"content-encoding", "via"},
    "MOCK": _DROPPED,
    "TEST": frozenset({"transfer-encoding"}),
}

# The types whose answers carry X-Amzn-Trace-Id.
TRACED = frozenset({"AWS", "AWS_PROXY", "HTTP"})

# All header values together; path and query together; in characters.
HEADER_LIMIT = 10_240
URL_LIMIT = 10_240
# Bodies, either way, in bytes.
BODY_LIMIT = 10 * 1024 * 1024


def leave(kind: str, name: str) -> str | None:
    """The name under which an integration's header reaches the client, or None when it does not."""
    lowered = name.lower()
    if lowered in RESPONSE_DROPPED[kind]:
        return None
    if lowered in RESPONSE_REMAPPED[kind]:
        return "x-amzn-Remapped-" + name
    return name


@lru_cache(maxsize=4096)
def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def refuse_line_breaks(name: str, value: str) -> None:
    """A mapped header with a line break in it would be two, one with no proper name none: API_CONFIGURATION_ERROR."""
    if "\n" in value or "\r" in value or "\0" in value or not _is_name(name):
        raise GatewayError(
            "API_CONFIGURATION_ERROR",
            log=f"Execution failed due to configuration error: Invalid characters in header {name!r}",
        )
