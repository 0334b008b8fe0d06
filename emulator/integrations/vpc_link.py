"""VPC links: HTTP and HTTP_PROXY to what stands behind a load balancer.

Belongs here: from a link to a host and port, through elbv2's listeners and target groups (instances by their private
address), or to where the settings say. Never here: the call itself (``http.py``).
The integration's URI sets path and Host header, its port chooses the listener; only the connection goes elsewhere.
AWS pages: "Private integrations for REST APIs", "Set up HTTP/HTTPS private integrations with VPC links V1".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from attrs import evolve, frozen
from twisted.internet.defer import Deferred

from emulator.effects import Effects
from emulator.errors import GatewayError, ServiceError
from emulator.integrations.dispatch import IntegrationAnswer, IntegrationRequest
from emulator.integrations.http import HttpCalls
from emulator.settings import Settings
from emulator.store.records import Record
from emulator.store.store import Store
from emulator.web.client_pool import InvalidUrl, Target

# How long targets are believed: registering one shows within seconds on AWS too.
CACHE_SECONDS = 5.0
_UNUSABLE = frozenset(("unhealthy", "draining", "unhealthy.draining"))
_MAX_HOPS = 3  # an NLB's target may be an ALB, whose targets are addresses


class ServiceAsker(Protocol):
    """elbv2 and ec2, asked by operation: ``services.calls.ServiceCalls``."""

    def call(
        self, service: str, action: str, params: Mapping[str, Any], *, account: str, region: str
    ) -> Deferred[dict[str, Any]]: ...


@frozen
class Backend:
    """An address to connect to; ``tls`` is None where the URI's own scheme decides."""

    host: str
    port: int
    tls: bool | None = None


class VpcLink:
    """HTTP and HTTP_PROXY with ``connectionType=VPC_LINK``."""

    def __init__(
        self, effects: Effects, settings: Settings, store: Store, calls: HttpCalls, services: ServiceAsker
    ) -> None:
        self._effects = effects
        self._settings = settings
        self._store = store
        self._calls = calls
        self._services = services
        self._cache: dict[tuple[str, str, str, int], tuple[float, list[Backend]]] = {}
        self._turn = 0

    def invoke(self, request: IntegrationRequest) -> Deferred[IntegrationAnswer]:
        """Call one of the link's targets. No link, no listener, no target: API_CONFIGURATION_ERROR (500)."""
        return Deferred.fromCoroutine(self._invoke(request))

    async def _invoke(self, request: IntegrationRequest) -> IntegrationAnswer:
        try:
            target = Target.parse(request.uri)
        except InvalidUrl as error:
            raise _broken(f"Invalid endpoint address {error}") from error
        link = self._store.region(request.account, request.region).vpc_links.get(request.connection_id)
        backend = self._set_by_user(request, link) or await self._resolve(request, link, target.port)
        if backend.tls is not None and backend.tls != target.tls:
            scheme = "https" if backend.tls else "http"
            request = evolve(request, uri=f"{scheme}://{request.uri.partition('://')[2]}", tls_insecure=True)
        return await self._calls.send(
            request,
            stream=request.stream and request.type == "HTTP_PROXY",
            connect=(backend.host, backend.port),
        )

    def _set_by_user(self, request: IntegrationRequest, link: Record | None) -> Backend | None:
        endpoints = self._settings.vpc_link_endpoints
        if not endpoints:
            return None
        names = [request.connection_id, request.integration_target]
        if link is not None:
            names += [link.get("name", ""), *link.get("targetArns", ())]
        for name in names:
            if name and name in endpoints:
                at = Target.parse(endpoints[name])
                return Backend(at.host, at.port, at.tls)
        return None

    async def _resolve(self, request: IntegrationRequest, link: Record | None, port: int) -> Backend:
        arn = request.integration_target or next(iter(link["targetArns"]) if link is not None else iter(()), "")
        if not arn:
            raise _broken(f"VPC link {request.connection_id} has no target")
        key = (request.account, request.region, arn, port)
        found = self._cache.get(key)
        now = self._effects.clock.seconds()
        if found is None or found[0] <= now:
            try:
                backends = await self._targets(request, arn, port, _MAX_HOPS)
            except ServiceError as error:
                raise _broken(f"{arn}: {error}") from error
            found = self._cache[key] = (now + CACHE_SECONDS, backends)
        backends = found[1]
        if not backends:
            raise _broken("There was an internal error while executing your request")
        self._turn += 1
        return backends[self._turn % len(backends)]

    async def _ask(self, request: IntegrationRequest, service: str, action: str, params: Record) -> Record:
        return await self._services.call(service, action, params, account=request.account, region=request.region)

    async def _targets(self, request: IntegrationRequest, arn: str, port: int, hops: int) -> list[Backend]:
        """The usable targets behind the load balancer (or the listener) ``arn`` on ``port``."""
        if ":listener/" in arn:
            asked: Record = {"ListenerArns": [arn]}
        else:
            asked = {"LoadBalancerArn": arn}
        listeners = (await self._ask(request, "elbv2", "DescribeListeners", asked))["Listeners"]
        chosen = next((each for each in listeners if each.get("Port") == port or "ListenerArns" in asked), None)
        if chosen is None:
            return []
        group = _target_group(chosen)
        if not group:
            return []
        groups = await self._ask(request, "elbv2", "DescribeTargetGroups", {"TargetGroupArns": [group]})
        described = groups["TargetGroups"][0]
        health = await self._ask(request, "elbv2", "DescribeTargetHealth", {"TargetGroupArn": group})
        usable = [
            each["Target"]
            for each in health["TargetHealthDescriptions"]
            if each.get("TargetHealth", {}).get("State") not in _UNUSABLE
        ]
        tls = _speaks_tls(chosen, described)
        kind = described.get("TargetType", "instance")
        default = described.get("Port", port)
        if kind == "alb" and usable and hops > 1:
            return await self._targets(request, usable[0]["Id"], usable[0].get("Port", default), hops - 1)
        if kind == "instance":
            addresses = await self._addresses(request, [each["Id"] for each in usable])
            return [
                Backend(addresses[each["Id"]], each.get("Port", default), tls)
                for each in usable
                if each["Id"] in addresses
            ]
        if kind == "ip":
            return [Backend(each["Id"], each.get("Port", default), tls) for each in usable]
        return []

    async def _addresses(self, request: IntegrationRequest, instances: list[str]) -> dict[str, str]:
        if not instances:
            return {}
        found = await self._ask(request, "ec2", "DescribeInstances", {"InstanceIds": instances})
        return {
            each["InstanceId"]: each["PrivateIpAddress"]
            for reservation in found["Reservations"]
            for each in reservation["Instances"]
            if each.get("PrivateIpAddress")
        }


def _target_group(listener: Record) -> str:
    """The target group that a listener's default action forwards to; of several, the heaviest."""
    for action in listener.get("DefaultActions", ()):
        if action.get("Type") != "forward":
            continue
        if action.get("TargetGroupArn"):
            return str(action["TargetGroupArn"])
        weighted = action.get("ForwardConfig", {}).get("TargetGroups", ())
        if weighted:
            return str(max(weighted, key=lambda each: each.get("Weight", 1))["TargetGroupArn"])
    return ""


def _speaks_tls(listener: Record, group: Record) -> bool | None:
    """What the load balancer speaks to its targets; None when it passes the client's bytes through."""
    if listener.get("Protocol") in ("TLS", "HTTPS", "HTTP"):
        return group.get("Protocol") in ("TLS", "HTTPS")
    return None


def _broken(detail: str) -> GatewayError:
    return GatewayError("API_CONFIGURATION_ERROR", log=f"Execution failed due to configuration error: {detail}")
