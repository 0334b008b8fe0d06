"""The real boto3 against a control plane of this process: requests are answered before they are sent."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from emulator.wire import Headers, Request, Response
from tests.control.support import ACCOUNT, REGION, Control


class _Raw(io.BytesIO):
    """urllib3's response, as far as botocore looks at it."""

    def stream(self, **_kwargs: Any) -> Any:
        yield self.read()


def client(control: Control) -> Any:
    """An ``apigateway`` client whose every request goes to ``control``."""
    made = boto3.client(
        "apigateway",
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        endpoint_url="http://localhost:4566",
        config=Config(retries={"total_max_attempts": 1}),
    )

    def answer(request: AWSPreparedRequest, **_kwargs: Any) -> AWSResponse:
        return _answered(control, request)

    made.meta.events.register("before-send.api-gateway.*", answer)
    return made


def _answered(control: Control, request: AWSPreparedRequest) -> AWSResponse:
    url = urlsplit(request.url)
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    results: list[Any] = []
    control.app.serve(
        Request(
            method=request.method,
            raw_path=url.path.encode(),
            raw_query=url.query.encode(),
            headers=Headers([(name, _text(value)) for name, value in request.headers.items()]),
            body=body.encode() if isinstance(body, str) else bytes(body),
        ),
        ACCOUNT,
        REGION,
    ).addBoth(results.append)
    response = results[0]
    if not isinstance(response, Response):
        response.raiseException()
    return AWSResponse(request.url, response.status, dict(response.headers.lines), _Raw(response.body))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
