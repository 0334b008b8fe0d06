"""Signs requests for tests with botocore's own signer, at a time the test chooses.

Belongs here: that. Never here: anything of ours: what we verify must not be what signs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

HOST = "abc123.execute-api.us-east-1.amazonaws.com"


def timestamp(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y%m%dT%H%M%SZ")


def signed(
    method: str,
    path: str,
    *,
    key: str = "test",
    secret: str = "test",
    token: str | None = None,
    now: float = 1_700_000_000,
    region: str = "us-east-1",
    service: str = "execute-api",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    host: str = HOST,
) -> dict[str, str]:
    """The headers of a signed request, Authorization among them. ``path`` with stage and query."""
    request: Any = AWSRequest(method, f"http://{host}{path}", headers=dict(headers or {}), data=body)
    request.context["timestamp"] = timestamp(now)
    auth = SigV4Auth(Credentials(key, secret, token), service, region)
    request.headers["Host"] = host
    request.headers["X-Amz-Date"] = timestamp(now)
    if token:
        request.headers["X-Amz-Security-Token"] = token
    to_sign = auth.string_to_sign(request, auth.canonical_request(request))
    auth._inject_signature_to_request(request, auth.signature(to_sign, request))
    return dict(request.headers.items())


def presigned(
    path: str,
    *,
    key: str = "test",
    secret: str = "test",
    token: str | None = None,
    now: float = 1_700_000_000,
    expires: int = 60,
    host: str = HOST,
) -> str:
    """A GET's path with the query that signs it."""
    request: Any = AWSRequest("GET", f"http://{host}{path}")
    request.context["timestamp"] = timestamp(now)
    auth = SigV4QueryAuth(Credentials(key, secret, token), "execute-api", "us-east-1", expires=expires)
    auth._modify_request_before_signing(request)
    to_sign = auth.string_to_sign(request, auth.canonical_request(request))
    auth._inject_signature_to_request(request, auth.signature(to_sign, request))
    return str(request.url).removeprefix(f"http://{host}")
