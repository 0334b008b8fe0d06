"""Errors of the services as their protocols write them: JSON, the query protocol's XML, S3's XML.

Belongs here: rendering. Never here: deciding that something failed.
"""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from emulator.wire import Headers, Request, Response

REST_XML = frozenset({"s3", "s3-control", "route53", "cloudfront"})


def render(request: Request, service: str, status: int, code: str, message: str, request_id: str) -> Response:
    """The error in the shape that a client of ``service`` that made ``request`` parses."""
    content_type = request.headers.first("content-type") or ""
    if service in REST_XML:
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{escape(code)}</Code>'
            f"<Message>{escape(message)}</Message><RequestId>{request_id}</RequestId></Error>"
        )
        return _answer(status, "application/xml", body, code, request_id)
    if content_type.startswith("application/x-www-form-urlencoded") or b"Action=" in request.raw_query:
        kind = "Receiver" if status >= 500 else "Sender"
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse><Error><Type>{kind}</Type>'
            f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return _answer(status, "text/xml", body, code, request_id)
    text = json.dumps({"__type": code, "message": message, "Message": message})
    kind = "application/x-amz-json-1.1" if request.headers.first("x-amz-target") else "application/json"
    return _answer(status, kind, text, code, request_id)


def _answer(status: int, content_type: str, body: str, code: str, request_id: str) -> Response:
    lines = [("Content-Type", content_type), ("x-amzn-RequestId", request_id), ("x-amzn-ErrorType", code)]
    return Response(status=status, headers=Headers(lines), body=body.encode())
