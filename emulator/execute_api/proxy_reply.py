"""A Lambda function's reply to a proxied request: AWS's rules for it.

Belongs here: reading and checking the reply. Never here: the call, or compression.
AWS page: "Output format of a Lambda function for proxy integration".
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

import orjson

from emulator.errors import GatewayError
from emulator.execute_api.binary import is_binary
from emulator.execute_api.header_rules import leave
from emulator.execute_api.invocation import Invocation
from emulator.integrations.dispatch import IntegrationAnswer
from emulator.wire import Headers, Response

# A header's name as HTTP has it: with any other character in it the lines after it could not be read.
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_MEMBERS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})


def malformed(reason: str = "Malformed Lambda proxy response") -> GatewayError:
    """502, as AWS answers for any reply that breaks the rules."""
    return GatewayError(
        "API_CONFIGURATION_ERROR", status=502, log=f"Execution failed due to configuration error: {reason}"
    )


def read(invocation: Invocation, answer: IntegrationAnswer) -> Response:
    """The reply as a response; a 502 GatewayError when it is not what it has to be."""
    if answer.function_error is not None:
        raise GatewayError(
            "API_CONFIGURATION_ERROR",
            status=502,
            log="Lambda execution failed with status 200 due to customer function error: "
            f"{answer.function_error}. Lambda request id: {answer.request_id}",
        )
    if invocation.integration_request.stream:
        return _streamed(answer)
    if invocation.integration_request.asynchronous:
        return Response(status=answer.status, headers=Headers([("Content-Type", "application/json")]))
    try:
        reply: Any = orjson.loads(answer.body or b"null")
    except orjson.JSONDecodeError as error:
        raise malformed() from error
    if not isinstance(reply, dict) or not _MEMBERS.issuperset(reply):
        raise malformed()
    status = _status(reply.get("statusCode"))
    headers = _headers(reply.get("headers"), reply.get("multiValueHeaders"))
    return Response(status=status, headers=headers, body=_body(invocation, reply))


def _streamed(answer: IntegrationAnswer) -> Response:
    """A streaming function: its metadata first, then the payload as it comes."""
    prelude = answer.prelude
    if prelude is None or answer.stream is None:
        raise malformed()
    headers = _headers(prelude.get("headers"), prelude.get("multiValueHeaders"))
    for cookie in prelude.get("cookies") or ():
        headers.add("Set-Cookie", str(cookie))
    return Response(status=_status(prelude.get("statusCode")), headers=headers, stream=answer.stream)


def _status(value: Any) -> int:
    if value is None:
        return 200
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise malformed()
    try:
        status = int(value)
    except ValueError as error:
        raise malformed() from error
    # An interim status (1xx) is no answer: the client would wait on for the one that follows it.
    if not 200 <= status <= 599:
        raise malformed()
    return status


def _headers(single: Any, multi: Any) -> Headers:
    """``headers`` and ``multiValueHeaders`` together: of a name in both, the pair the second lacks is sent too."""
    headers = Headers()
    lists: dict[str, list[str]] = {}
    if multi is not None:
        if not isinstance(multi, dict):
            raise malformed()
        for name, values in multi.items():
            if not isinstance(values, list):
                raise malformed()
            lists[name] = [_text(value) for value in values]
    if single is not None:
        if not isinstance(single, dict):
            raise malformed()
        for name, value in single.items():
            text = _text(value)
            known = next((each for each in lists if each.lower() == name.lower()), None)
            if known is None:
                lists[name] = [text]
            elif text not in lists[known]:
                lists[known].append(text)
    for name, texts in lists.items():
        if _NAME.fullmatch(name) is None:
            raise malformed()
        left = leave("AWS_PROXY", name)
        for text in texts:
            if _unsafe(text):
                raise malformed()
            if left is not None:
                headers.lines.append((left, text))
    if "content-type" not in headers:
        headers.add("Content-Type", "application/json")
    return headers


def _unsafe(text: str) -> bool:
    return "\r" in text or "\n" in text or "\0" in text


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise malformed()


def _body(invocation: Invocation, reply: dict[str, Any]) -> bytes:
    body = reply.get("body")
    encoded = reply.get("isBase64Encoded")
    if encoded is not None and not isinstance(encoded, bool):
        raise malformed()
    if body is None:
        return b""
    if not isinstance(body, str):
        raise malformed()
    raw = body.encode("utf-8", "surrogatepass")
    if not encoded:
        return raw
    types = invocation.deployment.binary_media_types
    accept = invocation.request.headers.last("accept")
    # The first media type of Accept decides; without one only */* does.
    if not types or not ("*/*" in types or (accept and is_binary(accept, types))):
        return raw
    try:
        return base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError) as error:
        raise malformed("Unable to base64 decode the body.") from error
