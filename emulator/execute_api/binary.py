"""Binary or text: whether a media type is one of the API's binary ones, and AWS's conversions between the two.

Belongs here: the two tables of the page below. Never here: templates, or Lambda's own rules.
AWS page: "Content type conversions in API Gateway".
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence

from emulator.errors import GatewayError
from emulator.wire import media_type


def is_binary(content_type: str | None, binary_media_types: Sequence[str]) -> bool:
    """Whether the (first) media type of a header is binary for this API; ``application/json`` when there is none."""
    if not binary_media_types:
        return False
    wanted = media_type(content_type) or "application/json"
    for each in binary_media_types:
        known = each.lower()
        if known in ("*/*", wanted) or (known.endswith("/*") and wanted.startswith(known[:-1])):
            return True
    return False


def decode_base64(body: bytes) -> bytes:
    """The bytes behind base64 text; API_CONFIGURATION_ERROR when it is none."""
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise GatewayError(
            "API_CONFIGURATION_ERROR",
            log="Execution failed due to configuration error: Unable to base64 decode the body.",
        ) from error


def convert_request(body: bytes, binary: bool, handling: str) -> bytes:
    """A request body on its way to the integration."""
    if binary:
        return base64.b64encode(body) if handling == "CONVERT_TO_TEXT" else body
    return decode_base64(body) if handling == "CONVERT_TO_BINARY" else as_text(body)


def as_text(body: bytes) -> bytes:
    """A body API Gateway takes for text: what is no UTF-8 in it comes out as replacement characters."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("utf-8", "replace").encode()
    return body


def convert_response(body: bytes, binary: bool, wants_binary: bool, handling: str) -> bytes:
    """An integration's body on its way to the client, who ``wants_binary`` when Accept says so."""
    if binary:
        to_text = handling == "CONVERT_TO_TEXT" or (not wants_binary and handling != "CONVERT_TO_BINARY")
        return base64.b64encode(body) if to_text else body
    return decode_base64(_without_quotes(body)) if decodes(wants_binary, handling) else as_text(body)


def _without_quotes(body: bytes) -> bytes:
    """The text of a JSON string: what a function returns is JSON, so its base64 text comes in quotes."""
    if not body.startswith(b'"'):
        return body
    try:
        text = json.loads(body)
    except ValueError:
        return body
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else body


def decodes(wants_binary: bool, handling: str) -> bool:
    """Whether text from an integration is base64 to be decoded for the client."""
    return handling == "CONVERT_TO_BINARY" or (wants_binary and handling != "CONVERT_TO_TEXT")
