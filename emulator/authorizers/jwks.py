"""Public keys of token issuers: where they are, fetched once, kept for an hour.

Belongs here: finding an issuer's key set (the user's settings, the emulator's own user pools, the issuer's discovery
document) and its keys by id. Never here: HTTP (a function is handed in), or what a token says.

A set is fetched again when a token names a key that is not in it, but not more often than MIN_INTERVAL; a source that
hangs is given up after FETCH_SECONDS; what is no key set is no key set.

AWS page: "Signing keys and troubleshooting JWT authorizers".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import jwt
from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from emulator.effects import Effects

MAX_AGE = 3600.0
MIN_INTERVAL = 10.0
FETCH_SECONDS = 5.0
MAX_BYTES = 512 * 1024
MAX_ISSUERS = 256


class UserPools(Protocol):
    """The emulator's own user pools."""

    def key_set(self, issuer: str) -> Mapping[str, Any] | None:
        """The JWKS of the pool whose tokens carry ``issuer``, or None when there is no such pool."""


class NoKeys(Exception):
    """The issuer's keys cannot be had; the text says why."""


@define(eq=False)
class _KeySet:
    """One issuer's keys by id, and when they were last had and last asked for."""

    keys: dict[str, Mapping[str, Any]] = field(factory=dict)
    built: dict[tuple[str, str], jwt.PyJWK] = field(factory=dict)
    fetched: float | None = None
    tried: float | None = None
    problem: str = ""
    loading: bool = False
    waiters: list[Deferred[None]] = field(factory=list)


class KeySets:
    """Key sets by issuer.

    ``issuers`` maps an issuer to the URL or the file of its JWKS (``settings.issuers``); ``fetch(url)`` answers a
    Deferred of bytes, None where the emulator runs without a network.
    """

    log = Logger()

    def __init__(
        self,
        effects: Effects,
        issuers: Mapping[str, str],
        *,
        fetch: Callable[[str], Deferred[bytes]] | None = None,
        user_pools: UserPools | None = None,
    ) -> None:
        self._effects = effects
        self._issuers = issuers
        self._fetch = fetch
        self._user_pools = user_pools
        self._sets: dict[tuple[str, str], _KeySet] = {}

    async def key(self, issuer: str, kid: str, algorithm: str, jwks_uri: str = "") -> jwt.PyJWK | None:
        """The issuer's key for a token's ``kid`` and ``alg``; None: it has no such key. Raises NoKeys."""
        local = self._local(issuer)
        if local is not None:
            return _build(_by_id(local), {}, kid, algorithm)
        known = self._sets.get((issuer, jwks_uri))
        if known is None:
            if len(self._sets) >= MAX_ISSUERS:
                self._sets.clear()
            known = self._sets[issuer, jwks_uri] = _KeySet()
        now = self._effects.clock.seconds()
        stale = known.fetched is None or now - known.fetched >= MAX_AGE or kid not in known.keys
        if stale and (known.loading or known.tried is None or now - known.tried >= MIN_INTERVAL):
            await self._refresh(known, issuer, jwks_uri)
        if known.fetched is None:
            raise NoKeys(known.problem)
        return _build(known.keys, known.built, kid, algorithm)

    def _local(self, issuer: str) -> Mapping[str, Any] | None:
        if self._user_pools is None or issuer in self._issuers:
            return None
        return self._user_pools.key_set(issuer)

    async def _refresh(self, known: _KeySet, issuer: str, jwks_uri: str) -> None:
        """Wait for one load, shared by whoever needs it; it goes on when a waiting client hangs up."""
        waiter: Deferred[None] = Deferred()
        known.waiters.append(waiter)
        if not known.loading:
            known.loading = True
            known.tried = self._effects.clock.seconds()
            loading = Deferred.fromCoroutine(self._load(known, issuer, jwks_uri))
            loading.addErrback(self._failed, known, issuer)
            loading.addBoth(self._loaded, known)
        await waiter

    @staticmethod
    def _loaded(_result: object, known: _KeySet) -> None:
        known.loading = False
        waiters, known.waiters = known.waiters, []
        for waiter in waiters:
            waiter.callback(None)

    def _failed(self, failure: Failure, known: _KeySet, issuer: str) -> None:
        """Whatever went wrong with a source that is not ours: said, and remembered as the reason."""
        known.problem = f"The keys of {issuer} cannot be read: {failure.value!r}"
        self.log.warn("{problem}", problem=known.problem)

    async def _load(self, known: _KeySet, issuer: str, jwks_uri: str) -> None:
        source = self._issuers.get(issuer) or jwks_uri or await self._discover(issuer)
        document = _parse(await self._read(source))
        known.keys = _by_id(document)
        known.built = {}
        known.fetched = self._effects.clock.seconds()

    async def _discover(self, issuer: str) -> str:
        """The ``jwks_uri`` of the issuer's OIDC discovery document, which must name the issuer itself."""
        document = _parse(await self._read(issuer.rstrip("/") + "/.well-known/openid-configuration"))
        if document.get("issuer") != issuer or not isinstance(document.get("jwks_uri"), str):
            raise NoKeys("its discovery document is not the issuer's")
        return str(document["jwks_uri"])

    async def _read(self, source: str) -> bytes:
        if not source.startswith(("http://", "https://")):
            path = Path(source.removeprefix("file://"))
            return await self._effects.in_thread(path.read_bytes)
        if self._fetch is None:
            raise NoKeys("there is no network to fetch them from")
        fetched = self._fetch(source)
        if not fetched.called:
            fetched.addTimeout(FETCH_SECONDS, self._effects.clock)
        return await fetched


def _parse(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_BYTES:
        raise NoKeys("the document is too large")
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        raise NoKeys("the document is not JSON") from None
    if not isinstance(document, dict):
        raise NoKeys("the document is not an object")
    return document


def _by_id(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The signature keys of a set by ``kid``; what is no such key is passed over."""
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise NoKeys("the document is not a key set")
    return {
        key["kid"]: key
        for key in keys
        if isinstance(key, dict) and isinstance(key.get("kid"), str) and key.get("use", "sig") == "sig"
    }


def _build(
    keys: Mapping[str, Mapping[str, Any]], built: dict[tuple[str, str], jwt.PyJWK], kid: str, algorithm: str
) -> jwt.PyJWK | None:
    """The key, ready to verify with; None if it is not there, not for the algorithm, or no key at all."""
    ready = built.get((kid, algorithm))
    if ready is None:
        key = keys.get(kid)
        if key is None or key.get("alg", algorithm) != algorithm or key.get("kty") not in ("RSA", "EC"):
            return None
        try:
            ready = jwt.PyJWK(dict(key), algorithm=algorithm)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            return None
        built[kid, algorithm] = ready
    return ready
