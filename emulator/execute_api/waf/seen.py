"""What a web ACL sees of a request.

Belongs here: that view. Never here: the pipeline's Invocation, or rules.
"""

from __future__ import annotations

from attrs import Factory, define

from emulator.authorizers.policy_conditions import parse_address
from emulator.wire import Headers


@define(eq=False, kw_only=True)
class Seen:
    """One request. ``path`` and ``query`` are raw; ``now`` is the clock's; ``labels`` grows as rules match."""

    method: str
    path: bytes
    query: bytes
    headers: Headers
    body: bytes
    source_ip: str
    country: str | None
    now: float
    labels: set[str] = Factory(set)
    notes: list[str] = Factory(list)
    _address: tuple[int, int] | None = None

    @property
    def address(self) -> tuple[int, int] | None:
        """The client's address as (bits, number)."""
        if self._address is None:
            self._address = parse_address(self.source_ip)
        return self._address

    def forwarded(self, header: str) -> list[str] | None:
        """The addresses a header names, first to last; None when the header is not there."""
        lines = self.headers.all(header)
        if not lines:
            return None
        return [hop.strip() for line in lines for hop in line.split(",")]

    def cookies(self) -> list[tuple[str, str]]:
        """Names and values of the request's cookies."""
        pairs = []
        for line in self.headers.all("cookie"):
            for piece in line.split(";"):
                name, _, value = piece.strip().partition("=")
                if name:
                    pairs.append((name, value))
        return pairs
