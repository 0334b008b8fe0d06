"""Tracing: whether X-Ray samples a request of a stage that traces.

Belongs here: that decision. Never here: segments (``observe/xray.py``).
AWS page: "Configuring X-Ray sampling rules for API Gateway APIs": by default the first request each second, and 5% of
the others; a caller who has decided is followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.execute_api.invocation import Invocation

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway

FIXED_RATE = 0.05


def sample(invocation: Invocation, gateway: Gateway) -> None:
    """Set Sampled in the trace id, unless the caller has."""
    sent = invocation.request.headers.last("x-amzn-trace-id")
    if sent is not None and "sampled=" in sent.lower():
        return
    second = int(gateway.effects.clock.seconds())
    reservoirs: dict[tuple[str, str], int] = gateway.memo.setdefault("tracing", {})
    key = (invocation.deployment.account, invocation.deployment.region)
    sampled = reservoirs.get(key) != second
    if sampled:
        reservoirs[key] = second
    elif gateway.effects.random.random() < FIXED_RATE:
        sampled = True
    decided = invocation.trace_id.rpartition("=")[0]
    invocation.trace_id = f"{decided}={'1' if sampled else '0'}"
