"""Locate: which API, which stage, which deployment a request means.

Belongs here: the forms of addresses, custom domains and base path mappings, the canary draw, and the look-up of live
stages (``Directory``, rebuilt when the store's generation moves). Never here: routes below the stage.
AWS pages: "Invoke REST APIs", "Custom domain names", "Private REST APIs", "Set up a canary release deployment".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from attrs import frozen

from emulator.execute_api.invocation import Invocation
from emulator.execute_api.private_access import enter_api, enter_domain, forbidden
from emulator.execute_api.receive import decompress
from emulator.execute_api.stages import StageDirectory, StageView
from emulator.execute_api.tracing import sample
from emulator.settings import Settings
from emulator.store.records import Record, Region
from emulator.store.store import Store
from emulator.wire import Headers, decode, parse_query

if TYPE_CHECKING:
    from emulator.execute_api.gateway import Gateway


@frozen(kw_only=True)
class Address:
    """How a request named its API. ``path`` is raw, from the stage on for hosts and ``header`` (``/stage/…``).

    ``form``: ``path`` (``/restapis/…`` and ``/_aws/execute-api/…``), ``host`` (``{api}.execute-api.…``), ``vpce``
    (a private API's names), ``header`` (``x-apigw-api-id`` under any other host), ``domain`` (a custom domain; the
    store knows which).
    """

    form: str
    path: bytes
    api_id: str = ""
    stage: str = ""
    host: str = ""
    vpce_id: str = ""


_HOST = re.compile(r"([a-z0-9][a-z0-9-]*)\.execute-api(?:-fips)?\.[a-z0-9.-]+")
_VPCE_SUFFIX = re.compile(r"(.+?)-(vpce-[0-9a-f]+)(?:-.*)?")
_VPCE_HOST = re.compile(r"(vpce-[0-9a-f]+)(?:-.*)?")


def host_name(host: str) -> str:
    """A Host header without its port, lower case."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower().rstrip(".")


def address_of(host: str, raw_path: bytes, headers: Headers, settings: Settings) -> Address | None:
    """The address a request names by its path or Host, None when it names no API (or a custom domain). Pure."""
    if raw_path.startswith(b"/restapis/"):
        parts = raw_path.split(b"/", 5)
        if len(parts) >= 5 and parts[4] == b"_user_request_":
            return _by_path(parts[2], parts[3], parts[5] if len(parts) > 5 else b"", host, headers)
    elif raw_path.startswith(b"/_aws/execute-api/"):
        parts = raw_path.split(b"/", 5)
        if len(parts) >= 5:
            return _by_path(parts[3], parts[4], parts[5] if len(parts) > 5 else b"", host, headers)
        if len(parts) == 4:
            return _by_path(parts[3], b"", b"", host, headers)
    name = host_name(host)
    named = headers.first("x-apigw-api-id")
    match = _HOST.fullmatch(name) if "execute-api" in name else None
    if match is None:
        # A name of the user's own (a load balancer's, localhost) that leads to a VPC endpoint.
        return None if named is None else Address(form="header", api_id=named, path=raw_path)
    label = match.group(1)
    endpoint = _VPCE_HOST.fullmatch(label)
    if endpoint is not None:
        return Address(form="vpce", api_id=named or "", path=raw_path, host=name, vpce_id=endpoint.group(1))
    both = _VPCE_SUFFIX.fullmatch(label)
    if both is not None:
        return Address(form="vpce", api_id=both.group(1), path=raw_path, host=name, vpce_id=both.group(2))
    return Address(form="host" if named != label else "vpce", api_id=label, path=raw_path, host=name)


def _by_path(api: bytes, stage: bytes, rest: bytes, host: str, headers: Headers) -> Address:
    api_id = decode(api)
    private = headers.first("x-apigw-api-id") == api_id
    return Address(
        form="vpce" if private else "path",
        api_id=api_id,
        stage=unquote(decode(stage)),
        path=b"/" + rest,
        host=host_name(host),
    )


def domain_address(host: str, raw_path: bytes) -> Address:
    """The address of a request for a custom domain (``Gateway.serves_host`` said so)."""
    return Address(form="domain", path=raw_path, host=host_name(host))


class Directory(StageDirectory):
    """Stages by API and name, and custom domains by host: derived from the store, rebuilt when it changed."""

    def __init__(self, store: Store, settings: Settings) -> None:
        super().__init__(store)
        self._settings = settings
        self._domains: dict[str, list[tuple[Region, str, Record]]] | None = None

    def forget(self) -> None:
        super().forget()
        self._domains = None

    def serves_host(self, host: str) -> bool:
        """Whether ``host`` is a custom domain, by its own name or by the name AWS gave it."""
        return bool(self._by_host(host_name(host)))

    def _by_host(self, name: str) -> list[tuple[Region, str, Record]]:
        self.refresh()
        domains = self._domains
        if domains is None:
            domains = self._domains = {}
            for region in self.store.each_region():
                for key, record in region.domain_names.items():
                    names = {str(record.get("domainName") or key), str(record.get("regionalDomainName") or "")}
                    names.add(str(record.get("distributionDomainName") or ""))
                    for each in names - {""}:
                        domains.setdefault(each.lower(), []).append((region, key, record))
        found = domains.get(name)
        if found is None and "." in name:
            found = domains.get("*." + name.partition(".")[2])
        return found or []

    def mapping(self, host: str, path: str) -> tuple[Record, str, Record] | None:
        """``(domain record, matched base path, base path mapping)`` for a custom domain's request; the longest wins."""
        best: tuple[Record, str, Record] | None = None
        for region, key, domain in self._by_host(host):
            if domain.get("routingMode") == "ROUTING_RULE_ONLY":
                continue  # "API callers can't use API mappings to access this domain name"
            for base, mapping in region.base_path_mappings.get(key, {}).items():
                own = "" if base in ("(none)", "") else base.strip("/")
                if own and not (path == "/" + own or path.startswith("/" + own + "/")):
                    continue
                if best is None or len(own) > len(best[1]):
                    best = (domain, own, mapping)
        return best


async def locate(invocation: Invocation, gateway: Gateway) -> None:
    """Find the stage and its deployment; fill the slots that say where the request went."""
    request = invocation.request
    address: Address = invocation.address
    path = decode(address.path)
    # "important notes": a semicolon splits the data, as "&" does.
    invocation.query = parse_query(request.raw_query.replace(b";", b"&"))
    invocation.base_path = None
    domain: Record | None = None
    if address.form == "domain":
        stage, path, domain = _by_domain(invocation, gateway, address, path)
    elif address.form == "path" or address.stage:
        stage = gateway.directory.stage(address.api_id, address.stage)
    else:
        name, path = _first_segment(path)
        stage = gateway.directory.stage(address.api_id, name)
    if stage is None:
        raise forbidden()
    _choose(invocation, gateway, stage)
    deployment = invocation.deployment
    if address.form != "domain":
        private = deployment.endpoint_type == "PRIVATE"
        if deployment.disable_execute_api_endpoint or (private and address.form not in ("vpce", "header")):
            raise forbidden()
        if address.host.endswith(".amazonaws.com") and f".{deployment.region}." not in address.host:
            raise forbidden()  # another region's host: there is no such API there
        if address.form == "host" or address.vpce_id:
            invocation.domain_name = address.host
        else:
            invocation.domain_name = f"{address.api_id}.execute-api.{deployment.region}.amazonaws.com"
        invocation.request_path = f"/{stage.name}{path}"
    invocation.domain_prefix = invocation.domain_name.partition(".")[0]
    invocation.path = path
    if address.form in ("vpce", "header"):
        enter_api(invocation, gateway, address.vpce_id, only_private=address.form == "header")
    elif domain is not None:
        enter_domain(invocation, gateway, domain)
    if invocation.request.body:
        decompress(invocation, deployment.minimum_compression_size)


def _first_segment(path: str) -> tuple[str, str]:
    name, slash, rest = path[1:].partition("/")
    return unquote(name), slash + rest if slash else "/"


def _by_domain(
    invocation: Invocation, gateway: Gateway, address: Address, path: str
) -> tuple[StageView | None, str, Record]:
    found = gateway.directory.mapping(address.host, path)
    if found is None:
        raise forbidden()
    domain, base, mapping = found
    if (domain.get("mutualTlsAuthentication") or {}).get("truststoreUri") and not invocation.request.client_certificate:
        raise forbidden()
    invocation.domain_name = address.host
    invocation.base_path = base
    invocation.request_path = path
    below = path[len(base) + 1 :] if base else path
    name = mapping.get("stage") or ""
    if name in ("", "(none)"):
        name, below = _first_segment(below or "/")
    return gateway.directory.stage(mapping.get("restApiId") or "", name), below or "/", domain


def _choose(invocation: Invocation, gateway: Gateway, stage: StageView) -> None:
    """The canary draw, and the slots that follow from it."""
    invocation.api = stage.api
    invocation.stage = stage
    canary = stage.canary
    if canary is not None and gateway.effects.random.random() * 100 < canary.percent:
        invocation.is_canary = True
        invocation.deployment = canary.deployment
        invocation.stage_variables = canary.variables
    else:
        invocation.is_canary = False
        invocation.deployment = stage.deployment
        invocation.stage_variables = stage.variables
    if stage.record.get("tracingEnabled"):
        sample(invocation, gateway)
