"""X-Ray: the segment a sampled request leaves.

Belongs here: the document's shape, and the trace header. Never here: the decision to sample, sending.
AWS page: "AWS X-Ray segment documents", "Trace user requests to REST APIs using X-Ray".
"""

from __future__ import annotations

import orjson
from attrs import frozen


@frozen(kw_only=True)
class Traced:
    """One sampled request. Times in epoch seconds."""

    trace_header: str  # Root=…;Parent=…;Sampled=1
    segment_id: str  # 16 hex digits: the parent of what the backend reports, unless the caller named one
    parent_id: str = ""  # the caller's segment
    api_id: str
    api_name: str
    stage: str
    account: str
    request_id: str
    method: str
    url: str
    client_ip: str
    user_agent: str
    status: int
    started: float
    ended: float
    backend: str = ""  # what was called, "" when nothing was
    backend_id: str = ""
    backend_started: float = 0.0
    backend_ended: float = 0.0


def parts(header: str) -> dict[str, str]:
    """``Root``, ``Parent`` and ``Sampled`` of a trace header."""
    found = {}
    for part in header.split(";"):
        name, _, value = part.partition("=")
        found[name] = value
    return found


def segment(seen: Traced) -> str:
    """The segment document as JSON."""
    header = parts(seen.trace_header)
    document = {
        "id": seen.segment_id,
        "name": f"{seen.api_name}/{seen.stage}",
        "trace_id": header.get("Root", ""),
        "start_time": seen.started,
        "end_time": seen.ended,
        "origin": "AWS::ApiGateway::Stage",
        "http": {
            "request": {
                "method": seen.method,
                "url": seen.url,
                "client_ip": seen.client_ip,
                "user_agent": seen.user_agent,
            },
            "response": {"status": seen.status},
        },
        "aws": {
            "account_id": seen.account,
            "api_gateway": {"rest_api_id": seen.api_id, "stage": seen.stage, "request_id": seen.request_id},
        },
    }
    if seen.parent_id:
        document["parent_id"] = seen.parent_id
    if 400 <= seen.status < 500:
        document["error"] = True
    if seen.status == 429:
        document["throttle"] = True
    if seen.status >= 500:
        document["fault"] = True
    if seen.backend:
        document["subsegments"] = [
            {
                "id": seen.backend_id,
                "name": seen.backend,
                "start_time": seen.backend_started,
                "end_time": seen.backend_ended,
                "namespace": "aws" if seen.backend.startswith(("Lambda", "AWS")) else "remote",
            }
        ]
    return orjson.dumps(document).decode()
