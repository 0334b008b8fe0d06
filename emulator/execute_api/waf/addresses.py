"""IP sets: many networks, asked for one address.

Belongs here: that look-up. Never here: where the networks or the address come from.
"""

from __future__ import annotations

from collections.abc import Sequence

from emulator.authorizers.policy_conditions import parse_network


class Addresses:
    """A set of networks, by prefix length: a look-up costs one step per length, however many networks there are."""

    def __init__(self, blocks: Sequence[str]) -> None:
        self._by_shift: dict[tuple[int, int], set[int]] = {}
        for block in blocks:
            network = parse_network(block)
            if network is None:
                raise ValueError(f"Invalid address {block} in an IP set")
            self._by_shift.setdefault((network.bits, network.shift), set()).add(network.prefix)

    def __contains__(self, address: object) -> bool:
        if not isinstance(address, tuple):
            return False
        bits, number = address
        return any(bits == size and number >> shift in prefixes for (size, shift), prefixes in self._by_shift.items())
