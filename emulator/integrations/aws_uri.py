"""The URI of an AWS integration, taken apart.

Belongs here: ``arn:aws:apigateway:{region}:[{subdomain}.]{service}:path|action/{rest}``. Never here: what is done with
it. Lambda's form is ``lambda_calls.py``'s. AWS page: PutIntegration, ``uri``.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from attrs import frozen

_URI = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):apigateway:(?P<region>[a-z0-9-]+):"
    r"(?:(?P<subdomain>[A-Za-z0-9.-]+)\.)?(?P<service>[a-z0-9-]+):(?P<kind>path|action)/(?P<rest>.*)",
    re.DOTALL,
)


@frozen
class AwsUri:
    """``kind`` is ``path`` or ``action``; ``rest`` is the path (with its leading slash) or the action's name.

    ``pairs`` are the URI's own parameters: ``?a=b`` of a path, ``&a=b`` of an action, decoded.
    """

    partition: str
    region: str
    subdomain: str
    service: str
    kind: str
    rest: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        """The service as its host names it, with its subdomain."""
        return f"{self.subdomain}.{self.service}" if self.subdomain else self.service

    @property
    def host(self) -> str:
        suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        return f"{self.label}.{self.region}.{suffix}"


def parse_aws_uri(uri: str) -> AwsUri | None:
    """None when it is no such URI."""
    found = _URI.fullmatch(uri)
    if found is None:
        return None
    rest = found["rest"]
    if found["kind"] == "action":
        name, *given = re.split(r"[?&]", rest)
        if not re.fullmatch(r"[A-Za-z0-9]+", name):
            return None
    else:
        name, _, query = rest.partition("?")
        # The console's "path override" is written with its own slash ("path//", "path//123456789012/queue"): the path
        # is the same as without. Any other slash is kept.
        name = "/" + (name.removeprefix("/") if name.strip("/") else "")
        given = query.split("&")
    pairs = tuple(
        (unquote_plus(key), unquote_plus(value)) for key, _, value in (part.partition("=") for part in given if part)
    )
    return AwsUri(
        found["partition"], found["region"], found["subdomain"] or "", found["service"], found["kind"], name, pairs
    )
