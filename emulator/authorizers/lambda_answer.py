"""What an authorizer function answered: checked, compiled, or refused.

Belongs here: the answer's grammar and limits. Pure. Never here: calling the function, caching, or deciding a request.

AWS page: "Output from an API Gateway Lambda authorizer". For WebSocket APIs the guide limits an answer to 8 KB, for
REST APIs it names no limit; ours only keeps a stranger's answer from holding the reactor up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from emulator.authorizers.policy import MalformedPolicy, Policy, compile_policy
from emulator.mapping.values import double_text

MAX_ANSWER = 512 * 1024  # bytes
MAX_RESOURCE = 512  # characters of a Resource in the policy
# ``errorMessage`` is a failed function's, which may say "Unauthorized" with it.
_MEMBERS = frozenset({"principalId", "policyDocument", "context", "usageIdentifierKey", "errorMessage"})


class BadAnswer(ValueError):
    """An answer that is not one; the text is for the execution log."""


@frozen
class AuthorizerAnswer:
    """An accepted answer: who it is, what they may do, and what goes on to ``$context.authorizer``.

    ``context`` holds strings only. ``document`` is the policy as the function gave it.
    """

    principal_id: str
    policy: Policy
    document: Mapping[str, Any]
    context: Mapping[str, str]
    usage_identifier_key: str | None


def parse_answer(payload: bytes) -> AuthorizerAnswer:
    """Read a function's payload. Raises BadAnswer."""
    if len(payload) > MAX_ANSWER:
        raise BadAnswer("Authorizer response is too large")
    try:
        answer = json.loads(payload, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise BadAnswer("Invalid JSON in response") from problem
    if answer is None:
        raise BadAnswer("Could not parse policy")
    if not isinstance(answer, dict):
        raise BadAnswer("Invalid JSON in response: not an object")
    for name in answer:
        if name not in _MEMBERS:
            raise BadAnswer(f'Invalid JSON in response: Unrecognized field "{name}" , not marked as ignorable')
    principal = _scalar_text(answer.get("principalId"))
    if principal is None:
        raise BadAnswer("Authorizer response has no principalId")
    document = answer.get("policyDocument")
    if not isinstance(document, dict):
        raise BadAnswer("Could not parse policy")
    usage_key = answer.get("usageIdentifierKey")
    if usage_key is not None and not isinstance(usage_key, str):
        raise BadAnswer("usageIdentifierKey is not a string")
    return AuthorizerAnswer(principal, _policy(document), document, _context(answer.get("context")), usage_key)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _policy(document: Mapping[str, Any]) -> Policy:
    try:
        policy = compile_policy(document)
    except MalformedPolicy as problem:
        raise BadAnswer(f"Invalid policy document: {problem}") from problem
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        resources = statement.get("Resource", statement.get("NotResource"))
        for resource in resources if isinstance(resources, list) else [resources]:
            if len(resource) > MAX_RESOURCE:
                raise BadAnswer("Invalid policy document: a resource is longer than 512 characters")
    return policy


def _context(given: object) -> Mapping[str, str]:
    """Strings, numbers and booleans, as text; null is left out; anything nested is refused."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BadAnswer("Authorizer context is not an object")
    context: dict[str, str] = {}
    for key, value in given.items():
        if value is None:
            continue
        text = _scalar_text(value)
        if text is None:
            raise BadAnswer(f"Authorizer context value of {key} is not a string, number or boolean")
        context[key] = text
    return context


def _scalar_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return double_text(value)  # as Java prints it: 1.0E10
    return None
