"""Documents of token issuers (discovery documents, key sets), fetched by treq.

Belongs here: one GET, whole and bounded. Never here: caching, timeouts, or what a document says
(``authorizers/jwks.py``).
"""

from __future__ import annotations

from typing import Any

from treq.client import HTTPClient
from twisted.internet.defer import Deferred

from emulator.effects import Effects
from emulator.web.client_body import read_body
from emulator.web.client_pool import Body, ClientPool, HeaderLines, NoCookies, PooledAgent, ReadyUrl

MAX_DOCUMENT = 512 * 1024


class BadDocument(Exception):
    """The server answered, but not with the document."""


class KeyFetcher:
    """Fetches documents over the connections that integrations use."""

    def __init__(self, effects: Effects, pool: ClientPool) -> None:
        self._effects = effects
        self._cookies = NoCookies()
        self._client = HTTPClient(PooledAgent(pool), self._cookies, Body)  # type: ignore[arg-type]

    def fetch(self, url: str) -> Deferred[bytes]:
        """The document's bytes; fails when the server cannot be reached or does not answer 200. No redirects."""
        return Deferred.fromCoroutine(self._fetch(url))

    async def _fetch(self, url: str) -> bytes:
        host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
        answer: Any = await self._client.request(
            "GET",
            ReadyUrl(url),
            headers=HeaderLines([("Host", host), ("Accept", "application/json"), ("User-Agent", "apigw-emu")]),
            cookies=self._cookies,
            allow_redirects=False,
            unbuffered=True,
            reactor=self._effects.reactor,
        )
        body = await read_body(answer, MAX_DOCUMENT)
        if answer.code != 200:
            raise BadDocument(f"{url} answered {answer.code}")
        return body
