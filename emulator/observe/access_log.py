"""Access logs: one line a request, in the stage's own format.

Belongs here: parsing a format once, filling it, and where a destination ARN points. Never here: where the values come
from.
AWS page: "Variables for access logging for API Gateway" (a variable without a value prints ``-``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import frozen

_VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_]+(?:[.:-][A-Za-z0-9_]+)*)")


class AccessLogFormat:
    """A format, split into literals and variables."""

    __slots__ = ("_parts", "source", "variables")

    def __init__(self, source: str) -> None:
        self.source = source
        self._parts = _VARIABLE.split(source)  # literal, name, literal, name, … literal
        self.variables = tuple(self._parts[1::2])

    def line(self, values: Mapping[str, Any]) -> str:
        """The line for a request whose ``$context`` variables are ``values``, under their dotted names."""
        out = list(self._parts)
        for at in range(1, len(out), 2):
            out[at] = _text(values.get(out[at]))
        return "".join(out)


def _text(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@frozen
class Destination:
    """Where access logs go: ``kind`` is ``logs`` or ``firehose``, ``name`` the group or the delivery stream."""

    kind: str
    account: str
    region: str
    name: str


def destination(arn: str) -> Destination | None:
    """The destination an ARN names; None when it is neither a log group nor a delivery stream."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return None
    _, _, service, region, account, resource = parts
    if service == "logs" and resource.startswith("log-group:"):
        return Destination("logs", account, region, resource[len("log-group:") :].removesuffix(":*"))
    if service == "firehose" and resource.startswith("deliverystream/"):
        return Destination("firehose", account, region, resource[len("deliverystream/") :])
    return None
