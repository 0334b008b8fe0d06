"""Tags, by ARN: the one set that a resource has, whatever way they were given.

Belongs here: GetTags, TagResource, UntagResource, and which ARN names which record. Never here: the rules for tags
(``tag_rules.py``).
"""

from __future__ import annotations

import re

from emulator.control import lookup
from emulator.control.call import Call
from emulator.control.tag_rules import checked_tags
from emulator.errors import BadRequestException, NotFoundException
from emulator.store.records import Record

_ARN = re.compile(r"arn:aws[\w-]*:apigateway:([\w-]+):(\d*):/(.+)")
_MISSING = {
    "apikeys": "Invalid API Key identifier specified",
    "clientcertificates": "Invalid Client Certificate identifier specified",
    "domainnames": "Invalid domain name identifier specified",
    "usageplans": "Invalid Usage Plan ID specified",
    "vpclinks": "Invalid Vpc Link identifier specified",
}


def _tagged(call: Call, arn: str) -> Record:
    """The record that an ARN names. Raises BadRequestException and NotFoundException."""
    if arn in call.region.access_associations:
        return call.region.access_associations[arn]
    found = _ARN.fullmatch(arn)
    if found is None or found[1] != call.region_name:
        raise BadRequestException(f"Invalid resource ARN specified: {arn}")
    kind, _, rest = found[3].partition("/")
    if not rest:
        raise BadRequestException(f"Invalid resource ARN specified: {arn}")
    if kind == "restapis":
        api_id, _, below = rest.partition("/")
        api = lookup.rest_api(call, api_id)
        if not below:
            return api.record
        if below.startswith("stages/"):
            return lookup.stage(call, {"restApiId": api_id, "stageName": below[len("stages/") :]})[1]
        raise BadRequestException(f"Invalid resource ARN specified: {arn}")
    places = {
        "apikeys": call.region.api_keys,
        "clientcertificates": call.region.client_certificates,
        "domainnames": call.region.domain_names,
        "usageplans": call.region.usage_plans,
        "vpclinks": call.region.vpc_links,
    }
    if kind not in places:
        raise BadRequestException(f"Invalid resource ARN specified: {arn}")
    record = places[kind].get(rest)
    if record is None:
        raise NotFoundException(_MISSING[kind])
    return record


def get_tags(call: Call, request: Record) -> Record:
    return {"tags": _tagged(call, request["resourceArn"]).get("tags") or {}}


def tag_resource(call: Call, request: Record) -> None:
    """Add tags. ``systemTags`` are those of AWS itself (``aws:…``), which only CloudFormation sends."""
    record = _tagged(call, request["resourceArn"])
    theirs, own = _parted(record)
    record["tags"] = {**theirs, **checked_tags({**own, **request["tags"]}), **request.get("systemTags", {})}


def untag_resource(call: Call, request: Record) -> None:
    record = _tagged(call, request["resourceArn"])
    theirs, own = _parted(record)
    record["tags"] = {**theirs, **{key: value for key, value in own.items() if key not in request["tagKeys"]}}


def _parted(record: Record) -> tuple[Record, Record]:
    """A record's tags: AWS's own, which nobody changes, and the user's."""
    tags = record.get("tags") or {}
    theirs = {key: value for key, value in tags.items() if key.startswith("aws:")}
    return theirs, {key: value for key, value in tags.items() if key not in theirs}
