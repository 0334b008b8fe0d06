"""COGNITO_USER_POOLS authorizers: a token of one of the pools, and its claims for ``$context``.

Belongs here: which tokens the pools' authorizer accepts, and how it shows claims. Never here: signatures (``tokens``).

AWS pages: "Control access to REST APIs using Amazon Cognito user pools as an authorizer", "Verifying a JSON web token".
Without scopes on the method an ID token is wanted, with scopes an access token that has one of them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import frozen

from emulator.authorizers.authorizer_request import (
    AuthorizerRequest,
    IdentitySource,
    failed,
    misconfigured,
    parse_identity_sources,
    unauthorized,
)
from emulator.authorizers.lambda_token import accepts, compile_expression
from emulator.authorizers.tokens import NoKeys, Refused, TokenVerifier, bearer
from emulator.store.records import Record

EXPIRED = "The incoming token has expired"
_RS256 = frozenset({"RS256"})


@frozen(eq=False)
class CognitoAuthorizer:
    """Compiled from its record. ``issuers`` is what :meth:`TokenVerifier.verify` trusts."""

    id: str
    sources: tuple[IdentitySource, ...]
    expression: Any
    issuers: Mapping[str, str]
    broken: str = ""

    @classmethod
    def compile(cls, record: Record, other_issuers: Collection[str] = ()) -> CognitoAuthorizer:
        """From an Authorizer record; ``other_issuers`` (the user's settings) which end in a pool's id count too."""
        broken, expression = "", None
        sources: tuple[IdentitySource, ...] = ()
        issuers: dict[str, str] = {}
        try:
            sources = parse_identity_sources(record.get("identitySource"))
            expression = compile_expression(record.get("identityValidationExpression"))
        except ValueError as problem:
            broken = str(problem)
        for arn in record.get("providerARNs") or ():
            issuer = pool_issuer(arn)
            if issuer is None:
                broken = f"Invalid user pool ARN {arn}"
                continue
            issuers[issuer] = ""
            pool = "/" + issuer.rpartition("/")[2]
            issuers.update({other: "" for other in other_issuers if other.endswith(pool)})
        return cls(record["id"], sources, expression, issuers, broken)


def pool_issuer(arn: str) -> str | None:
    """``arn:aws:cognito-idp:region:account:userpool/id`` to the ``iss`` of the pool's tokens."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "cognito-idp" or not parts[5].startswith("userpool/"):
        return None
    return f"https://cognito-idp.{parts[3]}.amazonaws.com/{parts[5].removeprefix('userpool/')}"


async def authorize(
    authorizer: CognitoAuthorizer, request: AuthorizerRequest, scopes: Collection[str], verifier: TokenVerifier
) -> dict[str, str]:
    """The claims, as ``$context.authorizer.claims`` shows them. Raises GatewayErrors: 401, or 500 when it is broken."""
    if authorizer.broken or not authorizer.sources:
        raise misconfigured(authorizer.broken or "The authorizer has no identity source")
    value = authorizer.sources[0].read(request)
    if value is None or not value.strip():
        raise unauthorized(request)
    try:
        token = await verifier.verify(bearer(value), authorizer.issuers, _RS256)
        _check_use(authorizer, token.claims, scopes)
    except Refused as problem:
        request.note(problem.reason)
        raise unauthorized(request, EXPIRED if problem.expired else "") from None
    except NoKeys as problem:
        raise failed(str(problem)) from None
    shown: dict[str, str] | None = token.shown.get("cognito")
    if shown is None:
        shown = token.shown["cognito"] = show_claims(token.claims)
    return shown


def _check_use(authorizer: CognitoAuthorizer, claims: Mapping[str, Any], scopes: Collection[str]) -> None:
    use = claims.get("token_use")
    if use != ("access" if scopes else "id"):
        raise Refused(f"The method wants an {'access' if scopes else 'ID'} token")
    audience = claims.get("client_id" if use == "access" else "aud")
    if authorizer.expression is not None and not (
        isinstance(audience, str) and accepts(authorizer.expression, audience)
    ):
        raise Refused("The token's audience does not match the validation expression")
    if scopes:
        held = claims.get("scope")
        if not isinstance(held, str) or not set(held.split()) & set(scopes):
            raise Refused("The token has none of the method's scopes")


def show_claims(claims: Mapping[str, Any]) -> dict[str, str]:
    """Claims as API Gateway shows a pool's: strings, ``exp`` and ``iat`` as Java prints dates, lists with commas."""
    return {name: _shown(name, value) for name, value in claims.items() if value is not None}


def _shown(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return java_date(value) if name in ("exp", "iat") else str(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value)
    return json.dumps(value, separators=(",", ":"))


def java_date(seconds: float) -> str:
    """``Wed Nov 15 00:13:20 UTC 2023``; a time beyond the calendar stays a number."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
    except (OverflowError, ValueError, OSError):
        return str(seconds)
