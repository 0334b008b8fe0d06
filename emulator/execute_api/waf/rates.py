"""Counting requests: how many came under a key in the last window.

Belongs here: the counters, bounded. Never here: what makes a key. A window is cut into slots, so that a key costs a
few numbers however many requests it makes. AWS page: "Using rate-based rule statements in AWS WAF".
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable

SLOTS = 30
MAX_KEYS = 10_000  # AWS limits at most as many at a time


class Rates:
    """One rule's counters. At most MAX_KEYS keys are counted; the one unseen for longest goes first."""

    def __init__(self) -> None:
        self._counts: OrderedDict[Hashable, deque[list[int]]] = OrderedDict()

    def count(self, key: Hashable, now: float, window: float) -> int:
        """Count one request; how many there were in the last ``window`` seconds, with this one."""
        slot = int(now * SLOTS / window)
        slots = self._counts.get(key)
        if slots is None:
            slots = self._counts[key] = deque()
            if len(self._counts) > MAX_KEYS:
                self._counts.popitem(last=False)
        else:
            self._counts.move_to_end(key)
        while slots and slots[0][0] <= slot - SLOTS:
            slots.popleft()
        if slots and slots[-1][0] == slot:
            slots[-1][1] += 1
        else:
            slots.append([slot, 1])
        return sum(each[1] for each in slots)
