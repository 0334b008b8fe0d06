"""Where a request comes from: the client's address, through proxies the user trusts; VPC endpoint and VPC.

Belongs here: that, once per request. Never here: what is made of it (``firewall``, ``resource_policy``).

AWS sees the client's address itself. A proxy in front of the emulator hides it; only a proxy of
``settings.trusted_proxies`` is believed when it names the client in X-Forwarded-For (and the scheme in
X-Forwarded-Proto).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.authorizers.policy_conditions import Network, parse_address, parse_network
from emulator.execute_api.invocation import Invocation

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway


def trusted_networks(gateway: Gateway) -> tuple[Network, ...]:
    """The proxies that are believed; a setting that is no network raises ValueError at the first request."""
    known: tuple[Network, ...] | None = gateway.memo.get("trusted proxies")
    if known is None:
        found = []
        for text in gateway.settings.trusted_proxies:
            network = parse_network(text)
            if network is None:
                raise ValueError(f"trusted_proxies: {text} is not a network")
            found.append(network)
        known = gateway.memo["trusted proxies"] = tuple(found)
    return known


def source_ip(invocation: Invocation, gateway: Gateway) -> str:
    """The client's address, as ``$context.identity.sourceIp`` shows it."""
    known: str | None = invocation.extra.get("sourceIp")
    if known is None:
        known = invocation.extra["sourceIp"] = _source_ip(invocation, gateway)
    return known


def _source_ip(invocation: Invocation, gateway: Gateway) -> str:
    request = invocation.request
    trusted = trusted_networks(gateway)
    if not trusted or not _within(request.source_ip, trusted):
        return request.source_ip
    address = request.source_ip
    hops = [hop.strip() for line in request.headers.all("x-forwarded-for") for hop in line.split(",")]
    for hop in reversed(hops):
        if parse_address(hop) is None:
            break
        address = hop
        if not _within(hop, trusted):
            break
    return address


def is_secure(invocation: Invocation, gateway: Gateway) -> bool:
    """Whether the client came by TLS."""
    request = invocation.request
    trusted = trusted_networks(gateway)
    if trusted and _within(request.source_ip, trusted):
        told = request.headers.last("x-forwarded-proto")
        if told is not None:
            return told.strip().lower() == "https"
    return request.scheme == "https"


def _within(text: str, networks: tuple[Network, ...]) -> bool:
    address = parse_address(text)
    return address is not None and any(network.holds(address) for network in networks)


def vpc_endpoint(invocation: Invocation) -> str | None:
    """The VPC endpoint a private API was called through."""
    found: str | None = invocation.extra.get("vpceId")
    return found


def vpc_of(endpoint: str, gateway: Gateway) -> str | None:
    """The VPC an endpoint lies in, if the emulator's EC2 has it."""
    directory: Any = gateway.vpc_endpoints
    if directory is None:
        return None
    found: str | None = directory.vpc_of(endpoint)
    return found
