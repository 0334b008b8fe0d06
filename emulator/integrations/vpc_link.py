"""VPC links: HTTP and HTTP_PROXY to what stands behind a load balancer.

Belongs here: from a link to a host and port, through elbv2's listeners and target groups (instances by their private
address), or to where the settings say. Never here: the call itself (``http.py``).
The integration's URI sets path and Host header, its port chooses the listener; only the connection goes elsewhere.
AWS pages: "Private integrations for REST APIs", "Set up HTTP/HTTPS private integrations with VPC links V1".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson
from attrs import evolve, frozen
from twisted.internet.defer import Deferred

from emulator.effects import Effects
from emulator.errors import GatewayError, ServiceError
from emulator.integrations.dispatch import IntegrationAnswer, IntegrationRequest
from emulator.integrations.http import HttpCalls
from emulator.integrations.listener_rules import Asked, actions_for
from emulator.settings import Settings
from emulator.store.records import Record
from emulator.store.store import Store
from emulator.web.client_pool import InvalidUrl, Target
from emulator.wire import Headers, parse_query

# How long targets are believed: registering one shows within seconds on AWS too.
CACHE_SECONDS = 5.0
_UNUSABLE = frozenset(("unhealthy", "draining", "unhealthy.draining"))
_DRAINING = frozenset(("draining", "unhealthy.draining"))
_CACHE_SIZE = 4096
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
    """HTTP and HTTP_PROXY with ``connectionType=VPC_LINK``, or to a load balancer of ours by its DNS name."""

    def __init__(
        self, effects: Effects, settings: Settings, store: Store, calls: HttpCalls, services: ServiceAsker
    ) -> None:
        self._effects = effects
        self._settings = settings
        self._store = store
        self._calls = calls
        self._services = services
        self._answers: dict[tuple[str, str, str, bytes], tuple[float, Record]] = {}
        self._turns: dict[str, int] = {}  # by ARN: how often something was chosen there

    def invoke(self, request: IntegrationRequest) -> Deferred[IntegrationAnswer]:
        """Call one of the link's targets. No link, no listener, no target: API_CONFIGURATION_ERROR (500)."""
        return Deferred.fromCoroutine(self._invoke(request))

    async def _invoke(self, request: IntegrationRequest) -> IntegrationAnswer:
        try:
            target = Target.parse(request.uri)
        except InvalidUrl as error:
            raise _broken(f"Invalid endpoint address {error}") from error
        stream = request.stream and request.type == "HTTP_PROXY"
        if request.connection_type != "VPC_LINK":
            arn = await self._balancer(request, target.host)
            if not arn:
                return await self._calls.send(request, stream=stream)
            request = evolve(request, integration_target=arn)
        link = self._store.region(request.account, request.region).vpc_links.get(request.connection_id)
        backend = self._set_by_user(request, link) or await self._resolve(request, link, target)
        if isinstance(backend, IntegrationAnswer):
            return backend
        if backend.tls is not None and backend.tls != target.tls:
            scheme = "https" if backend.tls else "http"
            request = evolve(request, uri=f"{scheme}://{request.uri.partition('://')[2]}", tls_insecure=True)
        return await self._calls.send(request, stream=stream, connect=(backend.host, backend.port))

    async def _balancer(self, request: IntegrationRequest, host: str) -> str:
        """The ARN of the load balancer of that DNS name, or nothing: then it is none of ours."""
        try:
            found = await self._ask(request, "elbv2", "DescribeLoadBalancers", {})
        except ServiceError as error:
            raise _broken(f"{host}: {error}") from error
        named = (each["LoadBalancerArn"] for each in found["LoadBalancers"] if each.get("DNSName", "").lower() == host)
        return next(named, "")

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

    async def _resolve(
        self, request: IntegrationRequest, link: Record | None, target: Target
    ) -> Backend | IntegrationAnswer:
        """One of the link's targets, in turn; or the answer an Application Load Balancer gives by itself."""
        arn = request.integration_target or next(iter(link["targetArns"]) if link is not None else iter(()), "")
        if not arn:
            raise _broken(f"VPC link {request.connection_id} has no target")
        try:
            backends = await self._behind(request, target, arn, target.port, _MAX_HOPS)
        except ServiceError as error:
            raise _broken(f"{arn}: {error}") from error
        if isinstance(backends, IntegrationAnswer):
            return backends
        if not backends:
            raise _broken("There was an internal error while executing your request")
        return backends[0]

    def _turn(self, arn: str) -> int:
        """How many choices were made at ``arn`` before this one."""
        turn = self._turns.get(arn, 0)
        if len(self._turns) >= _CACHE_SIZE:
            self._turns.clear()
        self._turns[arn] = turn + 1
        return turn

    async def _ask(self, request: IntegrationRequest, service: str, action: str, params: Record) -> Record:
        """An answer of elbv2 or ec2, at most ``CACHE_SECONDS`` old."""
        key = (request.account, request.region, action, orjson.dumps(params))
        now = self._effects.clock.seconds()
        found = self._answers.get(key)
        if found is not None and found[0] > now:
            return found[1]
        answer = await self._services.call(service, action, params, account=request.account, region=request.region)
        if len(self._answers) >= _CACHE_SIZE:
            self._answers.clear()
        self._answers[key] = (now + CACHE_SECONDS, answer)
        return answer

    async def _behind(
        self, request: IntegrationRequest, target: Target, arn: str, port: int, hops: int
    ) -> list[Backend] | IntegrationAnswer:
        """What the load balancer (or the listener) ``arn`` does with the request on ``port``: next target first."""
        by_listener = ":listener/" in arn
        asked: Record = {"ListenerArns": [arn]} if by_listener else {"LoadBalancerArn": arn}
        listeners = (await self._ask(request, "elbv2", "DescribeListeners", asked))["Listeners"]
        listener = next((each for each in listeners if by_listener or each.get("Port") == port), None)
        if listener is None:
            return []
        actions = listener.get("DefaultActions", ())
        if listener.get("Protocol") in ("HTTP", "HTTPS"):
            described = await self._ask(request, "elbv2", "DescribeRules", {"ListenerArn": listener["ListenerArn"]})
            actions = actions_for(described["Rules"], _seen(request, target)) or actions
        own = _own_answer(actions, target)
        if own is not None:
            return own
        group = _target_group(actions, self._turn(listener["ListenerArn"]))
        return await self._targets(request, target, listener, group, hops) if group else []

    async def _targets(
        self, request: IntegrationRequest, target: Target, listener: Record, group: str, hops: int
    ) -> list[Backend] | IntegrationAnswer:
        """The usable targets of a target group, the next one first; where none is healthy, all are tried."""
        groups = await self._ask(request, "elbv2", "DescribeTargetGroups", {"TargetGroupArns": [group]})
        described = groups["TargetGroups"][0]
        health = await self._ask(request, "elbv2", "DescribeTargetHealth", {"TargetGroupArn": group})
        registered = [
            (each["Target"], each.get("TargetHealth", {}).get("State")) for each in health["TargetHealthDescriptions"]
        ]
        usable = [each for each, state in registered if state not in _UNUSABLE]
        usable = usable or [each for each, state in registered if state not in _DRAINING]
        if not usable and listener.get("Protocol") in ("HTTP", "HTTPS"):
            return _NO_TARGET
        first = self._turn(group) % max(len(usable), 1)
        usable = usable[first:] + usable[:first]
        tls = _speaks_tls(listener, described)
        kind = described.get("TargetType", "instance")
        default = described.get("Port", target.port)
        if kind == "alb" and usable and hops > 1:
            return await self._behind(request, target, usable[0]["Id"], usable[0].get("Port", default), hops - 1)
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


def _seen(request: IntegrationRequest, target: Target) -> Asked:
    """The request as a load balancer sees it."""
    path, _, query = target.path.partition("?")
    host = request.headers.last("host") or target.host
    pairs = (*parse_query(query.encode()), *request.query)
    return Asked(request.http_method, host.partition(":")[0], path, pairs, request.headers)


def _own_answer(actions: Sequence[Record], target: Target) -> IntegrationAnswer | None:
    """What an Application Load Balancer answers without a target: a fixed response, or a redirect."""
    for action in actions:
        if action.get("Type") == "fixed-response":
            fixed = action.get("FixedResponseConfig", {})
            lines = [("Content-Type", fixed["ContentType"])] if fixed.get("ContentType") else []
            body = str(fixed.get("MessageBody") or "").encode()
            return IntegrationAnswer(status=int(fixed.get("StatusCode", 200)), headers=Headers(lines), body=body)
        if action.get("Type") == "redirect":
            return _redirect(action.get("RedirectConfig", {}), target)
    return None


def _redirect(config: Record, target: Target) -> IntegrationAnswer:
    path, _, query = target.path.partition("?")
    known = {
        "#{protocol}": "https" if target.tls else "http",
        "#{host}": target.host,
        "#{port}": str(target.port),
        "#{path}": path.removeprefix("/"),
        "#{query}": query,
    }

    def filled(name: str, default: str) -> str:
        text = str(config.get(name) or default)
        for variable, value in known.items():
            text = text.replace(variable, value)
        return text

    query = filled("Query", "#{query}")
    location = (
        f"{filled('Protocol', '#{protocol}').lower()}://{filled('Host', '#{host}')}:{filled('Port', '#{port}')}"
        f"{filled('Path', '/#{path}')}" + (f"?{query}" if query else "")
    )
    status = 301 if config.get("StatusCode") == "HTTP_301" else 302
    return IntegrationAnswer(status=status, headers=Headers([("Location", location)]))


# What an Application Load Balancer says when its target group has no target.
_NO_TARGET = IntegrationAnswer(
    status=503,
    headers=Headers([("Server", "awselb/2.0"), ("Content-Type", "text/html"), ("Connection", "keep-alive")]),
    body=b"<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n"
    b"<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n",
)


def _target_group(actions: Sequence[Record], turn: int) -> str:
    """The target group that the actions forward to; of several, each in its share of the turns."""
    for action in actions:
        if action.get("Type") != "forward":
            continue
        if action.get("TargetGroupArn"):
            return str(action["TargetGroupArn"])
        weighted = [
            (int(each.get("Weight", 1)), str(each["TargetGroupArn"]))
            for each in action.get("ForwardConfig", {}).get("TargetGroups", ())
        ]
        at = turn % max(sum(weight for weight, _ in weighted), 1)
        for weight, group in weighted:
            if at < weight:
                return group
            at -= weight
    return ""


def _speaks_tls(listener: Record, group: Record) -> bool | None:
    """What the load balancer speaks to its targets; None when it passes the client's bytes through."""
    if listener.get("Protocol") in ("TLS", "HTTPS", "HTTP"):
        return group.get("Protocol") in ("TLS", "HTTPS")
    return None


def _broken(detail: str) -> GatewayError:
    return GatewayError("API_CONFIGURATION_ERROR", log=f"Execution failed due to configuration error: {detail}")
