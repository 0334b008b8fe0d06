"""What each request is stamped with: request id, extended request id, trace id, time of arrival.

Belongs here: their forms, made cheaply (one draw of random bits a request). Never here: clocks or randomness of its
own.
"""

from __future__ import annotations

from binascii import b2a_base64

from emulator.effects import Effects
from emulator.execute_api.invocation import Invocation

_BITS = 128 + 88 + 96 + 64


def stamp(invocation: Invocation, effects: Effects) -> None:
    """Fill ``request_id``, ``extended_request_id``, ``trace_id``, ``started`` and ``epoch``."""
    bits = effects.ids.getrandbits(_BITS)
    digits = f"{bits:094x}"
    invocation.request_id = (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[bits & 3]}{digits[17:20]}-{digits[20:32]}"
    )
    # Eleven bytes make fifteen characters and one sign of padding, as AWS's do.
    invocation.extended_request_id = b2a_base64(bytes.fromhex(digits[32:54]), newline=False).decode()
    invocation.started = effects.clock.seconds()
    invocation.epoch = epoch = effects.wall()
    invocation.trace_id = trace_id(
        invocation.request.headers.last("x-amzn-trace-id"),
        f"1-{int(epoch):08x}-{digits[54:78]}",
        digits[78:94],
    )


def trace_id(incoming: str | None, root: str, parent: str) -> str:
    """``Root=…;Parent=…;Sampled=…``: what the caller sent of the three is kept, the rest is filled in."""
    if not incoming:
        return f"Root={root};Parent={parent};Sampled=0"
    sent: dict[str, str] = {}
    for part in incoming.split(";"):
        name, _, value = part.strip().partition("=")
        if value and value.isprintable():
            sent[name.capitalize()] = value
    sampled = sent.get("Sampled", "1" if "Parent" in sent else "0")
    return f"Root={sent.get('Root', root)};Parent={sent.get('Parent', parent)};Sampled={sampled}"
