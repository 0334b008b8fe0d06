"""TOKEN authorizers: one header, and the event made of it.

Belongs here: where the token is and what the function gets. Never here: calling it (``lambda_function``).

AWS page: "Input to an API Gateway Lambda authorizer", TOKEN.
"""

from __future__ import annotations

from typing import Any

import regex

from emulator.authorizers.authorizer_request import AuthorizerRequest, misconfigured

MATCH_SECONDS = 0.05
"""How long a validation expression may think about a token before the authorizer counts as misconfigured."""


def compile_expression(text: str | None) -> Any:
    """The identityValidationExpression, compiled; None when there is none. Raises ValueError when it is none."""
    if not text:
        return None
    try:
        return regex.compile(text)
    except regex.error as problem:
        raise ValueError(f"Invalid identity validation expression: {problem}") from problem


def accepts(expression: Any, token: str) -> bool:
    """Whether the whole token matches. Raises a misconfigured authorizer's 500 when that takes too long."""
    if expression is None:
        return True
    try:
        return expression.fullmatch(token, timeout=MATCH_SECONDS) is not None
    except TimeoutError:
        raise misconfigured("The identity validation expression takes too long") from None


def token_event(request: AuthorizerRequest, token: str) -> dict[str, Any]:
    """The function's event."""
    return {"type": "TOKEN", "methodArn": request.method_arn, "authorizationToken": token}
