"""Integrate: call the backend, and note how long it took.

Belongs here: the call. Never here: time limits and types (``integrations/dispatch.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.execute_api.invocation import Invocation

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway


async def integrate(invocation: Invocation, gateway: Gateway) -> None:
    """Fill ``answer`` and ``integration_latency`` (milliseconds)."""
    clock = gateway.effects.clock
    begun = clock.seconds()
    try:
        invocation.answer = await gateway.dispatch.invoke(invocation.integration_request)
    finally:
        invocation.integration_latency = int((clock.seconds() - begun) * 1000)
