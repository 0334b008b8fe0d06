"""DomainNameAccessAssociation: a VPC endpoint that may reach a private custom domain name.

Belongs here: the associations, of their owner's side and of the domain's. Never here: the domain names.

Page followed: developer guide, "Custom domain names for private APIs" (provider and consumer may be two accounts).
"""

from __future__ import annotations

from emulator.control.call import Call
from emulator.control.paging import page
from emulator.control.tag_rules import checked_tags, without_empty_tags
from emulator.errors import BadRequestException, ConflictException, NotFoundException
from emulator.store.records import Record, Region

_NOT_FOUND = "Invalid domain name access association identifier specified"


def create_domain_name_access_association(call: Call, request: Record) -> Record:
    domain = _private_domain(call, request["domainNameArn"])
    source = request["accessAssociationSource"]
    if not source:
        raise BadRequestException("Access association source cannot be empty")
    name = domain["domainNameArn"].rsplit("/domainnames/", 1)[1]
    arn = (
        f"arn:aws:apigateway:{call.region_name}:{call.account}:/domainnameaccessassociations/"
        f"domainname/{name}/vpcesource/{source}"
    )
    if arn in call.region.access_associations:
        raise ConflictException("The domain name access association already exists.")
    record: Record = {
        "domainNameAccessAssociationArn": arn,
        "domainNameArn": domain["domainNameArn"],
        "accessAssociationSourceType": request["accessAssociationSourceType"],
        "accessAssociationSource": source,
        "tags": checked_tags(request.get("tags")),
    }
    call.region.access_associations[arn] = record
    return without_empty_tags(record)


def get_domain_name_access_associations(call: Call, request: Record) -> Record:
    """The caller's associations, or those of other accounts with the caller's domain names."""
    records = list(call.region.access_associations.values())
    if request.get("resourceOwner") == "OTHER_ACCOUNTS":
        own = {record["domainNameArn"] for record in call.region.domain_names.values()}
        records = [
            record
            for region in _regions(call)
            if region.account != call.account
            for record in region.access_associations.values()
            if record["domainNameArn"] in own
        ]
    return page(
        records,
        request,
        key=lambda record: str(record["domainNameAccessAssociationArn"]),
        show=without_empty_tags,
    )


def delete_domain_name_access_association(call: Call, request: Record) -> None:
    if call.region.access_associations.pop(request["domainNameAccessAssociationArn"], None) is None:
        raise NotFoundException(_NOT_FOUND)


def reject_domain_name_access_association(call: Call, request: Record) -> None:
    """The domain's owner ends an association, whoever made it."""
    arn = request["domainNameAccessAssociationArn"]
    own = {record["domainNameArn"] for record in call.region.domain_names.values()}
    if request["domainNameArn"] not in own:
        raise NotFoundException("Invalid domain name identifier specified")
    for region in _regions(call):
        record = region.access_associations.get(arn)
        if record is not None and record["domainNameArn"] == request["domainNameArn"]:
            del region.access_associations[arn]
            return
    raise NotFoundException(_NOT_FOUND)


def _regions(call: Call) -> list[Region]:
    return [region for region in call.store.each_region() if region.name == call.region_name]


def _private_domain(call: Call, arn: str) -> Record:
    for region in _regions(call):
        for record in region.domain_names.values():
            if record["domainNameArn"] == arn:
                if "domainNameId" not in record:
                    raise BadRequestException("Access associations are supported only for private custom domain names.")
                return record
    raise NotFoundException("Invalid domain name identifier specified")
