"""REQUEST authorizers: the event that shows the function the whole request.

Belongs here: the event. Never here: calling the function (``lambda_function``).

AWS page: "Input to an API Gateway Lambda authorizer", REQUEST.
"""

from __future__ import annotations

from typing import Any

from emulator.authorizers.authorizer_request import AuthorizerRequest


def request_event(request: AuthorizerRequest) -> dict[str, Any]:
    """The function's event; empty maps stay maps, unlike in a proxy integration's event."""
    return {"type": "REQUEST", "methodArn": request.method_arn, **request.details()}
