"""The order in which a Java ``HashSet<String>`` gives its elements: AWS lists what a request lacks in it.

Belongs here: that order. Never here: what the elements are.
"""

from __future__ import annotations

from collections.abc import Iterable


def hash_order(texts: Iterable[str]) -> list[str]:
    """``texts`` without doubles, by their slot in the table; those of one slot in the order they came."""
    found = list(dict.fromkeys(texts))
    slots = 16
    while len(found) > slots * 3 // 4:
        slots *= 2
    return sorted(found, key=lambda text: _spread(text) & (slots - 1))


def _spread(text: str) -> int:
    """A string's ``hashCode`` as ``HashMap`` spreads it."""
    value = 0
    units = text.encode("utf-16-be", "surrogatepass")
    for high, low in zip(units[::2], units[1::2], strict=True):
        value = (31 * value + (high << 8 | low)) & 0xFFFFFFFF
    return value ^ value >> 16
