"""JWT authorizers: tokens of any trusted OpenID Connect issuer.

Belongs here: issuers, audiences, additional claims, scopes; how claims are shown. Never here: signatures (``tokens``).

AWS pages: "Control access to REST APIs using JWT authorizers", "Pass JWT claims to your integration"; the service
model's own words on jwtConfiguration.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
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
from emulator.authorizers.tokens import ALGORITHMS, NoKeys, Refused, TokenVerifier, bearer
from emulator.errors import GatewayError
from emulator.store.records import Record


@frozen(eq=False)
class JwtAuthorizer:
    """Compiled from its record. ``issuers``: issuer -> JWKS URI (or ""); ``rules``: issuer -> JwtIssuer record."""

    id: str
    sources: tuple[IdentitySource, ...]
    algorithms: frozenset[str]
    issuers: Mapping[str, str]
    rules: Mapping[str, Record]
    broken: str = ""

    @classmethod
    def compile(cls, record: Record) -> JwtAuthorizer:
        """From an Authorizer record. Algorithms other than asymmetric ones are never accepted, whatever it says."""
        broken = ""
        sources: tuple[IdentitySource, ...] = ()
        try:
            sources = parse_identity_sources(record.get("identitySource"))
        except ValueError as problem:
            broken = str(problem)
        if len(sources) != 1 or sources[0].place != "header":
            broken = broken or "A JWT authorizer needs one header as its identity source"
        configuration = record.get("jwtConfiguration") or {}
        rules: dict[str, Record] = {}
        for issuer in configuration.get("issuers") or ():
            if isinstance(issuer, dict) and isinstance(issuer.get("issuer"), str):
                rules[issuer["issuer"]] = issuer
            else:
                broken = broken or "An issuer of the JWT configuration has no name"
        return cls(
            id=record["id"],
            sources=sources,
            algorithms=frozenset(configuration.get("defaultAlgorithms") or ()) & ALGORITHMS,
            issuers={issuer: rule.get("jwksUri") or "" for issuer, rule in rules.items()},
            rules=rules,
            broken=broken,
        )


@frozen
class Claims:
    """The claims twice: as a proxy integration's event has them, and as text for mappings, templates and logs."""

    typed: Mapping[str, Any]
    text: Mapping[str, str]


async def authorize(
    authorizer: JwtAuthorizer, request: AuthorizerRequest, scopes: Collection[str], verifier: TokenVerifier
) -> Claims:
    """The token's claims. Raises GatewayErrors: 401, 403 without any of the method's scopes, 500 when it is broken."""
    if authorizer.broken:
        raise misconfigured(authorizer.broken)
    value = authorizer.sources[0].read(request)
    if value is None or not value.strip():
        raise unauthorized(request)
    try:
        token = await verifier.verify(bearer(value), authorizer.issuers, authorizer.algorithms)
        _check_rules(token.claims, authorizer.rules[token.issuer])
    except Refused as problem:
        request.note(problem.reason)
        raise unauthorized(request) from None
    except NoKeys as problem:
        raise failed(str(problem)) from None
    if scopes and not held_scopes(token.claims) & set(scopes):
        raise GatewayError("ACCESS_DENIED", log="The token has none of the method's scopes")
    shown: Claims | None = token.shown.get("jwt")
    if shown is None:
        text = {name: json_text(claim) for name, claim in token.claims.items()}
        shown = token.shown["jwt"] = Claims(token.claims, text)
    return shown


def _check_rules(claims: Mapping[str, Any], rule: Record) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if not any(isinstance(each, str) and each in (rule.get("audiences") or ()) for each in audiences):
        raise Refused("The token has none of the issuer's audiences")
    for additional in rule.get("additionalClaims") or ():
        name = additional.get("claimName")
        if name not in claims:
            if additional.get("required"):
                raise Refused(f"The token has no claim {name}")
            continue
        expected = additional.get("expectedValues") or ()
        if not isinstance(claims[name], str) or (expected and claims[name] not in expected):
            raise Refused(f"The token's claim {name} is not as expected")


def held_scopes(claims: Mapping[str, Any]) -> set[str]:
    """The scopes of a token: ``scope`` (a string with blanks) or ``scp`` (that, or a list)."""
    held: set[str] = set()
    for name in ("scope", "scp"):
        value = claims.get(name)
        if isinstance(value, str):
            held.update(value.split())
        elif isinstance(value, list):
            held.update(each for each in value if isinstance(each, str))
    return held


def json_text(value: Any) -> str:
    """A claim as JSON, without blanks; whatever is not ASCII is escaped with capital hexadecimal digits."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if text.isascii():
        return text
    return "".join(each if each.isascii() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2]):04X}" for at in range(0, len(units), 2))
