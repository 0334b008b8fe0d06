"""Signed tokens: cut open, verified once, remembered until they expire.

Belongs here: what COGNITO_USER_POOLS and JWT authorizers share: header, signature, times, cache.
Never here: which claims a kind of authorizer asks for.

Only asymmetric signatures are ever accepted, and only with a key of the issuer's own set: ``none``, HMAC, keys or URLs
in the token's header, ``crit`` and detached payloads are all refused.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections import OrderedDict
from collections.abc import Collection, Mapping
from typing import Any

import jwt
from attrs import define, field

from emulator.authorizers.jwks import KeySets, NoKeys
from emulator.effects import Effects

MAX_TOKEN = 32 * 1024  # characters
MAX_CACHED = 10_000
SKEW = 60.0  # seconds an issuer's clock may be ahead of ours, for iat and nbf
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"},
)


class Refused(Exception):
    """The token is not accepted; the text is for the execution log. ``expired`` is whether only its time was up."""

    def __init__(self, reason: str, *, expired: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expired = expired


@define(eq=False)
class Token:
    """A token whose signature holds. ``shown`` is what a kind of authorizer made of the claims for ``$context``."""

    algorithm: str
    issuer: str
    jwks_uri: str
    claims: Mapping[str, Any]
    expires: float
    shown: dict[str, Any] = field(factory=dict)


def bearer(value: str) -> str:
    """The token in a header's value, with or without ``Bearer`` before it."""
    if value[:7].lower() == "bearer ":
        return value[7:].strip()
    return value.strip()


class TokenVerifier:
    """Verifies tokens against their issuers' keys; a verified token costs one look-up until it expires."""

    def __init__(self, effects: Effects, key_sets: KeySets, *, limit: int = MAX_CACHED) -> None:
        self._effects = effects
        self._key_sets = key_sets
        self._limit = limit
        self._verified: OrderedDict[str, Token] = OrderedDict()

    def forget(self) -> None:
        """Drop every verified token."""
        self._verified.clear()

    async def verify(self, text: str, issuers: Mapping[str, str], algorithms: Collection[str]) -> Token:
        """The token, if one of ``issuers`` (issuer -> its JWKS URI or "") signed it and its times hold.

        Raises Refused, or NoKeys when the issuer's keys cannot be had.
        """
        known = self._verified.get(text)
        if known is None or issuers.get(known.issuer) != known.jwks_uri or known.algorithm not in algorithms:
            known = await self._check(text, issuers, algorithms)
            self._verified[text] = known
            if len(self._verified) > self._limit:
                self._verified.popitem(last=False)
        now = self._effects.wall()
        if known.expires <= now:
            self._verified.pop(text, None)
            raise Refused("The token has expired", expired=True)
        self._verified.move_to_end(text)
        _check_begun(known.claims, now)
        return known

    async def _check(self, text: str, issuers: Mapping[str, str], algorithms: Collection[str]) -> Token:
        header, claims = _cut_open(text)
        algorithm, kid, issuer = header.get("alg"), header.get("kid"), claims.get("iss")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or algorithm not in algorithms:
            raise Refused("The token's algorithm is not accepted")
        if "crit" in header or header.get("b64") is False:
            raise Refused("The token's header asks for what is not supported")
        if not isinstance(kid, str):
            raise Refused("The token names no key")
        if not isinstance(issuer, str) or issuer not in issuers:
            raise Refused("The token's issuer is not trusted")
        key = await self._key_sets.key(issuer, kid, algorithm, issuers[issuer])
        if key is None:
            raise Refused("The token's key is not one of its issuer's")
        try:
            jwt.PyJWS().decode_complete(text, key, algorithms=[algorithm])
        except jwt.PyJWTError as problem:
            raise Refused(f"The token's signature does not hold: {problem}") from None
        return Token(algorithm, issuer, issuers[issuer], claims, _time(claims, "exp", required=True))


def _cut_open(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, not yet verified."""
    if len(text) > MAX_TOKEN:
        raise Refused("The token is too long")
    parts = text.split(".")
    if len(parts) != 3:
        raise Refused("The token is not a signed token")
    return _json_part(parts[0]), _json_part(parts[1])


def _json_part(part: str) -> dict[str, Any]:
    try:
        decoded = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise Refused("The token is malformed") from None
    if not isinstance(decoded, dict):
        raise Refused("The token is malformed")
    return decoded


def _time(claims: Mapping[str, Any], name: str, *, required: bool = False) -> float:
    value = claims.get(name)
    if value is None and not required:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused(f"The token's {name} is not a time")
    return float(value)


def _check_begun(claims: Mapping[str, Any], now: float) -> None:
    for name in ("nbf", "iat"):
        if _time(claims, name) > now + SKEW:
            raise Refused(f"The token's {name} lies in the future")


__all__ = ["ALGORITHMS", "KeySets", "NoKeys", "Refused", "Token", "TokenVerifier", "bearer"]
