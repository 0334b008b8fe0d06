"""VpcLink: a name for network load balancers that integrations may call.

Belongs here: the links and their life: PENDING, then AVAILABLE or FAILED a moment later. Never here: calling
what a link points to (``integrations/vpc_link.py``).

Pages followed: API reference, "VpcLink"; texts as recorded on AWS. A target is known when the emulated elbv2 has it or
the settings name an endpoint for it (or for the link); without other services every target is believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from emulator.control.call import Call
from emulator.control.paging import page
from emulator.control.patch import Patches, Rule, text
from emulator.control.tag_rules import checked_tags, with_tags, without_empty_tags
from emulator.errors import BadRequestException, NotFoundException, ServiceError
from emulator.store.records import Record, RestApi

log = Logger()

_ARN = re.compile(r"arn:[a-z0-9-]+:elasticloadbalancing:[a-z0-9-]*:\d*:.+")
_SETTLE_SECONDS = 1.0
_READY = "Your vpc link is ready for use"
_FAILED = "NLB ARN is malformed"  # also for other kinds of load balancer


def create_vpc_link(call: Call, request: Record) -> Record:
    _check_name(request["name"])
    targets = list(request["targetArns"])
    if not targets:
        raise BadRequestException("Target ARNs cannot be empty")
    for arn in targets:
        if not _ARN.fullmatch(arn):
            raise BadRequestException(f"Invalid ARN. ARN is not well formed {arn}")
    if len(targets) > 1:
        raise BadRequestException("Only one target ARN is supported for a VPC link")
    record: Record = {
        "id": call.new_id(call.region.vpc_links),
        "name": request["name"],
        "targetArns": targets,
        "status": "PENDING",
        "tags": checked_tags(request.get("tags")),
    }
    if request.get("description") is not None:
        record["description"] = request["description"]
    call.region.vpc_links[record["id"]] = record
    call.effects.clock.callLater(_SETTLE_SECONDS, _begin_to_settle, call, record["id"])
    return dict(without_empty_tags(record))


def get_vpc_link(call: Call, request: Record) -> Record:
    return with_tags(_find(call, request))


def get_vpc_links(call: Call, request: Record) -> Record:
    return page(list(call.region.vpc_links.values()), request, show=without_empty_tags)


def update_vpc_link(call: Call, request: Record) -> Record:
    record = _find(call, request)
    changed = PATCHES.apply(record, request.get("patchOperations"))
    _check_name(changed["name"])
    call.region.vpc_links[record["id"]] = changed
    return with_tags(changed)


def delete_vpc_link(call: Call, request: Record) -> None:
    record = _find(call, request)
    for api in call.region.apis.values():
        users = list(_stage_users(api, record["id"])) or list(_uses(api.resources, record["id"], "null"))
        if users:
            raise BadRequestException(
                f"Cannot delete vpc link. Vpc link '{record['id']}', is referenced in [{', '.join(users)}] "
                "in format of [Method:Resource:Stage]."
            )
    del call.region.vpc_links[record["id"]]


PATCHES = Patches(
    (
        Rule("/name", ("replace",), text("name", nullable=False)),
        Rule("/description", ("replace",), text("description")),
    )
)


def _find(call: Call, request: Record) -> Record:
    record = call.region.vpc_links.get(request["vpcLinkId"])
    if record is None:
        raise NotFoundException("Invalid Vpc Link identifier specified")
    return record


def _check_name(name: str) -> None:
    if not name.strip():
        raise BadRequestException("Name cannot be empty")


def _stage_users(api: RestApi, link_id: str) -> Iterator[str]:
    """The methods of the API's stages that call by the link."""
    for stage_name, stage in api.stages.items():
        deployment = api.deployments.get(stage.get("deploymentId", ""))
        if deployment is not None:
            yield from _uses(deployment.snapshot.resources, link_id, stage_name)


def _uses(resources: dict[str, Record], link_id: str, stage: str) -> Iterator[str]:
    for resource in resources.values():
        for verb, method in (resource.get("resourceMethods") or {}).items():
            integration = method.get("methodIntegration") or {}
            if integration.get("connectionType") == "VPC_LINK" and integration.get("connectionId") == link_id:
                yield f"{verb}:{resource['id']}:{stage}"


# -- settling ----------------------------------------------------------------------------------------------------------


def _begin_to_settle(call: Call, link_id: str) -> None:
    done = Deferred.fromCoroutine(_settle(call, link_id))
    done.addErrback(lambda failure: log.failure("VPC link {link_id} could not be checked", failure, link_id=link_id))


async def _settle(call: Call, link_id: str) -> None:
    record = call.region.vpc_links.get(link_id)
    if record is None:
        return
    known = [await _is_known(call, record, arn) for arn in record["targetArns"]]
    record = call.region.vpc_links.get(link_id)  # a patch may have put another in its place meanwhile
    if record is None:
        return
    record["status"] = "AVAILABLE" if all(known) else "FAILED"
    record["statusMessage"] = _READY if all(known) else _FAILED
    call.store.touch()


async def _is_known(call: Call, record: Record, arn: str) -> bool:
    endpoints = call.settings.vpc_link_endpoints
    if call.services is None or any(name in endpoints for name in (record["id"], record["name"], arn)):
        return True
    try:
        answer = await call.services.call(
            "elbv2",
            "DescribeLoadBalancers",
            {"LoadBalancerArns": [arn]},
            account=call.account,
            region=call.region_name,
        )
    except ServiceError:
        return False
    found = answer.get("LoadBalancers") or ()
    return any(each.get("Type", "network") == "network" for each in found)
